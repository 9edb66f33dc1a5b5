"""One full pull of a directory: lists, then who is where, as one Roster."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import attrs

from edlink.coverage import Coverage, CoverageEntry, Issue, RosterWarning, Scope, Source
from edlink.entra import directory as plain
from edlink.entra import education
from edlink.entra import endpoints as at
from edlink.entra.batch import Batcher
from edlink.entra.directory import Directory, DirectoryRows
from edlink.entra.education import Education
from edlink.entra.endpoints import Endpoint
from edlink.entra.pages import PROVIDER, Listing, Walker
from edlink.errors import IncompletePullError, ProviderError
from edlink.model import RECORD_TYPES, Record, Relationship
from edlink.references import check_references
from edlink.roster import Progress, Roster
from edlink.scoping import apply_scope
from edlink.vocabulary import CoverageState, Kind

T = TypeVar("T")

#: Lists whose changes Graph can tell, in the order of a change pull.
TRACKED = (at.SCHOOLS, at.CLASSES, at.USERS)

#: How a list says that it is withheld; a redirect, or an app that gets no token, is another matter.
_REFUSALS = frozenset({"EDL-HTTP-002", "EDL-HTTP-003", "EDL-HTTP-004"})

_FEW = 5

#: What a member may call itself to be one of ours; groups hold groups and devices as well.
_OURS = frozenset(
    {
        None,
        "#microsoft.graph.user",
        "#microsoft.graph.educationUser",
        "#microsoft.graph.educationClass",
    }
)

#: Lists that each kind stands on.
_STANDS_ON: Mapping[Kind, tuple[str, ...]] = {
    Kind.org: (at.SCHOOLS.name,),
    Kind.academic_session: (at.CLASSES.name,),
    Kind.course: (at.CLASSES.name,),
    Kind.class_: (at.CLASSES.name, at.SCHOOL_CLASSES.name),
    Kind.user: (at.USERS.name, at.SCHOOL_USERS.name),
    Kind.enrollment: (at.CLASSES.name, at.CLASS_MEMBERS.name, at.CLASS_TEACHERS.name),
    Kind.demographics: (at.USERS.name,),
    Kind.relationship: (at.USERS.name,),
}
_GRAVITY = (CoverageState.complete, CoverageState.withheld, CoverageState.failed)
_State = tuple[CoverageState, str | None]
_COMPLETE: _State = (CoverageState.complete, None)


@attrs.frozen(kw_only=True)
class Puller:
    """
    Reads a directory.

    Attributes:
        walker: Reads lists.
        batcher: Reads many lists of one kind.
        source: Provider and tenant.
        rules: Who is who in a plain directory, or None for the education resources.
        track_changes: Whether a pull also asks where changes begin.
    """

    walker: Walker
    batcher: Batcher
    source: Source
    rules: Directory | None
    track_changes: bool

    def pull(
        self, scope: Scope, *, pulled_at: datetime, allow_partial: bool, progress: Progress | None
    ) -> Roster:
        """Return the roster; raises as ``EntraClient.pull_roster`` says."""
        run = _Run(self, allow_partial=allow_partial, progress=progress)
        revision = self._marks() if self.track_changes and self.rules is None else None
        if self.rules is None:
            records = [*education.to_records(run.read_education())]
        else:
            records = [*plain.to_records(run.read_directory(self.rules))]
        if not allow_partial:
            run.refuse(records, scope)
        wanted = tuple(type_ for kind, type_ in RECORD_TYPES.items() if scope.wants_kind(kind))
        roster = Roster.from_records(
            {(type(r), r.sourced_id): r for r in records if isinstance(r, wanted)}.values(),
            source=self.source,
            pulled_at=pulled_at,
            revision=revision,
            scope=scope,
            coverage=Coverage(run.coverage(records, scope)),
            issues=tuple(issue for issue in run.issues if scope.wants_kind(issue.kind)),
            warnings=tuple(run.warnings()),
        )
        return apply_scope(check_references(roster))

    def _marks(self) -> str | None:
        """Return where the changes after this moment begin, or None where Graph does not say."""
        marks = {}
        for endpoint in TRACKED:
            delta = at.delta_of(endpoint)
            try:
                params = [("$deltatoken", "latest"), *delta.params]
                answer = self.walker.get(delta, delta.path, params)
                listing = self.walker.read(delta, first=answer)
            except ProviderError as error:
                if error.code not in _REFUSALS:
                    raise
                return None
            if listing.delta_link is None:
                return None
            marks[endpoint.name] = self.walker.path_of(delta, listing.delta_link)
        return json.dumps(marks)


@attrs.define
class _Run:
    """One pull under way: what came of each list."""

    puller: Puller
    allow_partial: bool = attrs.field(kw_only=True)
    progress: Progress | None = attrs.field(kw_only=True)
    states: dict[str, _State] = attrs.field(factory=dict)
    received: dict[str, int] = attrs.field(factory=dict)
    issues: list[Issue] = attrs.field(factory=list)
    refusal: ProviderError | None = None

    def read_education(self) -> Education:
        schools = self._list(at.SCHOOLS)
        classes = self._list(at.CLASSES)
        users = self._list(at.USERS)
        schools_of: dict[str, list[str]] = {}
        for endpoint in (at.SCHOOL_CLASSES, at.SCHOOL_USERS):
            for school, found in self._many(endpoint, [*schools]).items():
                for one in found:
                    schools_of.setdefault(one, []).append(school)
        return Education(
            tenant=self.puller.source.tenant,
            schools=schools,
            classes=classes,
            users=users,
            schools_of=schools_of,
            members=self._many(at.CLASS_MEMBERS, [*classes]),
            teachers=self._many(at.CLASS_TEACHERS, [*classes]),
        )

    def read_directory(self, rules: Directory) -> DirectoryRows:
        users = self._list(at.DIRECTORY_USERS)
        groups = self._list(at.GROUPS)
        classes = {key: group for key, group in groups.items() if rules.is_class(group)}
        members = self._many(at.GROUP_MEMBERS, [*dict.fromkeys((*rules.groups, *classes))])
        if any(not members.get(group) for group in rules.groups):
            # A group whose members are hidden looks the same as one without any.
            self.states[at.GROUP_MEMBERS.name] = self._emptied(at.GROUP_MEMBERS)
        return DirectoryRows(
            tenant=self.puller.source.tenant,
            rules=rules,
            users=users,
            classes=classes,
            members=members,
        )

    def _emptied(self, endpoint: Endpoint[Any]) -> _State:
        """Return what is known of a list of which nothing came, unless it is worse already."""
        state = self.states.get(endpoint.name, _COMPLETE)
        return (CoverageState.withheld, "empty") if state == _COMPLETE else state

    def _list(self, endpoint: Endpoint[T]) -> dict[str, T]:
        read = self._guard(
            endpoint, lambda: self.puller.walker.read(endpoint, on_page=self._report(endpoint))
        )
        if read is None:
            return {}
        self._note(read)
        if not read.rows:
            # Nothing at all is how a lost permission looks: absence must not be read as removal.
            self.states[endpoint.name] = self._emptied(endpoint)
        return read.rows

    def _many(self, endpoint: Endpoint[Any], ids: Sequence[str]) -> dict[str, list[str]]:
        """Return the ids of a short list's members, by what the list is of."""

        def read() -> dict[str, list[str]]:
            found = {}
            for one, listing in self.puller.batcher.read(endpoint, ids):
                self._note(listing)
                rows = listing.rows.values()
                found[one] = [row.id for row in rows if row.type in _OURS]
            return found

        return self._guard(endpoint, read) or {}

    def _guard(self, endpoint: Endpoint[Any], read: Callable[[], T]) -> T | None:
        """Return what was read; what a permission withholds is coverage and no error."""
        try:
            self.states.setdefault(endpoint.name, _COMPLETE)
            return read()
        except ProviderError as error:
            if error.code in _REFUSALS:
                self.states[endpoint.name] = CoverageState.withheld, error.code
                self.refusal = self.refusal or error
            elif self.allow_partial:
                self.states[endpoint.name] = CoverageState.failed, error.code
            else:
                raise
        return None

    def _note(self, listing: Listing[Any]) -> None:
        name = listing.endpoint.name
        self.issues += listing.issues
        self.received[name] = self.received.get(name, 0) + listing.received
        if any(issue.set_aside for issue in listing.issues):
            self.states[name] = CoverageState.failed, "rows_set_aside"

    def _report(self, endpoint: Endpoint[Any]) -> Callable[[int], None] | None:
        progress = self.progress
        return progress and (lambda rows: progress(endpoint.name, rows, None))

    # What is known

    def refuse(self, records: Iterable[Record], scope: Scope) -> None:
        """Raise for a pull that looks whole and is not."""
        if self.refusal is not None and not any(self.received.values()):
            raise self.refusal
        lost = sum(issue.set_aside for issue in self.issues)
        if lost > max(_FEW, sum(self.received.values()) // 100):
            raise _incomplete("EDL-PULL-008", f"{lost} rows cannot be read")
        users = RECORD_TYPES[Kind.user]
        if scope.wants_kind(Kind.user) and not any(isinstance(r, users) for r in records):
            fix = "Grant the application permission and press Grant admin consent; is there data?"
            raise _incomplete("EDL-PULL-007", "there is not one user", fix=fix)

    def coverage(self, records: Iterable[Record], scope: Scope) -> Iterator[CoverageEntry]:
        present = {type(record) for record in records}
        for kind in Kind:
            if not scope.wants_kind(kind):
                state = CoverageState.excluded
                yield CoverageEntry(kind=kind, state=state, reason="scope")
            elif self.puller.rules is not None:
                yield self._of_directory(kind, present)
            else:
                yield from self._of_education(kind, present)

    def _of_directory(self, kind: Kind, present: set[type]) -> CoverageEntry:
        needed = {
            Kind.org: (),
            Kind.user: (at.DIRECTORY_USERS.name, at.GROUP_MEMBERS.name),
            Kind.class_: (at.GROUPS.name,),
            Kind.enrollment: (at.GROUPS.name, at.GROUP_MEMBERS.name),
        }
        if kind not in needed:
            return _entry(kind, (CoverageState.withheld, "not_in_directory"))
        return _entry(kind, self._state(kind, needed[kind], present))

    def _of_education(self, kind: Kind, present: set[type]) -> Iterator[CoverageEntry]:
        state = self._state(kind, _STANDS_ON[kind], present)
        yield _entry(kind, state)
        if kind is Kind.user:
            # Contacts are at the tenant itself; without one, the permission may not show them.
            if state == _COMPLETE and Relationship not in present:
                state = CoverageState.withheld, "no_contacts"
            yield attrs.evolve(_entry(kind, state), org_id=self.puller.source.tenant)

    def _state(self, kind: Kind, names: Sequence[str], present: set[type]) -> _State:
        """Return the worst of some lists; a kind of which nothing came is never complete."""
        state = self._worst(names)
        if state == _COMPLETE and RECORD_TYPES[kind] not in present:
            return CoverageState.withheld, "empty"
        return state

    def _worst(self, names: Sequence[str]) -> _State:
        states = [self.states.get(name, _COMPLETE) for name in names]
        return max(states, key=lambda state: _GRAVITY.index(state[0]), default=_COMPLETE)

    def warnings(self) -> Iterator[RosterWarning]:
        for name, (state, code) in self.states.items():
            if state is not CoverageState.complete:
                yield RosterWarning(code="EDL-WARN-801", message=f"{name} is {state} ({code})")


def _entry(kind: Kind, state: _State) -> CoverageEntry:
    return CoverageEntry(kind=kind, state=state[0], reason=state[1])


def _incomplete(code: str, message: str, *, fix: str = "") -> IncompletePullError:
    return IncompletePullError(
        code, message, provider=PROVIDER, endpoint="pull_roster", fix=fix, retryable=not fix
    )
