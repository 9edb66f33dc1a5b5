import gc
from datetime import timedelta
from typing import Any
from weakref import ref

import attrs
import pytest
from tests.matching.claim_cases import NOW, POLICY, verify

from edlink.matching.claim_reasons import Reason
from edlink.matching.limiter import (
    Attempt,
    AttemptLimits,
    MemoryLimiter,
    Outcome,
    Permission,
)
from edlink.matching.parents import (
    PublicAnswer,
)


def test_after_too_many_attempts_even_the_right_date_fails() -> None:
    """Five tries at one child a day; the sixth is a failure like any other, and staff see why."""
    limiter = MemoryLimiter(AttemptLimits(backoff=0))
    for _ in range(5):
        verify(limiter=limiter, birth_date="2014-03-26")

    result = verify(limiter=limiter)

    assert result.public is PublicAnswer.not_verified
    assert result.private.reason is Reason.limited
    assert result.log["limited"] is True
    tomorrow = NOW + timedelta(days=1)
    assert verify(limiter=limiter, at=tomorrow).public is PublicAnswer.verified


def test_strangers_cannot_lock_a_linked_parent_out() -> None:
    """The limit on a child counts strangers only and stops strangers only."""
    limiter = MemoryLimiter(AttemptLimits(backoff=0, per_child=3))
    for n in range(4):
        verify(limiter=limiter, actor=f"stranger-{n}", contact_id=None, birth_date="2014-01-02")

    stranger = verify(limiter=limiter, actor="stranger-9", contact_id=None)

    assert stranger.private.reason is Reason.limited
    assert verify(limiter=limiter).public is PublicAnswer.verified


def test_one_actor_may_not_try_many_children() -> None:
    """Spraying names is limited by the number of children."""
    limiter = MemoryLimiter(AttemptLimits(backoff=0, children_per_actor=2))
    for name in ("Nobody", "Noone"):
        verify(limiter=limiter, given_name=name)

    assert verify(limiter=limiter).private.reason is Reason.limited


@pytest.mark.parametrize("limits", [AttemptLimits(), AttemptLimits(backoff=0)])
def test_limits_do_not_tell_whose_a_number_is(limits: AttemptLimits) -> None:
    """Tries at a number, then at a name, are answered alike whether or not they are one child."""

    def answers(number: str) -> list[PublicAnswer]:
        limiter, given = MemoryLimiter(limits), []
        for n in range(12):
            names = {} if n > 6 else {"given_name": None, "family_name": None}
            typed: dict[str, Any] = names | {"student_number": None if n > 6 else number}
            at = NOW + timedelta(hours=n)
            said = typed | {"contact_id": None, "birth_date": "2010-01-01", "at": at}
            given.append(verify(limiter=limiter, **said).public)
        return given

    assert answers("0042") == answers("0043") == answers("9999")


def test_a_network_with_many_failures_must_wait() -> None:
    """Failures from one network count together, for an hour."""
    limiter = MemoryLimiter(AttemptLimits(network_failures=2))
    for n in range(2):
        verify(limiter=limiter, network="192.0.2.1", actor=f"x{n}", birth_date="2014-01-02")

    blocked = verify(limiter=limiter, network="192.0.2.1")
    later = verify(limiter=limiter, network="192.0.2.1", at=NOW + timedelta(hours=1))

    assert (blocked.public, later.public) == (PublicAnswer.try_later, PublicAnswer.verified)
    assert verify(limiter=limiter, network="192.0.2.2").public is PublicAnswer.verified


def test_the_wait_after_a_failure_doubles() -> None:
    """30 seconds after the first failure, a minute after the second."""
    limiter = MemoryLimiter()

    def answer(seconds: int, typed: str) -> PublicAnswer:
        at = NOW + timedelta(seconds=seconds)
        return verify(limiter=limiter, at=at, birth_date=typed).public

    wrong, right = "2014-03-26", "2014-03-25"
    assert answer(0, wrong) is PublicAnswer.not_verified
    assert answer(29, right) is PublicAnswer.try_later
    assert answer(30, wrong) is PublicAnswer.not_verified
    assert answer(89, right) is PublicAnswer.try_later
    assert answer(90, right) is PublicAnswer.verified


