"""What each kind of refusal becomes."""

import pytest
from tests._http.loopback import JumpingClock, Reply, Server

from edlink._http import HttpSettings, Response, Transport
from edlink.errors import (
    AuthError,
    NotFoundError,
    PermissionDeniedError,
    ProviderError,
    RateLimitedError,
    UnavailableError,
)


@pytest.mark.parametrize(
    ("status", "kind", "code", "retryable"),
    [
        (301, AuthError, "EDL-HTTP-001", False),
        (302, AuthError, "EDL-HTTP-001", False),
        (400, ProviderError, "EDL-HTTP-005", False),
        (401, AuthError, "EDL-HTTP-002", False),
        (403, PermissionDeniedError, "EDL-HTTP-003", False),
        (404, NotFoundError, "EDL-HTTP-004", False),
        (405, NotFoundError, "EDL-HTTP-004", False),
        (408, UnavailableError, "EDL-HTTP-007", True),
        (410, NotFoundError, "EDL-HTTP-004", False),
        (413, ProviderError, "EDL-HTTP-005", False),
        (422, ProviderError, "EDL-HTTP-005", False),
        (429, RateLimitedError, "EDL-HTTP-006", True),
        (500, UnavailableError, "EDL-HTTP-007", True),
        (501, UnavailableError, "EDL-HTTP-007", False),
        (503, UnavailableError, "EDL-HTTP-007", True),
    ],
)
def test_a_status_becomes_its_error(  # noqa: PLR0913, PLR0917 - one argument per fact of the error
    server: Server,
    clock: JumpingClock,
    status: int,
    kind: type[ProviderError],
    code: str,
    retryable: bool,
) -> None:
    """Each status that is no success raises one kind of error with one code and the facts."""
    server.will(
        Reply(status=status, headers=[("X-Request-Id", "r-1"), ("Location", "/login")], body=b"no")
    )
    settings = HttpSettings(attempts=1)
    http = Transport(server.url, provider="invented", clock=clock, settings=settings)
    with http, pytest.raises(kind) as caught:
        http.get("/users/7", endpoint="GET /users/{id}")
    error = caught.value
    assert type(error) is kind
    assert (code, retryable, status, "r-1", "invented", "GET /users/{id}") == (
        error.code,
        error.retryable,
        error.status,
        error.request_id,
        error.provider,
        error.endpoint,
    )


def test_redirects_are_not_followed(server: Server, clock: JumpingClock) -> None:
    """A redirect, even to the same host, causes no second request."""
    server.will(Reply(status=307, headers=[("Location", f"{server.url}/users/")]))
    http = Transport(server.url, provider="invented", clock=clock)
    with http, pytest.raises(AuthError):
        http.get("/users", endpoint="GET /users")
    assert len(server.seen) == 1


@pytest.mark.parametrize("value", ["has spaces", "x" * 65, "a/b", ""])
def test_request_ids_that_are_no_short_words_are_dropped(
    server: Server, clock: JumpingClock, value: str
) -> None:
    """A request id is kept only when it cannot carry anything but an id."""
    server.will(Reply(status=404, headers=[("X-Request-Id", value)]))
    http = Transport(server.url, provider="invented", clock=clock)
    with http, pytest.raises(NotFoundError) as caught:
        http.get("/users", endpoint="GET /users")
    assert caught.value.request_id is None


@pytest.mark.parametrize(
    ("word", "expected"), [("invalid_filter", "invalid_filter"), ("Ana Canary", None), (None, None)]
)
def test_the_providers_word_is_kept_when_it_is_one(
    server: Server, clock: JumpingClock, word: str | None, expected: str | None
) -> None:
    """The word from an error answer stays only when it is short and plain."""
    server.will(Reply(status=400))
    http = Transport(server.url, provider="invented", clock=clock, describe=lambda _: word)
    with http, pytest.raises(ProviderError) as caught:
        http.get("/users", endpoint="GET /users")
    assert caught.value.provider_code == expected


def test_an_error_answer_of_any_shape_is_survived(server: Server, clock: JumpingClock) -> None:
    """A describe function that stumbles over the answer costs the word, not the error."""

    def describe(answer: Response) -> str | None:
        raise KeyError(answer.body)

    server.will(Reply(status=400, body=b"canary"))
    http = Transport(server.url, provider="invented", clock=clock, describe=describe)
    with http, pytest.raises(ProviderError) as caught:
        http.get("/users", endpoint="GET /users")
    assert (caught.value.provider_code, caught.value.__context__) == (None, None)


def test_error_answers_are_read_in_part(server: Server, clock: JumpingClock) -> None:
    """Of an endless error page only the first 64 KiB are read and described."""
    sizes: list[int] = []

    def describe(answer: Response) -> None:
        sizes.append(len(answer.body))

    server.will(Reply(status=400, body=b"x" * 3_000_000))
    http = Transport(server.url, provider="invented", clock=clock, describe=describe)
    with http, pytest.raises(ProviderError):
        http.get("/users", endpoint="GET /users")
    assert sizes == [65_536]
