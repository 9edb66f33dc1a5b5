"""A sync plan in the making: what it is made from, and what has been decided so far."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import cast

import attrs

from edlink.matching.firewall import Places, Reach, Waiting
from edlink.matching.host import Absence, Hold, HostRecord, HostState
from edlink.matching.linked import Link
from edlink.matching.links import ends_of, with_new_ends
from edlink.matching.overrides import Effect, Overrides
from edlink.matching.plan import Change, Keep
from edlink.matching.policy import SyncPolicy
from edlink.matching.report import MatchReport
from edlink.matching.tally import Tally
from edlink.matching.wanted import CONTACT_ROLES, Wanted
from edlink.model import RECORD_TYPES, Enrollment, Record, Relationship, User
from edlink.roster import Roster
from edlink.vocabulary import Kind


class Matches:
    """What match reports say of incoming records."""

    def __init__(self, reports: Iterable[MatchReport]) -> None:
        self._refs: dict[tuple[Kind, str], tuple[str, str]] = {}
        self._open: dict[tuple[Kind, str], str] = {}
        ids: dict[tuple[Kind, str], str] = {}
        twice: set[tuple[Kind, str]] = set()
        for report in reports:
            for link in report.linked:
                twice |= self._add(_kind(link.kind), link, ids)
            for group in report.groups():
                for i in group.incoming:
                    self._open[_kind(group.kind), i] = group.reason
        for key in twice:
            del self._refs[key]
            self._open.setdefault(key, "linked_twice")

    def _add(
        self, kind: Kind, link: Link, ids: dict[tuple[Kind, str], str]
    ) -> set[tuple[Kind, str]]:
        """Note a link, and its id by the host's ref; return what it shows to be linked twice."""
        key = (kind, link.incoming)
        ref, _ = self._refs.setdefault(key, (link.existing, link.rule))
        first = ids.setdefault((kind, link.existing), link.incoming)
        if {"given_name", "birth_date"} <= set(link.drift):
            # The id is the same and the person is not: it was given to somebody else.
            self._open[key] = "id_reused"
        is_one = (ref, first) == (link.existing, link.incoming)
        return set() if is_one else {key, (kind, first)}

    def find(self, kind: Kind, sourced_id: str) -> tuple[str, str] | None:
        """Return the host ref that a report links an incoming record with, and the rule."""
        return self._refs.get((kind, sourced_id))

    def find_user(self, sourced_id: str) -> str | None:
        """Return the host ref that a report links an incoming user with, or None."""
        return self._refs.get((Kind.user, sourced_id), (None,))[0]

    def why_open(self, kind: Kind, sourced_id: str) -> str | None:
        """Return why a report leaves an incoming record to a person, or None."""
        return self._open.get((kind, sourced_id))


def _kind(word: str) -> Kind:
    """Return the kind of record that a report means; its kinds of people are all users."""
    return {"org": Kind.org, "class": Kind.class_}.get(word, Kind.user)


def _ids_by_kind() -> dict[Kind, set[str]]:
    return {kind: set() for kind in RECORD_TYPES}


def _names_by_kind() -> dict[Kind, dict[str, str]]:
    return {kind: {} for kind in RECORD_TYPES}


