import logging
import traceback
from datetime import date
from typing import Any

import attrs
import pytest
from tests.matching.claim_cases import (
    BASE,
    BORN,
    CHILD,
    CLAIM,
    DAY,
    LINK,
    POLICY,
    a_roster,
    a_student,
    all_with,
    born_on,
    verify,
)

from edlink.coverage import Coverage, CoverageEntry, Tombstone
from edlink.errors import ConfigError
from edlink.matching.claim_reasons import FIXES, Reason
from edlink.matching.directory import StudentDirectory
from edlink.matching.limiter import (
    AttemptLimits,
    MemoryLimiter,
)
from edlink.matching.parents import (
    ClaimPolicy,
    Proof,
    PublicAnswer,
    bars_contact,
)
from edlink.model import (
    Demographics,
    RoleAssignment,
)
from edlink.roster import Roster
from edlink.vocabulary import (
    CoverageState,
    Kind,
    RelationshipKind,
    Role,
    Status,
)


def test_a_linked_parent_with_the_exact_date_is_verified() -> None:
    """A recognised contact of the child who knows the birth date is verified by possession."""
    result = verify()

    assert result.public is PublicAnswer.verified
    assert (result.private.reason, result.private.proof) == (Reason.verified, Proof.possession)
    assert (result.private.student_id, result.private.contact_id) == ("a", "p")


def test_a_preferred_name_and_a_number_find_the_child_too() -> None:
    """Any name the SIS has, or the number alone, finds the student."""
    assert verify(given_name="Zo").public is PublicAnswer.verified
    number = verify(given_name=None, family_name=None, student_number=" 0042 ")
    assert number.public is PublicAnswer.verified


@pytest.mark.parametrize(
    ("given", "family", "answer"),
    [
        ("Zoe", None, Reason.verified),
        (" ", "quillfeather", Reason.verified),
        ("Ada", None, Reason.name_differs),
        (None, "Rivermoss", Reason.name_differs),
    ],
)
def test_beside_a_number_only_what_is_typed_is_compared(
    given: str | None, family: str | None, answer: Reason
) -> None:
    """A name left out differs from nothing; one that is typed must be the child's."""
    result = verify(student_number="0042", given_name=given, family_name=family)

    assert result.private.reason is answer


@pytest.mark.parametrize(
    "tombstones", [(), (Tombstone(kind=Kind.user, sourced_id="gone", record=CHILD),)]
)
def test_half_a_name_describes_nobody(tombstones: tuple[Tombstone, ...]) -> None:
    """Without a number both names are needed, of a child who is there or has left."""
    roster = a_roster(*BASE, tombstones=tombstones)

    assert verify(roster, family_name=None).private.reason is Reason.student_not_in_scope


FAILURES: dict[Reason, tuple[Roster, dict[str, Any]]] = {
    Reason.student_not_in_scope: (a_roster(), {"given_name": "Nobody"}),
    Reason.name_differs: (a_roster(), {"student_number": "0042", "given_name": "Ada"}),
    Reason.ambiguous: (
        a_roster(),
        {"given_name": "Ada", "family_name": "Rivermoss", "birth_date": "2013-05-06"},
    ),
    Reason.relationship_missing: (all_with(drop=("r",)), {}),
    Reason.dob_missing: (all_with(born_on("a", None)), {}),
    Reason.dob_differs: (a_roster(), {"birth_date": "2014-03-26"}),
    Reason.dob_differs_day_month_swapped: (
        all_with(born_on("a", date(2014, 4, 3))),
        {"birth_date": "2014-03-04"},
    ),
    Reason.dob_unreadable: (a_roster(), {"birth_date": "25 March"}),
    Reason.needs_approval: (a_roster(), {"contact_id": None}),
    Reason.student_archived: (
        a_roster(
            *[r for r in BASE if r.sourced_id != "a"],
            tombstones=(Tombstone(kind=Kind.user, sourced_id="a", record=CHILD),),
        ),
        {},
    ),
    Reason.dob_permission_off: (
        a_roster(
            *[r for r in BASE if not isinstance(r, Demographics)],
            coverage=Coverage(
                [CoverageEntry(kind=Kind.demographics, state=CoverageState.withheld)]
            ),
        ),
        {},
    ),
    Reason.dob_missing_here: (
        a_roster(
            *[r for r in BASE if not isinstance(r, Demographics)],
            a_student(
                "far",
                "Far",
                "Away",
                "0099",
                roles=(RoleAssignment(role=Role.student, org_id="s2"),),
            ),
            born_on("far", BORN),
        ),
        {},
    ),
    Reason.contact_barred: (all_with(attrs.evolve(LINK, custody_status_raw="No Contact")), {}),
    Reason.dob_masked: (
        all_with(
            *[born_on(i, date(2014, 1, 1)) for i in ("a", "t1", "t2")],
            *[a_student(f"m{n}", "Given", f"Family{n}", f"1{n}") for n in range(5)],
            *[born_on(f"m{n}", date(2010 + n, 1, 1)) for n in range(5)],
        ),
        {"birth_date": "2014-01-01"},
    ),
}


