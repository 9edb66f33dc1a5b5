"""Rules D1 to D7: what verification promises."""

import traceback
from datetime import date, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.matching.claim_cases import DAY, NOW, POLICY, a_roster, born_on

from edlink.errors import ConfigError
from edlink.matching.claims import GuardianClaim
from edlink.matching.directory import StudentDirectory
from edlink.matching.limiter import Attempt, MemoryLimiter, Outcome, Permission
from edlink.matching.parents import (
    ClaimPolicy,
    PublicAnswer,
    VerificationResult,
    verify_guardian_claim,
)
from edlink.model import Demographics, Identifier, Relationship, RoleAssignment, User
from edlink.roster import Roster
from edlink.vocabulary import IdentifierType, RelationshipKind, Role

DATES = st.dates(date(2008, 1, 1), date(2020, 12, 31))
LONG = "a" + "\u0301\u0323" * 32_000
NAMES = st.sampled_from(["Ada", "Zoë", "zoe", "Lin"])
FORMS = {"ymd": "%Y-%m-%d", "mdy": "%m/%d/%Y", "dmy": "%d/%m/%Y"}
POLICIES = st.builds(
    ClaimPolicy,
    secret=st.just(POLICY.secret),
    order=st.sampled_from(["ymd", "mdy", "dmy"]),
    require_number=st.booleans(),
    accept_knowledge_only=st.booleans(),
)

ADA = User(
    sourced_id="u",
    given_name="Ada",
    family_name="Moss",
    roles=(RoleAssignment(role=Role.student, org_id="s"),),
)
LINK = Relationship(sourced_id="r", student_id="u", contact_id="p", kind=RelationshipKind.parent)


def _claim(birth_date: str) -> GuardianClaim:
    """Return what a listed parent says of Ada."""
    return GuardianClaim(
        claim_id="c",
        at=NOW,
        actor="a",
        contact_id="p",
        given_name="Ada",
        family_name="Moss",
        birth_date=birth_date,
    )


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    """Draw a few students, some alike, with dates, links and flags of every sort."""
    records: list[User | Demographics | Relationship] = []
    day = draw(DATES)
    for n in range(draw(st.integers(1, 4))):
        records.append(
            User(
                sourced_id=f"u{n}",
                given_name=draw(NAMES),
                family_name=draw(st.sampled_from(["Moss", "Elm"])),
                identifiers=(Identifier(type=IdentifierType.student_number, value=f"00{n}"),),
                roles=(RoleAssignment(role=Role.student, org_id=draw(st.sampled_from("st"))),),
            )
        )
        born = draw(st.sampled_from([day, day, None]) | DATES | st.just(date(1900, 1, 1)))
        records.append(born_on(f"u{n}", born))
        if draw(st.booleans()):
            records.append(
                Relationship(
                    sourced_id=f"r{n}",
                    student_id=f"u{n}",
                    contact_id="p",
                    kind=draw(st.sampled_from(RelationshipKind)),
                    has_legal_custody=draw(st.none() | st.booleans()),
                )
            )
    return a_roster(*records)


@st.composite
def claims(draw: st.DrawFn, roster: Roster) -> GuardianClaim:
    """Draw a claim that is often about a student, and often right."""
    dates = [d.birth_date for d in roster.demographics if d.birth_date is not None]
    day = draw(st.sampled_from(dates) | DATES if dates else DATES)
    forms = [day.isoformat(), day.strftime("%m/%d/%Y"), day.strftime("%d/%m/%Y"), "2014", ""]
    return GuardianClaim(
        claim_id="c1",
        at=NOW,
        actor="adult-1",
        network="192.0.2.1",
        contact_id=draw(st.sampled_from(["p", "p", None, "q"])),
        student_number=draw(st.none() | st.sampled_from(["000", "001", "999", "1e+15", LONG])),
        given_name=draw(st.none() | NAMES | st.sampled_from(["Zo\ud800", LONG])),
        family_name=draw(st.sampled_from([None, "moss", "Elm"])),
        birth_date=draw(st.sampled_from(forms)),
        org_id=draw(st.sampled_from([None, "s", "t"])),
    )


CASES = rosters().flatmap(lambda roster: st.tuples(st.just(roster), claims(roster)))
Case = tuple[Roster, GuardianClaim]


ANSWERS = st.sampled_from([*Permission, None])


class Counting(MemoryLimiter):
    """A limiter that answers as told, or fails, and notes what it was asked."""

    def __init__(self, *, answer: Permission | None = Permission.allowed) -> None:
        super().__init__()
        self.answer = answer
        self.calls: list[str] = []

    def before(self, attempt: Attempt) -> Permission:
        """Answer as told."""
        del attempt
        self.calls.append("before")
        if self.answer is None:
            raise TimeoutError
        return self.answer

    def after(self, attempt: Attempt, outcome: Outcome) -> None:
        """Note the call."""
        del attempt, outcome
        self.calls.append("after")


def _run(case: Case, limiter: MemoryLimiter, policy: ClaimPolicy) -> VerificationResult:
    roster, claim = case
    directory = StudentDirectory.from_roster(roster, on=DAY)
    return verify_guardian_claim(claim, directory, limiter=limiter, policy=policy, on=DAY)


@given(CASES, POLICIES, ANSWERS)
def test_d1_there_are_three_public_answers_and_one_for_every_failure(
    case: Case, policy: ClaimPolicy, answer: Permission | None
) -> None:
    """A failure is not_verified and nothing else, but where everybody would have to wait."""
    result = _run(case, Counting(answer=answer), policy)

    expected = {
        Permission.allowed: {PublicAnswer.verified, PublicAnswer.not_verified},
        Permission.spent: {PublicAnswer.not_verified},
        Permission.wait: {PublicAnswer.try_later},
        None: {PublicAnswer.try_later},
    }
    assert result.public in expected[answer]


