"""Nothing that is printed holds a person or a secret, whatever fails."""

import gzip
import logging
import traceback
from collections.abc import Callable

import pytest
from requests.auth import AuthBase
from tests._http.loopback import JumpingClock, Reply, Seen, Server

from edlink._http import ClientCredentials, HttpSettings, OAuth1, StaticBearer, Transport
from edlink.errors import EdlinkError

CANARY = "canary7"
PAGE = f"<p>{CANARY}</p>".encode()

ANSWERS: dict[str, Reply] = {
    "success": Reply(body=PAGE, headers=[("X-Note", CANARY)]),
    "error page": Reply(status=400, body=PAGE, headers=[("X-Note", CANARY)]),
    "redirect": Reply(status=302, headers=[("Location", f"https://{CANARY}.example.org/{CANARY}")]),
    "refused": Reply(status=401, headers=[("WWW-Authenticate", CANARY)]),
    "failing": Reply(status=500, body=PAGE),
    "throttled": Reply(status=429, headers=[("Retry-After", CANARY)]),
    "odd request id": Reply(status=404, headers=[("X-Request-Id", f"{CANARY} x")]),
    "no HTTP": Reply(raw=f"{CANARY}\r\n\r\n".encode()),
    "odd status": Reply(raw=f"HTTP/1.1 2x0 {CANARY}\r\n\r\n".encode()),
    "odd header": Reply(raw=f"HTTP/1.1 200 OK\r\n{CANARY}\r\nA: b\r\n\r\n{CANARY}".encode()),
    "odd lengths": Reply(
        raw=f"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\nX: {CANARY}\r\n\r\n{CANARY}".encode()
    ),
    "cut body": Reply(raw=f"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{CANARY}".encode()),
    "cut chunk": Reply(
        raw=f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{CANARY}\r\n".encode()
    ),
    "no gzip": Reply(body=CANARY.encode(), headers=[("Content-Encoding", "gzip")]),
    "too large": Reply(
        body=gzip.compress(CANARY.encode() * 1_000_000), headers=[("Content-Encoding", "gzip")]
    ),
}


def bearer(_: Server, __: JumpingClock) -> AuthBase:
    """A secret token."""
    return StaticBearer(CANARY)


def oauth1(_: Server, __: JumpingClock) -> AuthBase:
    """A secret key."""
    return OAuth1(CANARY, CANARY)


def client_credentials(server: Server, clock: JumpingClock) -> AuthBase:
    """A secret that is sent to the same server."""
    return ClientCredentials(
        f"{server.url}/token", CANARY, CANARY, scopes=[CANARY], style="body", clock=clock
    )


@pytest.mark.parametrize("make_auth", [bearer, oauth1, client_credentials])
@pytest.mark.parametrize("reply", ANSWERS.values(), ids=ANSWERS.keys())
def test_no_canary_is_printed(
    server: Server,
    clock: JumpingClock,
    caplog: pytest.LogCaptureFixture,
    reply: Reply,
    make_auth: Callable[[Server, JumpingClock], AuthBase],
) -> None:
    """A canary in path, query, headers, secrets and answer is in no log, error or traceback."""
    caplog.set_level(logging.DEBUG)
    tokens = iter([True])

    def answer(seen: Seen) -> Reply:
        if seen.method == "POST" and next(tokens, False):
            return Reply(body=f'{{"access_token": "{CANARY}"}}'.encode())
        return reply

    server.will(answer)
    printed: list[str] = []
    failed: EdlinkError | None = None
    with Transport(
        server.url,
        provider="invented",
        auth=make_auth(server, clock),
        settings=HttpSettings(attempts=2, max_body=1_000_000),
        clock=clock,
        describe=lambda found: found.body.decode(),
    ) as http:
        try:
            found = http.get(
                f"/users/{CANARY}",
                endpoint="GET /users/{id}",
                params=[("filter", f"familyName='{CANARY}'")],
                headers={"X-For": CANARY},
            )
            printed.append(repr(found))
        except EdlinkError as error:
            failed = error
        printed.append(repr(http))
    if failed is not None:
        printed += [str(failed), repr(failed), repr(vars(failed))]
        printed += traceback.format_exception(failed)
        assert (failed.__cause__, failed.__context__) == (None, None)
    printed += [
        f"{record.getMessage()}{record.args!r}{record.exc_text}" for record in caplog.records
    ]
    assert any(CANARY in seen.target for seen in server.seen)
    assert "edlink.http" in {record.name for record in caplog.records}
    assert CANARY not in "".join(printed)
