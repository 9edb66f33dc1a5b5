"""How long a client waits: between requests, after failures, and when told to."""

import time
from email.utils import formatdate

import pytest
from requests.structures import CaseInsensitiveDict
from tests._http.loopback import JumpingClock

from edlink._http.limits import Backoff, RateLimiter, SystemClock, reset_header, retry_after

NOW = 1_790_000_000.0


def headers(**values: str) -> CaseInsensitiveDict[str]:
    """Headers as requests gives them; an underscore stands for a hyphen."""
    return CaseInsensitiveDict({name.replace("_", "-"): text for name, text in values.items()})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("-3", None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("1e3", None),
        ("٣", None),
        ("9" * 30, None),
        (formatdate(NOW + 60, usegmt=True), 60),
        (formatdate(NOW - 60, usegmt=True), 0),
        ("Mon, 21 Sep 2026 14:14:20 -0000", 60),
        ("Mon, 99 Sep 2026 14:14:20 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    """Both forms of the header are understood, and nonsense says nothing."""
    assert retry_after(headers(Retry_After=text), NOW) == seconds


def test_retry_after_may_be_absent() -> None:
    """An answer without the header asks for no pause."""
    assert retry_after(headers(), NOW) is None


def test_a_date_counts_from_the_answers_own_date() -> None:
    """A machine whose clock is a day behind waits as long as one whose clock is right."""
    given = headers(
        Retry_After=formatdate(NOW + 60, usegmt=True), Date=formatdate(NOW, usegmt=True)
    )
    assert retry_after(given, NOW - 86_400) == 60


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (str(int(NOW) + 30), 30),
        (str(int(NOW) - 30), 1),
        ("30", 30),
        ("0", 1),
        ("soon", None),
        ("", None),
    ],
)
def test_a_reset_header_is_a_time_or_a_pause(text: str, seconds: float | None) -> None:
    """A large number is a moment in Unix seconds, a small one a pause; none is under a second."""
    assert reset_header("X-RateLimit-Reset")(headers(X_RateLimit_Reset=text), NOW) == seconds


def test_a_reset_is_counted_from_the_answers_own_date() -> None:
    """A clock of ours that is 90 seconds ahead does not put the reset into the past."""
    sent = headers(X_RateLimit_Reset=str(int(NOW) + 60), Date=formatdate(NOW, usegmt=True))
    assert reset_header("X-RateLimit-Reset")(sent, NOW + 90) == 60


def test_a_window_is_waited_for_where_no_header_says_when() -> None:
    """A provider whose window is known need not say when it starts anew."""
    assert reset_header("X-RateLimit-Reset", otherwise=60)(headers(), NOW) == 60


def test_a_second_of_requests_goes_at_once(clock: JumpingClock) -> None:
    """After quiet, as many requests as the rate allows for a second go without a pause."""
    limiter = RateLimiter(8, clock)
    clock.now += 100
    assert [limiter.acquire(10) for _ in range(8)] == [True] * 8
    assert clock.slept == []


def test_a_long_run_goes_at_the_rate(clock: JumpingClock) -> None:
    """A hundred requests at eight a second take what is left after the first second's worth."""
    limiter = RateLimiter(8, clock)
    for _ in range(100):
        limiter.acquire(10)
    assert sum(clock.slept) == pytest.approx((100 - 8) / 8)


def test_a_slow_rate_has_no_burst(clock: JumpingClock) -> None:
    """Below one request a second, each waits for its turn."""
    limiter = RateLimiter(0.5, clock)
    for _ in range(3):
        limiter.acquire(10)
    assert clock.slept == [pytest.approx(2), pytest.approx(2)]


def test_rate_zero_is_no_limit(clock: JumpingClock) -> None:
    """Without a rate nobody waits, unless the provider asks for it."""
    limiter = RateLimiter(0, clock)
    for _ in range(1000):
        limiter.acquire(0)
    limiter.hold(5)
    assert (limiter.acquire(4), limiter.acquire(5), clock.slept) == (False, True, [5])


def test_a_turn_that_comes_too_late_is_not_taken(clock: JumpingClock) -> None:
    """Who cannot wait takes nothing from those who can."""
    limiter = RateLimiter(1, clock)
    limiter.acquire(0)
    assert [limiter.acquire(0.5) for _ in range(5)] == [False] * 5
    assert limiter.acquire(1)


def test_the_longer_of_two_holds_counts(clock: JumpingClock) -> None:
    """A short pause asked for later does not cut a long one."""
    limiter = RateLimiter(8, clock)
    limiter.hold(30)
    limiter.hold(1)
    limiter.acquire(60)
    assert clock.slept == [30]


def test_backoff_never_overflows() -> None:
    """The thousandth pause is capped like the tenth."""
    assert 0 <= Backoff(first=0.5, cap=30).pause(1_000_000) <= 30


def test_the_system_clock_is_the_machines() -> None:
    """The default clock tells the machine's time and really sleeps."""
    clock = SystemClock()
    before = time.monotonic()
    clock.sleep(0.001)
    assert clock.monotonic() - before >= 0.001
    assert abs(clock.time() - time.time()) < 60
