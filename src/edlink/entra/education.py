"""Rows of Graph's education resources to the model; pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import attrs

from edlink.coverage import Issue
from edlink.entra import values
from edlink.entra.wire import ClassRow, ContactRow, SchoolRow, UserRow
from edlink.model import (
    AcademicSession,
    Class,
    Course,
    Demographics,
    Enrollment,
    Identifier,
    Org,
    Relationship,
    RoleAssignment,
    User,
)
from edlink.vocabulary import (
    ClassType,
    EndSemantics,
    IdentifierType,
    OrgType,
    Role,
    SessionType,
)

# Orgs


def to_tenant(tenant: str, schools: Iterable[str]) -> Org:
    """Return the directory itself, above its schools; contacts, who have no account, are there."""
    return Org(
        sourced_id=tenant, type=OrgType.district, type_raw="tenant", child_ids=tuple(schools)
    )


def to_school(row: SchoolRow, tenant: str) -> Org:
    """Return the school of a row."""
    numbers = (
        (IdentifierType.sis_id, "externalId", row.external_id),
        (IdentifierType.school_number, "schoolNumber", row.school_number),
    )
    return Org(
        sourced_id=row.id,
        name=row.display_name,
        type=OrgType.school,
        type_raw="educationSchool",
        parent_id=tenant,
        identifiers=_identifiers(numbers),
        low_grade=row.lowest_grade and values.read_grade(row.lowest_grade),
        high_grade=row.highest_grade and values.read_grade(row.highest_grade),
        phone=row.phone,
        principal_name=row.principal_name,
        principal_email=row.principal_email,
    )


# Classes


def term_id(row: ClassRow) -> str | None:
    """Return the sourced id of the term that is part of a class, or None."""
    if row.term_id is not None:
        return f"term:{row.term_id}"
    said = (row.term_name, row.term_start, row.term_end)
    if not any(said):
        return None
    return "term:" + _digest("|".join(str(part) for part in said))


def to_sessions(rows: Iterable[ClassRow]) -> Iterator[AcademicSession]:
    """Yield each term that a class names, once."""
    found: dict[str, AcademicSession] = {}
    for row in rows:
        key = term_id(row)
        if key is not None and key not in found:
            found[key] = AcademicSession(
                sourced_id=key,
                title=row.term_name,
                type=SessionType.term,
                type_raw="educationTerm",
                start_date=row.term_start,
                end_date=row.term_end,
                end_semantics=EndSemantics.assumed,
            )
    yield from found.values()


def to_courses(rows: Iterable[ClassRow], tenant: str) -> Iterator[Course]:
    """Yield each course that a class names by its id in the SIS, once."""
    found: dict[str, Course] = {}
    for row in rows:
        if row.course_id is not None and row.course_id not in found:
            found[row.course_id] = Course(
                sourced_id=row.course_id,
                title=row.course_name,
                course_code=row.course_number,
                org_id=tenant,
                subjects=(row.subject,) if row.subject else (),
            )
    yield from found.values()


def to_class(row: ClassRow, schools: Sequence[str]) -> Class:
    """Return the class of a row; the first of its schools is its org."""
    term = term_id(row)
    return Class(
        sourced_id=row.id,
        title=row.display_name or row.external_name,
        class_code=row.class_code,
        class_type=ClassType.scheduled,
        class_type_raw="educationClass",
        course_id=row.course_id,
        org_id=next(iter(schools), None),
        session_ids=() if term is None else (term,),
        grades=(values.read_grade(row.grade),) if row.grade else (),
        grades_raw=(row.grade,) if row.grade else (),
        subjects=(row.subject,) if row.subject else (),
        identifiers=_identifiers(((IdentifierType.sis_id, "externalId", row.external_id),)),
    )


def to_enrollments(
    class_id: str, members: Iterable[str], teachers: Iterable[str]
) -> Iterator[Enrollment]:
    """Yield who is in a class: its teachers, then its other members, who are its students."""
    teaching = dict.fromkeys(teachers)
    for user_id in dict.fromkeys((*teaching, *members)):
        yield _enrollment(class_id, user_id, teaches=user_id in teaching)


def to_memberships(
    classes_of: Mapping[str, Sequence[str]], taught_by: Mapping[str, Sequence[str]]
) -> Iterator[Enrollment]:
    """
    Yield in which classes people are, by their ids; those they teach are among them or not.

    Of whom only one of the two is known nothing is told.
    """
    for user_id, classes in classes_of.items():
        if user_id not in taught_by:
            continue
        taught = dict.fromkeys(taught_by[user_id])
        for class_id in dict.fromkeys((*taught, *classes)):
            yield _enrollment(class_id, user_id, teaches=class_id in taught)


def _enrollment(class_id: str, user_id: str, *, teaches: bool) -> Enrollment:
    return Enrollment(
        sourced_id=f"{class_id}|{user_id}",
        user_id=user_id,
        class_id=class_id,
        role=Role.teacher if teaches else Role.student,
        role_raw="teachers" if teaches else "members",
    )


# People


def to_user(row: UserRow, schools: Sequence[str]) -> User:
    """Return the person of a row, with their role at each of their schools."""
    role = role_of(row)
    assignments = tuple(
        RoleAssignment(
            role=role,
            role_raw=row.primary_role,
            org_id=school,
            is_primary=place == 0,
            department=row.department,
        )
        for place, school in enumerate(schools or (None,))
    )
    numbers = (
        (IdentifierType.sis_id, "student.externalId", row.student_id),
        (IdentifierType.student_number, "student.studentNumber", row.student_number),
        (IdentifierType.sis_id, "teacher.externalId", row.teacher_id),
        (IdentifierType.teacher_number, "teacher.teacherNumber", row.teacher_number),
        (IdentifierType.immutable_id, "onPremisesInfo.immutableId", row.immutable_id),
    )
    return User(
        **account_of(row),
        middle_name=row.middle_name,
        identifiers=_identifiers(numbers),
        roles=assignments,
        primary_org_id=next(iter(schools), None),
        primary_org_is_guess=len(schools) > 1,
        grades=(values.read_grade(row.grade),) if row.grade else (),
        grades_raw=(row.grade,) if row.grade else (),
        graduation_year=row.graduation_year,
    )


def account_of(row: UserRow) -> dict[str, Any]:
    """Return the fields of User that every account has."""
    return {
        "sourced_id": row.id,
        "enabled": row.account_enabled is not False,
        "username": row.user_principal_name,
        "display_name": row.display_name,
        "given_name": row.given_name,
        "family_name": row.surname,
        "email": row.mail,
        "sms": row.mobile_phone,
    }


def role_of(row: UserRow) -> Role:
    """Return what a person is: their primary role, else what the SIS knows them as."""
    role = values.read_role(row.primary_role)
    if role is Role.other and row.student_id is not None:
        return Role.student
    if role is Role.other and row.teacher_id is not None:
        return Role.teacher
    return role


def to_demographics(row: UserRow) -> Demographics | None:
    """Return a student's demographics, or None for anybody else and where nothing is known."""
    known = (row.birth_date, row.birth_date_raw, row.gender)
    if role_of(row) is not Role.student or known == (None, None, None):
        return None
    return Demographics(
        sourced_id=row.id,
        birth_date=row.birth_date,
        birth_date_raw=row.birth_date_raw,
        sex=values.read_sex(row.gender),
        sex_raw=row.gender,
    )


