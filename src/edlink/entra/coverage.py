"""What a pull of Graph can say of each kind, by what came of its lists."""

from collections.abc import Iterable, Iterator, Mapping

import attrs

from edlink.coverage import (
    COMPLETE,
    EXCLUDED,
    CoverageEntry,
    RosterWarning,
    Scope,
    State,
    worst,
)
from edlink.entra import endpoints as at
from edlink.model import RECORD_TYPES, Record, Relationship
from edlink.vocabulary import CoverageState, Kind, Role

#: Nothing at all is how a lost permission looks: absence must not be read as removal.
EMPTY: State = (CoverageState.withheld, "empty")

#: Lists that each kind of the education resources stands on.
_EDUCATION: Mapping[Kind, tuple[str, ...]] = {
    Kind.org: (at.SCHOOLS.name,),
    Kind.academic_session: (at.CLASSES.name,),
    Kind.course: (at.CLASSES.name,),
    Kind.class_: (at.CLASSES.name, at.SCHOOL_CLASSES.name),
    Kind.user: (at.USERS.name, at.SCHOOL_USERS.name),
    Kind.enrollment: (at.CLASSES.name, at.CLASS_MEMBERS.name, at.CLASS_TEACHERS.name),
    Kind.demographics: (at.USERS.name,),
    Kind.relationship: (at.USERS.name,),
}

#: The same of a plain directory; there are no other kinds in it.
_DIRECTORY: Mapping[Kind, tuple[str, ...]] = {
    Kind.org: (),
    Kind.user: (at.DIRECTORY_USERS.name, at.GROUP_MEMBERS.name),
    Kind.class_: (at.GROUPS.name,),
    Kind.enrollment: (at.GROUPS.name, at.GROUP_MEMBERS.name),
}

#: What contacts are; Graph has no other people in these roles.
_CONTACT_ROLES = (Role.guardian, Role.relative, Role.contact)

_EXAMPLES = 5


@attrs.define(kw_only=True)
class Ledger:
    """
    What came of each list of one pull.

    Attributes:
        tenant: The directory's id, which is its org.
        is_plain: Whether it is read as a plain directory.
        lists: What can be said of a list, by its name.
        classes: Of classes whose members are not all known, why.
        schools: Of schools whose classes or people are not all known, why, by kind.
        groups: The role of each group of the rules whose members are not all known, and why.
        contacts: Schools at which a student's contacts were not told; None for no school.
        distrusted: Fields that may be wrong since a list is missing, by kind.
    """

    tenant: str
    is_plain: bool
    lists: dict[str, State] = attrs.field(factory=dict)
    classes: dict[str, State] = attrs.field(factory=dict)
    schools: dict[tuple[Kind, str], State] = attrs.field(factory=dict)
    groups: dict[str, tuple[Role, State]] = attrs.field(factory=dict)
    contacts: set[str | None] = attrs.field(factory=set)
    distrusted: dict[Kind, frozenset[str]] = attrs.field(factory=dict)

    def of(self, name: str) -> State:
        """Return what can be said of a list."""
        return self.lists.get(name, COMPLETE)

    def entries(self, records: Iterable[Record], scope: Scope) -> Iterator[CoverageEntry]:
        """Yield what is known of each kind, then where some of it is known otherwise."""
        present = {type(record) for record in records}
        for kind in Kind:
            if scope.wants_kind(kind):
                yield from self._of_kind(kind, present)
                yield from self._at_places(kind, scope)
            else:
                yield CoverageEntry.of(kind, EXCLUDED)

    def _of_kind(self, kind: Kind, present: set[type]) -> Iterator[CoverageEntry]:
        stands_on = _DIRECTORY if self.is_plain else _EDUCATION
        if kind not in stands_on:
            yield CoverageEntry.of(kind, (CoverageState.withheld, "not_in_directory"))
            return
        state = worst([self.of(name) for name in stands_on[kind]])
        if state == COMPLETE and RECORD_TYPES[kind] not in present:
            state = EMPTY
        if kind is Kind.user and not self.is_plain:
            yield CoverageEntry.of(kind, state)
            if state == COMPLETE:
                yield from self._of_contacts(present)
            return
        if kind is Kind.relationship and state == COMPLETE and None in self.contacts:
            state = _NOT_TOLD
        yield CoverageEntry.of(kind, state)
        if self.is_plain and kind in {Kind.user, Kind.enrollment}:
            yield from self._of_groups(kind, state)

    def _of_groups(self, kind: Kind, general: State) -> Iterator[CoverageEntry]:
        """Yield the roles of which groups are not known, where that is worse than the rest."""
        roles: dict[Role, list[State]] = {}
        for role, state in self.groups.values():
            roles.setdefault(role, [general]).append(state)
        for role, states in roles.items():
            found = worst(states)
            if found != general:
                yield CoverageEntry.of(kind, found, role=role)

    def _of_contacts(self, present: set[type]) -> Iterator[CoverageEntry]:
        """Yield that contacts, who are at the tenant itself, are not known; others there are."""
        if Relationship not in present:
            # The permission may not show them.
            state: State = CoverageState.withheld, "no_contacts"
        elif self.contacts:
            state = _NOT_TOLD
        else:
            return
        for role in _CONTACT_ROLES:
            yield CoverageEntry.of(Kind.user, state, org_id=self.tenant, role=role)

    def _at_places(self, kind: Kind, scope: Scope) -> Iterator[CoverageEntry]:
        places = {org_id: state for (of, org_id), state in self.schools.items() if of is kind}
        if kind is Kind.relationship:
            places |= {org_id: _NOT_TOLD for org_id in self.contacts if org_id is not None}
        for org_id, state in sorted(places.items()):
            if scope.wants_org(org_id):
                yield CoverageEntry.of(kind, state, org_id=org_id)
        if kind is Kind.enrollment:
            for class_id, state in self.classes.items():
                yield CoverageEntry.of(kind, state, class_id=class_id)

    def warnings(self) -> Iterator[RosterWarning]:
        """Yield what a host must know of what did not come."""
        for name, (state, code) in self.lists.items():
            if state is not CoverageState.complete:
                yield RosterWarning(code="EDL-WARN-801", message=f"{name} is {state} ({code})")
        if self.classes:
            message = "members of classes are hidden or refused; is Member.Read.Hidden missing?"
            yield RosterWarning(
                code="EDL-WARN-802",
                message=message,
                kind=Kind.enrollment,
                count=len(self.classes),
                ids=tuple(self.classes)[:_EXAMPLES],
            )
        for kind, fields in self.distrusted.items():
            yield RosterWarning(
                code="EDL-WARN-803",
                message=f"a list is missing on which fields of each {kind} stand",
                kind=kind,
                distrusts=fields,
            )
        if self.groups:
            message = "groups of the rules are empty or refused: take them out of the rules, or "
            yield RosterWarning(
                code="EDL-WARN-805",
                message=message + "fill them; nobody leaves their roles meanwhile",
                kind=Kind.user,
                count=len(self.groups),
                ids=tuple(self.groups)[:_EXAMPLES],
            )
        if self.contacts:
            yield RosterWarning(
                code="EDL-WARN-804",
                message="of some students Graph does not say which contacts they have",
                kind=Kind.relationship,
            )


_NOT_TOLD: State = (CoverageState.withheld, "contacts_not_told")
