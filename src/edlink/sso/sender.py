"""
One request of a login, sent once.

A person is waiting and a code is good for one exchange, so nothing is tried again.  https only
(http on loopback), no redirects, time-outs and a size limit throughout.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import attrs
import requests
from urllib3.exceptions import HTTPError

from edlink.errors import LoginError
from edlink.sso.addresses import is_safe_url
from edlink.sso.claims import json_object
from edlink.sso.watchdog import Watchdog, WatchedAdapter

_CHUNK = 65536


@attrs.frozen(kw_only=True)
class Answer:
    """An HTTP answer, whole: status, headers by lower-case name, body in bytes."""

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)

    def json_object(self) -> dict[str, Any] | None:
        """Return the body as a JSON object, or None when it is anything else."""
        return json_object(self.body)


@attrs.frozen(kw_only=True)
class Sender:
    """
    Sends a login's requests to its provider.

    Attributes:
        connect_timeout: Seconds to reach the provider, for each address that its name has.
        deadline: Seconds for a whole exchange, however slowly it drips: once connected, it is cut
            off there.
        max_body: Largest answer taken, in bytes.
        ca_file: A PEM file of authorities to trust instead of the system's, or None.
    """

    connect_timeout: float = 5.0
    deadline: float = 20.0
    max_body: int = 1024 * 1024
    ca_file: str | None = None

    def get(self, url: str, *, what: str, headers: Mapping[str, str] | None = None) -> Answer:
        """
        Return the answer to a GET.

        Args:
            url: Where; never shown in an error.
            what: Name of the request for errors, such as ``signing keys``.
            headers: Headers to add.

        Raises:
            LoginError: EDL-LOGIN-010 to 012 or 019, when no usable answer arrives.
        """
        return self._send("GET", url, what, dict(headers or {}), None)

    def probe(self, url: str, *, what: str) -> Answer:
        """
        Return the answer to a GET whatever its status; a redirect is shown, not followed.

        Raises:
            LoginError: EDL-LOGIN-010 or 012, when no answer arrives.
        """
        return self._ask("GET", url, what, {}, None)

    def post_form(
        self,
        url: str,
        form: Sequence[tuple[str, str]],
        *,
        what: str,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer to a form that is posted once; arguments and errors as for ``get``."""
        sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return self._send("POST", url, what, sent, urlencode(form).encode("ascii"))

    def post_json(
        self, url: str, value: Mapping[str, Any], *, what: str, headers: Mapping[str, str]
    ) -> Answer:
        """Return the answer to a JSON object that is posted once; as for ``get``."""
        sent = {"Content-Type": "application/json", **headers}
        return self._send("POST", url, what, sent, json.dumps(value).encode("ascii"))

    def _send(
        self, method: str, url: str, what: str, headers: dict[str, str], body: bytes | None
    ) -> Answer:
        answer = self._ask(method, url, what, headers, body)
        if 300 <= answer.status < 400:  # noqa: PLR2004 - HTTP's redirects
            message = f"the provider answered the request for the {what} with a redirect"
            fix = "Check the configured address; edlink does not follow redirects."
            raise LoginError("EDL-LOGIN-019", message, reason="not_set_up", fix=fix)
        if answer.status >= 500 or answer.status == 429:  # noqa: PLR2004 - HTTP's own numbers
            message = f"the provider failed on the request for the {what} ({answer.status})"
            raise LoginError("EDL-LOGIN-011", message, reason="unavailable", retryable=True)
        return answer

    def _ask(
        self, method: str, url: str, what: str, headers: dict[str, str], body: bytes | None
    ) -> Answer:
        if not is_safe_url(url):
            message = f"the address for the {what} is not https"
            raise LoginError("EDL-LOGIN-012", message, reason="not_set_up")
        answer = None
        # What is caught names the address, and may hold the code.
        with suppress(requests.RequestException, HTTPError, OSError, ValueError):
            answer = self._exchange(method, url, {"Accept": "application/json", **headers}, body)
        if answer is None:
            message = f"the provider gave no usable answer to the request for the {what}"
            raise LoginError("EDL-LOGIN-010", message, reason="unavailable", retryable=True)
        return answer

    def _exchange(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> Answer | None:
        """Return the answer, or None when it is too large or too slow."""
        with Watchdog(self.deadline) as watchdog, requests.Session() as session:
            for scheme in ("https://", "http://"):
                session.mount(scheme, WatchedAdapter(watchdog))
            with session.request(
                method,
                url,
                data=body,
                headers=headers,
                auth=_as_given,
                allow_redirects=False,
                stream=True,
                timeout=(self.connect_timeout, self.deadline),
                verify=self.ca_file or True,
            ) as response:
                received = self._received(response)
                # A connection that was shut down looks like an answer that came to its end.
                if received is None or watchdog.over:
                    return None
                found = {name.lower(): value for name, value in response.headers.items()}
                return Answer(status=response.status_code, headers=found, body=received)

    def _received(self, response: requests.Response) -> bytes | None:
        """Return the body, or None when it is too large."""
        received = bytearray()
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            received += chunk
            if len(received) > self.max_body:
                return None
        return bytes(received)


def _as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Return the request unchanged; without it, a .netrc entry would replace our credentials."""
    return request
