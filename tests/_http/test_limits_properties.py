"""The rate limit and the query encoding, for any input."""

from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st
from tests._http.loopback import JumpingClock

from edlink._http.address import check_target, encode_query
from edlink._http.limits import RateLimiter, retry_after

TEXT = st.text(st.characters(codec="utf-8"))


@given(
    rate=st.floats(0.1, 100),
    quiet=st.lists(st.floats(0, 3), min_size=1, max_size=60),
)
def test_no_second_holds_more_requests_than_the_rate_and_a_burst(
    rate: float, quiet: list[float]
) -> None:
    """In any window of one second at most the rate's and the bucket's requests begin."""
    clock = JumpingClock()
    limiter = RateLimiter(rate, clock)
    begun: list[float] = []
    for seconds in quiet:
        clock.now += seconds
        limiter.acquire(1e9)
        begun.append(clock.now)
    most = max(sum(1 for other in begun if start <= other < start + 1) for start in begun)
    assert most <= rate + max(1.0, rate) + 1


@given(st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=5))
def test_rfc_3986_a_query_decodes_to_what_was_encoded(params: list[tuple[str, str]]) -> None:
    """Whatever the parameters hold, the encoded query is legal and decodes to them."""
    query = encode_query(params)
    assert "+" not in query
    assert parse_qsl(query, keep_blank_values=True, strict_parsing=bool(params)) == params
    assert check_target(f"/?{query}") == f"/?{query}"


@given(st.text(), st.text())
def test_rfc_9110_any_retry_after_is_a_pause_or_nothing(text: str, date: str) -> None:
    """No header text makes the pause negative or raises."""
    pause = retry_after({"Retry-After": text, "Date": date}, 0.0)
    assert pause is None or pause >= 0
