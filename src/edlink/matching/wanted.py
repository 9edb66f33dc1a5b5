"""What of a roster a policy wants, and why it leaves the rest out."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

import attrs

from edlink.matching.plan import SyncProblem
from edlink.matching.policy import ClassMode, SyncPolicy
from edlink.matching.sessions import SessionProblem
from edlink.matching.terms import filter_terms
from edlink.model import RECORD_TYPES, Class, Enrollment, Record, Relationship, User
from edlink.roster import Roster
from edlink.vocabulary import Kind, Role, Status

CONTACT_ROLES = frozenset({Role.guardian, Role.relative, Role.contact})
_CLASS_KINDS = frozenset({Kind.course, Kind.class_, Kind.enrollment})

#: Reasons that are facts of the source or a decision of the host, so that what the host has goes.
#: Under every other reason it stays.
ENDING_REASONS = frozenset({"enrollment_not_current", "out_of_term", "undated"})


@attrs.frozen(kw_only=True)
class Wanted:
    """
    A roster divided by a policy.

    Attributes:
        records: Records to have at the host, by kind and sourced id.
        left_out: Why each other record of the roster is not among them.
        deleted: What the provider itself marks as removed.
        problems: What is wrong with the terms and orgs that decided.
    """

    records: Mapping[Kind, Mapping[str, Record]]
    left_out: Mapping[Kind, Mapping[str, str]]
    deleted: frozenset[tuple[Kind, str]]
    problems: tuple[SyncProblem, ...] = ()


def divide(roster: Roster, policy: SyncPolicy, on: date) -> Wanted:
    """Return a roster divided into what a policy wants and what it leaves out on a day."""
    division = _Division(roster, policy, on)
    for kind in RECORD_TYPES:
        for record in roster.records(kind):
            division.place(kind, record)
    deleted = {(tombstone.kind, tombstone.sourced_id) for tombstone in roster.tombstones}
    return Wanted(
        records=division.records,
        left_out=division.left_out,
        deleted=frozenset(deleted | division.deleted),
        problems=division.problems,
    )


class _Division:
    """Places each record; kinds come in an order in which each may ask about those before it."""

    def __init__(self, roster: Roster, policy: SyncPolicy, on: date) -> None:
        self.roster = roster
        self.policy = policy
        self.on = on
        self.records: dict[Kind, dict[str, Record]] = {kind: {} for kind in RECORD_TYPES}
        self.left_out: dict[Kind, dict[str, str]] = {kind: {} for kind in RECORD_TYPES}
        self.deleted: set[tuple[Kind, str]] = set()
        self.problems = _unknown_orgs(roster, policy.include_orgs)
        self._around = _ancestors(roster, policy.include_orgs)
        self._by_term = self._term_reasons()
        self._judges: Mapping[Kind, Callable[[Any], str | None]] = {
            Kind.org: lambda org: self._org(org.sourced_id),
            Kind.user: self._user,
            Kind.class_: self._class,
            Kind.enrollment: self._enrollment,
            Kind.relationship: self._relationship,
            Kind.demographics: lambda d: self.left_out[Kind.user].get(d.sourced_id),
        }

    def place(self, kind: Kind, record: Record) -> None:
        if record.status is Status.deleted:
            self.deleted.add((kind, record.sourced_id))
            return
        reason = self._reason(kind, record)
        if reason is None:
            self.records[kind][record.sourced_id] = record
        else:
            self.left_out[kind][record.sourced_id] = reason

    def _reason(self, kind: Kind, record: Record) -> str | None:
        if kind not in self.policy.kinds:
            return "kind_not_managed"
        if kind in _CLASS_KINDS and not self.policy.class_data:
            return "class_data_off"
        judge = self._judges.get(kind)
        if judge is None:
            return self._org(getattr(record, "org_id", None))
        why: str | None = judge(record)
        return why

    def _org(self, org_id: str | None) -> str | None:
        wanted = org_id is None or org_id in self._around or self.policy.wants_org(org_id)
        return None if wanted else "excluded_org"

    def _user(self, user: User) -> str | None:
        contact = bool(user.roles) and all(r.role in CONTACT_ROLES for r in user.roles)
        links = self.roster.relationships_of_contact(user.sourced_id) if contact else ()
        if contact and not self.policy.parent_data:
            return "parent_data_off"
        if links and not any(self._accepts(link) for link in links):
            return "contact_kind_not_accepted"
        if not self.policy.narrows_orgs:
            return None
        orgs = user_orgs(user)
        for link in links:
            student = self.roster.user(link.student_id)
            orgs |= user_orgs(student) if student is not None else frozenset()
        wanted = not orgs or any(self._org(org_id) is None for org_id in orgs)
        return None if wanted else "excluded_org"

    def _class(self, class_: Class) -> str | None:
        mode = self.policy.class_modes.get(class_.sourced_id, ClassMode.sync)
        if mode is not ClassMode.sync:
            return f"class_{mode}"
        return self._org(class_.org_id) or self._by_term.get((Kind.class_, class_.sourced_id))

    def _enrollment(self, enrollment: Enrollment) -> str | None:
        why = self.left_out[Kind.class_].get(enrollment.class_id or "")
        why = why or self.left_out[Kind.user].get(enrollment.user_id or "")
        return why or self._by_term.get((Kind.enrollment, enrollment.sourced_id))

    def _relationship(self, link: Relationship) -> str | None:
        if not self.policy.parent_data:
            return "parent_data_off"
        if not self._accepts(link):
            return "contact_kind_not_accepted"
        users = self.left_out[Kind.user]
        return users.get(link.student_id) or users.get(link.contact_id)

    def _accepts(self, link: Relationship) -> bool:
        return not self.policy.contact_kinds or link.kind in self.policy.contact_kinds

    def _term_reasons(self) -> dict[tuple[Kind, str], str]:
        """Return why terms or dates leave out classes and enrollments."""
        policy = self.policy
        dated = policy.respect_enrollment_dates
        if not policy.respect_sessions:
            enrollments = self.roster.enrollments if dated else ()
            over = (e for e in enrollments if not _is_current(e, self.on))
            return {(Kind.enrollment, e.sourced_id): "enrollment_not_current" for e in over}
        result = filter_terms(
            self.roster,
            on=self.on,
            choices=policy.term_choices or None,
            policy=attrs.evolve(policy.terms, respect_enrollment_dates=dated),
        )
        self.problems += _of_terms(result.problems)
        lost = any(problem.reason == "choice_unknown" for problem in result.problems)
        return {
            (note.kind, note.sourced_id): "choice_unknown" if lost else note.reason
            for note in result.dropped
        }


def user_orgs(user: User) -> frozenset[str]:
    """Return the orgs a user has a role at."""
    named = {role.org_id for role in user.roles if role.org_id is not None}
    if user.primary_org_id is not None:
        named.add(user.primary_org_id)
    return frozenset(named)


def _of_terms(problems: Iterable[SessionProblem]) -> tuple[SyncProblem, ...]:
    """Return what is wrong with sessions as a plan says it."""
    kind = Kind.academic_session
    return tuple(
        SyncProblem(code=p.code, reason=p.reason, kind=kind, sourced_ids=p.session_ids)
        for p in problems
    )


def _unknown_orgs(roster: Roster, org_ids: Iterable[str]) -> tuple[SyncProblem, ...]:
    """Return those of some orgs that a roster neither lists nor names, as one problem."""
    unknown = {i for i in org_ids if roster.org(i) is None}
    if unknown:
        unknown -= {class_.org_id for class_ in roster.classes}
        for user in roster.users:
            unknown -= user_orgs(user)
    if not unknown:
        return ()
    ids = tuple(sorted(unknown))
    return (SyncProblem(code="EDL-SYNC-030", reason="org_unknown", kind=Kind.org, sourced_ids=ids),)


def _is_current(enrollment: Enrollment, on: date) -> bool:
    begin, end = enrollment.begin_date, enrollment.end_date
    return (begin is None or begin <= on) and (end is None or on < end)


def _ancestors(roster: Roster, org_ids: Iterable[str]) -> frozenset[str]:
    """Return the orgs above some orgs."""
    found: set[str] = set()
    waiting = list(org_ids)
    while waiting:
        org = roster.org(waiting.pop())
        if org is not None and org.parent_id is not None and org.parent_id not in found:
            found.add(org.parent_id)
            waiting.append(org.parent_id)
    return frozenset(found)
