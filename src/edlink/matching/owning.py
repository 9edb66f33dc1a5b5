"""What a source managed as the host's own: known by refs, whatever the source called it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import attrs

from edlink.matching.diff import FieldChange, changed_fields, field_changes
from edlink.matching.host import HostRecord, HostState
from edlink.matching.plan import Action, Change
from edlink.model import Record, User
from edlink.plain import to_plain
from edlink.references import REFERENCES
from edlink.vocabulary import Kind

#: Turns an id of the source into the host's ref.
Ref = Callable[[str], str]

#: Which field of which kind names records of which kind; references that a roster may leave
#: dangling are among them.
_LEADING: tuple[tuple[Kind, str, Kind], ...] = (
    *REFERENCES,
    (Kind.org, "child_ids", Kind.org),
    (Kind.academic_session, "child_ids", Kind.academic_session),
    (Kind.user, "homeroom_teacher_id", Kind.user),
    (Kind.user, "advisor_id", Kind.user),
    (Kind.user, "agent_ids", Kind.user),
)


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
    Return a managed record as the host's own has it, by ``HostRecord``'s rule.

    What the host has nothing of stays named as the source names it.
    """
    record = held.record
    named: dict[str, Any] = {"sourced_id": held.ref}
    for kind, name, target in _LEADING:
        if kind is held.kind:
            named[name] = _renamed(getattr(record, name), partial(_ref, host, held, target))
    if isinstance(record, User):
        org_ref = partial(_ref, host, held, Kind.org)
        named["roles"] = tuple(
            attrs.evolve(role, org_id=_renamed(role.org_id, org_ref)) for role in record.roles
        )
    return attrs.evolve(record, **named)


def _ref(host: HostState, held: HostRecord, kind: Kind, sourced_id: str) -> str:
    """Return the ref of what a record names, among what its own source manages."""
    end = host.managed(kind, held.source).get(sourced_id)
    return sourced_id if end is None else end.ref


def _renamed(ids: Any, ref: Ref) -> Any:  # noqa: ANN401 - one id, several, or None
    if isinstance(ids, tuple):
        return tuple(map(ref, ids))
    return None if ids is None else ref(ids)
