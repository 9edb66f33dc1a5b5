"""The client of one district at Clever."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import attrs
from requests.adapters import BaseAdapter
from requests.auth import AuthBase

from edlink._http.auth import StaticBearer
from edlink._http.exchange import Response
from edlink._http.limits import Clock, SystemClock, reset_header
from edlink._http.transport import HttpSettings, Transport
from edlink.clever.access import check_access
from edlink.clever.assemble import assemble
from edlink.clever.changes import newest_event, pull_changes
from edlink.clever.convert import convert_row
from edlink.clever.districts import read_district, require_district, state_warnings
from edlink.clever.guardians import GuardianRule
from edlink.clever.mark import Mark
from edlink.clever.pages import PROVIDER
from edlink.clever.pull import ChainResult, Puller, is_short, mark_short
from edlink.clever.reader import CleverReader, OnIssue
from edlink.clever.reading import ConvertSettings
from edlink.clever.versions import find_version
from edlink.clever.walk import MAX_LIMIT, Walker
from edlink.clever.wire import District
from edlink.coverage import Scope, Source
from edlink.errors import ConfigError, IncompletePullError
from edlink.report import Finding
from edlink.roster import Progress, Roster
from edlink.state import ChangeSet, SyncState
from edlink.vocabulary import CoverageState, Kind

HOST = "https://api.clever.com"

#: Clever counts 1,200 requests a minute: without a word on when, a whole one sets it back.
QUOTA_SECONDS = 60.0

#: How often a pull begins again because the district synced meanwhile.
MAX_RESTARTS = 3

_FEW = 5


class CleverClient(CleverReader):
    """
    One district at Clever.

    May be used from several threads; use it in a ``with`` block, or ``close`` it.

    Args:
        district_token: The district's token for this app; or give ``auth``.
        version: ``3.1``, ``3.0``, ``2.1`` or ``2.0``.
        district_id: The district the token must be of; None accepts whichever it is of.
        scopes: The token's scopes, if known, or what looks them up at each pull: what they do not
            open is then said to be withheld without being asked for.
        auth: Signs requests in place of a fixed token.
        base_url: Another address of the API, with its version.
        guardians: Which contacts count as guardians.
        settings: Patience, speed and size of requests.
        page_size: Rows a page, 10,000 at most.
        verify_counts: Compare each collection with Clever's own count (2.0 has none).
        expects_contacts: Take a list without one contact for contacts that are not shared; False
            believes it, for a district that has none.
        keep_metadata: Keep Clever's further fields, ``ext`` above all, on each record.
        on_issue: Called by the lazy lists with each record that was set aside; they log ids
            and field names where none is given.
        adapter: Replaces the requests adapter that moves the bytes.
        clock: Replaces the machine's clock.

    Raises:
        ConfigError: EDL-CONF-060 for an unknown version, EDL-CONF-063 for a page size that Clever
            refuses, EDL-CONF-064 for no credentials or two.
    """

    def __init__(  # noqa: PLR0913 - one keyword per thing a host may set
        self,
        district_token: str | None = None,
        *,
        version: str = "3.1",
        district_id: str | None = None,
        scopes: Iterable[str] | Callable[[], Iterable[str] | None] | None = None,
        auth: AuthBase | None = None,
        base_url: str | None = None,
        guardians: GuardianRule | None = None,
        settings: HttpSettings | None = None,
        page_size: int = MAX_LIMIT,
        verify_counts: bool = True,
        expects_contacts: bool = True,
        keep_metadata: bool = False,
        on_issue: OnIssue | None = None,
        adapter: BaseAdapter | None = None,
        clock: Clock | None = None,
    ) -> None:
        spoken = find_version(version)
        if (district_token is None) == (auth is None):
            raise ConfigError("EDL-CONF-064", "give a district token or an auth, one of the two")
        if not 1 <= page_size <= MAX_LIMIT:
            raise ConfigError("EDL-CONF-063", f"page_size must be from 1 to {MAX_LIMIT}")
        self._clock = clock or SystemClock()
        self._district_id = district_id
        self._transport = Transport(
            base_url or HOST + spoken.path,
            provider=PROVIDER,
            auth=auth or StaticBearer(district_token or ""),
            settings=settings,
            adapter=adapter,
            clock=clock,  # its own, unless replaced: closing ends the pauses on its own alone
            describe=describe_fault,
            pause_hint=reset_header("X-RateLimit-Reset", otherwise=QUOTA_SECONDS),
        )
        super().__init__(
            Walker(transport=self._transport, limit=page_size),
            spoken,
            ConvertSettings(guardians=guardians or GuardianRule(), keep_metadata=keep_metadata),
            on_issue,
        )
        self._scopes = scopes if scopes is None or callable(scopes) else frozenset(scopes)
        self._puller = Puller(
            walker=self._walker,
            version=spoken,
            settings=self._settings,
            scopes=None,
            concurrency=(settings or HttpSettings()).concurrency,
            verify_counts=verify_counts,
            expects_contacts=expects_contacts,
        )

    def __repr__(self) -> str:
        return f"<CleverClient {self._version.name}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    @property
    def version(self) -> str:
        """The version spoken."""
        return self._version.name

    @property
    def source(self) -> Source:
        """Clever and the district; the first look asks Clever where no district was named."""
        if self._district_id is None:
            self._read_district()
        return Source(PROVIDER, str(self._district_id))

    def pull_roster(
        self,
        scope: Scope | None = None,
        *,
        allow_partial: bool = False,
        progress: Progress | None = None,
    ) -> Roster:
        """
        Return the whole district, or raise.

        Each collection and role is one chain of pages; the chains are walked side by side.  Clever
        gives no snapshot, so the district's ``last_sync`` is read before and after; where it moved,
        the pull begins again.  The roster's ``revision`` marks the newest event before the pull.

        Args:
            scope: What is wanted; everything where none is given.
            allow_partial: Return what could be read, with a coverage that says what failed.
            progress: Called with the chain's name, rows so far, and rows expected or None.

        Raises:
            IncompletePullError: EDL-CLEVER-001 a collection broke off, EDL-CLEVER-002 and
                EDL-PULL-002 it does not lead on, EDL-PULL-001 fewer rows than Clever counts,
                EDL-PULL-006 the district kept syncing, EDL-PULL-007 there is not one user,
                EDL-PULL-008 more than one row in a hundred cannot be read, EDL-PULL-010 rows came
                twice, and no count says that all came.
            AuthError: EDL-CLEVER-004 the token is of another district.
            ProviderError: As errors.py says.
        """
        scope = scope or Scope()
        for _ in range(MAX_RESTARTS + 1):
            newest = newest_event(self._walker)
            before = self._read_district()
            results = self._walk_all(scope, allow_partial=allow_partial, progress=progress)
            if self._read_district().get("last_sync") == before.get("last_sync"):
                break
        else:
            raise _incomplete("EDL-PULL-006", "the district synced during every try")
        if not allow_partial:
            _refuse(results, scope)
        return assemble(
            convert_row("districts", before, self._settings).records,
            mark_short(results),
            source=self.source,
            pulled_at=datetime.fromtimestamp(self._clock.time(), UTC),
            revision=None if newest is None else _mark(newest, before, results),
            scope=scope,
            warnings=state_warnings(before),
        )

    def pull_changes(self, state: SyncState) -> ChangeSet:
        """
        Return what changed since a state, by Clever's events feed.

        Args:
            state: ``SyncState.after(roster)`` of a pull, or an earlier change set's.

        Raises:
            FullPullRequired: EDL-CLEVER-003 the state is too old or was reset, less is shared than
                it stands on, or too many contacts must be placed in schools.
            ConfigError: EDL-CONF-103 for another source's state.
        """
        if state.source != self.source:
            raise ConfigError("EDL-CONF-103", "this state belongs to another source")
        puller = self._puller_now()
        return pull_changes(puller, state, self._read_district())

    def check_access(self) -> tuple[Finding, ...]:
        """Return what a first sync would meet, asked with few requests."""
        return check_access(self._version, lambda: (self._puller_now(), self._read_district()))

    def _walk_all(
        self, scope: Scope, *, allow_partial: bool, progress: Progress | None
    ) -> list[ChainResult]:
        chains = [c for c in self._version.chains if any(map(scope.wants_kind, c.kinds))]
        return self._puller_now().run(chains, allow_partial=allow_partial, progress=progress)

    def _puller_now(self) -> Puller:
        """Return what walks chains with what the token opens now."""
        scopes = self._scopes() if callable(self._scopes) else self._scopes
        return attrs.evolve(self._puller, scopes=None if scopes is None else frozenset(scopes))

    def _read_district(self) -> District:
        """Return the token's district, once it is known to be the one this client is for."""
        row = require_district(read_district(self._walker), self._district_id)
        self._district_id = row["id"]
        return row


