import logging
import traceback
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
import pytest

from edlink.coverage import Coverage, CoverageEntry, Source, Tombstone
from edlink.errors import ConfigError
from edlink.matching.birth_report import diagnose_birth_dates, discard_birth_dates
from edlink.matching.claim_reasons import FIXES, Reason
from edlink.matching.directory import StudentDirectory
from edlink.matching.limiter import (
    Attempt,
    AttemptLimits,
    MemoryLimiter,
    Outcome,
    Permission,
)
from edlink.matching.parents import (
    ClaimPolicy,
    GuardianClaim,
    Proof,
    PublicAnswer,
    VerificationResult,
    verify_guardian_claim,
)
from edlink.model import (
    Demographics,
    Identifier,
    Record,
    Relationship,
    RoleAssignment,
    User,
)
from edlink.roster import Roster
from edlink.vocabulary import (
    CoverageState,
    IdentifierType,
    Kind,
    RelationshipKind,
    Role,
    Status,
)

DAY = date(2025, 10, 1)
NOW = datetime(2025, 10, 1, 12, tzinfo=UTC)
POLICY = ClaimPolicy(secret=b"an invented secret of a test")
BORN = date(2014, 3, 25)


def _student(sourced_id: str, given: str, family: str, number: str, **facts: object) -> User:
    given_facts = {
        "given_name": given,
        "family_name": family,
        "identifiers": (Identifier(type=IdentifierType.student_number, value=number),),
        "roles": (RoleAssignment(role=Role.student, org_id="s1"),),
    }
    return User(sourced_id=sourced_id, **(given_facts | facts))  # type: ignore[arg-type]


def _born(sourced_id: str, day: date | None) -> Demographics:
    return Demographics(sourced_id=sourced_id, birth_date=day)


CHILD = _student("a", "Zoë", "Quillfeather", "0042", preferred_given_name="Zo")
TWINS = (
    _student("t1", "Ada", "Rivermoss", "0043"),
    _student("t2", "Ada", "Rivermoss", "0044"),
)
BLANK = _student("b", "Blank", "Elmsworth", "0045")
PARENT = User(sourced_id="p", roles=(RoleAssignment(role=Role.guardian),))
LINK = Relationship(sourced_id="r", student_id="a", contact_id="p", kind=RelationshipKind.guardian)
BASE: tuple[Record, ...] = (
    CHILD,
    *TWINS,
    BLANK,
    PARENT,
    LINK,
    _born("a", BORN),
    _born("t1", date(2013, 5, 6)),
    _born("t2", date(2013, 5, 6)),
)


def _roster(*records: Record, **facts: object) -> Roster:
    given = {"source": Source("classlink", "d1"), "pulled_at": NOW} | facts
    return Roster.from_records(records or BASE, **given)  # type: ignore[arg-type]


def _with(*records: Record, drop: tuple[str, ...] = ()) -> Roster:
    keys = {(type(r), r.sourced_id) for r in records}
    kept = [r for r in BASE if (type(r), r.sourced_id) not in keys and r.sourced_id not in drop]
    return _roster(*kept, *records)


CLAIM = GuardianClaim(
    claim_id="c1",
    at=NOW,
    actor="adult-1",
    contact_id="p",
    given_name="zoe",
    family_name="QUILLFEATHER",
    birth_date="2014-03-25",
    org_id="s1",
)


def _verify(
    roster: Roster | None = None,
    *,
    limiter: MemoryLimiter | None = None,
    policy: ClaimPolicy = POLICY,
    **said: object,
) -> VerificationResult:
    directory = StudentDirectory.from_roster(roster or _roster(), on=DAY)
    claim = attrs.evolve(CLAIM, **said)  # type: ignore[arg-type]
    return verify_guardian_claim(
        claim, directory, limiter=limiter or MemoryLimiter(), policy=policy, on=DAY
    )


