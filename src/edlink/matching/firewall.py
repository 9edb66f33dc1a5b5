"""
The removal firewall: what may go, what must wait, and what a person must look at first.

A record may go only where its absence means something: every org it could have appeared under was
pulled whole, several times, and not too much goes at once.
"""

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import cast

import attrs

from edlink.coverage import CoverageEntry
from edlink.matching.host import Absence, HostState
from edlink.matching.policy import SyncPolicy
from edlink.matching.wanted import user_orgs
from edlink.model import Class, Demographics, Enrollment, Org, Record, Relationship, User
from edlink.roster import Roster
from edlink.vocabulary import CoverageState, Kind, Role

Roles = frozenset[Role]

_NO_ORGS: frozenset[str] = frozenset()
_NO_ROLES: Roles = frozenset()

#: Kinds of record that go from school to school with a person.
_WITH_PEOPLE = frozenset({Kind.user, Kind.relationship, Kind.demographics})


@attrs.frozen(kw_only=True)
class Places:
    """
    The orgs that records belong to, found through what the host has, archived or not.

    Attributes:
        host: The host's records.
        settled: Classes and people as they will be after the plan, where it makes or moves them:
            a pull that moves a class says where its enrollments are.
    """

    host: HostState
    settled: dict[tuple[Kind, str], Record] = attrs.field(factory=dict)

    def orgs(self, record: Record) -> frozenset[str]:
        """Return every org a managed record could have appeared under; empty when unknown."""
        match record:
            case Org():
                return frozenset({record.sourced_id})
            case User():
                return self._user_orgs.get(record.sourced_id, _NO_ORGS) | user_orgs(record)
            case Enrollment():
                return self._class_org(record.class_id) | _some(record.org_id)
            case Relationship():
                return self._of_user(record.student_id)
            case Demographics():
                return self._of_user(record.sourced_id)
        return _some(record.org_id)

    def roles(self, record: Record) -> Roles:
        """
        Return the roles in each of which a managed record would have come; empty when unknown.

        What tells of people has their roles: birth dates, and links of students and contacts.
        """
        match record:
            case User():
                return frozenset(role.role for role in record.roles)
            case Enrollment():
                return frozenset({record.role})
            case Relationship():
                return self._roles_of(record.student_id) | self._roles_of(record.contact_id)
            case Demographics():
                return self._roles_of(record.sourced_id)
        return _NO_ROLES

    def _roles_of(self, user_id: str) -> Roles:
        user = self._record(Kind.user, user_id)
        return _NO_ROLES if user is None else self.roles(user)

    def _record(self, kind: Kind, sourced_id: str) -> Record | None:
        held = self.host.managed(kind).get(sourced_id)
        return self.settled.get((kind, sourced_id), None if held is None else held.record)

    def _of_user(self, user_id: str) -> frozenset[str]:
        user = self._record(Kind.user, user_id)
        return _NO_ORGS if user is None else self.orgs(user)

    def _class_org(self, class_id: str | None) -> frozenset[str]:
        class_ = self._record(Kind.class_, class_id or "")
        return _some(class_.org_id) if isinstance(class_, Class) else _NO_ORGS

    @cached_property
    def _user_orgs(self) -> Mapping[str, frozenset[str]]:
        """Orgs of people by their classes, and of contacts by their students."""
        found: dict[str, set[str]] = {}
        for held in self.host.managed(Kind.enrollment).values():
            enrollment = cast("Enrollment", held.record)
            found.setdefault(enrollment.user_id or "", set()).update(self.orgs(enrollment))
        for held in self.host.managed(Kind.relationship).values():
            link = cast("Relationship", held.record)
            student = self._record(Kind.user, link.student_id)
            own = user_orgs(student) if isinstance(student, User) else _NO_ORGS
            taught = found.get(link.student_id, _NO_ORGS)
            found.setdefault(link.contact_id, set()).update(own, taught)
        return _frozen(found)


def incoming_orgs(roster: Roster, record: Record) -> frozenset[str]:
    """Return the orgs that a roster's record belongs to, as the roster has it."""
    match record:
        case Org():
            return frozenset({record.sourced_id})
        case User():
            students = roster.students_of_contact(record.sourced_id)
            return user_orgs(record).union(*(user_orgs(student) for student in students))
        case Enrollment():
            class_ = roster.class_(record.class_id or "")
            return _some(record.org_id) | _some(None if class_ is None else class_.org_id)
        case Relationship():
            student = roster.user(record.student_id)
        case Demographics():
            student = roster.user(record.sourced_id)
        case _:
            return _some(record.org_id)
    return _NO_ORGS if student is None else user_orgs(student)


def _some(org_id: str | None) -> frozenset[str]:
    return _NO_ORGS if org_id is None else frozenset({org_id})


