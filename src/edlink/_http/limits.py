"""
How fast we may ask, and how long we wait: clock, rate limit, backoff, Retry-After.

Sources: RFC 9110 section 10.2.3 (Retry-After), RFC 6585 section 4 (429).
"""

import random
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Protocol

import attrs

PauseHint = Callable[[Mapping[str, str], float], float | None]
"""Seconds to pause from an answer's headers and the time now (Unix seconds), or None."""

_jitter = random.SystemRandom()  # leaves the host's own random state alone

_UNIX_TIME_FROM = 10**9  # a smaller number in a reset header counts seconds from now
_SHORTEST_RESET = 1.0


class Clock(Protocol):
    """What the transport asks of time, so that tests can be deterministic."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never runs backwards."""

    def time(self) -> float:
        """Unix seconds."""

    def sleep(self, seconds: float) -> None:
        """Nothing; returns once so many seconds have passed."""


class SystemClock:
    """The machine's own clock, whose sleepers can be woken."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never runs backwards."""
        return time.monotonic()

    def time(self) -> float:
        """Unix seconds."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Nothing; returns once so many seconds have passed, or at once after ``wake``."""
        self._woken.wait(seconds)

    def wake(self) -> None:
        """Nothing; all sleeps end now, and from now on none is slept."""
        self._woken.set()


class RateLimiter:
    """
    A token bucket for all threads of one transport, which a provider can also put on hold.

    The bucket holds one second's worth of requests: a short burst goes out at
    once, a long run goes at ``rate``.
    """

    def __init__(self, rate: float, clock: Clock) -> None:
        self._clock = clock
        self._interval = 1 / rate if rate else 0.0
        self._slack = max(0.0, 1.0 - self._interval)
        self._next = clock.monotonic() - self._slack
        self._held_until = clock.monotonic()
        self._lock = threading.Lock()

    def acquire(self, budget: float) -> bool:
        """
        True once the next request may go, or False when that is more than ``budget`` away.

        Args:
            budget: Seconds the caller can wait. Nothing is taken from the bucket
                when they are too few.
        """
        with self._lock:
            now = self._clock.monotonic()
            start = max(self._next, self._held_until - self._slack, now - self._slack)
            wait = max(start, self._held_until, now) - now
            if wait > budget:
                return False
            self._next = start + self._interval
        if wait > 0:
            self._clock.sleep(wait)
        return True

    def hold(self, seconds: float) -> None:
        """Nothing; no request of any thread goes out for so many seconds."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock.monotonic() + seconds)


@attrs.frozen(kw_only=True)
class Backoff:
    """
    Growing pauses with full jitter, so that many clients do not come back at once.

    Attributes:
        first: Longest pause after the first attempt, in seconds; doubled for each further one.
        cap: Longest pause of all, in seconds.
    """

    first: float
    cap: float

    def pause(self, attempt: int) -> float:
        """Seconds to wait after the given failed attempt, counted from 1."""
        return _jitter.uniform(0, self._longest(attempt))

    def after(self, hint: float) -> float:
        """Seconds to wait when the provider asked for ``hint``: never less, a little more."""
        return hint + _jitter.uniform(0, min(self.first, self.cap))

    def _longest(self, attempt: int) -> float:
        # An exponent this large is beyond any cap; without the limit a float would overflow.
        return min(self.cap, self.first * 2.0 ** min(attempt - 1, 64))


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """
    Seconds the answer asks us to wait, never negative, or None when it does not say.

    A date is compared with the answer's own ``Date`` where it has one, so that a
    wrong clock on this machine does not matter.

    Args:
        headers: The answer's headers, case-insensitive.
        now: Unix seconds.
    """
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    seconds = _number(text)
    if seconds is not None:
        return seconds
    until = _http_date(text)
    if until is None:
        return None
    sent = _http_date(headers.get("Date", ""))
    return max(0.0, until - (now if sent is None else sent))


def reset_header(name: str, *, otherwise: float | None = None) -> PauseHint:
    """
    A hint that reads when a quota starts anew, such as ``X-RateLimit-Reset``.

    A moment is compared with the answer's own ``Date`` where it has one, so that a wrong clock on
    this machine does not matter.  A second is waited at least: a reset that lies behind an answer
    that still refuses is not quite here.

    Args:
        name: The header; its value is either Unix seconds or seconds from now.
        otherwise: Seconds where the header says nothing, such as the length of the provider's
            window; None leaves that to the growing pauses.
    """

    def hint(headers: Mapping[str, str], now: float) -> float | None:
        value = _number(headers.get(name, "").strip())
        if value is None:
            return otherwise
        if value >= _UNIX_TIME_FROM:
            sent = _http_date(headers.get("Date", ""))
            value -= now if sent is None else sent
        return max(_SHORTEST_RESET, value)

    return hint


def _number(text: str) -> float | None:
    """A plain decimal number that is not negative, or None: no exponent, infinity or NaN."""
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):  # noqa: PLR2004 - exact in a float
        return None
    return float(text)


def _http_date(text: str) -> float | None:
    """Unix seconds of an HTTP date, or None when it is not one."""
    try:
        moment = parsedate_to_datetime(text)
        # RFC 9110 dates are GMT; one without a zone is read as such.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
