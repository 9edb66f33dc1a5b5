"""
What changed since a pull, by Graph's delta.

A delta says which schools, classes and users changed, in part, more than once and in any order; so
each is read again, whole, and with it the memberships of a class or person that changed.  A
membership that comes or goes alone is in no delta, nor is a contact that went: those stay for the
full pull.  Marks live seven days, and Graph may end them at any time: then only a full pull knows
all.  Source: Microsoft Graph, delta query.
"""

import json
from codecs import BOM_UTF8
from collections.abc import Sequence
from typing import Any, TypeVar

import attrs

from edlink.coverage import Coverage, CoverageEntry, Issue, Scope, Tombstone
from edlink.entra import education
from edlink.entra import endpoints as at
from edlink.entra.endpoints import Endpoint
from edlink.entra.pages import PROVIDER
from edlink.entra.pull import TRACKED, Puller
from edlink.errors import (
    ConfigError,
    FullPullRequired,
    NotFoundError,
    PermissionDeniedError,
    ProviderError,
)
from edlink.model import Class, Enrollment, Record
from edlink.scoping import leave_out
from edlink.state import ChangeSet, SyncState
from edlink.vocabulary import CoverageState, Kind

T = TypeVar("T")

#: Graph's words for a mark that it does not know any more.
_TOO_OLD = frozenset({"syncStateNotFound", "syncStateInvalid", "resyncRequired"})
_GONE = 410


def pull_changes(puller: Puller, state: SyncState) -> ChangeSet:
    """Return what changed since a state; raises as ``EntraClient.pull_changes`` says."""
    if state.source != puller.source:
        raise ConfigError("EDL-CONF-103", "this state belongs to another source")
    if puller.rules is not None:
        message = "a plain directory tells of no changes that its rules could follow"
        fix = "Pull the whole roster each time."
        raise _full_pull_required(at.DIRECTORY_USERS, "EDL-ENTRA-006", message, fix=fix)
    marks = _read_marks(state.revision)
    changes = _Changes(puller)
    for endpoint in TRACKED:
        marks[endpoint.name] = changes.follow(endpoint, marks[endpoint.name])
    records = changes.records()
    changed, tombstones = leave_out(
        state.scope,
        records,
        changes.tombstones,
        absent=changes.classes_left_out(state.scope, records),
    )
    return ChangeSet(
        source=state.source,
        state=attrs.evolve(state, revision=json.dumps(marks)),
        changed=changed,
        tombstones=tombstones,
        coverage=Coverage(_coverage()),
        issues=tuple(changes.issues),
        shows_removals=False,
    )


def _read_marks(revision: str | None) -> dict[str, str]:
    """Return where each list's changes continue."""
    try:
        marks = json.loads(revision or "")
        return {endpoint.name: str(marks[endpoint.name]) for endpoint in TRACKED}
    except (ValueError, KeyError, TypeError):
        pass
    raise _too_old(at.USERS, "this state has no marks of Graph's changes")


def _too_old(endpoint: Endpoint[Any], message: str) -> FullPullRequired:
    fix = "Pull the whole roster, with track_changes=True, at least once in seven days."
    return _full_pull_required(endpoint, "EDL-ENTRA-005", message, fix=fix)


def _full_pull_required(
    endpoint: Endpoint[Any], code: str, message: str, *, fix: str
) -> FullPullRequired:
    return FullPullRequired(code, message, provider=PROVIDER, endpoint=endpoint.label, fix=fix)


