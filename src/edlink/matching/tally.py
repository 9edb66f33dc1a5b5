"""What a plan would take away, counted per kind and school, and judged by the limits."""

from collections.abc import Iterable, Iterator
from datetime import date

import attrs

from edlink.matching.firewall import Places
from edlink.matching.host import HostRecord
from edlink.matching.plan import Hold
from edlink.matching.policy import Profile, SyncPolicy
from edlink.model import Enrollment, Record
from edlink.vocabulary import Kind

_EVERYWHERE: str | None = None
_WHOLE = 100

#: A kind of record in an org, or (None) in all.
Scope = tuple[Kind, str | None]


@attrs.define(kw_only=True)
class Tally:
    """
    Counts per kind and org of one plan, to be judged at the end.

    Attributes:
        places: Where the host's records belong.
        active: Managed records that were active.
        removed: Records that are missing, due or not, or get another id.
        changed: Records whose fields change.
        enrolled: Active enrollments by class.
        vanished: Those of them that are missing.
    """

    places: Places
    active: dict[Scope, int] = attrs.field(factory=dict)
    removed: dict[Scope, int] = attrs.field(factory=dict)
    changed: dict[Scope, int] = attrs.field(factory=dict)
    enrolled: dict[str, int] = attrs.field(factory=dict)
    vanished: dict[str, int] = attrs.field(factory=dict)

    def add_active(self, held: HostRecord) -> None:
        """Count a managed record that the host has."""
        _add(self.active, held.kind, self.places.orgs(held.record))
        _add_enrollment(self.enrolled, held.record)

    def add_changed(self, held: HostRecord) -> None:
        """Count a record whose fields change."""
        _add(self.changed, held.kind, self.places.orgs(held.record))

    def add_removed(self, held: HostRecord) -> None:
        """Count a record that is missing, or gets another id."""
        _add(self.removed, held.kind, self.places.orgs(held.record))
        _add_enrollment(self.vanished, held.record)

    def judge(
        self, kind: Kind, arriving: Iterable[Record], policy: SyncPolicy, on: date
    ) -> tuple[Hold, ...]:
        """
        Return each limit that a kind exceeds, ordered by org, all of them first.

        Args:
            kind: The kind.
            arriving: Its records that the roster has.
            policy: The host's settings.
            on: The day.
        """
        orgs = sorted(
            (org_id for of, org_id in self.removed if of is kind),
            key=lambda org_id: (org_id is not None, org_id or ""),
        )
        holds = [hold for org_id in orgs for hold in self._judge_one(kind, org_id, policy, on)]
        emptied = [o for o in orgs if self.removed[kind, o] == self.active[kind, o]]
        if emptied:
            holds += self._falls_to_zero(kind, emptied, arriving)
        return (*holds, *(self._class_loss(policy, on) if kind is Kind.enrollment else ()))

    def _judge_one(
        self, kind: Kind, org_id: str | None, policy: SyncPolicy, on: date
    ) -> Iterator[Hold]:
        limits = policy.limits_for(kind, on)
        active = self.active[kind, org_id]
        removed = self.removed[kind, org_id]
        changed = self.changed.get((kind, org_id), 0)

        def hold(code: str, reason: str, count: int, limit: int) -> Hold:
            return Hold(
                code=code,
                reason=reason,
                kind=kind,
                org_id=org_id,
                count=count,
                of=active,
                limit=limit,
            )

        if removed > limits.floor and removed * _WHOLE > active * limits.removed_percent:
            yield hold("EDL-SYNC-011", "removed_percent", removed, limits.removed_percent)
        if limits.cap is not None and removed > max(limits.cap, limits.floor):
            yield hold("EDL-SYNC-012", "removed_cap", removed, limits.cap)
        if changed > limits.floor and changed * _WHOLE > active * limits.changed_percent:
            yield hold("EDL-SYNC-013", "changed_percent", changed, limits.changed_percent)

    def _falls_to_zero(
        self, kind: Kind, emptied: Iterable[str | None], arriving: Iterable[Record]
    ) -> Iterator[Hold]:
        """Yield a hold for each org, out of those that lose all, where nothing arrives either."""
        found: dict[Scope, int] = {}
        for record in arriving:
            _add(found, kind, self.places.orgs(record))
        for org_id in emptied:
            if (kind, org_id) not in found:
                active = self.active[kind, org_id]
                yield Hold(
                    code="EDL-SYNC-010",
                    reason="fall_to_zero",
                    kind=kind,
                    org_id=org_id,
                    count=active,
                    of=active,
                )

    def _class_loss(self, policy: SyncPolicy, on: date) -> Iterator[Hold]:
        if policy.active_profile(on) is Profile.rollover:
            return
        share, limits = policy.class_loss_percent, policy.limits_for(Kind.enrollment, on)
        lost = sum(n * _WHOLE > self.enrolled[i] * share for i, n in self.vanished.items())
        if (
            sum(self.vanished.values()) > limits.floor
            and lost * _WHOLE > len(self.enrolled) * share
        ):
            yield Hold(
                code="EDL-SYNC-014",
                reason="class_loss",
                kind=Kind.enrollment,
                count=lost,
                of=len(self.enrolled),
                limit=share,
            )


def _add(counts: dict[Scope, int], kind: Kind, orgs: Iterable[str]) -> None:
    """Count a record in each of its orgs and in all."""
    for org_id in (*orgs, _EVERYWHERE):
        counts[kind, org_id] = counts.get((kind, org_id), 0) + 1


def _add_enrollment(counts: dict[str, int], record: Record) -> None:
    """Count an enrollment for its class; other records are not counted."""
    if isinstance(record, Enrollment) and record.class_id is not None:
        counts[record.class_id] = counts.get(record.class_id, 0) + 1