def _frozen(found: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    """Return sets that no longer change, one for all who have the same."""
    shared: dict[frozenset[str], frozenset[str]] = {}
    return {key: shared.setdefault(each := frozenset(orgs), each) for key, orgs in found.items()}


@attrs.frozen(kw_only=True)
class Reach:
    """
    Where a roster's silence means that a record is gone.

    Attributes:
        roster: The pull.
        policy: The host's settings.
    """

    roster: Roster
    policy: SyncPolicy
    # What every entry of the coverage must be looked at for is found once, not for each record.
    _unread: dict[tuple[Kind, Roles], bool] = attrs.field(factory=dict, init=False, eq=False)
    _whole: dict[tuple[Kind, Roles], bool] = attrs.field(factory=dict, init=False, eq=False)

    def why_not(self, kind: Kind, record: Record, orgs: frozenset[str], roles: Roles) -> str | None:
        """Return why absence at some orgs, in some roles, means nothing, or None."""
        if kind not in self.policy.kinds or not self.roster.scope.wants_kind(kind):
            return "kind_not_managed"
        if (kind, record.sourced_id) in self._set_aside:
            return "set_aside"
        if self._is_untold(record):
            return "not_covered"
        if not orgs:
            return None if self._is_whole(kind, roles) else "not_covered"
        whys = (self._why_org(kind, org_id, roles) for org_id in sorted(orgs))
        return next(filter(None, whys), None)

    def why_elsewhere(self, kind: Kind, roles: Roles) -> str | None:
        """
        Return why a person with some roles may be at a school that could not be read, or None.

        Only what was tried and broke counts: what is withheld for good would keep everybody.
        """
        if kind not in _WITH_PEOPLE:
            return None
        if (kind, roles) not in self._unread:
            self._unread[kind, roles] = self._find_unread(kind, roles)
        return "not_covered" if self._unread[kind, roles] else None

    def _find_unread(self, kind: Kind, roles: Roles) -> bool:
        coverage = self.roster.coverage
        return any(
            coverage.state(entry.kind, entry.org_id, role) is CoverageState.failed
            for entry in self._failed
            if entry.kind in (Kind.user, kind)
            for role in roles or {entry.role}
        )

    @cached_property
    def _failed(self) -> tuple[CoverageEntry, ...]:
        """What could not be read, of the schools that are wanted."""
        return tuple(
            e
            for e in self.roster.coverage.entries
            if e.state is CoverageState.failed
            and e.is_of_place
            and (e.org_id is None or self.policy.wants_org(e.org_id))
        )

    def _is_untold(self, record: Record) -> bool:
        """Return whether a class or person at one end of a record is not known whole."""
        coverage = self.roster.coverage
        match record:
            case Enrollment():
                untold = (Kind.enrollment, record.user_id) in coverage.untold_people
                return untold or record.class_id in coverage.untold_classes
            case Relationship():
                ends = {(Kind.relationship, i) for i in (record.student_id, record.contact_id)}
                return not coverage.untold_people.isdisjoint(ends)
            case Demographics():
                return (Kind.demographics, record.sourced_id) in coverage.untold_people
        return False

    def _why_org(self, kind: Kind, org_id: str, roles: Roles) -> str | None:
        if not (self.policy.wants_org(org_id) and self.roster.scope.wants_org(org_id)):
            return "excluded_org"
        # Of orgs themselves the list is what must be whole: the org looked for is not in it.
        if kind is not Kind.org and self.roster.org(org_id) is None:
            return "unknown_org"
        coverage = self.roster.coverage
        is_known = all(coverage.is_complete(kind, org_id, role) for role in roles or {None})
        return None if is_known else "not_covered"

    def _is_whole(self, kind: Kind, roles: Roles) -> bool:
        """Return whether a kind was pulled whole in every org, as far as some roles go."""
        if (kind, roles) not in self._whole:
            self._whole[kind, roles] = self._find_whole(kind, roles)
        return self._whole[kind, roles]

    def _find_whole(self, kind: Kind, roles: Roles) -> bool:
        if self.roster.scope.narrows_orgs or self.policy.narrows_orgs:
            return False
        coverage = self.roster.coverage
        said = {(e.org_id, e.role) for e in coverage.entries if e.kind is kind and e.is_of_place}
        return all(
            coverage.is_complete(kind, org_id, role)
            for org_id, said_role in {(None, None), *said}
            for role in roles or {said_role}
        )

    @cached_property
    def _set_aside(self) -> frozenset[tuple[Kind, str]]:
        aside = (issue for issue in self.roster.issues if issue.set_aside)
        return frozenset((i.kind, i.sourced_id) for i in aside if i.sourced_id is not None)


@attrs.frozen(kw_only=True)
class Waiting:
    """
    How long records have been missing, this pull counted.

    Attributes:
        host: The host's state.
        roster: The pull.
        policy: The host's settings.
        on: The day.
    """

    host: HostState
    roster: Roster
    policy: SyncPolicy
    on: date

    def why_blocked(self) -> str | None:
        """Return why this pull may archive nothing at all, or None."""
        if self.policy.paused:
            return "paused"
        age = (self.on - self.roster.pulled_at.date()).days
        if age > self.policy.max_age_days or age < -1:
            return "stale_snapshot"
        return None

    def count(self, kind: Kind, sourced_id: str) -> Absence:
        """Return a record's absence with this pull added, unless it was counted before."""
        known = self._known.get((kind, sourced_id))
        if known is None:
            return Absence(kind=kind, sourced_id=sourced_id, since=self.on)
        return attrs.evolve(known, runs=known.runs + 1) if self.is_new else known

    def is_due(self, absence: Absence) -> bool:
        """Return whether a record has been missing long enough."""
        days = (self.on - absence.since).days
        return absence.runs >= self.policy.min_absences and days >= self.policy.grace_days

    def known(self, kind: Kind, sourced_id: str) -> Absence | None:
        """Return what is remembered of a record's absence, or None."""
        return self._known.get((kind, sourced_id))

    @property
    def is_new(self) -> bool:
        """Whether this pull is later than the last one applied: the same one counts once."""
        last = self.host.memory.last_applied
        return last is None or self.roster.pulled_at > last

    @cached_property
    def _known(self) -> Mapping[tuple[Kind, str], Absence]:
        return {(a.kind, a.sourced_id): a for a in self.host.memory.absences}
