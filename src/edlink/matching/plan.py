"""
A sync plan: what a host may do now, what is held until a person looks, what is left alone.

A plan is data.  It names records by id; a person's values are only in the changes of its JSON.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import attrs

from edlink.coverage import Source
from edlink.errors import ConfigError, UnsafePlanError
from edlink.matching.diff import FieldChange
from edlink.matching.host import Hold, HostRecord, SyncMemory
from edlink.model import RECORD_TYPES, Record
from edlink.plain import from_plain, is_version, listed, to_plain
from edlink.vocabulary import Kind

VERSION = 1


class Action(StrEnum):
    """
    What a change does to the host.

    ``adopt`` puts a record of the host's own under the source, ``rekey`` gives a managed one its
    new id, ``merge`` lets another take its place.  ``unmanage`` undoes an adoption or ends an
    integration, ``unmerge`` undoes a merge and ``discard`` a creation.
    """

    rekey = "rekey"
    adopt = "adopt"
    create = "create"
    restore = "restore"
    update = "update"
    merge = "merge"
    archive = "archive"
    unmanage = "unmanage"
    unmerge = "unmerge"
    discard = "discard"


_INVERSES: Mapping[Action, Action] = {
    Action.rekey: Action.rekey,
    Action.adopt: Action.unmanage,
    Action.create: Action.discard,
    Action.restore: Action.archive,
    Action.update: Action.update,
    Action.merge: Action.unmerge,
    Action.archive: Action.restore,
    Action.unmanage: Action.adopt,
    Action.unmerge: Action.merge,
    Action.discard: Action.create,
}


@attrs.frozen(kw_only=True)
class Change:
    """
    One step of a plan.

    Attributes:
        action: What to do.
        kind: With what.
        sourced_id: The record's id after the change, at the source or (its own records) here.
        ref: The host's record; None for one that the plan creates.
        reason: Why, as a fixed word or the name of a rule.
        fields: Fields of the record, or of ``HostRecord``, before and after.
        left_alone: Fields that differ too, and are sticky here or masked at the source.
        record: The whole record, for ``create`` and ``discard``.
    """

    action: Action
    kind: Kind
    sourced_id: str
    ref: str | None = None
    reason: str = ""
    fields: tuple[FieldChange, ...] = ()
    left_alone: tuple[str, ...] = ()
    record: Record | None = attrs.field(default=None, repr=False)

    @property
    def sourced_id_before(self) -> str:
        """The record's id before the change."""
        before = {change.name: change.before for change in self.fields}
        return str(before.get("sourced_id", self.sourced_id))

    def inverse(self) -> "Change":
        """Return the step back."""
        return attrs.evolve(
            self,
            action=_INVERSES[self.action],
            sourced_id=self.sourced_id_before,
            fields=tuple(change.inverse() for change in self.fields),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the step as JSON-safe values, a person's among them."""
        plain: dict[str, Any] = to_plain(attrs.evolve(self, record=None))
        return plain | ({} if self.record is None else {"record": to_plain(self.record)})


def archiving(held: HostRecord, reason: str, *, on: date, since: date | None = None) -> Change:
    """Return the step that archives a record, missing since a day where it is missing at all."""
    days = {} if since is None else {"missing_since": since.isoformat()}
    after = {"archived_on": on.isoformat(), "archive_reason": reason, **days}
    return Change(
        action=Action.archive,
        kind=held.kind,
        sourced_id=held.sourced_id,
        ref=held.ref,
        reason=reason,
        fields=tuple(FieldChange(name=name, after=value) for name, value in after.items()),
    )


def _change(data: Mapping[str, Any]) -> Change:
    kind = Kind(data["kind"])
    record = data.get("record")
    return Change(
        action=Action(data["action"]),
        kind=kind,
        sourced_id=str(data["sourced_id"]),
        ref=data.get("ref"),
        reason=data.get("reason", ""),
        fields=tuple(from_plain(FieldChange, field) for field in listed(data.get("fields", []))),
        left_alone=tuple(listed(data.get("left_alone", []))),
        record=None if record is None else from_plain(RECORD_TYPES[kind], record),
    )


@attrs.frozen(kw_only=True)
class Keep:
    """A record that a plan leaves alone, and why; ``ref`` is None where the host has none."""

    kind: Kind
    sourced_id: str
    reason: str
    ref: str | None = None


#: Reasons for which a setting could not be followed.
_UNMET = frozenset({"choice_unknown", "cycle", "org_unknown"})


@attrs.frozen(kw_only=True)
class SyncProblem:
    """
    Something that is wrong with the terms that decided, or with an org that the policy names.

    Attributes:
        code: ``EDL-TERM-0xx``, or ``EDL-SYNC-030`` for orgs.
        reason: As in ``SessionProblem``, or ``org_unknown``.
        kind: What the ids are of.
        sourced_ids: The sessions or orgs concerned, sorted.
    """

    code: str
    reason: str
    kind: Kind
    sourced_ids: tuple[str, ...]

    @property
    def is_unmet(self) -> bool:
        """Whether a setting could not be followed for it."""
        return self.reason in _UNMET


@attrs.frozen(kw_only=True, repr=False)
class SyncPlan:
    """
    What one pull means for one host.

    Attributes:
        source: Whose roster it is.
        on: The day it was planned for.
        pulled_at: When the roster was pulled.
        memory_before: The host's memory that it was made from.
        memory: The memory that the host keeps once it has applied the plan.
        changes: Safe steps, in the order in which they can be applied.
        held: Removals and re-keys that wait for a person, and what hangs on them.
        holds: Why they wait.
        kept: What is left alone, and why.
        unchanged: Managed records that are already right, by kind.
        problems: What is wrong with the terms and orgs that decided.
    """

    source: Source
    on: date
    pulled_at: datetime
    memory_before: SyncMemory
    memory: SyncMemory
    changes: tuple[Change, ...] = ()
    held: tuple[Change, ...] = ()
    holds: tuple[Hold, ...] = ()
    kept: tuple[Keep, ...] = ()
    unchanged: Mapping[str, int] = attrs.field(factory=dict)
    problems: tuple[SyncProblem, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.changes and not self.held

    @property
    def fingerprint(self) -> str:
        """A hash of all that the plan says: what an approval names."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def of(self, *actions: Action) -> tuple[Change, ...]:
        """Return the safe steps of some actions."""
        return tuple(change for change in self.changes if change.action in actions)

    def require_safe(self) -> None:
        """
        Do nothing if the plan holds nothing back.

        Raises:
            UnsafePlanError: EDL-PLAN-003 with the count behind each limit.
        """
        if self.holds:
            counts = {
                f"{h.reason} {h.kind}" + (f" in {h.org_id}" if h.org_id else ""): h.count
                for h in self.holds
            }
            message = f"the plan holds {len(self.held)} changes that exceed {len(counts)} limits"
            fix = "Look at plan.holds; then approve its fingerprint, or mend the source."
            raise UnsafePlanError("EDL-PLAN-003", message, counts=counts, fix=fix)

    def approve(self, fingerprint: str) -> "SyncPlan":
        """
        Return the held steps as a plan of their own, to be applied right after this one.

        Args:
            fingerprint: Of this very plan, as the person who approves saw it.

        Raises:
            UnsafePlanError: EDL-PLAN-004 when it is another plan's.
        """
        if fingerprint != self.fingerprint:
            message = "the approval is of another plan"
            fix = "Show this plan's holds and approve its own fingerprint."
            counts = {"held": len(self.held)}
            raise UnsafePlanError("EDL-PLAN-004", message, counts=counts, fix=fix)
        archived = {(c.kind, c.sourced_id) for c in self.held}
        absences = (a for a in self.memory.absences if (a.kind, a.sourced_id) not in archived)
        memory = attrs.evolve(
            self.memory, revision=self.memory.revision + 1, absences=tuple(absences), holds=()
        )
        return attrs.evolve(
            self,
            memory_before=self.memory,
            memory=memory,
            changes=self.held,
            held=(),
            holds=(),
            kept=(),
            unchanged={},
            problems=(),
        )

    def inverse(self) -> "SyncPlan":
        """Return the plan that undoes the safe steps, from the last to the first."""
        return attrs.evolve(
            self,
            memory_before=self.memory,
            memory=self.memory_before,
            changes=tuple(change.inverse() for change in reversed(self.changes)),
            held=(),
            holds=(),
            kept=(),
            unchanged={},
            problems=(),
        )

    def counts(self) -> dict[str, dict[str, int]]:
        """Return the number of records by what becomes of them, and by kind."""
        found: dict[str, dict[str, int]] = {}
        for change in self.changes:
            _count(found, str(change.action), change.kind)
        for change in self.held:
            _count(found, "held", change.kind)
        for keep in self.kept:
            _count(found, f"kept_{keep.reason}", keep.kind)
        return found | ({"unchanged": dict(self.unchanged)} if self.unchanged else {})

    def to_text(self) -> str:
        """Return the counts, holds and problems as lines of text; no person is in it."""
        lines = [f"Plan for {self.source} on {self.on}"]
        for name, kinds in self.counts().items():
            each = ", ".join(f"{kind} {n}" for kind, n in kinds.items())
            lines.append(f"  {name.replace('_', ' ')}: {each}")
        for hold in self.holds:
            where = f" in {hold.org_id}" if hold.org_id else ""
            numbers = f"{hold.count} of {hold.of}, limit {hold.limit}"
            lines.append(f"  HOLD {hold.code} {hold.reason} {hold.kind}{where}: {numbers}")
        for problem in self.problems:
            word = "PROBLEM" if problem.is_unmet else "NOTE"
            number = len(problem.sourced_ids)
            lines.append(f"  {word} {problem.code} {problem.reason} {problem.kind}: {number}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        sizes = {"changes": self.changes, "held": self.held, "kept": self.kept}
        counts = ", ".join(f"{name}={len(items)}" for name, items in sizes.items())
        return f"SyncPlan({self.source}, {self.on}, {counts})"

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON-safe values; its changes hold personal data."""
        bare = to_plain(attrs.evolve(self, changes=(), held=()))
        changes = [change.to_dict() for change in self.changes]
        held = [change.to_dict() for change in self.held]
        return {"version": VERSION, **bare, "changes": changes, "held": held}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SyncPlan":
        """
        Return the plan that ``to_dict`` wrote.

        Raises:
            ConfigError: EDL-CONF-097 for another version or shape.
        """
        try:
            if is_version(data["version"], VERSION):
                facts = {n: data[n] for n in data if n not in ("version", "changes", "held")}
                return attrs.evolve(
                    from_plain(cls, facts),
                    changes=tuple(_change(item) for item in listed(data["changes"])),
                    held=tuple(_change(item) for item in listed(data["held"])),
                )
        except (KeyError, TypeError, ValueError, AttributeError):
            pass
        message = "this is not a sync plan of this version"
        raise ConfigError("EDL-CONF-097", message, fix="Plan again with this version of edlink.")


def _count(found: dict[str, dict[str, int]], name: str, kind: Kind) -> None:
    kinds = found.setdefault(name, {})
    kinds[str(kind)] = kinds.get(str(kind), 0) + 1


_ORDER = {action: place for place, action in enumerate(Action)}
_KIND_ORDER = {kind: place for place, kind in enumerate(RECORD_TYPES)}


def ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return steps in the order of Action; what others hang on comes first, and goes last."""

    def place(change: Change) -> tuple[int, int, str, str]:
        kind = _KIND_ORDER[change.kind]
        last_first = change.action in (Action.merge, Action.archive, Action.unmanage)
        return (
            _ORDER[change.action],
            -kind if last_first else kind,
            change.sourced_id,
            change.ref or "",
        )

    return tuple(sorted(changes, key=place))
