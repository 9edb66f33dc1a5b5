"""Pulling a whole district: every collection, checked against each other."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import attrs

from edlink._http.exchange import Response
from edlink._http.paging import OffsetPages
from edlink.coverage import (
    COMPLETE,
    EXCLUDED,
    Coverage,
    CoverageEntry,
    Issue,
    RosterWarning,
    Scope,
    State,
    Tombstone,
)
from edlink.errors import AuthError, IncompletePullError, NotFoundError, ProviderError
from edlink.model import Record
from edlink.oneroster.convert import to_relationships
from edlink.oneroster.endpoints import ENVELOPES
from edlink.oneroster.masking import find_masking
from edlink.references import check_references
from edlink.roster import COLLECTIONS, Progress, Roster
from edlink.scoping import apply_scope
from edlink.vocabulary import CoverageState, Kind, Severity, Status

if TYPE_CHECKING:
    from edlink.oneroster.client import OneRosterClient

#: Kinds in the order in which they are read; references mostly lead backwards.
ORDER = (
    Kind.academic_session,
    Kind.org,
    Kind.course,
    Kind.class_,
    Kind.user,
    Kind.enrollment,
    Kind.demographics,
)

#: How often a pull begins again because what the app may see changed meanwhile.
MAX_RESTARTS = 3

#: Every district has these; without them the app has no grant, whatever the status says.
_NEVER_EMPTY = (Kind.org, Kind.user)

_FEW = 5

#: Codes that a second reading may mend: rows were added or removed while pages were read.
_MOVED = frozenset({"EDL-PULL-001", "EDL-PULL-002", "EDL-PULL-004"})


@attrs.define
class Answers:
    """What the headers of a pull's answers said, all together."""

    revisions: set[str] = attrs.field(factory=set)
    is_masked: bool = False

    def listener(self, client: "OneRosterClient") -> Callable[[Response], None]:
        """Return what is called with each answer; sets may be added to from several threads."""
        server = client.server

        def note(response: Response) -> None:
            if server.revision_header and (mark := response.headers.get(server.revision_header)):
                self.revisions.add(mark)
            if server.masked_header and response.headers.get(server.masked_header, "").strip():
                self.is_masked = True

        return note


@attrs.define
class Collected:
    """One collection as it came."""

    kind: Kind
    records: dict[str, Any] = attrs.field(factory=dict, repr=False)
    gone: dict[str, Any] = attrs.field(factory=dict, repr=False)
    issues: list[Issue] = attrs.field(factory=list)
    received: int = 0
    repeated: int = 0
    total: int | None = None
    is_bare: bool = False
    total_is_garbage: bool = False

    def add(self, record: Record) -> None:
        """Keep a record, once; another with the same id and other content becomes an Issue."""
        home = self.gone if record.status is Status.deleted else self.records
        known = self.records.get(record.sourced_id) or self.gone.get(record.sourced_id)
        if known is None:
            home[record.sourced_id] = record
            return
        self.repeated += 1
        if known != record:
            self.issues.append(
                Issue(kind=self.kind, reason="duplicate_id", sourced_id=record.sourced_id)
            )

    def ids(self) -> set[str]:
        """Return the sourced ids of all records, deleted ones too."""
        return {*self.records, *self.gone}

    def unreadable(self, *fields: str) -> bool:
        """Return whether one of some fields could not be read in a record that was kept."""
        return any(not i.set_aside and not set(fields).isdisjoint(i.fields) for i in self.issues)

    @property
    def has_strangers(self) -> bool:
        """Whether a row came that might have been any record, since its id cannot be read."""
        return any(issue.set_aside and issue.sourced_id is None for issue in self.issues)


def pull_roster(
    client: "OneRosterClient",
    scope: Scope,
    *,
    allow_partial: bool,
    progress: Progress | None,
) -> Roster:
    """Return one complete roster, begun again while what the app may see moves under it."""
    for _ in range(MAX_RESTARTS + 1):
        pull = _Pull(client, scope, allow_partial=allow_partial, progress=progress)
        try:
            roster = pull.run()
        except IncompletePullError:
            # A collection that broke while what the app may see moved is what moving looks like.
            if len(pull.answers.revisions) <= 1:
                raise
            continue
        if len(pull.answers.revisions) <= 1:
            return roster
    raise _incomplete(client, "EDL-PULL-006", "what the app may see changed during every try")


