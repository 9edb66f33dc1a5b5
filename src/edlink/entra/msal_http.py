"""What msal sends, sent under the same rules as every other login: once, no redirects, limited."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import attrs

from edlink.sso.sender import Answer, Sender

#: Our own word, in place of an answer that is not JSON.
UNREADABLE = "edlink_unreadable"


@attrs.frozen(kw_only=True)
class MsalAnswer:
    """An answer in the shape msal reads."""

    status_code: int
    text: str = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(repr=False)

    def raise_for_status(self) -> None:
        """Nothing to do: the sender has raised for what msal would."""


class MsalHttp:
    """
    The HTTP client that msal is given.

    Args:
        sender: Sends the requests.
    """

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,  # noqa: ANN401 - msal passes requests' further arguments
    ) -> MsalAnswer:
        """Return the answer to a GET."""
        target = f"{url}?{urlencode(params)}" if params else url
        return _shaped(self._sender.get(target, what="sign-in service", headers=headers))

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,  # noqa: ANN401 - as above
    ) -> MsalAnswer:
        """Return the answer to a form."""
        target = f"{url}?{urlencode(params)}" if params else url
        form = [(name, str(value)) for name, value in (data or {}).items()]
        what = "token exchange"
        return _shaped(self._sender.post_form(target, form, what=what, headers=headers))

    def close(self) -> None:
        """Nothing stays open."""


def _shaped(answer: Answer) -> MsalAnswer:
    text = answer.body.decode("utf-8", "replace")
    if answer.json_object() is None:
        text = json.dumps({"error": UNREADABLE})  # msal would quote what it cannot read
    return MsalAnswer(status_code=answer.status, text=text, headers=answer.headers)