def test_a_linked_parent_with_the_exact_date_is_verified() -> None:
    """A recognised contact of the child who knows the birth date is verified by possession."""
    result = _verify()

    assert result.public is PublicAnswer.verified
    assert (result.private.reason, result.private.proof) == (Reason.verified, Proof.possession)
    assert (result.private.student_id, result.private.contact_id) == ("a", "p")


def test_a_preferred_name_and_a_number_find_the_child_too() -> None:
    """Any name the SIS has, or the number alone, finds the student."""
    assert _verify(given_name="Zo").public is PublicAnswer.verified
    number = _verify(given_name=None, family_name=None, student_number=" 0042 ")
    assert number.public is PublicAnswer.verified


FAILURES: dict[Reason, tuple[Roster, dict[str, Any]]] = {
    Reason.student_not_in_scope: (_roster(), {"given_name": "Nobody"}),
    Reason.name_differs: (_roster(), {"student_number": "0042", "given_name": "Ada"}),
    Reason.ambiguous: (
        _roster(),
        {"given_name": "Ada", "family_name": "Rivermoss", "birth_date": "2013-05-06"},
    ),
    Reason.relationship_missing: (_with(drop=("r",)), {}),
    Reason.dob_missing: (_with(_born("a", None)), {}),
    Reason.dob_differs: (_roster(), {"birth_date": "2014-03-26"}),
    Reason.dob_differs_day_month_swapped: (
        _with(_born("a", date(2014, 4, 3))),
        {"birth_date": "2014-03-04"},
    ),
    Reason.dob_unreadable: (_roster(), {"birth_date": "25 March"}),
    Reason.needs_approval: (_roster(), {"contact_id": None}),
    Reason.student_archived: (
        _roster(
            *[r for r in BASE if r.sourced_id != "a"],
            tombstones=(Tombstone(kind=Kind.user, sourced_id="a", record=CHILD),),
        ),
        {},
    ),
    Reason.dob_permission_off: (
        _roster(
            *[r for r in BASE if not isinstance(r, Demographics)],
            coverage=Coverage(
                [CoverageEntry(kind=Kind.demographics, state=CoverageState.withheld)]
            ),
        ),
        {},
    ),
    Reason.dob_missing_here: (
        _roster(
            *[r for r in BASE if not isinstance(r, Demographics)],
            _student(
                "far",
                "Far",
                "Away",
                "0099",
                roles=(RoleAssignment(role=Role.student, org_id="s2"),),
            ),
            _born("far", BORN),
        ),
        {},
    ),
    Reason.contact_barred: (_with(attrs.evolve(LINK, custody_status_raw="No Contact")), {}),
    Reason.dob_masked: (
        _with(
            *[_born(i, date(2014, 1, 1)) for i in ("a", "t1", "t2")],
            *[_student(f"m{n}", "Given", f"Family{n}", f"1{n}") for n in range(5)],
            *[_born(f"m{n}", date(2010 + n, 1, 1)) for n in range(5)],
        ),
        {"birth_date": "2014-01-01"},
    ),
}


@pytest.mark.parametrize("reason", FAILURES)
def test_every_failure_has_one_public_answer_and_its_own_reason(reason: Reason) -> None:
    """The claimant learns nothing from a failure; staff learn why, and what mends it."""
    roster, said = FAILURES[reason]
    result = _verify(roster, **said)

    assert result.public is PublicAnswer.not_verified
    assert result.private.reason is reason
    assert result.private.fix


def test_the_fix_for_a_missing_permission_is_the_providers_own() -> None:
    """When no student has a birth date, staff are told which switch to use."""
    roster, said = FAILURES[Reason.dob_permission_off]

    fix = _verify(roster, **said).private.fix

    assert fix == (
        "Roster Server, Rosters > Demographics is off for the app; switch it on and import again."
    )


def test_every_reason_has_a_fix() -> None:
    """No reason is without a word for staff."""
    assert set(FIXES) == set(Reason)