class _Pull:
    """One try."""

    def __init__(
        self,
        client: "OneRosterClient",
        scope: Scope,
        *,
        allow_partial: bool,
        progress: Progress | None,
    ) -> None:
        self._client = client
        self._scope = scope
        self._allow_partial = allow_partial
        self._progress = progress
        self._entries: list[CoverageEntry] = []
        self._warnings: list[RosterWarning] = []
        self.answers = Answers()

    def run(self) -> Roster:
        pulled_at = self._client.now()
        wanted = [kind for kind in ORDER if self._scope.wants_kind(kind)]
        walks = {kind: self._walk(kind) for kind in wanted}
        try:
            for walk in walks.values():
                walk.start()
            collected = {kind: self._collect(kind, walk) for kind, walk in walks.items()}
        finally:
            for walk in walks.values():
                walk.stop()
        self._refuse_emptiness(collected)
        self._exclude(wanted)
        users = collected[Kind.user].records.values() if Kind.user in collected else ()
        links, link_issues = to_relationships(users)
        self._cover_relationships(collected.get(Kind.user), has_links=bool(links))
        self._warnings += find_masking(users, is_marked=self.answers.is_masked)
        self._warnings += _find_nameless(users)
        issues = [issue for found in collected.values() for issue in found.issues]
        records: dict[str, Any] = {
            COLLECTIONS[kind]: tuple(found.records.values()) for kind, found in collected.items()
        }
        roster = Roster(
            source=self._client.source,
            pulled_at=pulled_at,
            revision=next(iter(self.answers.revisions), None),
            scope=self._scope,
            coverage=Coverage(self._entries),
            relationships=links if self._scope.wants_kind(Kind.relationship) else (),
            issues=(*issues, *link_issues),
            tombstones=tuple(
                Tombstone(kind=kind, sourced_id=i, record=record)
                for kind, found in collected.items()
                for i, record in found.gone.items()
            ),
            warnings=tuple(self._warnings),
            **records,
        )
        return apply_scope(check_references(roster))

    def _walk(self, kind: Kind) -> OffsetPages[Any]:
        path = f"/{ENVELOPES[kind][0]}"
        return self._client.walk(kind, path, on_answer=self.answers.listener(self._client))

    def _collect(self, kind: Kind, walk: OffsetPages[Any]) -> Collected:
        """Return a collection; what failed is empty and said in the coverage, where allowed."""
        fault: ProviderError | None = None
        try:
            found = self._read_twice(kind, walk)
            refuse_many_issues(self._client, kind, found.issues, found.received)
        except ProviderError as error:
            if not self._may_miss(kind, error):
                raise
            fault, found = error, Collected(kind)
        self._entries.append(_entry(found, fault))
        self._warn(found, fault)
        return found

    def _read_twice(self, kind: Kind, walk: OffsetPages[Any]) -> Collected:
        """
        Read a collection, and once more if rows moved between pages meanwhile.

        Where a row comes twice, another may have been passed over.  Two readings that agree are
        kept, but their coverage does not claim that nobody is missing.
        """
        ids: set[str] | None = None
        try:
            found = self._read(kind, walk)
            if not found.repeated:
                return found
            ids = found.ids()
        except IncompletePullError as error:
            if error.code not in _MOVED:
                raise
        found = self._read(kind, self._walk(kind))
        if found.repeated and found.ids() != ids:
            message = f"rows of {COLLECTIONS[kind]} change places while they are read"
            raise _incomplete(self._client, "EDL-PULL-010", message)
        return found

    def _read(self, kind: Kind, walk: OffsetPages[Any]) -> Collected:
        found = Collected(kind)
        for batch in walk:
            for record in batch.page.rows:
                found.add(record)
            found.issues += batch.page.issues
            found.received += batch.page.received
            found.total = batch.total
            found.is_bare |= batch.page.is_bare
            found.total_is_garbage |= batch.total_is_garbage
            if self._progress is not None:
                self._progress(COLLECTIONS[kind], found.received, batch.total)
        return found

    def _may_miss(self, kind: Kind, error: ProviderError) -> bool:
        """Whether the pull goes on without a collection: demographics are never owed."""
        denied = isinstance(error, AuthError | NotFoundError)
        return self._allow_partial or (kind is Kind.demographics and denied)

    def _refuse_emptiness(self, collected: dict[Kind, Collected]) -> None:
        """An answer without one org or user is a lost permission that looks like success."""
        for kind in _NEVER_EMPTY:
            found = collected.get(kind)
            if found and not found.records and not self._allow_partial:
                message = f"there is not one record among the {COLLECTIONS[kind]}"
                fix = self._client.server.fix("permission")
                raise _incomplete(self._client, "EDL-PULL-007", message, fix=fix)

    def _exclude(self, wanted: list[Kind]) -> None:
        for kind in ORDER:
            if kind not in wanted:
                self._entries.append(CoverageEntry.of(kind, EXCLUDED))

    def _cover_relationships(self, people: Collected | None, *, has_links: bool) -> None:
        users = next((e for e in self._entries if e.kind is Kind.user), None)
        state: State = COMPLETE if has_links else (CoverageState.withheld, "no_links")
        if not self._scope.wants_kind(Kind.relationship) or users is None:
            state = EXCLUDED
        elif users.state is not CoverageState.complete:
            state = users.state, "users"
        elif people is not None and people.unreadable("agents", "role", "roles"):
            state = CoverageState.failed, "unreadable_field"
        self._entries.append(CoverageEntry.of(Kind.relationship, state))

    def _warn(self, found: Collected, fault: ProviderError | None) -> None:
        name = COLLECTIONS[found.kind]
        if fault is None and not found.records:
            self._warnings.append(
                _warning(found, "EDL-WARN-101", f"{name} is empty; it may not be shared")
            )
        if found.total_is_garbage:
            self._warnings.append(
                _warning(found, "EDL-WARN-102", f"the server's count of {name} is no number")
            )
        if found.is_bare and found.records:
            self._warnings.append(
                _warning(found, "EDL-WARN-106", f"an answer about {name} names no list at all")
            )
        if found.repeated:
            self._warnings.append(
                _warning(found, "EDL-WARN-103", f"{name} holds rows twice", count=found.repeated)
            )


