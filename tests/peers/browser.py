"""A person at a browser without JavaScript: follows redirects and fills in forms."""

from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect each form's address and its fields."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((found.get("action", ""), {}))
        elif tag in ("input", "button") and self.forms and found.get("name"):
            self.forms[-1][1][found["name"]] = found.get("value", "")


class Browser:
    """
    Cookies, redirects and forms of one person.

    Args:
        ca_file: A PEM file of authorities to trust, or None.
    """

    def __init__(self, ca_file: str | None = None) -> None:
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = ca_file or True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.session.close()

    def sign_in(self, url: str, landing: str, **answers: str) -> dict[str, str]:
        """
        Return what arrives at the app's address after signing in.

        Args:
            url: Where the app sends the browser.
            landing: The app's own address, which is not called.
            answers: What to type into fields of these names.
        """
        response = self.session.get(url, allow_redirects=False, timeout=10)
        for _ in range(20):
            if response.is_redirect:
                target = urljoin(response.url, response.headers["Location"])
                if target.startswith(landing):
                    return dict(parse_qsl(urlsplit(target).query))
                response = self.session.get(target, allow_redirects=False, timeout=10)
                continue
            action, fields = self._form(response)
            if action.startswith(landing):
                return fields
            filled = {name: answers.get(name, value) for name, value in fields.items()}
            response = self.session.post(action, data=filled, allow_redirects=False, timeout=10)
        message = "the sign-in went round in circles"
        raise AssertionError(message)

    def _form(self, response: requests.Response) -> tuple[str, dict[str, str]]:
        parser = _Forms()
        parser.feed(response.text)
        assert parser.forms, f"{response.status_code}: {response.text[:500]}"
        action, fields = parser.forms[0]
        return urljoin(response.url, action), fields
