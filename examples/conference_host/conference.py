"""What the host does with edlink; the routes only show it."""

import secrets
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

import attrs
from examples.conference_host.limiter import SqlLimiter
from examples.conference_host.login_stores import SqlPendingStore, SqlReplayStore
from examples.conference_host.providers import Connection, Login, open_client, open_login
from examples.conference_host.school import School
from examples.conference_host.store import Account, Store
from examples.reference_host import ReferenceHost

from edlink import Identifier, IdentifierType, Role, RoleAssignment, User
from edlink.errors import EdlinkError
from edlink.matching import (
    AttemptLimits,
    ClaimPolicy,
    GuardianClaim,
    HostState,
    SyncPlan,
    SyncPolicy,
    VerificationResult,
    filter_terms,
    host_people,
    match_people,
    plan_sync,
    summarize_sync,
    verify_guardian_claim,
)
from edlink.matching.claim_reasons import Reason
from edlink.matching.sign_ins import LinkReason, link_identity
from edlink.report import Finding, SyncReport
from edlink.sso import Identity
from edlink.state import SyncState

#: Schools type dates as Americans do here; the page says so beside the field.
DATE_ORDER = "mdy"


class HostError(Exception):
    """Something was asked of the host too early; the text may be shown to anyone."""


class Held(StrEnum):
    """What to do with the steps that a plan holds back: nothing at all, not yet, or these too."""

    refuse = "refuse"
    leave = "leave"
    approve = "approve"


def _utc_today() -> date:
    return datetime.now(UTC).date()