@pytest.mark.parametrize("backoff", [0.0, 1e-9, 30.0, 1e300])
def test_the_wait_is_a_number_however_often_somebody_failed(backoff: float) -> None:
    """It doubles up to a day, after which no failure counts."""
    limits = AttemptLimits(backoff=backoff)
    waits = [limits.wait_after(failures) for failures in (0, 1, 2, 1024, 1025, 5000)]

    assert waits == sorted(waits)
    assert waits[0] == 0
    assert waits[1] == min(backoff, 86400)
    assert waits[-1] == (86400 if backoff else 0)


def test_thousands_of_failures_are_counted_without_a_wait() -> None:
    """A host that sets no wait is answered after each of them."""
    limiter = MemoryLimiter(AttemptLimits(backoff=0.0))
    attempt = Attempt(at=NOW, tenant="d1", actor="ann", child="x")
    for _ in range(1100):
        limiter.after(attempt, Outcome.not_verified)

    assert limiter.before(attempt) is Permission.allowed


def test_what_no_limit_looks_at_any_more_is_forgotten() -> None:
    """A day later nothing is left of an attempt, whoever tries then."""
    limiter = MemoryLimiter()
    first = Attempt(at=NOW, tenant="d1", actor="ann", child="x", network="home")
    assert limiter.before(first) is Permission.allowed
    limiter.after(first, Outcome.not_verified)
    is_there = ref(first)
    del first
    assert is_there() is not None

    later = Attempt(at=NOW + timedelta(days=1), tenant="d2", actor="ben", child="y", network="x")
    limiter.before(later)
    limiter.after(later, Outcome.not_verified)
    gc.collect()

    assert is_there() is None


def test_a_district_with_unusually_many_failures_raises_an_alarm() -> None:
    """Many failures together are noticed, whoever makes them."""
    limits = AttemptLimits(usual_tenant_failures=1, alarm_factor=2)
    limiter = MemoryLimiter(limits)
    for n in range(3):
        assert limiter.alarms == {}
        verify(limiter=limiter, actor=f"x{n}", birth_date="2014-01-02")

    assert limiter.alarms == {"d1": NOW}


def test_each_district_is_counted_by_itself() -> None:
    """Two districts with few failures each raise no alarm together."""
    limiter = MemoryLimiter(AttemptLimits(usual_tenant_failures=1, alarm_factor=2))
    for n in range(4):
        attempt = Attempt(at=NOW, tenant=f"d{n % 2}", actor=f"x{n}", child="x")
        limiter.after(attempt, Outcome.not_verified)

    assert limiter.alarms == {}


class _Broken(MemoryLimiter):
    """A store that is down, before or after."""

    def __init__(self, *, before: bool) -> None:
        super().__init__()
        self.fails_before = before

    def before(self, attempt: Attempt) -> Permission:
        if self.fails_before:
            raise ConnectionError
        return super().before(attempt)

    def after(self, attempt: Attempt, outcome: Outcome) -> None:
        if not self.fails_before:
            raise ConnectionError
        super().after(attempt, outcome)


@pytest.mark.parametrize("before", [True, False])
def test_a_limiter_that_fails_lets_nobody_in(before: bool) -> None:
    """When limits cannot be counted, the right date must wait too."""
    result = verify(limiter=_Broken(before=before))

    assert result.public is PublicAnswer.try_later
    assert result.private.reason is Reason.limiter_failed


@pytest.mark.parametrize("typed", ["given_name", "family_name", "student_number"])
def test_a_text_that_is_longer_than_any_is_nobodys_and_counts(typed: str) -> None:
    """What no form needs is not read, however it would fold, and is an attempt like any other."""
    limiter = MemoryLimiter(AttemptLimits(per_actor_and_child=1, backoff=0))
    long = "\u200b" * 200
    said: dict[str, Any] = {
        "given_name": "Zoe",
        "family_name": "Quillfeather",
        "student_number": "0042",
    }

    first, second = (verify(limiter=limiter, **said | {typed: said[typed] + long}) for _ in "ab")

    assert verify(**said).public is PublicAnswer.verified
    assert first.public is second.public is PublicAnswer.not_verified
    assert first.private.reason in (Reason.name_differs, Reason.student_not_in_scope)
    assert second.private.reason is Reason.limited


def test_many_blanks_are_no_number() -> None:
    """Blanks do not stand for the number required, however many they are."""
    result = verify(policy=attrs.evolve(POLICY, require_number=True), student_number=" " * 300)

    assert result.private.reason is Reason.number_required