@pytest.mark.parametrize(
    "barred",
    [
        {"has_legal_custody": False},
        {"has_portal_access": False},
        {"has_access_consent": False},
        {"is_deceased": True},
        {"custody_status_raw": " None "},
        {"custody_status_raw": "RESTRAINING ORDER"},
    ],
)
def test_a_flag_that_bars_a_contact_always_refuses(barred: dict[str, object]) -> None:
    """A contact whom the school keeps away is refused whatever is known."""
    roster = _with(attrs.evolve(LINK, **barred))  # type: ignore[arg-type]

    assert _verify(roster).private.reason is Reason.contact_barred


@pytest.mark.parametrize(
    "note",
    [
        "No-Contact",
        "NO CONTACT (court)",
        "Restraining order on file",
        "\u201cno\u00a0contact\u201d",
    ],
)
def test_a_note_that_bars_bars_however_it_is_written(note: str) -> None:
    """Case, dashes and what else the note says make no difference."""
    result = _verify(_with(attrs.evolve(LINK, custody_status_raw=note)))
    assert result.private.reason is Reason.contact_barred


@pytest.mark.parametrize("note", ["Supervised", "noncustodial", "see office", "?"])
@pytest.mark.parametrize("contact_id", ["p", None])
def test_a_note_that_nobody_foresaw_needs_approval(note: str, contact_id: str | None) -> None:
    """What a program does not understand about custody is for people to decide."""
    policy = attrs.evolve(POLICY, accept_knowledge_only=True)
    roster = _with(attrs.evolve(LINK, custody_status_raw=note))
    result = _verify(roster, policy=policy, contact_id=contact_id)
    assert result.private.proof is Proof.needs_approval


@pytest.mark.parametrize("note", ["Joint", " shared custody ", ""])
def test_a_clear_note_bars_nobody(note: str) -> None:
    """Parents who share custody are told apart from those who do not."""
    result = _verify(_with(attrs.evolve(LINK, custody_status_raw=note)))
    assert result.private.proof is Proof.possession


def test_a_relationship_of_another_kind_needs_approval() -> None:
    """A neighbour on the pick-up list does not become a parent."""
    roster = _with(attrs.evolve(LINK, kind=RelationshipKind.emergency))

    assert _verify(roster).private.proof is Proof.needs_approval


def test_a_relationship_marked_deleted_is_none() -> None:
    """What the source marks as removed links nobody."""
    roster = _with(attrs.evolve(LINK, status=Status.deleted))

    assert _verify(roster).private.reason is Reason.relationship_missing


def test_knowledge_alone_verifies_only_where_the_host_accepts_it() -> None:
    """A birth date without any possession is the lowest level, and off by default."""
    accepting = attrs.evolve(POLICY, accept_knowledge_only=True)

    result = _verify(policy=accepting, contact_id=None)

    assert result.public is PublicAnswer.verified
    assert result.private.proof is Proof.knowledge_only


def test_knowledge_alone_is_not_enough_for_a_guarded_child() -> None:
    """Where the school keeps someone away, a stranger with the date needs approval."""
    accepting = attrs.evolve(POLICY, accept_knowledge_only=True)
    roster = _with(attrs.evolve(LINK, has_legal_custody=False))

    result = _verify(roster, policy=accepting, contact_id=None)

    assert result.private.reason is Reason.needs_approval


def test_a_number_may_be_required() -> None:
    """A host that has issued numbers asks for them."""
    strict = attrs.evolve(POLICY, require_number=True)

    assert _verify(policy=strict).private.reason is Reason.number_required
    assert _verify(policy=strict, student_number="0042").public is PublicAnswer.verified


@pytest.mark.parametrize("number", ["", " ", "\u200b", "1.2E+5", "1000000000000000000"])
def test_a_number_that_is_none_is_not_the_number_required(number: str) -> None:
    """Blanks, and what a spreadsheet makes of a number, do not stand for it."""
    policy = attrs.evolve(POLICY, require_number=True)
    result = _verify(policy=policy, student_number=number)
    assert result.private.reason is Reason.number_required


def test_a_damaged_number_is_nobodys() -> None:
    """A number that lost its digits is not passed over for the name beside it."""
    result = _verify(student_number="1.2E+5")
    assert result.private.reason is Reason.student_not_in_scope


