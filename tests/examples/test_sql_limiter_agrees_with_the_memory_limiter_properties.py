import tempfile
from pathlib import Path

from examples.conference_host.limiter import SqlLimiter
from examples.conference_host.store import Store
from hypothesis import example, given, settings
from tests.limiting import (
    A_DAY_LATER,
    AN_HOUR_LATER,
    AT_ONE_INSTANT,
    ATTEMPTS,
    LIMITS,
    Tried,
    check_agreement,
)


@settings(max_examples=40, deadline=None)
@given(ATTEMPTS)
@example(AN_HOUR_LATER)
@example(A_DAY_LATER)
@example(AT_ONE_INSTANT)
def test_both_limiters_let_the_same_attempts_go_on(tried: list[Tried]) -> None:
    """Whatever is tried, the limiter in SQLite decides as edlink's own in memory does."""
    with tempfile.TemporaryDirectory() as folder:
        check_agreement(SqlLimiter(Store(Path(folder) / "limits.db"), LIMITS), tried)
