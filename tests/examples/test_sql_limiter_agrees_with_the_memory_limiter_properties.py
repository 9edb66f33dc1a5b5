import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from examples.conference_host.limiter import SqlLimiter
from examples.conference_host.store import Store
from hypothesis import given, settings
from hypothesis import strategies as st

from edlink.matching import Attempt, AttemptLimits, MemoryLimiter, Outcome, Permission

LIMITS = AttemptLimits(
    per_actor_and_child=3, per_child=4, children_per_actor=2, network_failures=3, backoff=60
)
START = datetime(2026, 9, 1, tzinfo=UTC)

#: Minutes since the attempt before, who, which child, from where, linked or not, and how it ends.
ATTEMPTS = st.lists(
    st.tuples(
        st.sampled_from([1, 2, 30, 61, 1441]),
        st.sampled_from(["ann", "ben"]),
        st.sampled_from(["x", "y", "z"]),
        st.sampled_from(["home", "school", None]),
        st.booleans(),
        st.sampled_from([Outcome.verified, Outcome.not_verified]),
    ),
    max_size=15,
)


@settings(max_examples=40, deadline=None)
@given(ATTEMPTS)
def test_both_limiters_let_the_same_attempts_go_on(
    attempts: list[tuple[int, str, str, str | None, bool, Outcome]],
) -> None:
    """Whatever is tried, the limiter in SQLite decides as edlink's own in memory does."""
    memory, at = MemoryLimiter(LIMITS), START
    with tempfile.TemporaryDirectory() as folder:
        sql = SqlLimiter(Store(Path(folder) / "limits.db"), LIMITS)
        for minutes, actor, child, network, is_linked, outcome in attempts:
            at += timedelta(minutes=minutes)
            attempt = Attempt(
                at=at,
                tenant="d1",
                actor=actor,
                child=child,
                network=network,
                is_linked=is_linked,
            )
            permission = memory.before(attempt)
            assert sql.before(attempt) is permission
            told = {Permission.allowed: outcome, Permission.spent: Outcome.not_verified}
            for limiter in (memory, sql):
                limiter.after(attempt, told.get(permission, Outcome.limited))