# Contacts


def to_contacts(row: UserRow, tenant: str) -> Iterator[tuple[User, Relationship]]:
    """
    Yield each related contact of a student, as a person without an account and as a link.

    Graph gives a contact no id to rely on: it is an entry on the student.  Its id here is made of
    the student's and a digest of its e-mail, so that it stays through edits of anything else, and
    one parent of two students is two contacts.  Where two of a student's contacts share an e-mail,
    their names are in the digest too, so that the order of the list says nothing.
    """
    contacts = row.related_contacts or ()
    shared = Counter(map(_address, contacts))
    counts: Counter[str] = Counter()
    for contact in contacts:
        address = _address(contact)
        name = (contact.display_name or "").lower()
        key = contact.id or _digest(f"{address}|{name}" if shared[address] > 1 else address)
        counts[key] += 1
        suffix = f".{counts[key]}" if counts[key] > 1 else ""
        yield _contact(row.id, contact, f"{row.id}|{key}{suffix}", tenant)


def _address(contact: ContactRow) -> str:
    return (contact.email_address or contact.display_name or "").lower()


def _contact(
    student_id: str, row: ContactRow, sourced_id: str, tenant: str
) -> tuple[User, Relationship]:
    kind, role = values.read_kind(row.relationship)
    user = User(
        sourced_id=sourced_id,
        enabled=False,
        display_name=row.display_name,
        # One field for the whole name; matching reads a family name alone as a whole name.
        family_name=row.display_name,
        email=row.email_address,
        sms=row.mobile_phone,
        roles=(
            RoleAssignment(role=role, role_raw=row.relationship, org_id=tenant, is_primary=True),
        ),
        primary_org_id=tenant,
    )
    link = Relationship(
        sourced_id=sourced_id,
        student_id=student_id,
        contact_id=sourced_id,
        kind=kind,
        kind_raw=row.relationship,
        has_access_consent=row.access_consent,
    )
    return user, link