@attrs.define(kw_only=True)
class Draft:
    """
    All that planning shares, kind after kind.

    Attributes:
        present: Ids of records that came and that the host will have: ends for links to hang on.
        left_alone: Classes that a person told sync to leave alone.
        renamed: New ids of re-keyed records, by their old ones.
        adopted: New ids of adopted records, by their refs.
        ids_here: Old ids of records whose re-key is held, by their new ones.
        withheld: Records whose archiving is held; what hangs on them is held too.
        reused: Ids of users under which another person came.
        typed: Fields of adopted records that their source has never sent, by kind and ref.
        undecided: Why managed users are left to a person, by id; what hangs on them is left too.
    """

    host: HostState
    incoming: Roster
    policy: SyncPolicy
    overrides: Overrides
    on: date
    wanted: Wanted
    matches: Matches
    places: Places
    reach: Reach
    waiting: Waiting
    tally: Tally
    reused: frozenset[str] = frozenset()
    changes: list[Change] = attrs.field(factory=list)
    held: list[Change] = attrs.field(factory=list)
    holds: list[Hold] = attrs.field(factory=list)
    kept: list[Keep] = attrs.field(factory=list)
    unchanged: dict[str, int] = attrs.field(factory=dict)
    absences: list[Absence] = attrs.field(factory=list)
    present: dict[Kind, set[str]] = attrs.field(factory=_ids_by_kind)
    left_alone: set[str] = attrs.field(factory=set)
    renamed: dict[Kind, dict[str, str]] = attrs.field(factory=_names_by_kind)
    adopted: dict[Kind, dict[str, str]] = attrs.field(factory=_names_by_kind)
    ids_here: dict[tuple[Kind, str], str] = attrs.field(factory=dict)
    withheld: set[tuple[Kind, str]] = attrs.field(factory=set)
    typed: dict[tuple[Kind, str], frozenset[str]] = attrs.field(factory=dict)
    undecided: dict[str, str] = attrs.field(factory=dict)

    def keep(self, held: HostRecord, reason: str) -> None:
        """Note that a host record is left alone."""
        self.kept.append(
            Keep(kind=held.kind, sourced_id=held.sourced_id, reason=reason, ref=held.ref)
        )

    def keep_out(self, kind: Kind, record: Record, reason: str) -> None:
        """Note that an incoming record is not brought in."""
        self.kept.append(Keep(kind=kind, sourced_id=record.sourced_id, reason=reason))

    def effect(self, held: HostRecord, *ids: str) -> Effect:
        """Return what people decided of a host record."""
        ids = (held.sourced_id, *ids)
        return self.overrides.effect(held.kind, on=self.on, ref=held.ref, ids=ids)

    def why_open(self, kind: Kind, sourced_id: str) -> str | None:
        """Return why an incoming record is left to a person, or None."""
        if kind is Kind.user and sourced_id in self.reused:
            return "id_reused"
        return self.matches.why_open(kind, sourced_id)

    def as_here(self, record: Record) -> Record:
        """Return a connecting record with its ends as the host has them while re-keys are held."""
        if not self.ids_here:
            return record
        return with_new_ends(record, lambda kind, i: self.ids_here.get((kind, i)))

    def as_there(self, record: Record) -> Record:
        """Return the host's connecting record with its ends as the roster knows them."""
        return with_new_ends(record, lambda kind, i: self.renamed[kind].get(i))

    def hangs_on_withheld(self, record: Record) -> bool:
        """Return whether the archiving of an end of a connecting record is held."""
        return not self.withheld.isdisjoint(ends_of(record))

    def hangs_on_newcomer(self, kind: Kind, record: Record) -> bool:
        """
        Return whether a record of a managed kind names a user who gets that id only now.

        Nobody had it here, not even in the archive.
        """
        present, known = self.present[Kind.user], self.host.managed(Kind.user)
        users = (i for end, i in ends_of(record) if end is Kind.user)
        return kind in self.policy.kinds and any(i in present and i not in known for i in users)

    def why_undecided(self, record: Record) -> str | None:
        """Return why a person must first say who is at an end of a connecting record, or None."""
        if not self.undecided:
            return None
        reasons = (self.undecided.get(i or "") for kind, i in ends_of(record) if kind is Kind.user)
        return next(filter(None, reasons), None)

    def kin_of_undecided(self) -> Mapping[str, str]:
        """Return the contacts whom the host has for undecided students, each with the reason."""
        links = self.host.managed(Kind.relationship).values() if self.undecided else ()
        found = (cast("Relationship", held.record) for held in links)
        return {
            link.contact_id: self.undecided[link.student_id]
            for link in found
            if link.student_id in self.undecided
        }

    def distrusted(self, kind: Kind) -> frozenset[str]:
        """Return the fields of a kind that the roster itself warns of, such as masked names."""
        return self._distrusted[kind]

    @cached_property
    def _distrusted(self) -> Mapping[Kind, frozenset[str]]:
        """The fields warned of, by kind: there is one question for each record that changes."""
        warnings = self.incoming.warnings
        return {
            kind: frozenset().union(*(w.distrusts for w in warnings if w.kind in (None, kind)))
            for kind in Kind
        }

    def waits_for_children(self, record: Record) -> bool:
        """Return whether a contact comes only for students who came under ids of others."""
        if not isinstance(record, User) or any(r.role not in CONTACT_ROLES for r in record.roles):
            return False
        children = self.incoming.students_of_contact(record.sourced_id)
        reasons = [self.why_open(Kind.user, child.sourced_id) for child in children]
        return bool(reasons) and all(reason == "id_reused" for reason in reasons)

    def why_waits(self, record: Record) -> str | None:
        """Return which end of a connecting record the host will not have, or None."""
        if isinstance(record, Enrollment) and record.class_id in self.left_alone:
            return "class_left_alone"
        why = self.why_undecided(record)
        if why is not None:
            return why
        for kind, i in ends_of(record):
            if kind in self.policy.kinds and i not in self.present[kind]:
                return f"no_{kind}"
        return None
