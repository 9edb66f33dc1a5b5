"""A plan carried out on a host's state in memory: the reference for what applying means."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import attrs

from edlink.coverage import Source
from edlink.errors import ConfigError
from edlink.matching.diff import with_fields
from edlink.matching.host import HostRecord, HostState
from edlink.matching.plan import Action, Change, SyncPlan
from edlink.plain import to_plain
from edlink.vocabulary import Kind


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _source(value: Mapping[str, str] | None) -> Source | None:
    return None if value is None else Source(**value)


def _same(value: str | None) -> str | None:
    return value


#: The fields of a change that belong to the host's record, not to the source's, and how JSON
#: values of them are read.
HOST_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "archive_reason": _same,
    "archived_on": _day,
    "merged_into": _same,
    "missing_since": _day,
    "source": _source,
}


def apply_sync(host: HostState, plan: SyncPlan) -> HostState:
    """
    Return the host's state with a plan's safe steps done; the input stays as it is.

    New records get refs made of source, kind and sourced id, and a plus sign where another has it.

    Raises:
        ConfigError: EDL-PLAN-001 when the plan was made from another memory, such as yesterday's;
            EDL-PLAN-002 when a record it touches has changed since.
    """
    if plan.memory_before != host.memory:
        message = "the plan was made from another state of this host"
        raise ConfigError("EDL-PLAN-001", message, fix="Plan again from the host as it is.")
    records = _Records({(r.kind, r.ref): r for r in host.records})
    for change in plan.changes:
        records.apply(change, host, plan.source)
    return HostState(memory=plan.memory, records=records.values())


class _Records(dict[tuple[Kind, str], HostRecord]):
    """The host's records while a plan is applied."""

    def apply(self, change: Change, host: HostState, source: Source) -> None:
        if change.action is Action.create and change.record is not None:
            ref = f"{source}/{change.kind}/{change.sourced_id}"
            while (change.kind, ref) in self:
                held = self[change.kind, ref]
                if (held.source, held.sourced_id) == (source, change.sourced_id):
                    raise _moved(change)
                ref += "+"  # who had the id before has another now, or was taken from the source
            self[change.kind, ref] = HostRecord(ref=ref, record=change.record, source=source)
            return
        held = require_unchanged(self._find(change, host, source), change)
        if change.action is Action.discard:
            del self[held.kind, held.ref]
        else:
            self[held.kind, held.ref] = with_change(held, change)

    def _find(self, change: Change, host: HostState, source: Source) -> HostRecord | None:
        """Return the record a change is about: by ref, or (what a plan created) by sourced id."""
        ref = change.ref
        if ref is None:
            known = host.managed(change.kind, source).get(change.sourced_id_before)
            ref = "" if known is None else known.ref
        return self.get((change.kind, ref))


def require_unchanged(held: HostRecord | None, change: Change) -> HostRecord:
    """
    Return the host's record that a change is about, which is still as the plan found it.

    For hosts that apply plans themselves: ask before each change, in the same transaction.

    Raises:
        ConfigError: EDL-PLAN-002 when the record has changed since the plan was made, or is gone.
    """
    if held is None or not _is_as_planned(held, change):
        raise _moved(change)
    return held


def with_change(held: HostRecord, change: Change) -> HostRecord:
    """Return a host record with a change's fields as they are after it."""
    there = [field for field in change.fields if field.name not in HOST_FIELDS]
    here = {
        field.name: HOST_FIELDS[field.name](field.after)
        for field in change.fields
        if field.name in HOST_FIELDS
    }
    record = with_fields(held.record, there) if there else held.record
    return attrs.evolve(held, record=record, **here)


def _is_as_planned(held: HostRecord, change: Change) -> bool:
    if change.action is Action.discard:
        return held.record == change.record
    return all(
        to_plain(getattr(held if field.name in HOST_FIELDS else held.record, field.name))
        == field.before
        for field in change.fields
    )


def _moved(change: Change) -> ConfigError:
    message = f"the {change.kind} {change.ref or change.sourced_id} changed since the plan was made"
    return ConfigError("EDL-PLAN-002", message, fix="Plan again from the host as it is.")
