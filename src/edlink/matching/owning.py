"""Records named by the host's refs alone, whatever their source calls them."""

from collections.abc import Mapping
from typing import Any

import attrs

from edlink.matching.diff import FieldChange, changed_fields, field_changes
from edlink.matching.host import HostRecord, HostState
from edlink.matching.plan import Action, Change
from edlink.model import Record, User
from edlink.plain import to_plain
from edlink.references import REFERENCES
from edlink.vocabulary import Kind

_FURTHER: tuple[tuple[Kind, str, Kind], ...] = (
    (Kind.org, "child_ids", Kind.org),
    (Kind.academic_session, "child_ids", Kind.academic_session),
    (Kind.user, "homeroom_teacher_id", Kind.user),
    (Kind.user, "advisor_id", Kind.user),
    (Kind.user, "agent_ids", Kind.user),
)

#: Which fields of each kind name records of which kind, as ``REFERENCES`` and further ones say.
_LEADING: Mapping[Kind, tuple[tuple[str, Kind], ...]] = {
    kind: tuple((name, target) for of, name, target in (*REFERENCES, *_FURTHER) if of is kind)
    for kind in Kind
}


def unmanaging(host: HostState, held: HostRecord, reason: str) -> Change:
    """Return the step that takes a managed record from its source and makes it the host's own."""
    own = as_own(host, held)
    return Change(
        action=Action.unmanage,
        kind=held.kind,
        sourced_id=own.sourced_id,
        ref=held.ref,
        reason=reason,
        fields=(
            FieldChange(name="source", before=to_plain(held.source)),
            *field_changes(held.record, own, changed_fields(held.record, own)),
        ),
    )


def as_own(host: HostState, held: HostRecord) -> Record:
    """
    Return a record as the host's own are, by ``HostRecord``'s rule: known by refs alone.

    What the host has nothing of stays named as the source names it.
    """
    record = held.record
    named: dict[str, Any] = {"sourced_id": held.ref}
    for name, target in _LEADING[held.kind]:
        named[name] = _refs(getattr(record, name), _managed(host, held, target))
    if isinstance(record, User):
        orgs = _managed(host, held, Kind.org)
        named["roles"] = tuple(
            attrs.evolve(role, org_id=_refs(role.org_id, orgs)) for role in record.roles
        )
    return attrs.evolve(record, **named)


def _managed(host: HostState, held: HostRecord, kind: Kind) -> Mapping[str, HostRecord]:
    """Return what the ids in a record may name: what its own source manages, if it has one."""
    return {} if held.source is None else host.managed(kind, held.source)


def _refs(ids: Any, managed: Mapping[str, HostRecord]) -> Any:  # noqa: ANN401 - one id, several, or None
    """Return the refs of what a field of a record names."""
    if isinstance(ids, tuple):
        return tuple(_refs(i, managed) for i in ids)
    end = managed.get(ids)
    return ids if end is None else end.ref
