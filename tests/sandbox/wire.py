"""The smallest client that tests of the sandbox need: signs in, gets, reads JSON."""

from types import TracebackType
from typing import Any, Self

import requests
from oauthlib.oauth1 import Client

from edlink.sandbox import Sandbox

SCOPE_ROOTS = {
    "1.1": "https://purl.imsglobal.org/spec/or/v1p1/scope/",
    "1.2": "https://purl.imsglobal.org/spec/or/v1p2/scope/",
}
ALL_SCOPES = ("roster-core.readonly", "roster.readonly", "roster-demographics.readonly")


class Wire:
    """Requests to one sandbox, with what it takes to be let in."""

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        version: str = "1.1",
        scopes: tuple[str, ...] = ALL_SCOPES,
        bearer: str | None = None,
        oauth1: str | None = None,
    ) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.oauth1 = oauth1
        if sandbox.token_url:
            wanted = " ".join(SCOPE_ROOTS[version] + scope for scope in scopes)
            bearer = self.token(wanted).json()["access_token"]
        if bearer:
            self.session.headers["Authorization"] = f"Bearer {bearer}"

    def token(self, scope: str, *, in_body: bool = False) -> requests.Response:
        """Return the answer to a token request."""
        form = {"grant_type": "client_credentials", "scope": scope}
        pair = (self.sandbox.client_id, self.sandbox.client_secret)
        if in_body:
            form |= {"client_id": pair[0], "client_secret": pair[1]}
        url = str(self.sandbox.token_url)
        return self.session.post(url, data=form, auth=None if in_body else pair, timeout=10)

    def get(self, path: str, **headers: str) -> requests.Response:
        """Return the answer for a path below the base address."""
        url = self.sandbox.base_url + path
        if self.oauth1:
            headers |= self.signed(url)
        return self.fetch(url, **headers)

    def fetch(self, url: str, **headers: str) -> requests.Response:
        """Return the answer for a whole address."""
        request = self.session.prepare_request(requests.Request("GET", url, headers=headers))
        request.url = url  # as it is: requests would decode what needs no encoding
        return self.session.send(request, timeout=10, allow_redirects=False)

    def signed(self, url: str) -> dict[str, str]:
        """Return the header that signs a GET of a whole address."""
        pair = {"client_key": self.sandbox.key, "client_secret": self.sandbox.secret}
        return dict(Client(**pair, signature_method=self.oauth1).sign(url)[1])

    def rows(self, path: str) -> list[dict[str, Any]]:
        """Return the records of a list, whatever its envelope."""
        (found,) = self.get(path).json().values()
        return list(found)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.session.close()
