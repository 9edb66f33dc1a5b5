"""
Rows of three lists to people, each one person by Person ID; pure.

One human can be all three.  What each list says of the same person is the same record in
Veracross, so the first list that says a thing is taken: students, then staff, then parents.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import attrs

from edlink import readers
from edlink.coverage import Issue
from edlink.model import Address, Demographics, RoleAssignment, User
from edlink.veracross import values
from edlink.veracross.lists import ValueLists
from edlink.veracross.orgs import campus_id
from edlink.veracross.wire import ContactRow, HouseholdRow, PersonRow
from edlink.vocabulary import Kind, Role


@attrs.frozen(kw_only=True)
class People:
    """
    What the lists of people say, by Person ID; each list with its own value lists.

    Attributes:
        route: The school's route, its org's id.
        students: Rows of ``/students``.
        staff: Rows of ``/staff_faculty``.
        parents: Rows of ``/parents``.
        student_lists: What the students' value ids mean.
        staff_lists: The same for staff.
        parent_lists: The same for parents.
        teachers: When what makes a teacher of a person last changed, by Person ID.
        contacts: Rows of ``/contact_info``.
        households: Rows of ``/households``, by their own id.
        household_lists: What the households' value ids mean.
    """

    route: str
    students: Mapping[str, PersonRow] = attrs.field(factory=dict, repr=False)
    staff: Mapping[str, PersonRow] = attrs.field(factory=dict, repr=False)
    parents: Mapping[str, PersonRow] = attrs.field(factory=dict, repr=False)
    student_lists: ValueLists = ValueLists()
    staff_lists: ValueLists = ValueLists()
    parent_lists: ValueLists = ValueLists()
    teachers: Mapping[str | None, datetime | None] = attrs.field(factory=dict, repr=False)
    contacts: Mapping[str, ContactRow] = attrs.field(factory=dict, repr=False)
    households: Mapping[str, HouseholdRow] = attrs.field(factory=dict, repr=False)
    household_lists: ValueLists = ValueLists()

    def ids(self) -> Iterable[str]:
        """Return every Person ID once: students, then staff, then parents."""
        return dict.fromkeys((*self.students, *self.staff, *self.parents))


_Said = tuple[PersonRow, ValueLists]


def to_users(people: People) -> Iterator[User]:
    """Yield every person once, with all their roles."""
    for person_id in people.ids():
        yield _user(people, person_id)


def to_demographics(people: People) -> tuple[tuple[Demographics, ...], tuple[Issue, ...]]:
    """
    Return the students' demographics, and an Issue for each birthday that is no full date.

    Only students have birthdays.  Veracross hides the year for staff, so that of a student who is
    also staff is not believed even where it looks whole.
    """
    found, issues = [], []
    for person_id, row in people.students.items():
        born = None if person_id in people.staff else readers.read_birth_date(row.birthday)
        if born is None and row.birthday is not None:
            issues.append(
                Issue(
                    kind=Kind.demographics,
                    reason="birth_date_without_year",
                    sourced_id=person_id,
                    fields=("birthday",),
                    set_aside=False,
                )
            )
        gender = people.student_lists.text("gender", row.gender)
        found.append(
            Demographics(
                sourced_id=person_id,
                date_last_modified=row.last_modified_date,
                birth_date=born,
                birth_date_raw=row.birthday if born is None else None,
                sex=values.read_sex(gender),
                sex_raw=gender,
            )
        )
    return tuple(found), tuple(issues)


def _user(people: People, person_id: str) -> User:
    said = [*_said(people, person_id)]
    rows = [row for row, _ in said]
    student = people.students.get(person_id)
    contact = people.contacts.get(person_id)
    grade = people.student_lists.text("grade_level", student.grade_level) if student else None
    household_id = _first(row.household_id for row in rows)
    household = people.households.get(household_id or "")
    roles = tuple(_roles(people, person_id))
    return User(
        sourced_id=person_id,
        date_last_modified=latest(
            (
                *(row.last_modified_date for row in (*rows, contact, household) if row is not None),
                people.teachers.get(person_id) if person_id in people.staff else None,
            )
        ),
        username=_first(row.username for row in rows),
        name_prefix=_first(lists.describe("name_prefix", row.name_prefix) for row, lists in said),
        given_name=_first(row.first_name for row in rows),
        middle_name=_first(row.middle_name for row in rows),
        family_name=_first(row.last_name for row in rows),
        name_suffix=_first(lists.describe("name_suffix", row.name_suffix) for row, lists in said),
        preferred_given_name=_first(row.preferred_name or row.first_nick_name for row in rows),
        email=_first(row.email_1 for row in rows),
        other_emails=(contact.email_2,) if contact and contact.email_2 else (),
        phone=contact.home_phone if contact else None,
        sms=contact.mobile_phone if contact else None,
        business_phone=contact.business_phone if contact else None,
        address=_address(household, people.household_lists),
        roles=roles,
        primary_org_id=roles[0].org_id,
        grades=(values.read_grade(grade),) if grade else (),
        grades_raw=(grade,) if grade else (),
        household_id=household_id,
        **_of_student(people, student),
    )


def _of_student(people: People, student: PersonRow | None) -> dict[str, Any]:
    if student is None:
        return {}
    return {
        "graduation_year": student.graduation_year,
        "homeroom": people.student_lists.text("homeroom", student.homeroom),
        "homeroom_teacher_id": student.homeroom_teacher_id,
        "advisor_id": student.advisor_id,
    }


def _said(people: People, person_id: str) -> Iterator[_Said]:
    for rows, lists in (
        (people.students, people.student_lists),
        (people.staff, people.staff_lists),
        (people.parents, people.parent_lists),
    ):
        if person_id in rows:
            yield rows[person_id], lists


def _roles(people: People, person_id: str) -> Iterator[RoleAssignment]:
    """Yield a person's roles, the first of which is the primary one."""
    student, staff = people.students.get(person_id), people.staff.get(person_id)
    if student is not None:
        yield RoleAssignment(
            role=Role.student,
            role_raw=student.roles,
            org_id=_org(people, student),
            is_primary=True,
            begin_date=student.entry_date,
            end_date=student.exit_date,
        )
    if staff is not None:
        teaches = person_id in people.teachers or values.is_faculty(staff.roles)
        yield RoleAssignment(
            role=Role.teacher if teaches else Role.staff,
            role_raw=staff.roles,
            org_id=_org(people, staff),
            is_primary=student is None,
            begin_date=staff.date_hired,
            end_date=staff.date_terminated,
            title=staff.job_title,
            department=people.staff_lists.describe("department", staff.department),
        )
    if person_id in people.parents:
        yield RoleAssignment(
            role=Role.guardian,
            role_raw=people.parents[person_id].roles,
            org_id=people.route,
            is_primary=student is None and staff is None,
        )


def _org(people: People, row: PersonRow) -> str:
    return people.route if row.campus is None else campus_id(row.campus)


def _address(row: HouseholdRow | None, lists: ValueLists) -> Address | None:
    if row is None:
        return None
    lines = (row.address_line_1, row.address_line_2, row.address_line_3)
    return Address(
        lines=tuple(line for line in lines if line),
        city=row.city,
        state=row.state_or_province,
        postal_code=row.zip,
        country=lists.text("country", row.country),
    )


def _first(said: Iterable[str | None]) -> str | None:
    return next((value for value in said if value is not None), None)


def latest(moments: Iterable[datetime | None]) -> datetime | None:
    """Return the latest of some moments, as far as they are known."""
    return max((moment for moment in moments if moment is not None), default=None)