def test_half_a_character_is_limited_as_anything_typed() -> None:
    """Text that no Unicode is finds nobody, and the limiter counts it."""
    limiter = MemoryLimiter(AttemptLimits(per_actor_and_child=1, backoff=0))
    first, second = (_verify(limiter=limiter, given_name="Zo\ud800") for _ in range(2))
    assert first.private.reason is Reason.student_not_in_scope
    assert second.private.reason is Reason.limited


@pytest.mark.parametrize(
    "typed", [{"birth_date": 20140325}, {"birth_date": None}, {"student_number": 42}]
)
def test_what_is_typed_is_text(typed: dict[str, object]) -> None:
    """A number where text belongs is the host's mistake, before anything is looked up."""
    with pytest.raises(ConfigError) as caught:
        attrs.evolve(CLAIM, **typed)  # type: ignore[arg-type]
    assert caught.value.code == "EDL-CONF-099"


def test_the_wrong_school_finds_nobody() -> None:
    """A child is looked for at the school that was chosen."""
    assert _verify(org_id="s2").private.reason is Reason.student_not_in_scope
    assert _verify(org_id=None).public is PublicAnswer.verified


@pytest.mark.parametrize(
    ("order", "typed", "born", "answer"),
    [
        ("mdy", "03/04/2014", date(2014, 3, 4), PublicAnswer.verified),
        ("dmy", "03/04/2014", date(2014, 4, 3), PublicAnswer.verified),
        ("mdy", "03/04/2014", date(2014, 4, 3), PublicAnswer.not_verified),
        ("ymd", "2016-02-29", date(2016, 2, 29), PublicAnswer.verified),
        ("ymd", "2015-02-29", date(2015, 3, 1), PublicAnswer.not_verified),
    ],
)
def test_a_date_is_read_in_one_order(
    order: str, typed: str, born: date, answer: PublicAnswer
) -> None:
    """03/04 means one day in one order; the leap day is a day of leap years."""
    policy = attrs.evolve(POLICY, order=order)

    assert _verify(_with(_born("a", born)), policy=policy, birth_date=typed).public is answer


def test_an_implausible_date_on_file_is_no_date() -> None:
    """A placeholder such as 1900-01-01 never verifies."""
    result = _verify(_with(_born("a", date(1900, 1, 1))), birth_date="1900-01-01")

    assert result.private.reason is Reason.dob_missing


def test_a_short_secret_is_refused() -> None:
    """A hash with a guessable key hides nobody."""
    with pytest.raises(ConfigError, match="EDL-CONF-098"):
        ClaimPolicy(secret=b"short")


# Limits


def test_after_too_many_attempts_even_the_right_date_fails() -> None:
    """Five tries at one child a day; the sixth is a failure like any other, and staff see why."""
    limiter = MemoryLimiter(AttemptLimits(backoff=0))
    for _ in range(5):
        _verify(limiter=limiter, birth_date="2014-03-26")

    result = _verify(limiter=limiter)

    assert result.public is PublicAnswer.not_verified
    assert result.private.reason is Reason.limited
    assert result.log["limited"] is True
    tomorrow = NOW + timedelta(days=1)
    assert _verify(limiter=limiter, at=tomorrow).public is PublicAnswer.verified


def test_strangers_cannot_lock_a_linked_parent_out() -> None:
    """The limit on a child counts strangers only and stops strangers only."""
    limiter = MemoryLimiter(AttemptLimits(backoff=0, per_child=3))
    for n in range(4):
        _verify(limiter=limiter, actor=f"stranger-{n}", contact_id=None, birth_date="2014-01-02")

    stranger = _verify(limiter=limiter, actor="stranger-9", contact_id=None)

    assert stranger.private.reason is Reason.limited
    assert _verify(limiter=limiter).public is PublicAnswer.verified


