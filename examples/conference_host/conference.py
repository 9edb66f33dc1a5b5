"""One school's conference sign-up: its providers, its syncs, its families, and the school."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from functools import cached_property

import attrs
from examples.conference_host.connections import Connection
from examples.conference_host.duplicates import Duplicates
from examples.conference_host.families import Families
from examples.conference_host.login_stores import SqlPendingStore
from examples.conference_host.providers import Demo, Providers
from examples.conference_host.school import School
from examples.conference_host.store import Account, Store
from examples.conference_host.syncs import Syncs
from examples.reference_host import ReferenceHost

from edlink import Identifier, IdentifierType, Role, RoleAssignment, User
from edlink.matching import AttemptLimits, VerificationResult
from edlink.matching.sign_ins import LinkReason
from edlink.report import Finding
from edlink.sso import Identity
from edlink.sso.sender import Sender


def _utc_today() -> date:
    return datetime.now(UTC).date()


@attrs.define(kw_only=True, slots=False)
class Conference:
    """
    The sign-up.

    Attributes:
        store: The host's file.
        public_url: The app's own address; sign-in returns to ``/callback`` below it.
        allow_tests: Whether staff may connect sandboxes by their addresses; never for a school.
        demo: An invented district that staff may connect with one button, or None.
        limits: How often birth dates may be tried.
        sender: Sends the requests of sign-in.
        today: Returns the day, as the school counts it.
    """

    store: Store
    public_url: str
    allow_tests: bool = False
    demo: Demo | None = None
    limits: AttemptLimits = AttemptLimits()
    sender: Sender = Sender()
    today: Callable[[], date] = _utc_today
    _school: tuple[object, School] | None = attrs.field(default=None, init=False, repr=False)

    @cached_property
    def providers(self) -> Providers:
        """What staff have connected."""
        return Providers(
            store=self.store,
            public_url=self.public_url,
            sender=self.sender,
            allow_tests=self.allow_tests,
        )

    @cached_property
    def syncs(self) -> Syncs:
        """The syncs of the roster."""
        return Syncs(store=self.store, providers=self.providers, today=self.today)

    @cached_property
    def duplicates(self) -> Duplicates:
        """The people who are here twice."""
        return Duplicates(store=self.store, syncs=self.syncs)

    @cached_property
    def families(self) -> Families:
        """The families of the school."""
        return Families(store=self.store, limits=self.limits, today=self.today)

    @cached_property
    def pending_logins(self) -> SqlPendingStore:
        """Where logins under way are kept."""
        return SqlPendingStore(self.store)

    def connect(self, side: str, connection: Connection) -> None:
        """Use a provider from now on; what was seen and planned of another source is forgotten."""
        before = self.providers.roster_source() if self.providers.find("roster") else None
        self.providers.keep(side, connection)
        if side == "roster" and self.providers.roster_source() != before:
            self.syncs.forget()

    def check_birth_dates(self) -> tuple[Finding, ...]:
        """Return what would keep parents from adding a child, as of the last sync."""
        school = self.school() if self.providers.find("roster") else None
        return school.directory.report.findings if school and school.refs else ()

    def expect_parents(self) -> tuple[int, int] | None:
        """Return how many parents will be known when they sign in, of how many, once synced."""
        if not (self.providers.find("roster") and self.providers.find("sign-in")):
            return None
        sends_ids = self.providers.sends_ids()
        known, parents = self.families.expect_parents(self.school(), sends_ids=sends_ids)
        return (known, parents) if parents else None

    def school(self) -> School:
        """Return the school as of the last sync, built once for each."""
        hidden = self.syncs.hidden_classes()
        with closing(self._host()) as host:
            key = (host.memory(), hidden, self.today())
            if self._school is None or self._school[0] != key:
                self._school = (key, School.of(host.state(), hidden=hidden, on=self.today()))
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
        with closing(self._host()) as host:
            host.add(typed)

    def sign_in(self, identity: Identity) -> tuple[Account | None, LinkReason]:
        """Return whose account it is, and how they are known; see ``Families.sign_in``."""
        vouched_by = self.providers.vouched_by(identity)
        return self.families.sign_in(identity, self.school(), vouched_by)

    def claim(self, account: Account, child: dict[str, str], network: str) -> VerificationResult:
        """Return whether an account may see a child; see ``Families.claim``."""
        return self.families.claim(account, self.school(), child, network)

    def _host(self) -> ReferenceHost:
        return ReferenceHost(self.store.path, self.providers.roster_source())