@pytest.mark.parametrize("reason", FAILURES)
def test_every_failure_has_one_public_answer_and_its_own_reason(reason: Reason) -> None:
    """The claimant learns nothing from a failure; staff learn why, and what mends it."""
    roster, said = FAILURES[reason]
    result = verify(roster, **said)

    assert result.public is PublicAnswer.not_verified
    assert result.private.reason is reason
    assert result.private.fix


def test_the_fix_for_a_missing_permission_is_the_providers_own() -> None:
    """When no student has a birth date, staff are told which switch to use."""
    roster, said = FAILURES[Reason.dob_permission_off]

    fix = verify(roster, **said).private.fix

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
    roster = all_with(attrs.evolve(LINK, **barred))  # type: ignore[arg-type]

    assert verify(roster).private.reason is Reason.contact_barred


@pytest.mark.parametrize(
    "note",
    [
        "No-Contact",
        "NO CONTACT (court)",
        "Restraining order on file",
        "\u201cno\u00a0contact\u201d",
        "NO_CONTACT",
        "RESTRAINING_ORDER",
        "None",
        "No custody",
    ],
)
def test_a_note_that_bars_bars_however_it_is_written(note: str) -> None:
    """Case, dashes and what else the note says make no difference."""
    result = verify(all_with(attrs.evolve(LINK, custody_status_raw=note)))
    assert result.private.reason is Reason.contact_barred


@pytest.mark.parametrize(
    "note",
    [
        "Supervised",
        "noncustodial",
        "see office",
        "?",
        "No custody issues",
        "None on file",
        "Not restricted",
        "No restraining order on file",
    ],
)
@pytest.mark.parametrize("contact_id", ["p", None])
def test_a_note_that_nobody_foresaw_needs_approval(note: str, contact_id: str | None) -> None:
    """What a program does not understand about custody is for people to decide."""
    policy = attrs.evolve(POLICY, accept_knowledge_only=True)
    roster = all_with(attrs.evolve(LINK, custody_status_raw=note))
    result = verify(roster, policy=policy, contact_id=contact_id)
    assert result.private.proof is Proof.needs_approval
    assert result.private.reason is Reason.custody_unclear
    assert result.private.reason.may_be_approved


@pytest.mark.parametrize("note", ["Joint", " shared custody ", "BOTH_PARENTS", ""])
def test_a_clear_note_bars_nobody(note: str) -> None:
    """Parents who share custody are told apart from those who do not."""
    result = verify(all_with(attrs.evolve(LINK, custody_status_raw=note)))
    assert result.private.proof is Proof.possession


def test_a_host_may_ask_again_whom_the_school_keeps_away() -> None:
    """An order that comes after the link was made bars as one that was there before."""
    assert not bars_contact(LINK, POLICY)
    for order in ({"has_portal_access": False}, {"custody_status_raw": "No contact"}):
        assert bars_contact(attrs.evolve(LINK, **order), POLICY)


def test_a_relationship_of_another_kind_needs_approval() -> None:
    """A neighbour on the pick-up list does not become a parent."""
    roster = all_with(attrs.evolve(LINK, kind=RelationshipKind.emergency))

    assert verify(roster).private.proof is Proof.needs_approval