@given(CASES, POLICIES, ANSWERS)
def test_d2_only_the_exact_date_of_one_student_under_the_limit_verifies(
    case: Case, policy: ClaimPolicy, answer: Permission | None
) -> None:
    """Verified means: one candidate, the very date on file, no bar, and the limiter's yes."""
    roster, claim = case
    result = _run(case, Counting(answer=answer), policy)
    if result.public is PublicAnswer.verified:
        (fitting,) = [u for u in roster.users if _fits(u, claim)]
        on_file = roster.demographics_of(fitting.sourced_id)
        assert on_file is not None
        assert on_file.birth_date is not None
        day = on_file.birth_date
        links = roster.relationships_of_student(fitting.sourced_id)
        own = [link for link in links if link.contact_id == claim.contact_id]

        assert answer is Permission.allowed
        assert result.private.student_id == fitting.sourced_id
        assert claim.birth_date in {day.isoformat(), day.strftime(FORMS[policy.order])}
        assert all(link.has_legal_custody is not False for link in own or links)
        assert own or claim.contact_id is None


def _fits(student: User, claim: GuardianClaim) -> bool:
    """Return whether a student is as a claim describes one, as both are drawn above."""
    typed = (_plain(claim.given_name), _plain(claim.family_name))
    held = (_plain(student.given_name), _plain(student.family_name))
    named = all(said in ("", name) for said, name in zip(typed, held, strict=True))
    numbered = claim.student_number in {i.value for i in student.identifiers}
    described = numbered if claim.student_number else all(typed)
    return named and described and claim.org_id in (None, student.roles[0].org_id)


def _plain(text: str | None) -> str:
    return (text or "").lower().replace("ë", "e")


@given(
    DATES, st.integers(5, 12), st.sampled_from(["one", "start", "first", "placeholder"]), POLICIES
)
def test_d3_a_masked_date_never_verifies(
    day: date, count: int, mask: str, policy: ClaimPolicy
) -> None:
    """A date that a filter wrote is as good as none, even when it is typed exactly."""
    masked = {
        "one": [day] * count,
        "start": [date(2008 + n, 1, 1) for n in range(count)],
        "first": [date(2014, n % 12 + 1, 1) for n in range(count)],
        "placeholder": [date(1900, 1, 1), *(day + timedelta(days=37 * n) for n in range(count))],
    }[mask]
    records: list[User | Demographics | Relationship] = []
    for n, born in enumerate(masked):
        records.append(attrs.evolve(ADA, sourced_id=f"u{n}", given_name=f"Ada{'x' * n}"))
        records.append(born_on(f"u{n}", born))
    case = a_roster(*records, attrs.evolve(LINK, student_id="u0")), _claim(masked[0].isoformat())

    assert _run(case, Counting(), policy).public is PublicAnswer.not_verified


@given(CASES, POLICIES, ANSWERS)
def test_d4_the_limiter_is_called_once_before_and_once_after(
    case: Case, policy: ClaimPolicy, answer: Permission | None
) -> None:
    """Whatever happens, the limiter is asked once and told once, in this order."""
    limiter = Counting(answer=answer)
    _run(case, limiter, policy)

    assert limiter.calls == ["before", "after"]


@given(DATES, st.integers(5, 9))
def test_d5_after_the_limit_even_the_right_date_fails(born: date, tries: int) -> None:
    """Once the day's attempts are spent, nothing verifies."""
    roster = a_roster(ADA, born_on("u", born))
    limiter = MemoryLimiter()
    policy = attrs.evolve(POLICY, accept_knowledge_only=True)
    wrong = (born + timedelta(days=1)).isoformat()
    answers = []
    for n, typed in enumerate([wrong] * tries + [born.isoformat()]):
        at = NOW + timedelta(hours=2 * n)
        claim = attrs.evolve(_claim(typed), claim_id=str(n), at=at, contact_id=None)
        answers.append(_run((roster, claim), limiter, policy).public)

    assert PublicAnswer.verified not in answers


@given(st.integers(1, 12), st.integers(1, 12), st.integers(2008, 2020), POLICIES, st.booleans())
def test_d6_day_and_month_swapped_never_verify(
    month: int, day: int, year: int, policy: ClaimPolicy, in_its_order: bool
) -> None:
    """A date whose day and month are exchanged is another date."""
    born, swapped = date(year, month, day), date(year, day, month)
    claim = _claim(swapped.strftime(FORMS[policy.order] if in_its_order else FORMS["ymd"]))
    result = _run((a_roster(ADA, LINK, born_on("u", born)), claim), Counting(), policy)

    assert born == swapped or result.public is PublicAnswer.not_verified


@given(CASES, POLICIES, ANSWERS)
def test_d7_the_date_is_in_no_result_log_or_traceback(
    case: Case, policy: ClaimPolicy, answer: Permission | None
) -> None:
    """Neither the typed nor the stored date appears in anything that may be printed."""
    roster, claim = case
    result = _run(case, Counting(answer=answer), policy)
    with pytest.raises(ConfigError) as caught:
        _run(case, Counting(answer=answer), attrs.evolve(policy, order="ydm"))
    printed = repr((claim, policy, result, result.private, result.log))
    shown = printed + "".join(traceback.format_exception(caught.value))
    stored = [d.birth_date.isoformat() for d in roster.demographics if d.birth_date is not None]
    typed = [claim.birth_date] if len(claim.birth_date) > len("2014") else []
    for secret in (*stored, *typed):
        assert secret not in shown