def test_one_actor_may_not_try_many_children() -> None:
    """Spraying names is limited by the number of children."""
    limiter = MemoryLimiter(AttemptLimits(backoff=0, children_per_actor=2))
    for name in ("Nobody", "Noone"):
        _verify(limiter=limiter, given_name=name)

    assert _verify(limiter=limiter).private.reason is Reason.limited


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
            given.append(_verify(limiter=limiter, **said).public)
        return given

    assert answers("0042") == answers("0043") == answers("9999")


def test_a_network_with_many_failures_must_wait() -> None:
    """Failures from one network count together, for an hour."""
    limiter = MemoryLimiter(AttemptLimits(network_failures=2))
    for n in range(2):
        _verify(limiter=limiter, network="192.0.2.1", actor=f"x{n}", birth_date="2014-01-02")

    blocked = _verify(limiter=limiter, network="192.0.2.1")
    later = _verify(limiter=limiter, network="192.0.2.1", at=NOW + timedelta(hours=1))

    assert (blocked.public, later.public) == (PublicAnswer.try_later, PublicAnswer.verified)
    assert _verify(limiter=limiter, network="192.0.2.2").public is PublicAnswer.verified


def test_the_wait_after_a_failure_doubles() -> None:
    """30 seconds after the first failure, a minute after the second."""
    limiter = MemoryLimiter()

    def answer(seconds: int, typed: str) -> PublicAnswer:
        at = NOW + timedelta(seconds=seconds)
        return _verify(limiter=limiter, at=at, birth_date=typed).public

    wrong, right = "2014-03-26", "2014-03-25"
    assert answer(0, wrong) is PublicAnswer.not_verified
    assert answer(29, right) is PublicAnswer.try_later
    assert answer(30, wrong) is PublicAnswer.not_verified
    assert answer(89, right) is PublicAnswer.try_later
    assert answer(90, right) is PublicAnswer.verified


def test_a_district_with_unusually_many_failures_raises_an_alarm() -> None:
    """Many failures together are noticed, whoever makes them."""
    limits = AttemptLimits(usual_tenant_failures=1, alarm_factor=2)
    limiter = MemoryLimiter(limits)
    for n in range(3):
        assert limiter.alarms == {}
        _verify(limiter=limiter, actor=f"x{n}", birth_date="2014-01-02")

    assert limiter.alarms == {"d1": NOW}


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
    result = _verify(limiter=_Broken(before=before))

    assert result.public is PublicAnswer.try_later
    assert result.private.reason is Reason.limiter_failed


# What is shown


def test_nothing_shown_or_logged_holds_a_person(caplog: pytest.LogCaptureFixture) -> None:
    """Reprs, the log entry and a traceback hold no name, number or date of the child."""
    with caplog.at_level(logging.DEBUG):
        result = _verify(student_number="0042")
        directory = StudentDirectory.from_roster(_roster(), on=DAY)
    printed = repr((CLAIM, POLICY, result, directory, directory.report))
    shown = "".join(traceback.format_exception(RuntimeError(printed)))
    shown += caplog.text + repr(result.log) + repr(result.private)

    for secret in ("Quill", "QUILL", "Zoë", "zoe", "2014", "0042", "invented secret"):
        assert secret not in shown
    assert result.log["decision"] == "verified"
    assert repr(directory) == "StudentDirectory(d1, students=4)"


# Diagnosis


def _school(days: list[date | None], *, grade: str = "05", org_id: str = "s1") -> list[Record]:
    found: list[Record] = []
    for n, day in enumerate(days):
        roles = (RoleAssignment(role=Role.student, org_id=org_id),)
        found.append(User(sourced_id=f"{org_id}-{n}", roles=roles, grades=(grade,)))
        found.append(_born(f"{org_id}-{n}", day))
    return found


REAL: list[date | None] = [date(2015, 1, 3) + timedelta(days=5 * n) for n in range(60)]


def test_real_birth_dates_raise_no_finding() -> None:
    """Dates spread over the year are used as they are."""
    report = diagnose_birth_dates(_roster(*_school(REAL)), on=DAY)

    assert (report.findings, report.masked) == ((), frozenset())
    assert [(r.org_id, r.grade, r.students, r.present) for r in report.rows] == [
        ("s1", "05", 60, 60)
    ]