def test_a_relationship_marked_deleted_is_none() -> None:
    """What the source marks as removed links nobody."""
    roster = all_with(attrs.evolve(LINK, status=Status.deleted))

    assert verify(roster).private.reason is Reason.relationship_missing


def test_knowledge_alone_verifies_only_where_the_host_accepts_it() -> None:
    """A birth date without any possession is the lowest level, and off by default."""
    accepting = attrs.evolve(POLICY, accept_knowledge_only=True)

    result = verify(policy=accepting, contact_id=None)

    assert result.public is PublicAnswer.verified
    assert result.private.proof is Proof.knowledge_only


def test_knowledge_alone_is_not_enough_for_a_guarded_child() -> None:
    """Where the school keeps someone away, a stranger with the date needs approval."""
    accepting = attrs.evolve(POLICY, accept_knowledge_only=True)
    roster = all_with(attrs.evolve(LINK, has_legal_custody=False))

    result = verify(roster, policy=accepting, contact_id=None)

    assert (result.private.reason, result.private.proof) == (
        Reason.child_guarded,
        Proof.needs_approval,
    )


def test_a_number_may_be_required() -> None:
    """A host that has issued numbers asks for them."""
    strict = attrs.evolve(POLICY, require_number=True)

    assert verify(policy=strict).private.reason is Reason.number_required
    assert verify(policy=strict, student_number="0042").public is PublicAnswer.verified


@pytest.mark.parametrize("number", ["", " ", "\u200b", "1.2E+5", "1000000000000000000"])
def test_a_number_that_is_none_is_not_the_number_required(number: str) -> None:
    """Blanks, and what a spreadsheet makes of a number, do not stand for it."""
    policy = attrs.evolve(POLICY, require_number=True)
    result = verify(policy=policy, student_number=number)
    assert result.private.reason is Reason.number_required


def test_a_damaged_number_is_nobodys() -> None:
    """A number that lost its digits is not passed over for the name beside it."""
    result = verify(student_number="1.2E+5")
    assert result.private.reason is Reason.student_not_in_scope


def test_half_a_character_is_limited_as_anything_typed() -> None:
    """Text that no Unicode is finds nobody, and the limiter counts it."""
    limiter = MemoryLimiter(AttemptLimits(per_actor_and_child=1, backoff=0))
    first, second = (verify(limiter=limiter, given_name="Zo\ud800") for _ in range(2))
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
    assert verify(org_id="s2").private.reason is Reason.student_not_in_scope
    assert verify(org_id=None).public is PublicAnswer.verified


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

    assert verify(all_with(born_on("a", born)), policy=policy, birth_date=typed).public is answer


def test_an_implausible_date_on_file_is_no_date() -> None:
    """A placeholder such as 1900-01-01 never verifies."""
    result = verify(all_with(born_on("a", date(1900, 1, 1))), birth_date="1900-01-01")

    assert result.private.reason is Reason.dob_missing


@pytest.mark.parametrize("secret", [b"short", "a text of many letters, as from a file", None, 32])
def test_a_secret_that_can_be_no_key_is_refused(secret: Any) -> None:  # noqa: ANN401 - a mistake
    """A guessable key hides nobody, and with a text or none no claim could ever be hashed."""
    with pytest.raises(ConfigError, match="EDL-CONF-098"):
        ClaimPolicy(secret=secret)


def test_nothing_shown_or_logged_holds_a_person(caplog: pytest.LogCaptureFixture) -> None:
    """Reprs, the log entry and a traceback hold no name, number or date of the child."""
    with caplog.at_level(logging.DEBUG):
        result = verify(student_number="0042")
        directory = StudentDirectory.from_roster(a_roster(), on=DAY)
    printed = repr((CLAIM, POLICY, result, directory, directory.report))
    shown = "".join(traceback.format_exception(RuntimeError(printed)))
    shown += caplog.text + repr(result.log) + repr(result.private)

    for secret in ("Quill", "QUILL", "Zoë", "zoe", "2014", "0042", "invented secret"):
        assert secret not in shown
    assert result.log["decision"] == "verified"
    assert repr(directory) == "StudentDirectory(d1, students=4)"