@attrs.frozen(kw_only=True)
class Education:
    """
    What Graph's education resources say of a directory.

    ``schools_of`` says at which schools a class or person is, by their id; ``members`` and
    ``teachers`` who is in a class, by its id.  Where one of the two is not known nobody can be told
    apart, so such a class has no enrollments.
    """

    tenant: str
    schools: Mapping[str, SchoolRow] = attrs.field(factory=dict, repr=False)
    classes: Mapping[str, ClassRow] = attrs.field(factory=dict, repr=False)
    users: Mapping[str, UserRow] = attrs.field(factory=dict, repr=False)
    schools_of: Mapping[str, Sequence[str]] = attrs.field(factory=dict, repr=False)
    members: Mapping[str, Sequence[str]] = attrs.field(factory=dict, repr=False)
    teachers: Mapping[str, Sequence[str]] = attrs.field(factory=dict, repr=False)


def to_records(of: Education) -> Iterator[Any]:
    """Yield every record, of all kinds."""
    yield to_tenant(of.tenant, of.schools)
    yield from (to_school(row, of.tenant) for row in of.schools.values())
    yield from to_sessions(of.classes.values())
    yield from to_courses(of.classes.values(), of.tenant)
    for class_id, row in of.classes.items():
        yield to_class(row, of.schools_of.get(class_id, ()))
        if class_id in of.members and class_id in of.teachers:
            yield from to_enrollments(class_id, of.members[class_id], of.teachers[class_id])
    for user_id, user in of.users.items():
        yield to_user(user, of.schools_of.get(user_id, ()))
        known = to_demographics(user)
        if known is not None:
            yield known
        for contact in to_contacts(user, of.tenant):
            yield from contact


def schools_of_untold_contacts(of: Education, issues: Iterable[Issue]) -> Iterator[str | None]:
    """
    Yield the schools of students of whose contacts not all are known; None for who is at none.

    Null is not "no contacts", and what cannot be read was left out of a row.
    """
    unread = {issue.sourced_id for issue in issues if "relatedContacts" in issue.fields}
    for user_id, user in of.users.items():
        is_untold = user.related_contacts is None and role_of(user) is Role.student
        if is_untold or user_id in unread:
            yield from of.schools_of.get(user_id) or (None,)


def _identifiers(
    numbers: Iterable[tuple[IdentifierType, str, str | None]],
) -> tuple[Identifier, ...]:
    return tuple(
        Identifier(type=type_, type_raw=word, value=value)
        for type_, word, value in numbers
        if value is not None
    )


def _digest(text: str) -> str:
    """Return sixteen hexadecimal digits that say nothing of a text and tell it from others."""
    return sha256(text.encode()).hexdigest()[:16]
