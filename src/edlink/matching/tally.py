"""What a plan would take away, counted per kind and school, and judged by the limits."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property

import attrs

from edlink.matching.firewall import Places
from edlink.matching.host import Hold, HostRecord
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
        self, kind: Kind, arriving: Iterable[frozenset[str]], policy: SyncPolicy, on: date
    ) -> tuple[Hold, ...]:
        """
        Return each limit that a kind exceeds, ordered by org, all of them first.

        Args:
            kind: The kind.
            arriving: The orgs of each of its records that the roster has.
            policy: The host's settings.
            on: The day.
        """
        orgs = [org_id for of, org_id in self.removed if of is kind]
        if not orgs:
            return ()
        found: dict[Scope, int] = {}
        for org_ids in arriving:
            _add(found, kind, org_ids)
        holds: list[Hold] = []
        for org_id in sorted(orgs, key=lambda i: (i is not None, i or "")):
            scope = self._scope(kind, org_id, policy, on)
            here = [] if (kind, org_id) in found else [scope.hold("fall_to_zero")]
            here += [scope.hold(reason) for reason in scope.exceeded()]
            known = {hold.reason for hold in here}
            here += [hold for hold in self._held_before(scope) if hold.reason not in known]
            holds += here
        return tuple(holds)

    def _scope(self, kind: Kind, org_id: str | None, policy: SyncPolicy, on: date) -> "_Scope":
        limits = policy.limits_for(kind, on)
        in_year = policy.active_profile(on) is Profile.in_year
        classes = kind is Kind.enrollment and org_id is _EVERYWHERE and in_year
        share = policy.class_loss_percent
        return _Scope(
            kind=kind,
            org_id=org_id,
            active=self.active[kind, org_id],
            removed=self.removed[kind, org_id],
            floor=limits.floor,
            limits={
                "fall_to_zero": 0,
                "removed_percent": limits.removed_percent,
                "changed_percent": limits.changed_percent,
                **({} if limits.cap is None else {"removed_cap": limits.cap}),
                **({"class_loss": share} if classes else {}),
            },
            counts={
                "changed_percent": self.changed.get((kind, org_id), 0),
                "class_loss": self._lossy_classes(share) if classes else 0,
            },
            classes=len(self.enrolled),
        )

    def _lossy_classes(self, share: int) -> int:
        """Return how many classes lose more than a share of their enrollments."""
        return sum(n * _WHOLE > self.enrolled[i] * share for i, n in self.vanished.items())

    def _held_before(self, scope: "_Scope") -> Iterator[Hold]:
        """Yield the holds of the last plan that nothing has answered since."""
        for hold in self._last_holds.get((scope.kind, scope.org_id), ()):
            limit = scope.limits.get(hold.reason)
            same = limit is not None and limit <= hold.limit and scope.removed >= hold.removed
            # Whether anything arrives is seen anew each time.
            if same and hold.reason != "fall_to_zero":
                yield hold

    @cached_property
    def _last_holds(self) -> Mapping[Scope, list[Hold]]:
        found: dict[Scope, list[Hold]] = {}
        for hold in self.places.host.memory.holds:
            found.setdefault((hold.kind, hold.org_id), []).append(hold)
        return found


_CODES = {
    "fall_to_zero": "EDL-SYNC-010",
    "removed_percent": "EDL-SYNC-011",
    "removed_cap": "EDL-SYNC-012",
    "changed_percent": "EDL-SYNC-013",
    "class_loss": "EDL-SYNC-014",
}


@attrs.frozen(kw_only=True)
class _Scope:
    """One kind in one org, or in all: its numbers and its limits."""

    kind: Kind
    org_id: str | None
    active: int
    removed: int
    floor: int
    limits: Mapping[str, int]
    counts: Mapping[str, int]
    classes: int

    def exceeded(self) -> Iterator[str]:
        """Yield the reasons whose limits are exceeded: more than the limit, more than the floor."""
        for reason, limit in self.limits.items():
            count = self.counts.get(reason, self.removed)
            many = (self.removed if reason == "class_loss" else count) > self.floor
            share = count * _WHOLE > self.of(reason) * limit
            over = count > limit if reason == "removed_cap" else share
            if reason != "fall_to_zero" and many and over:
                yield reason

    def of(self, reason: str) -> int:
        """Return what a reason's count is a part of."""
        return self.classes if reason == "class_loss" else self.active

    def hold(self, reason: str) -> Hold:
        """Return a hold for a reason."""
        return Hold(
            code=_CODES[reason],
            reason=reason,
            kind=self.kind,
            org_id=self.org_id,
            count=self.counts.get(reason, self.removed),
            of=self.of(reason),
            limit=self.limits[reason],
            removed=self.removed,
        )


def _add(counts: dict[Scope, int], kind: Kind, orgs: Iterable[str]) -> None:
    """Count a record in each of its orgs and in all."""
    for org_id in (*orgs, _EVERYWHERE):
        counts[kind, org_id] = counts.get((kind, org_id), 0) + 1


def _add_enrollment(counts: dict[str, int], record: Record) -> None:
    """Count an enrollment for its class; other records are not counted."""
    if isinstance(record, Enrollment) and record.class_id is not None:
        counts[record.class_id] = counts.get(record.class_id, 0) + 1
