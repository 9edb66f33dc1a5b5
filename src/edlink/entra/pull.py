"""One full pull of a directory: lists, then who is where, as one Roster."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import attrs

from edlink.coverage import COMPLETE, Coverage, Issue, Scope, Source, State
from edlink.entra import directory as plain
from edlink.entra import education
from edlink.entra import endpoints as at
from edlink.entra.batch import MOST, Batcher
from edlink.entra.coverage import EMPTY, Ledger
from edlink.entra.directory import Directory, DirectoryRows
from edlink.entra.education import Education
from edlink.entra.endpoints import Endpoint
from edlink.entra.pages import PROVIDER, Listing, Walker
from edlink.errors import IncompletePullError, NotFoundError, ProviderError
from edlink.model import RECORD_TYPES, Record
from edlink.references import check_references
from edlink.roster import Progress, Roster
from edlink.scoping import apply_scope, wanted_types
from edlink.vocabulary import CoverageState, Kind

T = TypeVar("T")

#: Lists whose changes Graph can tell, in the order of a change pull.
TRACKED = (at.SCHOOLS, at.CLASSES, at.USERS)

#: How a list's first page says that it is withheld; a redirect, or an app that gets no token, is
#: another matter.
_REFUSALS = frozenset({"EDL-HTTP-002", "EDL-HTTP-003", "EDL-HTTP-004"})

_NOT_THERE = "EDL-HTTP-004"

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
        ledger = Ledger(tenant=self.source.tenant, is_plain=self.rules is not None)
        run = _Run(self, ledger, allow_partial=allow_partial, progress=progress)
        revision = self._marks() if self.track_changes and self.rules is None else None
        if self.rules is None:
            records = [*education.to_records(run.read_education())]
        else:
            records = [*plain.to_records(run.read_directory(self.rules))]
        if not allow_partial:
            run.refuse(records, scope)
        run.require_places(scope)
        wanted = wanted_types(scope)
        roster = Roster.from_records(
            {(type(r), r.sourced_id): r for r in records if isinstance(r, wanted)}.values(),
            source=self.source,
            pulled_at=pulled_at,
            revision=revision,
            scope=scope,
            coverage=Coverage(ledger.entries(records, scope)),
            issues=tuple(issue for issue in run.issues if scope.wants_kind(issue.kind)),
            warnings=tuple(ledger.warnings()),
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
    """One pull under way."""

    puller: Puller
    ledger: Ledger
    allow_partial: bool = attrs.field(kw_only=True)
    progress: Progress | None = attrs.field(kw_only=True)
    received: dict[str, int] = attrs.field(factory=dict)
    issues: list[Issue] = attrs.field(factory=list)
    refusal: ProviderError | None = None

    def read_education(self) -> Education:
        schools = self._list(at.SCHOOLS)
        classes = self._list(at.CLASSES)
        users = self._list(at.USERS)
        # Who is at a school that is not known looks like one who is at none.
        if self.ledger.of(at.SCHOOLS.name) != COMPLETE:
            self.ledger.distrusted |= _STANDS_ON_SCHOOLS
        lists = (at.SCHOOL_CLASSES, at.SCHOOL_USERS)
        at_school = [self._at_schools(endpoint, schools) for endpoint in lists]
        schools_of: dict[str, list[str]] = {}
        for found in at_school:
            for school in schools:
                for one in found.get(school, ()):
                    schools_of.setdefault(one, []).append(school)
        members = self._in_classes(at.CLASS_MEMBERS, classes)
        teachers = self._in_classes(at.CLASS_TEACHERS, classes)
        self._note_hidden(classes, members)
        of = Education(
            tenant=self.puller.source.tenant,
            schools=schools,
            classes=classes,
            users=users,
            schools_of=schools_of,
            members=members,
            teachers=teachers,
        )
        self.ledger.contacts.update(education.schools_of_untold_contacts(of, self.issues))
        return of

    def read_directory(self, rules: Directory) -> DirectoryRows:
        users = self._list(at.DIRECTORY_USERS)
        groups = self._list(at.GROUPS)
        classes = {key: group for key, group in groups.items() if rules.is_class(group)}
        asked = dict.fromkeys((*rules.groups, *classes))
        members, refused = self._many(at.GROUP_MEMBERS, asked)
        # A group whose members are hidden looks the same as one without any.
        self.ledger.groups = {
            group: (role, refused.get(group, EMPTY))
            for group, role in rules.groups.items()
            if not members.get(group)
        }
        # Of who may be in either of two roles nothing that came is sure.
        untold = {role for role, _ in self.ledger.groups.values()}
        if len(untold) > 1 or self.ledger.of(at.GROUP_MEMBERS.name) != COMPLETE:
            self.ledger.distrusted |= _STANDS_ON_GROUPS
        classes = {key: group for key, group in classes.items() if key in asked}
        self.ledger.classes |= {key: refused[key] for key in classes if key in refused}
        self._note_hidden(classes, members)
        return DirectoryRows(
            tenant=self.puller.source.tenant,
            rules=rules,
            users=users,
            classes=classes,
            members=members,
        )

    # Lists

    def _list(self, endpoint: Endpoint[T]) -> dict[str, T]:
        """Return the rows of a list; none where a permission withholds it."""
        listing, state = self._guard(
            lambda: self.puller.walker.read(endpoint, on_page=self._report(endpoint))
        )
        if listing is not None:
            state = self._note(listing)
            if state == COMPLETE and not listing.rows:
                state = EMPTY
        self.ledger.lists[endpoint.name] = state
        return {} if listing is None else listing.rows

    def _at_schools(self, endpoint: Endpoint[Any], schools: dict[str, Any]) -> dict[str, list[str]]:
        """Return the ids of each school's classes or people."""
        found, refused = self._many(endpoint, schools)
        self.ledger.schools |= {(endpoint.kind, school): refused[school] for school in refused}
        if refused:
            self.ledger.distrusted[endpoint.kind] = _STANDS_ON_SCHOOLS[endpoint.kind]
        return found

    def _in_classes(self, endpoint: Endpoint[Any], classes: dict[str, Any]) -> dict[str, list[str]]:
        """Return the ids of each class's members or teachers."""
        found, refused = self._many(endpoint, classes)
        self.ledger.classes |= refused
        return found

    def _note_hidden(self, classes: Iterable[str], members: Mapping[str, Collection[str]]) -> None:
        """Note classes without a member: one whose membership is hidden looks the same."""
        for class_id in classes:
            if class_id in members and not members[class_id]:
                self.ledger.classes.setdefault(class_id, EMPTY)

    def _many(
        self, endpoint: Endpoint[Any], owners: dict[str, Any]
    ) -> tuple[dict[str, list[str]], dict[str, State]]:
        """
        Return the ids of short lists' members by what each is of, and why others are not known.

        What is gone since it was listed goes out of the owners.  Where nothing but refusals comes
        the rest is not asked for.
        """
        found: dict[str, list[str]] = {}
        refused: dict[str, State] = {}
        for one, read in self.puller.batcher.read(endpoint, [*owners]):
            if len(refused) >= MOST and not found:
                break
            listing, state = self._guard(read)
            if listing is not None:
                state = self._note(listing)
            if listing is not None and state == COMPLETE:
                rows = listing.rows.values()
                found[one] = [row.id for row in rows if row.type in _OURS]
            elif self._is_gone(endpoint, one, state):
                del owners[one]
            else:
                refused[one] = state
        if refused and not found:
            self.ledger.lists[endpoint.name] = next(iter(refused.values()))
        return found, refused

    def _is_gone(self, endpoint: Endpoint[Any], one: str, state: State) -> bool:
        """Return whether a list is not there since what it is of is not there any more."""
        if state[1] != _NOT_THERE:
            return False
        owner = at.owner_of(endpoint)
        try:
            self.puller.walker.get(owner, owner.at(one), owner.params)
        except NotFoundError:
            return True
        except ProviderError as error:
            if error.code not in _REFUSALS:
                raise
        return False

    def _guard(self, read: Callable[[], Listing[T]]) -> tuple[Listing[T] | None, State]:
        """Return what was read; what a permission withholds is coverage and no error."""
        try:
            return read(), COMPLETE
        except ProviderError as error:
            if error.code in _REFUSALS:
                self.refusal = self.refusal or error
                return None, (CoverageState.withheld, error.code)
            if not self.allow_partial:
                raise
            return None, (CoverageState.failed, error.code)

    def _note(self, listing: Listing[Any]) -> State:
        """Take in what was odd in a list; return whether all of it could be read."""
        name = listing.endpoint.name
        self.issues += listing.issues
        self.received[name] = self.received.get(name, 0) + listing.received
        is_whole = not any(issue.set_aside for issue in listing.issues)
        return COMPLETE if is_whole else (CoverageState.failed, "rows_set_aside")

    def _report(self, endpoint: Endpoint[Any]) -> Callable[[int], None] | None:
        progress = self.progress
        return progress and (lambda rows: progress(endpoint.name, rows, None))

    # What a pull must have

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

    def require_places(self, scope: Scope) -> None:
        """Raise where a scope leaves schools out and who is at which school is not known."""
        is_unknown = self.ledger.distrusted and not self.ledger.is_plain
        if scope.narrows_orgs and is_unknown:
            message = "the scope leaves schools out, but who is at which school is not known"
            raise _incomplete("EDL-ENTRA-008", message)


#: Fields that stand on the schools, their classes and their people.
_STANDS_ON_SCHOOLS: Mapping[Kind, frozenset[str]] = {
    Kind.org: frozenset({"child_ids"}),
    Kind.class_: frozenset({"org_id"}),
    Kind.user: frozenset({"roles", "primary_org_id", "primary_org_is_guess"}),
}


#: Fields that stand on the groups of a plain directory's rules.
_STANDS_ON_GROUPS: Mapping[Kind, frozenset[str]] = {
    Kind.user: frozenset({"roles"}),
    Kind.enrollment: frozenset({"role"}),
}


def _incomplete(code: str, message: str, *, fix: str = "") -> IncompletePullError:
    return IncompletePullError(
        code, message, provider=PROVIDER, endpoint="pull_roster", fix=fix, retryable=not fix
    )