def _mark(newest: str, district: District, results: Sequence[ChainResult]) -> str:
    """Return where a pull leaves the events feed, and what it could see."""
    shared = {r.chain.name for r in results if r.state is not CoverageState.withheld}
    return Mark(event=newest, synced=district.get("last_sync"), shared=shared).to_text()


def _refuse(results: Sequence[ChainResult], scope: Scope) -> None:
    """Raise for a pull that looks whole and is not."""
    for result in results:
        name, lost = result.chain.name, sum(issue.set_aside for issue in result.issues)
        if is_short(result):
            message = f"{result.received} rows of {name} came, Clever counts {result.reported}"
            raise _incomplete("EDL-PULL-001", message)
        if lost > max(_FEW, result.received // 100):
            message = f"{lost} of {result.received} rows of {name} cannot be read"
            raise _incomplete("EDL-PULL-008", message)
    if scope.wants_kind(Kind.user) and not any(r.received for r in results if r.chain.role):
        fix = "In Clever open the app's Sharing page, press Edit Sharing and share people."
        raise _incomplete("EDL-PULL-007", "there is not one user", fix=fix)


def _incomplete(code: str, message: str, *, fix: str = "") -> IncompletePullError:
    return IncompletePullError(
        code, message, provider=PROVIDER, endpoint="pull_roster", fix=fix, retryable=not fix
    )


def describe_fault(response: Response) -> str | None:
    """Return Clever's own short word for a fault, or None; bodies may be empty or HTML."""
    try:
        body = json.loads(response.body)
    except ValueError:
        return None
    word = body.get("error") if isinstance(body, dict) else None
    return word if isinstance(word, str) else None
