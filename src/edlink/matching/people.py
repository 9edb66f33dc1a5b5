"""A person as matching sees one: the same few fields, whichever side the record came from."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum

import attrs

from edlink.coverage import RosterWarning
from edlink.model import Demographics, User, private
from edlink.roster import Roster
from edlink.vocabulary import IdentifierType, Kind, Role


class PersonKind(StrEnum):
    """What a person is to a school; people of two kinds are never linked."""

    student = "student"
    staff = "staff"
    guardian = "guardian"
    other = "other"


@attrs.frozen(kw_only=True)
class Person:
    """
    One record of a person, a host's or a provider's.

    Attributes:
        ref: The record's own id: a host's key, or a sourced id.
        kind: Student, staff, guardian or other.
        tenant: The district whose ids these are; None means the one being matched.
        provider_ids: Ids at the provider: all a host has stored, or a provider record's own.
        sis_id: The id in the student information system.
        state_id: The id in the state's register.
        number: The student, teacher or staff number.
        username: The name the person signs in with.
        emails: Every address, the main one first.
        phones: Every number, as written.
        given_name: The legal given name; None where a provider has one field for the whole name.
        family_name: The legal family name, or the whole name.
        other_given_names: Preferred, former and display forms; the best agreement counts.
        other_family_names: The same for the family name.
        middle_name: Splits people who share all else.
        suffix: Jr, Sr, III and the like.
        birth_date: A full date, or None when absent, partial or masked.
        birth_date_raw: What stands where a birth date should, if it is none; weighed, never a key.
        street: The street line of the address.
        postal_code: The postal code of the address.
        org_refs: Orgs of the person in this side's ids; the first is the main one.
        child_refs: For a guardian, the students in this side's ids.
    """

    ref: str
    kind: PersonKind = PersonKind.student
    tenant: str | None = None
    provider_ids: tuple[str, ...] = ()
    sis_id: str | None = private()
    state_id: str | None = private()
    number: str | None = private()
    username: str | None = private()
    emails: tuple[str, ...] = private(())
    phones: tuple[str, ...] = private(())
    given_name: str | None = private()
    family_name: str | None = private()
    other_given_names: tuple[str, ...] = private(())
    other_family_names: tuple[str, ...] = private(())
    middle_name: str | None = private()
    suffix: str | None = private()
    birth_date: date | None = private()
    birth_date_raw: str | None = private()
    street: str | None = private()
    postal_code: str | None = private()
    org_refs: tuple[str, ...] = ()
    child_refs: tuple[str, ...] = ()


#: A role's kind of person; the first that fits a person's roles, in this order, is theirs.
_KINDS: Mapping[Role, PersonKind] = {
    Role.teacher: PersonKind.staff,
    Role.staff: PersonKind.staff,
    Role.administrator: PersonKind.staff,
    Role.student: PersonKind.student,
    Role.guardian: PersonKind.guardian,
    Role.relative: PersonKind.guardian,
    Role.contact: PersonKind.guardian,
}

_NO_DEMOGRAPHICS = Demographics(sourced_id="")

_STAFF_NUMBERS = (
    IdentifierType.staff_id,
    IdentifierType.teacher_number,
    IdentifierType.employee_id,
)

#: Model fields that a warning may distrust, and the fields of ``Person`` they fill.
_FILLS: Mapping[str, tuple[str, ...]] = {
    "given_name": ("given_name",),
    "family_name": ("family_name",),
    "middle_name": ("middle_name",),
    "name_suffix": ("suffix",),
    "preferred_given_name": ("other_given_names",),
    "preferred_family_name": ("other_family_names",),
    "email": ("emails",),
    "other_emails": ("other_emails",),
    "username": ("username",),
    "phone": ("phones",),
    "sms": ("phones",),
    "address": ("street", "postal_code"),
    "identifiers": ("sis_id", "state_id", "number"),
    "birth_date": ("birth_date", "birth_date_raw"),
}


def people_of(roster: Roster) -> tuple[Person, ...]:
    """
    Return the people of a roster as matching sees them, in the roster's order.

    Fields that a warning of the roster distrusts, such as masked names, are left empty.
    """
    distrusted = distrusted_fields(roster.warnings)
    demographics = {d.sourced_id: d for d in roster.demographics}
    children: dict[str, list[str]] = {}
    for link in roster.relationships:
        children.setdefault(link.contact_id, []).append(link.student_id)
    return tuple(
        _person(
            user,
            tenant=roster.source.tenant,
            demographics=demographics.get(user.sourced_id, _NO_DEMOGRAPHICS),
            child_refs=tuple(dict.fromkeys(children.get(user.sourced_id, ()))),
            distrusted=distrusted,
        )
        for user in roster.users
    )


def empty_like(roster: Roster) -> Roster:
    """Return a roster without records that distrusts what another does."""
    return Roster(source=roster.source, pulled_at=roster.pulled_at, warnings=roster.warnings)


def distrusted_fields(warnings: Iterable[RosterWarning]) -> frozenset[str]:
    """Return the fields of ``Person``, and their parts, that the warnings say not to use."""
    kinds = (None, Kind.user, Kind.demographics)
    named = {name for w in warnings if w.kind in kinds for name in w.distrusts}
    return frozenset(field for name in named for field in _FILLS.get(name, ()))


def kind_of(user: User) -> PersonKind:
    """
    Return what a user with any number of roles is matched as.

    Staff come first, unless every student role and no staff role is the primary one.
    """
    found = {_KINDS.get(role.role, PersonKind.other) for role in user.roles}
    if found >= {PersonKind.staff, PersonKind.student}:
        primary = {_KINDS.get(r.role) for r in user.roles if r.is_primary}
        if PersonKind.student in primary and PersonKind.staff not in primary:
            return PersonKind.student
    return next((kind for kind in _KINDS.values() if kind in found), PersonKind.other)


def _person(
    user: User,
    *,
    tenant: str,
    demographics: Demographics,
    child_refs: tuple[str, ...],
    distrusted: frozenset[str],
) -> Person:
    kind = kind_of(user)
    numbers = _STAFF_NUMBERS if kind is PersonKind.staff else (IdentifierType.student_number,)
    address = user.address
    other_emails = () if "other_emails" in distrusted else user.other_emails
    values = {
        "sis_id": _identifier(user, IdentifierType.sis_id),
        "state_id": _identifier(user, IdentifierType.state_id),
        "number": _identifier(user, *numbers),
        "username": user.username,
        "emails": _present(user.email, *other_emails),
        "phones": _present(user.phone, user.sms),
        "given_name": user.given_name,
        "family_name": user.family_name,
        "other_given_names": _present(user.preferred_given_name),
        "other_family_names": _present(user.preferred_family_name),
        "middle_name": user.middle_name,
        "suffix": user.name_suffix,
        "birth_date": demographics.birth_date,
        "birth_date_raw": demographics.birth_date_raw,
        "street": None if address is None else " ".join(address.lines) or None,
        "postal_code": None if address is None else address.postal_code,
    }
    legacy = (i.value for i in user.identifiers if i.type is IdentifierType.legacy_id)
    orgs = (user.primary_org_id, *(role.org_id for role in user.roles))
    return Person(
        ref=user.sourced_id,
        kind=kind,
        tenant=tenant,
        provider_ids=_present(user.sourced_id, *legacy),
        org_refs=_present(*orgs),
        child_refs=child_refs,
        **{name: value for name, value in values.items() if name not in distrusted},  # type: ignore[arg-type]
    )


def _identifier(user: User, *types: IdentifierType) -> str | None:
    """Return the value of the first type that the user has, or None."""
    for wanted in types:
        for identifier in user.identifiers:
            if identifier.type is wanted:
                return identifier.value
    return None


def _present(*values: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
