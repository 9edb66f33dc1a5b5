"""One small invented district, for the tests that need people who refer to each other."""

from datetime import UTC, datetime
from typing import Any

import attrs

from edlink.coverage import Coverage, CoverageEntry, Scope, Source
from edlink.model import (
    AcademicSession,
    Class,
    Course,
    Demographics,
    Enrollment,
    Org,
    Record,
    Relationship,
    RoleAssignment,
    User,
)
from edlink.roster import Roster
from edlink.vocabulary import Kind, OrgType, Role

PULLED_AT = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
SOURCE = Source("oneroster", "d1")


def person(sourced_id: str, role: Role, *org_ids: str, **more: Any) -> User:  # noqa: ANN401 - User's own
    """Return a user with a role at some orgs."""
    roles = tuple(RoleAssignment(role=role, org_id=org_id) for org_id in org_ids)
    return User(sourced_id=sourced_id, roles=roles, **more)


def enrolled(user_id: str, class_id: str, role: Role, org_id: str | None = None) -> Enrollment:
    """Return an enrollment."""
    return Enrollment(
        sourced_id=f"{user_id}.{class_id}",
        user_id=user_id,
        class_id=class_id,
        role=role,
        org_id=org_id,
    )


def linked(student_id: str, contact_id: str) -> Relationship:
    """Return a link between a student and an adult."""
    return Relationship(
        sourced_id=f"{student_id}|{contact_id}", student_id=student_id, contact_id=contact_id
    )


RECORDS: tuple[Record, ...] = (
    Org(sourced_id="d", type=OrgType.district),
    Org(sourced_id="north", type=OrgType.school, parent_id="d"),
    Org(sourced_id="south", type=OrgType.school, parent_id="d"),
    AcademicSession(sourced_id="year"),
    AcademicSession(sourced_id="fall", parent_id="year"),
    Course(sourced_id="math", org_id="d", school_year_id="year"),
    Course(sourced_id="art", org_id="south"),
    Class(sourced_id="m1", course_id="math", org_id="north", session_ids=("fall", "year")),
    Class(sourced_id="m2", course_id="math", org_id="south", session_ids=("fall",)),
    person("ana", Role.student, "north"),
    person("ben", Role.student, "south"),
    person("tia", Role.teacher, "south"),
    person("mum", Role.guardian, "north", "south"),
    person("dad", Role.guardian, "south"),
    User(sourced_id="nobody"),
    enrolled("ana", "m1", Role.student, "north"),
    enrolled("tia", "m1", Role.teacher, "north"),
    enrolled("tia", "m2", Role.teacher, "south"),
    enrolled("ben", "m2", Role.student),
    linked("ana", "mum"),
    linked("ana", "dad"),
    linked("ben", "dad"),
    Demographics(sourced_id="ana"),
    Demographics(sourced_id="ben"),
)


def district(*more: Record, **facts: Any) -> Roster:  # noqa: ANN401 - Roster's own fields
    """Return the district, pulled whole, with further records and facts."""
    whole = Coverage(CoverageEntry(kind=kind) for kind in Kind)
    given = {"coverage": whole, "scope": Scope(), **facts}
    return Roster.from_records((*RECORDS, *more), source=SOURCE, pulled_at=PULLED_AT, **given)


def ids(records: Any) -> list[str]:  # noqa: ANN401 - records of any kind
    """Return the sourced ids of some records."""
    return [record.sourced_id for record in records]


def without(roster: Roster, **fields: Any) -> Roster:  # noqa: ANN401 - Roster's own fields
    """Return a roster with some fields replaced."""
    return attrs.evolve(roster, **fields)
