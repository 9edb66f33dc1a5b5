"""Clever's people as Users, Demographics and Relationships; pure."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, cast

import attrs

from edlink.clever import wire
from edlink.clever.guardians import GuardianVerdict
from edlink.clever.reading import Reading
from edlink.clever.values import (
    read_date,
    read_grades,
    read_ids,
    read_last_day,
    read_moment,
    read_race,
    read_relationship,
    read_sex,
    read_yes_no,
)
from edlink.model import (
    Address,
    Demographics,
    Identifier,
    Relationship,
    RoleAssignment,
    User,
    relationship_id,
)
from edlink.readers import UnreadableError, credible_birth_date
from edlink.vocabulary import IdentifierType, RelationshipKind, Role

#: Clever's role words in the order in which a person's roles are listed, as roles of the model.
ROLES: Mapping[str, Role] = {
    "student": Role.student,
    "teacher": Role.teacher,
    "staff": Role.staff,
    "district_admin": Role.administrator,
    "contact": Role.contact,
}

#: The identifiers that role objects carry.
_IDENTIFIERS: Mapping[str, IdentifierType] = {
    "sis_id": IdentifierType.sis_id,
    "state_id": IdentifierType.state_id,
    "student_number": IdentifierType.student_number,
    "teacher_number": IdentifierType.teacher_number,
    "staff_id": IdentifierType.staff_id,
    "legacy_id": IdentifierType.legacy_id,
}

RoleObject = Mapping[str, Any]
HeldRoles = dict[str, RoleObject]


def fold(role: str, row: Mapping[str, Any]) -> wire.User:
    """
    Return a flat person of version 2 as the person of version 3 that says the same.

    Args:
        role: Version 3's word for the collection it came from, such as ``staff``.
        row: The flat person; its id stays, since version 2 knows no other.
    """
    name: Any = row.get("name")
    held: RoleObject = row
    if role == "contact":
        name = {"last": name}
        facts = {"relationship": row.get("relationship"), "type": row.get("type")}
        students = read_ids(row.get("students"))
        held = {**row, "student_relationships": [{"student": s, **facts} for s in students]}
    base = {key: row.get(key) for key in ("id", "district", "email", "created", "last_modified")}
    return cast("wire.User", {**base, "name": name, "roles": {role: held}})


def held_roles(row: wire.User) -> HeldRoles:
    """Return the roles a person holds, in a fixed order: those that are there and not null."""
    roles = cast("Mapping[str, RoleObject | None]", row.get("roles") or {})
    return {word: role for word in ROLES if (role := roles.get(word)) is not None}


def to_user(row: wire.User, reading: Reading) -> User:
    """Return a person with all roles Clever gives, whichever role was asked for."""
    roles = held_roles(row)
    student = cast("wire.Student", roles.get("student", {}))
    name = row.get("name") or {}
    first, last = name.get("first") or None, name.get("last") or None
    # A contact's whole name is in ``last``; matching reads a family name alone as a whole name.
    is_whole = "contact" in roles and first is None
    preferred = student.get("preferred_name") or {}
    primary = _primary_org(row, roles)
    return User(
        sourced_id=row["id"],
        date_last_modified=reading.value(read_moment, row.get("last_modified"), "last_modified"),
        date_created=reading.value(read_moment, row.get("created"), "created"),
        username=_username(roles),
        given_name=first,
        middle_name=name.get("middle") or None,
        family_name=last,
        display_name=last if is_whole else None,
        preferred_given_name=preferred.get("first") or None,
        preferred_middle_name=preferred.get("middle") or None,
        preferred_family_name=preferred.get("last") or None,
        email=row.get("email") or _first(roles, "email"),
        phone=_first(roles, "phone"),
        address=to_address(student.get("location")),
        identifiers=tuple(_identifiers(roles)),
        roles=tuple(_assignments(row, roles, reading)),
        primary_org_id=primary,
        primary_org_is_guess=primary is not None and _first(roles, "school") is None,
        grades=read_grades(student.get("grade")),
        grades_raw=(grade,) if (grade := student.get("grade")) else (),
        graduation_year=student.get("graduation_year") or None,
        metadata=_metadata(roles, reading),
    )


def to_address(location: wire.Location | None) -> Address | None:
    """Return an address, or None where all its parts are empty."""
    if not location or not any(location.values()):
        return None
    street = location.get("address")
    return Address(
        lines=(street,) if street else (),
        city=location.get("city") or None,
        state=location.get("state") or None,
        postal_code=location.get("zip") or None,
        latitude=location.get("lat") or None,
        longitude=location.get("lon") or None,
    )


def _first(roles: HeldRoles, field: str) -> str | None:
    """Return the first role's value of a field that is not empty."""
    return next((str(role[field]) for role in roles.values() if role.get(field)), None)


def _username(roles: HeldRoles) -> str | None:
    names = ((role.get("credentials") or {}).get("district_username") for role in roles.values())
    return next((name for name in names if name), None)


def _identifiers(roles: HeldRoles) -> Iterator[Identifier]:
    for word, role in roles.items():
        for field, type_ in _IDENTIFIERS.items():
            if value := role.get(field):
                yield Identifier(type=type_, value=value, type_raw=word)


def _primary_org(row: wire.User, roles: HeldRoles) -> str | None:
    """Return the primary school, else the only org there is, else None."""
    if school := _first(roles, "school"):
        return school
    if "contact" in roles:
        return None
    schools = {s for role in roles.values() for s in read_ids(role.get("schools"))}
    if "district_admin" in roles and not schools:
        return row.get("district") or None
    return schools.pop() if len(schools) == 1 else None