@pytest.mark.parametrize(
    ("days", "grade", "why", "count"),
    [
        ([date(2014, 7, 7)] * 5, "05", "one_value", 5),
        (
            [date(2010 + n, 1, 1) for n in range(3)] + [date(2012, 9, 1)] * 3,
            "05",
            "start_of_year",
            6,
        ),
        ([date(2014, n, 1) for n in range(2, 8)], "05", "first_of_month", 6),
        ([*REAL[4:], *[date(2015, 9, 1)] * 5], "05", "one_day_of_year", 5),
        ([date(2015, 1, 3) + timedelta(days=n) for n in range(6)], "12", "year_outside_grade", 6),
        ([date(2006, 1, 3) + timedelta(days=n) for n in range(6)], "KG", "year_outside_grade", 6),
    ],
)
def test_invented_birth_dates_are_found(
    days: list[date | None], grade: str, why: str, count: int
) -> None:
    """Each way in which a privacy filter writes dates is recognised, and the dates not used."""
    report = diagnose_birth_dates(_roster(*_school(days, grade=grade)), on=DAY)

    (finding,) = report.findings
    assert (finding.code, finding.evidence["reason"]) == ("EDL-PARENT-004", why)
    assert len(report.masked) == count


def test_a_few_equal_dates_prove_nothing() -> None:
    """Two siblings and a friend may share a birthday."""
    report = diagnose_birth_dates(_roster(*_school([date(2014, 1, 1)] * 4)), on=DAY)

    assert report.masked == frozenset()


def test_one_masked_school_does_not_mask_the_others() -> None:
    """A filter at one school is reported for that school."""
    masked = _school([date(2014, 1, 1)] * 5, org_id="s2")

    report = diagnose_birth_dates(_roster(*_school(REAL), *masked), on=DAY)

    assert [f.org_id for f in report.findings] == ["s2"]


@pytest.mark.parametrize("grade", ["", "Other"])
def test_a_grade_that_is_no_number_says_nothing_of_ages(grade: str) -> None:
    """Ungraded pupils are not judged by their age."""
    records = _school([date(2001, 1, 3) + timedelta(days=n) for n in range(6)], grade=grade)

    assert diagnose_birth_dates(_roster(*records), on=DAY).findings == ()


def test_missing_dates_are_told_apart() -> None:
    """Nowhere, at one school, or for some: three findings with three fixes."""
    nowhere = diagnose_birth_dates(_roster(*_school([None] * 3)), on=DAY)
    one_school = diagnose_birth_dates(
        _roster(*_school(REAL), *_school([None] * 3, org_id="s2")), on=DAY
    )
    some = diagnose_birth_dates(_roster(*_school([*REAL, None])), on=DAY)

    assert [f.code for f in nowhere.findings] == ["EDL-PARENT-001"]
    assert [(f.code, f.org_id) for f in one_school.findings] == [("EDL-PARENT-002", "s2")]
    assert [(f.code, f.evidence["missing"]) for f in some.findings] == [("EDL-PARENT-003", 1)]


def test_an_unknown_provider_has_a_general_fix() -> None:
    """The fix names the provider's screen where it is known."""
    roster = _roster(*_school([None]), source=Source("oneroster", "d1"))

    assert "pull again" in diagnose_birth_dates(roster, on=DAY).findings[0].fix


def test_students_without_a_school_or_grade_are_counted() -> None:
    """A student whom no school claims has a row of their own."""
    lone = User(sourced_id="x", roles=(RoleAssignment(role=Role.student),))

    (row,) = diagnose_birth_dates(_roster(lone), on=DAY).rows

    assert (row.org_id, row.grade, row.students, row.present) == (None, None, 1, 0)


def test_birth_dates_can_be_discarded_once_they_have_served() -> None:
    """A host that keeps only the link keeps no date."""
    kept = discard_birth_dates(_roster())

    assert {d.birth_date for d in kept.demographics} == {None}
    assert kept.users == _roster().users