@attrs.define(kw_only=True, slots=False)
class Conference:
    """
    One school's conference sign-up.

    Attributes:
        store: The host's file.
        public_url: The app's own address; sign-in returns to ``/callback`` below it.
        sandbox: An invented district that staff may connect with one button, or None.
        policy: What the host wants of a sync.
        limits: How often birth dates may be tried.
        today: Returns the day, as the school counts it.
    """

    store: Store
    public_url: str
    sandbox: Connection | None = None
    policy: SyncPolicy = SyncPolicy()
    limits: AttemptLimits = AttemptLimits()
    today: Callable[[], date] = _utc_today
    _school: tuple[object, School] | None = attrs.field(default=None, init=False, repr=False)
    _login: tuple[Connection, Login] | None = attrs.field(default=None, init=False, repr=False)

    # The provider

    @property
    def connection(self) -> Connection | None:
        """The provider that staff have connected, or None."""
        kept = self.store.get("connection")
        return None if kept is None else Connection(**kept)

    def connect(self, connection: Connection) -> None:
        """Use a provider from now on; what was planned from another is forgotten."""
        self.store.keep("connection", attrs.asdict(connection))
        for name in ("plan", "review", "report", "sync_state"):
            self.store.keep(name, None)

    def check_access(self) -> tuple[Finding, ...]:
        """Return what the next pull would meet."""
        with open_client(self._connected()) as client:
            return client.check_access()

    def check_login(self) -> tuple[Finding, ...]:
        """Return what would keep parents from signing in."""
        return self.login().check_login()

    def check_birth_dates(self) -> tuple[Finding, ...]:
        """Return what would keep parents from adding a child, as of the last sync."""
        return self.school().directory.report.findings if self.last_rows() else ()

    def login(self) -> Login:
        """Return the provider's login, made once, so that its keys are fetched once."""
        connection = self._connected()
        if self._login is None or self._login[0] != connection:
            redirect_uri = f"{self.public_url}/callback"
            made = open_login(connection, redirect_uri, SqlReplayStore(self.store))
            self._login = (connection, made)
        return self._login[1]

    @cached_property
    def pending_logins(self) -> SqlPendingStore:
        """Where logins under way are kept."""
        return SqlPendingStore(self.store)

    # Sync

    def plan_next(self) -> SyncPlan:
        """Pull, plan against the host as it is, and keep the plan for somebody to look at."""
        try:
            with open_client(self._connected()) as client:
                pulled = client.pull_roster()
        except EdlinkError as error:
            self.store.keep("report", SyncReport.failure(error).to_dict())
            raise
        current = filter_terms(pulled, on=self.today())
        state = self.state()
        report = match_people(current.roster, host_people(state))
        plan = plan_sync(state, current.roster, report, policy=self.policy, on=self.today())
        titles = [pulled.academic_session(i) for i in current.session_ids]
        review = {
            "report": summarize_sync(state, current.roster, plan).to_dict(),
            "pulled": pulled.counts(),
            "terms": [term.title for term in titles if term and term.title],
            "sync_state": SyncState.after(pulled).to_dict(),
        }
        self.store.keep("plan", plan.to_dict())
        self.store.keep("review", review)
        return plan

    def plan(self) -> SyncPlan | None:
        """Return the plan that waits for somebody to look, or None."""
        kept = self.store.get("plan")
        return None if kept is None else SyncPlan.from_dict(kept)

    def review(self) -> dict[str, Any]:
        """Return what goes with the plan: its report, the rows pulled, the terms."""
        kept: dict[str, Any] = self.store.get("review") or {}
        return kept

    def last_rows(self) -> dict[str, int]:
        """Return the rows of the last pull that was applied, by collection."""
        kept = self.store.get("sync_state")
        return {} if kept is None else dict(SyncState.from_dict(kept).counts)

    def last_report(self) -> SyncReport | None:
        """Return how the last sync ended."""
        kept = self.store.get("report")
        return None if kept is None else SyncReport(**kept)

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
        self._apply(plan)
        if held is Held.approve:
            self._apply(approved)

    def _apply(self, plan: SyncPlan) -> None:
        review = self.review()
        with closing(ReferenceHost(self.store.path, plan.source)) as host:
            host.apply(plan)
        self.store.keep("plan", None)
        self.store.keep("report", review["report"])
        self.store.keep("sync_state", review["sync_state"])

    # The school

    def state(self) -> HostState:
        """Return every record of the host."""
        with closing(ReferenceHost(self.store.path, self._connected().source)) as host:
            return host.state()

    def school(self) -> School:
        """Return the school as of the last sync, built once for each."""
        with closing(ReferenceHost(self.store.path, self._connected().source)) as host:
            memory = host.memory()
            if self._school is None or self._school[0] != (memory, self.today()):
                found = School.of(host.state(), on=self.today())
                self._school = ((memory, self.today()), found)
        return self._school[1]

    def add_student(self, given_name: str, family_name: str, number: str) -> None:
        """Keep a student whom the office typed by hand; a later sync may adopt the record."""
        typed = User(
            sourced_id="typed",
            given_name=given_name,
            family_name=family_name,
            identifiers=(Identifier(type=IdentifierType.student_number, value=number),),
            roles=(RoleAssignment(role=Role.student),),
        )
        with closing(ReferenceHost(self.store.path, self._connected().source)) as host:
            host.add(typed)

    # Families

    def sign_in(self, identity: Identity) -> tuple[Account, LinkReason]:
        """Return the account of whoever signed in, and how, or why not, they are known."""
        school = self.school()
        ids = {ref: sourced_id for sourced_id, ref in school.refs.items()}
        links = {a.key: ids.get(a.person, "") for a in self.store.accounts().values() if a.person}
        link = link_identity(identity, school.roster, links)
        person = None if link.user_id is None else school.refs[link.user_id]
        return self.store.account(identity.key, person), link.reason

    def claim(
        self, account: Account, *, given_name: str, family_name: str, birth_date: str, network: str
    ) -> VerificationResult:
        """Return whether an account may see a child, having kept both answers."""
        school = self.school()
        contact = school.person(account.person)
        claim = GuardianClaim(
            claim_id=secrets.token_hex(8),
            at=datetime.now(UTC),
            actor=str(account.id),
            network=network,
            contact_id=None if contact is None else contact.sourced_id,
            given_name=given_name,
            family_name=family_name,
            birth_date=birth_date,
        )
        policy = ClaimPolicy(secret=self.store.secret("claims"), order=DATE_ORDER)
        limiter = SqlLimiter(self.store, self.limits)
        result = verify_guardian_claim(
            claim, school.directory, limiter=limiter, policy=policy, on=self.today()
        )
        student = school.refs.get(result.private.student_id or "")
        self.store.add_claim(
            {
                "id": claim.claim_id,
                "at": claim.at.isoformat(timespec="seconds"),
                "account": account.id,
                "public": result.public,
                "reason": result.private.reason,
                "fix": result.private.fix,
                "student": student,
            }
        )
        if result.public == "verified" and student:
            self.store.add_child(account.id, student)
        return result

    def approve(self, claim_id: str) -> None:
        """Link the adult of a claim whose birth date was right and who waited for the school."""
        row = self.store.settle_claim(claim_id, Reason.needs_approval)
        if row is not None and row["student"]:
            self.store.add_child(row["account"], row["student"])

    def _connected(self) -> Connection:
        connection = self.connection
        if connection is None:
            message = "No provider is connected yet."
            raise HostError(message)
        return connection