def _assignments(row: wire.User, roles: HeldRoles, reading: Reading) -> Iterator[RoleAssignment]:
    for word, role in roles.items():
        model_role = _contact_role(role, reading) if word == "contact" else ROLES[word]
        facts: dict[str, Any] = {"role": model_role, "role_raw": word}
        facts["title"], facts["department"] = (
            role.get("title") or None,
            role.get("department") or None,
        )
        if word in ("contact", "district_admin"):
            yield RoleAssignment(org_id=row.get("district") or None, **facts)
        else:
            yield from _at_schools(role, reading, facts)


def _at_schools(
    role: RoleObject, reading: Reading, facts: dict[str, Any]
) -> Iterator[RoleAssignment]:
    """Yield an assignment for each school, or for each span at it where Clever dates them."""
    primary = role.get("school") or None
    spans: dict[str, list[wire.SchoolEnrollment]] = {}
    for span in role.get("enrollments") or ():
        spans.setdefault(span.get("school") or "", []).append(span)
    schools = read_ids((*(role.get("schools") or ()), primary, *spans))
    if not schools:
        yield RoleAssignment(**facts)
    for school in schools:
        is_primary = None if primary is None else school == primary
        for span in spans.get(school, [{}]):
            begin = reading.value(read_date, span.get("start_date"), "enrollments.start_date")
            end = reading.value(read_last_day, span.get("end_date"), "enrollments.end_date")
            yield RoleAssignment(
                org_id=school, is_primary=is_primary, begin_date=begin, end_date=end, **facts
            )


def _contact_role(role: RoleObject, reading: Reading) -> Role:
    rule = reading.settings.guardians
    accepted = any(
        rule.judge(relationship=r.get("relationship"), type_=r.get("type"))
        is GuardianVerdict.accepted
        for r in role.get("student_relationships") or ()
    )
    return Role.guardian if accepted else Role.contact


def _metadata(roles: HeldRoles, reading: Reading) -> dict[str, Any] | None:
    if not reading.settings.keep_metadata:
        return None
    found = {
        word: reading.kept({key: role.get(key) for key in ("ext", "roles", "phone_type")})
        for word, role in roles.items()
    }
    return {word: fields for word, fields in found.items() if fields} or None


def to_demographics(row: wire.User, reading: Reading) -> Demographics | None:
    """Return what Clever says of a student; None for everyone else."""
    student = held_roles(row).get("student")
    if student is None:
        return None
    text = {key: value for key, value in student.items() if isinstance(value, str) and value}
    disability = student.get("disability") or {}
    birth_date = reading.value(_birth_date, text.get("dob"), "dob")
    known = Demographics(
        sourced_id=row["id"],
        birth_date=birth_date,
        birth_date_raw=text.get("dob") if birth_date is None else None,
        sex=read_sex(text.get("gender")),
        sex_raw=text.get("gender"),
        hispanic_or_latino_ethnicity=read_yes_no(text.get("hispanic_ethnicity")),
        race_raw=text.get("race"),
        home_language=text.get("home_language"),
        home_language_code=text.get("home_language_code"),
        ell_status=text.get("ell_status"),
        frl_status=text.get("frl_status"),
        iep_status=text.get("iep_status"),
        gifted_status=text.get("gifted_status"),
        section_504_status=text.get("section_504_status"),
        disability_status=disability.get("disability_status") or None,
        disability_type=disability.get("disability_type") or None,
        disability_code=disability.get("disability_code") or None,
    )
    race = read_race(text.get("race"))
    yes: dict[str, Any] = {} if race is None else {race: True}
    return attrs.evolve(known, **yes)


def _birth_date(text: str | None) -> date | None:
    """Return a birth date; one that stands for none is unreadable."""
    born = credible_birth_date(read_date(text))
    if born is None:
        raise UnreadableError("not a credible birth date")
    return born


def to_relationships(row: wire.User, reading: Reading) -> Iterator[Relationship]:
    """
    Yield a contact's students, each once.

    A contact has one row for every time the SIS lists him, so rows of one student repeat; the one
    closest to a guardian is told, with what the others add.
    """
    contact = held_roles(row).get("contact")
    rows: dict[str, list[wire.StudentRelationship]] = {}
    for relation in (contact or {}).get("student_relationships") or ():
        if student := relation.get("student"):
            rows.setdefault(student, []).append(relation)
        else:
            reading.unreadable.append("student_relationships.student")
    for student, relations in rows.items():
        yield _to_relationship(row, student, relations, reading)


def _to_relationship(
    row: wire.User, student: str, relations: list[wire.StudentRelationship], reading: Reading
) -> Relationship:
    rule = reading.settings.guardians
    ranked = sorted(
        (rule.judge(relationship=label, type_=type_), label or "", type_ or "")
        for label, type_ in ((r.get("relationship"), r.get("type")) for r in relations)
    )
    verdict, label, type_ = ranked[0]
    is_emergency = any(word == "Emergency" for _, _, word in ranked)
    return Relationship(
        sourced_id=relationship_id(student, row["id"]),
        student_id=student,
        contact_id=row["id"],
        kind=_kind(verdict, label, type_),
        kind_raw=label or None,
        contact_type_raw=type_ or None,
        is_emergency_contact=True if is_emergency else None,
    )


def _kind(verdict: GuardianVerdict, label: str, type_: str) -> RelationshipKind:
    """Return the kind: parent or guardian where the rule accepts, and nowhere else."""
    kind = read_relationship(label)
    if kind is RelationshipKind.parent and verdict is not GuardianVerdict.accepted:
        kind = RelationshipKind.unknown
    if kind is not RelationshipKind.unknown:
        return kind
    if verdict is GuardianVerdict.accepted:
        return RelationshipKind.guardian
    return RelationshipKind.emergency if type_ == "Emergency" else kind