def refuse_many_issues(
    client: "OneRosterClient", kind: Kind, issues: Iterable[Issue], received: int
) -> None:
    """Raise IncompletePullError where more than a few in a hundred rows cannot be read."""
    lost = sum(issue.set_aside for issue in issues)
    if lost > max(_FEW, received // 100):
        message = f"{lost} of {received} {COLLECTIONS[kind]} cannot be read"
        raise _incomplete(client, "EDL-PULL-008", message)


def _find_nameless(users: Iterable[Any]) -> list[RosterWarning]:
    """Return a warning where people have neither given nor family name."""
    ids = [u.sourced_id for u in users if u.given_name is None and u.family_name is None]
    if not ids:
        return []
    return [
        RosterWarning(
            code="EDL-WARN-105",
            message="people have neither given nor family name",
            kind=Kind.user,
            count=len(ids),
            ids=tuple(ids[:_FEW]),
        )
    ]


def _entry(found: Collected, fault: ProviderError | None) -> CoverageEntry:
    state, reason = CoverageState.complete, None
    if isinstance(fault, AuthError | NotFoundError):
        state, reason = CoverageState.withheld, fault.code
    elif fault is not None:
        state, reason = CoverageState.failed, fault.code
    elif not found.records:
        # Nothing at all is how a lost permission looks: absence must not be read as removal.
        state, reason = CoverageState.withheld, "empty"
    elif found.has_strangers:
        state, reason = CoverageState.failed, "unidentified_rows"
    elif found.repeated:
        # The server may hold the row twice, or send it in the place of one it always passes over.
        state, reason = CoverageState.failed, "repeated_rows"
    return CoverageEntry(
        kind=found.kind,
        state=state,
        reason=reason,
        received=found.received,
        reported=found.total,
    )


def _warning(found: Collected, code: str, message: str, *, count: int = 0) -> RosterWarning:
    return RosterWarning(
        code=code, message=message, kind=found.kind, count=count, severity=Severity.warning
    )


def _incomplete(
    client: "OneRosterClient", code: str, message: str, *, fix: str = ""
) -> IncompletePullError:
    return IncompletePullError(
        code,
        message,
        provider=client.server.name,
        endpoint="pull_roster",
        fix=fix,
        retryable=not fix,
    )
