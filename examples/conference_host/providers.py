"""The providers that staff have connected: kept, opened and examined."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import attrs
from examples.conference_host.connections import Connection, Connector
from examples.conference_host.login_stores import SqlReplayStore
from examples.conference_host.logins import LOGINS, Landing, Login, keep_metadata
from examples.conference_host.rosters import ROSTERS
from examples.conference_host.store import Store

from edlink.coverage import Source
from edlink.errors import EdlinkError, LoginError
from edlink.report import Finding
from edlink.sso import Identity
from edlink.sso.sender import Sender
from edlink.state import ChangeSource
from edlink.vocabulary import Severity

#: The two things a school connects, often but not always at one provider.
SIDES: Mapping[str, Mapping[str, Connector[Any]]] = {"roster": ROSTERS, "sign-in": LOGINS}


class HostError(Exception):
    """Something was asked of the host that cannot be; the text may be shown to anyone."""


@attrs.frozen(kw_only=True)
class Demo:
    """An invented district that staff may connect with one button."""

    roster: Connection
    login: Connection


@attrs.define(kw_only=True)
class Providers:
    """
    What is connected.

    Attributes:
        store: The host's file.
        public_url: The app's own address.
        sender: Sends the requests of sign-in.
        allow_tests: Whether forms take other addresses than the providers' own.
    """

    store: Store
    public_url: str
    sender: Sender
    allow_tests: bool = False
    _login: tuple[Connection, Login] | None = attrs.field(default=None, init=False, repr=False)

    def find(self, side: str) -> Connection | None:
        """Return what is connected on a side, or None."""
        kept = self.store.get(side)
        return None if kept is None else Connection(**kept)

    def require(self, side: str) -> Connection:
        """
        Return what is connected on a side.

        Raises:
            HostError: Nothing is.
        """
        found = self.find(side)
        if found is None:
            what = "Sign-in" if side == "sign-in" else "A roster"
            message = f"{what} is not connected yet."
            raise HostError(message)
        return found

    def read(self, side: str, name: str, typed: Mapping[str, str]) -> Connection:
        """
        Return the connection that a form describes.

        Raises:
            HostError: There is no such form, it is not complete, or names an address that is for
                tests or does not answer.
            ConfigError: What was typed cannot be right.
        """
        connector = SIDES.get(side, {}).get(name)
        if connector is None:
            message = "There is no such provider."
            raise HostError(message)
        facts = connector.read(typed)
        if connector.missing(facts):
            message = f"Please fill in: {', '.join(connector.missing(facts))}."
            raise HostError(message)
        if connector.test_addresses(facts) and not self.allow_tests:
            message = "Sandbox addresses are switched off here: give the provider's, on https."
            raise HostError(message)
        if side == "sign-in":
            connector.open(facts, self._landing())
            facts = self._with_metadata(facts)
            connector.open(facts, self._landing())
        return Connection(name=name, facts=facts)

    def _with_metadata(self, facts: Mapping[str, str]) -> dict[str, str]:
        try:
            return keep_metadata(facts, self._landing())
        except LoginError:
            message = "The metadata address does not answer. Look at it, or try again later."
        raise HostError(message)

    def keep(self, side: str, connection: Connection) -> None:
        """Use a connection from now on."""
        self.store.keep(side, attrs.asdict(connection))

    def roster_source(self) -> Source:
        """Return the roster's provider and tenant."""
        connection = self.require("roster")
        return ROSTERS[connection.name].source(connection.facts)

    def open_roster(self) -> AbstractContextManager[ChangeSource]:
        """Return the roster's client, for a ``with`` block."""
        connection = self.require("roster")
        return ROSTERS[connection.name].open(connection.facts)

    def login(self) -> Login:
        """Return the login, made once, so that its keys are fetched once."""
        connection = self.require("sign-in")
        if self._login is None or self._login[0] != connection:
            made = LOGINS[connection.name].open(connection.facts, self._landing())
            self._login = (connection, made)
        return self._login[1]

    def vouched_by(self, identity: Identity) -> Source | None:
        """Return whose ids are the roster's too, where staff said that sign-in's are."""
        return identity.source if "vouches" in self.require("sign-in").facts else None

    def sends_ids(self) -> bool:
        """Return whether sign-in says who of the roster somebody is."""
        connection = self.require("sign-in")
        connector, facts = LOGINS[connection.name], connection.facts
        is_same = connector.source(facts) == self.roster_source()
        return "vouches" in facts or (is_same and connector.sends_ids)

    def check_roster(self) -> tuple[Finding, ...]:
        """Return what the next pull would meet."""

        def check() -> tuple[Finding, ...]:
            with self.open_roster() as client:
                return client.check_access()

        return _findings(check) if self.find("roster") else ()

    def check_login(self) -> tuple[Finding, ...]:
        """Return what would keep people from signing in."""
        return _findings(lambda: self.login().check_login()) if self.find("sign-in") else ()

    def _landing(self) -> Landing:
        replay_store = SqlReplayStore(self.store)
        return Landing(public_url=self.public_url, replay_store=replay_store, sender=self.sender)


def _findings(check: Callable[[], tuple[Finding, ...]]) -> tuple[Finding, ...]:
    """Return what a check finds; where it cannot even begin, that is the finding."""
    try:
        return check()
    except EdlinkError as error:
        return (
            Finding(
                code=error.code,
                severity=Severity.error,
                title=error.message,
                fix=error.fix,
                who="partner" if error.fix else "nobody",
            ),
        )