@attrs.define
class _Changes:
    """What the deltas of one change pull said."""

    puller: Puller
    tombstones: list[Tombstone] = attrs.field(factory=list)
    issues: list[Issue] = attrs.field(factory=list)
    changed: dict[str, list[str]] = attrs.field(factory=dict)

    def follow(self, endpoint: Endpoint[Any], mark: str) -> str:
        """Read a list's changes from a mark; return the next mark."""
        walker, delta = self.puller.walker, at.delta_of(endpoint)
        listing = None
        try:
            listing = walker.read(delta, first=walker.get(delta, mark))
        except ProviderError as error:
            if error.status != _GONE and error.provider_code not in _TOO_OLD:
                raise
        if listing is None or listing.delta_link is None:
            raise _too_old(delta, "Graph does not know this mark any more")
        self.issues += listing.issues
        for row in listing.rows.values():
            # Rows come in any order: of one that went and came back only the object itself knows.
            if row.removed is None or row.id in listing.differing:
                self.changed.setdefault(endpoint.name, []).append(row.id)
            else:
                self.tombstones.append(Tombstone(kind=endpoint.kind, sourced_id=row.id))
        return walker.path_of(delta, listing.delta_link)

    def records(self) -> list[Record]:
        """Return the changed records, read again whole."""
        tenant = self.puller.source.tenant
        schools = self._again(at.SCHOOLS)
        classes = self._again(at.CLASSES)
        users = self._again(at.USERS)
        at_school = {
            **self._many(at.CLASS_SCHOOLS, [*classes]),
            **self._many(at.USER_SCHOOLS, [*users]),
        }
        of = education.Education(
            tenant=tenant,
            schools=schools,
            classes=classes,
            users=users,
            schools_of=at_school,
            members=self._many(at.CLASS_MEMBERS, [*classes]),
            teachers=self._many(at.CLASS_TEACHERS, [*classes]),
        )
        # The tenant itself lists its schools, and only those that changed are known here.
        found = [r for r in education.to_records(of) if r.sourced_id != tenant]
        own = education.to_memberships(
            self._many(at.USER_CLASSES, [*users]), self._many(at.TAUGHT_CLASSES, [*users])
        )
        known = {record.sourced_id for record in found if isinstance(record, Enrollment)}
        return [*found, *(row for row in own if row.sourced_id not in known)]

    def classes_left_out(self, scope: Scope, records: Sequence[Record]) -> frozenset[str]:
        """
        Return the classes of changed people that lie in a school which a scope leaves out.

        A membership does not say at which school its class is, so a class that did not change
        itself is looked up.
        """
        if not scope.narrows_orgs:
            return frozenset()
        known = {record.sourced_id for record in records if isinstance(record, Class)}
        classes = {r.class_id for r in records if isinstance(r, Enrollment) and r.class_id} - known
        at_school = self._many(at.CLASS_SCHOOLS, sorted(classes))
        return frozenset(
            one for one in classes if scope.exclude_orgs & {*at_school.get(one, ())[:1]}
        )

    def _again(self, endpoint: Endpoint[T]) -> dict[str, T]:
        rows: dict[str, T] = {}
        for one in self.changed.get(endpoint.name, ()):
            path = f"{endpoint.path}/{{}}"
            single = attrs.evolve(endpoint, path=path)
            try:
                response = self.puller.walker.get(single, single.at(one), single.params)
            except NotFoundError:
                self.tombstones.append(Tombstone(kind=endpoint.kind, sourced_id=one))
                continue
            # A single object is read as a page of one, so that it is decoded in the same way.
            body = b'{"value":[' + response.body.removeprefix(BOM_UTF8) + b"]}"
            page = self.puller.walker.decode(single, attrs.evolve(response, body=body))
            self.issues += page.issues
            rows.update((one, row) for row in page.rows)
        return rows

    def _many(self, endpoint: Endpoint[Any], ids: Sequence[str]) -> dict[str, list[str]]:
        """Return the ids of short lists' members; memberships that are withheld are left out."""
        found = {}
        for one, read in self.puller.batcher.read(endpoint, ids):
            try:
                found[one] = [*read().rows]
            except PermissionDeniedError:
                if endpoint.kind is not Kind.enrollment:
                    raise
        return found


#: Kinds of which changes hold what belongs to a class or person that changed, and no more.
_PARTLY_TOLD = frozenset(
    {
        Kind.academic_session,
        Kind.course,
        Kind.enrollment,
        Kind.relationship,
        Kind.demographics,
    }
)


def _coverage() -> list[CoverageEntry]:
    """Return what changes say of each kind: absence says nothing in them."""
    return [
        CoverageEntry(
            kind=kind,
            state=CoverageState.withheld,
            reason="partly_told" if kind in _PARTLY_TOLD else "changes_only",
        )
        for kind in Kind
    ]
