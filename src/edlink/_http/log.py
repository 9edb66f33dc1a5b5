"""What is logged about a request: never its URL, headers or body."""

import logging

from edlink._http.exchange import Failure, Response

_log = logging.getLogger("edlink.http")


def log_outcome(
    outcome: Response | Failure, *, provider: str, endpoint: str, seconds: float, attempt: int
) -> None:
    """
    Nothing; one DEBUG record says what came of one request.

    Args:
        outcome: The answer, or why there is none.
        provider: Short name.
        endpoint: Template of the address, such as ``GET /users/{id}``.
        seconds: How long it took.
        attempt: Counted from 1 within one call.
    """
    _log.debug(
        "%s %s -> %s in %d ms (attempt %d)",
        provider,
        endpoint,
        outcome.status if isinstance(outcome, Response) else outcome.value,
        seconds * 1000,
        attempt,
    )
