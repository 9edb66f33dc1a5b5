"""Syncs: pull, plan, look, apply, undo, and what staff want of them."""

from collections.abc import Callable
from contextlib import closing
from datetime import date
from enum import StrEnum
from typing import Any

import attrs
from examples.conference_host.providers import HostError, Providers
from examples.conference_host.pulls import Pulls
from examples.conference_host.store import Store, is_in_use
from examples.reference_host import InUseError, ReferenceHost

from edlink import Kind, Roster
from edlink.errors import EdlinkError
from edlink.matching import (
    HostState,
    Override,
    Overrides,
    OverrideType,
    SyncPlan,
    SyncPolicy,
    TermOverview,
    host_links,
    host_people,
    match_people,
    plan_sync,
    summarize_sync,
    term_overview,
)
from edlink.report import SyncReport

#: Until staff decide otherwise: the classes of the terms that today lies in.
POLICY = SyncPolicy(respect_sessions=True, respect_enrollment_dates=True)


class Held(StrEnum):
    """What to do with the steps that a plan holds back: nothing at all, not yet, or these too."""

    refuse = "refuse"
    leave = "leave"
    approve = "approve"


@attrs.frozen(kw_only=True)
class Syncs:
    """
    The syncs of one roster.

    Attributes:
        store: The host's file.
        providers: Where the roster comes from.
        today: Returns the day, as the school counts it.
    """

    store: Store
    providers: Providers
    today: Callable[[], date]

    @property
    def pulls(self) -> Pulls:
        """What was last seen of the source."""
        return Pulls(self.store)

    def forget(self) -> None:
        """Forget what belongs to another source; the host's own records stay."""
        self.pulls.forget()
        for name in ("plan", "report", "applied", "policy"):
            self.store.keep(name, None)

    # A plan

    def make_plan(self, *, whole: bool = False) -> SyncPlan:
        """
        Pull, plan against the host as it is, and keep the plan for somebody to look at.

        Args:
            whole: Read everything again, also where the source tells of changes.
        """
        try:
            with self.providers.open_roster() as client:
                roster = self.pulls.pull(client, whole=whole)
        except EdlinkError as error:
            self.store.add_report("failed", SyncReport.failure(error).to_dict())
            raise
        state = self.state()
        plan = plan_sync(
            state,
            roster,
            match_people(roster, host_people(state), links=host_links(state, Kind.user)),
            policy=self.policy(),
            overrides=self.overrides(),
            on=self.today(),
        )
        self.store.keep("plan", plan.to_dict())
        self.store.keep("report", summarize_sync(state, roster, plan).to_dict())
        return plan

    def plan(self) -> SyncPlan | None:
        """Return the plan that waits for somebody to look, or None."""
        kept = self.store.get("plan")
        return None if kept is None else SyncPlan.from_dict(kept)

    def apply(self, fingerprint: str, held: Held) -> None:
        """
        Apply the plan that was looked at.

        Args:
            fingerprint: Of the plan as it was shown.
            held: What to do where the plan holds steps back.

        Raises:
            ConfigError: EDL-PLAN-001 where the host changed since the plan was made.
            UnsafePlanError: EDL-PLAN-003 where steps are held and nobody said what to do,
                EDL-PLAN-004 where another plan was shown.
        """
        plan = self.plan()
        if plan is None:
            message = "There is no plan. Look for changes first."
            raise HostError(message)
        approved = plan.approve(fingerprint)
        if held is Held.refuse:
            plan.require_safe()
        plans = [plan, approved] if held is Held.approve else [plan]
        self._apply(plans)
        self.store.keep("applied", [each.to_dict() for each in plans])
        self.store.add_report("applied", self.store.get("report"))

    def may_undo(self) -> bool:
        """Return whether the last sync can be undone."""
        return self.store.get("applied") is not None

    def undo(self) -> None:
        """
        Undo the last sync.

        Raises:
            ConfigError: EDL-PLAN-001 where the host changed since.
            HostError: There is no sync to undo, or somebody uses what it brought in.
        """
        kept = self.store.get("applied")
        if kept is None:
            message = "There is no sync to undo. Once people have been merged none can be."
            raise HostError(message)
        try:
            self._apply([SyncPlan.from_dict(plan).inverse() for plan in reversed(kept)])
        except InUseError:
            message = (
                "This sync cannot be undone any more: families or staff already use what it"
                " brought in. Mend it at the provider, and sync again."
            )
            raise HostError(message) from None
        self.store.keep("applied", None)
        self.store.add_report("undone", None)

    def night(self) -> SyncReport:
        """
        Look for changes and apply them, unless the plan holds something or is the first.

        Returns:
            How it ended; ``partial`` where the plan waits for staff.
        """
        plan = self.make_plan()
        if not plan.holds and plan.memory_before.last_applied is not None:
            self.apply(plan.fingerprint, Held.refuse)
        return SyncReport(**self.store.get("report"))

    def _apply(self, plans: list[SyncPlan]) -> None:
        with closing(self._host()) as host:
            host.apply(*plans)
        self.store.keep("plan", None)

    # What staff want

    def policy(self) -> SyncPolicy:
        """Return the settings."""
        kept = self.store.get("policy")
        return POLICY if kept is None else SyncPolicy.from_dict(kept)

    def set_policy(self, policy: SyncPolicy) -> None:
        """Keep settings; a plan that was made with others is forgotten."""
        self.store.keep("policy", policy.to_dict())
        self.store.keep("plan", None)

    def overrides(self) -> Overrides:
        """Return what staff decided about single records."""
        kept = self.store.get("overrides")
        return Overrides() if kept is None else Overrides.from_dict(kept)

    def hidden_classes(self) -> frozenset[str]:
        """Return the refs of the classes that staff have hidden."""
        return frozenset(entry.ref for entry in self.overrides().entries if entry.ref)

    def hide_class(self, ref: str, *, hidden: bool) -> None:
        """Hide a class from parents and from sync, or show it again."""
        entries = [entry for entry in self.overrides().entries if entry.ref != ref]
        if hidden:
            entries.append(
                Override(
                    type=OverrideType.hidden,
                    kind=Kind.class_,
                    ref=ref,
                    actor="staff",
                    day=self.today(),
                )
            )
        self.store.keep("overrides", Overrides(entries).to_dict())
        self.store.keep("plan", None)

    # What there is

    def seen(self) -> Roster | None:
        """Return the roster as it was last pulled, or None."""
        return self.pulls.last()

    def terms(self, seen: Roster | None) -> TermOverview | None:
        """Return the terms of the roster as it was last pulled, or None."""
        return None if seen is None else term_overview(seen, on=self.today())

    def history(self) -> list[dict[str, Any]]:
        """Return how the last syncs ended, the latest first."""
        return self.store.reports()

    def state(self) -> HostState:
        """Return every record of the host."""
        with closing(self._host()) as host:
            return host.state()

    def _host(self) -> ReferenceHost:
        return ReferenceHost(self.store.path, self.providers.roster_source(), is_in_use)
