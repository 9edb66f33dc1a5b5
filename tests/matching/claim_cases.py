"""Invented families and claims for the tests of verifying parents."""

from datetime import UTC, date, datetime

import attrs

from edlink.coverage import Source
from edlink.matching.claims import GuardianClaim
from edlink.matching.directory import StudentDirectory
from edlink.matching.limiter import (
    MemoryLimiter,
)
from edlink.matching.parents import (
    ClaimPolicy,
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
    IdentifierType,
    RelationshipKind,
    Role,
)

DAY = date(2025, 10, 1)
NOW = datetime(2025, 10, 1, 12, tzinfo=UTC)
POLICY = ClaimPolicy(secret=b"an invented secret of a test")
BORN = date(2014, 3, 25)


def a_student(sourced_id: str, given: str, family: str, number: str, **facts: object) -> User:
    given_facts = {
        "given_name": given,
        "family_name": family,
        "identifiers": (Identifier(type=IdentifierType.student_number, value=number),),
        "roles": (RoleAssignment(role=Role.student, org_id="s1"),),
    }
    return User(sourced_id=sourced_id, **(given_facts | facts))  # type: ignore[arg-type]


def born_on(sourced_id: str, day: date | None) -> Demographics:
    return Demographics(sourced_id=sourced_id, birth_date=day)


CHILD = a_student("a", "Zoë", "Quillfeather", "0042", preferred_given_name="Zo")
TWINS = (
    a_student("t1", "Ada", "Rivermoss", "0043"),
    a_student("t2", "Ada", "Rivermoss", "0044"),
)
BLANK = a_student("b", "Blank", "Elmsworth", "0045")
PARENT = User(sourced_id="p", roles=(RoleAssignment(role=Role.guardian),))
LINK = Relationship(sourced_id="r", student_id="a", contact_id="p", kind=RelationshipKind.guardian)
BASE: tuple[Record, ...] = (
    CHILD,
    *TWINS,
    BLANK,
    PARENT,
    LINK,
    born_on("a", BORN),
    born_on("t1", date(2013, 5, 6)),
    born_on("t2", date(2013, 5, 6)),
)


def a_roster(*records: Record, **facts: object) -> Roster:
    given = {"source": Source("classlink", "d1"), "pulled_at": NOW} | facts
    return Roster.from_records(records or BASE, **given)  # type: ignore[arg-type]


def all_with(*records: Record, drop: tuple[str, ...] = ()) -> Roster:
    keys = {(type(r), r.sourced_id) for r in records}
    kept = [r for r in BASE if (type(r), r.sourced_id) not in keys and r.sourced_id not in drop]
    return a_roster(*kept, *records)


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


def verify(
    roster: Roster | None = None,
    *,
    limiter: MemoryLimiter | None = None,
    policy: ClaimPolicy = POLICY,
    **said: object,
) -> VerificationResult:
    directory = StudentDirectory.from_roster(roster or a_roster(), on=DAY)
    claim = attrs.evolve(CLAIM, **said)  # type: ignore[arg-type]
    return verify_guardian_claim(
        claim, directory, limiter=limiter or MemoryLimiter(), policy=policy, on=DAY
    )
