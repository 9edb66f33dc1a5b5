"""The client of one directory at Microsoft Entra ID, through Microsoft Graph."""

import json
import re
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from requests.adapters import BaseAdapter

from edlink._http.address import check_url
from edlink._http.exchange import Response
from edlink._http.limits import Clock, SystemClock
from edlink._http.transport import HttpSettings, Transport
from edlink.coverage import Scope, Source
from edlink.entra.access import check_access
from edlink.entra.batch import Batcher
from edlink.entra.changes import pull_changes
from edlink.entra.directory import Directory
from edlink.entra.pages import PROVIDER, Walker
from edlink.entra.pull import Puller
from edlink.entra.token import Credential, GraphToken
from edlink.errors import ConfigError
from edlink.report import Finding
from edlink.roster import Progress, Roster
from edlink.state import ChangeSet, SyncState

AUTHORITY, GRAPH = "https://login.microsoftonline.com", "https://graph.microsoft.com/v1.0"

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class EntraClient:
    """
    One directory, as the host's app registration may see it with application permissions.

    May be used from several threads; use it in a ``with`` block, or ``close`` it.  Needs the extra
    ``entra``.

    Args:
        tenant_id: The directory's id, a GUID; a domain name will not do.
        client_id: The app registration's application id.
        credential: Its client secret; or ``{"private_key_pfx_path": ..., "passphrase": ...}``; or
            ``{"client_assertion": text or callable}``.
        directory: Who is who in a plain directory; None reads the education resources that School
            Data Sync fills.
        track_changes: Ask in each pull where changes begin, so that ``pull_changes`` can follow.
        authority: Another sign-in service, with the tenant; for tests.
        graph_url: Another address of Graph, with its version; for tests.
        allow_test_hosts: Accept hosts that are not Microsoft's.
        settings: Patience, speed and size of requests.
        adapter: Replaces the requests adapter that moves the bytes.
        clock: Replaces the machine's clock.

    Raises:
        ConfigError: EDL-CONF-070 for a tenant id, EDL-CONF-071 for a client id or credential,
            EDL-CONF-072 for another host without ``allow_test_hosts``.
    """

    def __init__(  # noqa: PLR0913 - one keyword per thing a host may set
        self,
        tenant_id: str,
        client_id: str,
        credential: Credential,
        *,
        directory: Directory | None = None,
        track_changes: bool = False,
        authority: str | None = None,
        graph_url: str = GRAPH,
        allow_test_hosts: bool = False,
        settings: HttpSettings | None = None,
        adapter: BaseAdapter | None = None,
        clock: Clock | None = None,
    ) -> None:
        if not _GUID.fullmatch(tenant_id):
            fix = "Copy Directory (tenant) ID from the app registration's Overview page."
            raise ConfigError("EDL-CONF-070", "the tenant id is no GUID", fix=fix)
        if not (client_id.strip() and credential):
            fix = "Copy Application (client) ID, and the value of a client secret."
            raise ConfigError("EDL-CONF-071", "the client id or the credential is empty", fix=fix)
        self._authority = check_url(authority or f"{AUTHORITY}/{tenant_id}", name="authority")
        base_url = check_url(graph_url, name="graph_url").rstrip("/")
        if not allow_test_hosts:
            _require_microsoft(self._authority, base_url)
        settings = settings or HttpSettings()
        self._clock = clock or SystemClock()
        self._auth = GraphToken(
            client_id=client_id,
            credential=credential,
            authority=self._authority,
            clock=self._clock,
            adapter=adapter,
        )
        self._transport = Transport(
            base_url,
            provider=PROVIDER,
            auth=self._auth,
            settings=settings,
            adapter=adapter,
            clock=clock,  # its own, unless replaced: closing ends the pauses on its own alone
            describe=describe_fault,
        )
        walker = Walker(transport=self._transport, base_url=base_url)
        self._puller = Puller(
            walker=walker,
            batcher=Batcher(
                walker=walker,
                auth=self._auth,
                settings=settings,
                clock=self._clock,
                adapter=adapter,
            ),
            source=Source(PROVIDER, tenant_id.lower()),
            rules=directory,
            track_changes=track_changes,
        )

    def __repr__(self) -> str:
        return f"<EntraClient {self._puller.source.tenant}>"

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
        self._auth.close()

    @property
    def source(self) -> Source:
        """Entra and the directory's id."""
        return self._puller.source

    def pull_roster(
        self,
        scope: Scope | None = None,
        *,
        allow_partial: bool = False,
        progress: Progress | None = None,
    ) -> Roster:
        """
        Return the whole directory, or raise.

        What a permission withholds is ``withheld`` in the coverage, as is what is empty.

        Args:
            scope: What is wanted; everything where none is given.
            allow_partial: Return what could be read, with a coverage that says what failed.
            progress: Called with the list's name, rows so far, and None.

        Raises:
            IncompletePullError: EDL-ENTRA-001 a link leads elsewhere, EDL-ENTRA-007 access ended
                in the middle of a list, EDL-ENTRA-008 the scope leaves schools out and who is at
                which is not known, EDL-PULL-001 fewer rows than Graph counts, EDL-PULL-002 a page
                leads back or rows came twice, EDL-PULL-003 no end in sight, EDL-PULL-007 there is
                not one user, EDL-PULL-008 more than one row in a hundred cannot be read.
            AuthError: EDL-ENTRA-002 to EDL-ENTRA-004 no token; or no list can be read.
            ProviderError: As errors.py says.
        """
        return self._puller.pull(
            scope or Scope(),
            pulled_at=datetime.fromtimestamp(self._clock.time(), UTC),
            allow_partial=allow_partial,
            progress=progress,
        )

    def pull_changes(self, state: SyncState) -> ChangeSet:
        """
        Return what changed since a state, by Graph's delta.

        What belongs to a class or person that changed comes with it.  A membership that comes or
        goes alone, and a contact that went, shows in a full pull only.

        Args:
            state: ``SyncState.after(roster)`` of a pull with ``track_changes``, or an earlier
                change set's.

        Raises:
            FullPullRequired: EDL-ENTRA-005 the state has no marks, or Graph has forgotten them:
                only a full pull knows all.  EDL-ENTRA-006 a plain directory has no changes.
            ConfigError: EDL-CONF-103 for another source's state.
            ProviderError: As ``pull_roster``.
        """
        return pull_changes(self._puller, state)

    def check_access(self) -> tuple[Finding, ...]:
        """Return what a first sync would meet, asked with one small page for each permission."""
        return check_access(self._puller, self._auth)


def _require_microsoft(authority: str, base_url: str) -> None:
    """Raise for hosts that credentials must not be sent to unless a test says so."""
    given = [urlsplit(url)[:2] for url in (authority, base_url)]
    if given != [urlsplit(url)[:2] for url in (AUTHORITY, GRAPH)]:
        message = "the authority or Graph address is not Microsoft's"
        fix = "Leave both out; allow_test_hosts=True is for tests alone."
        raise ConfigError("EDL-CONF-072", message, fix=fix)


def describe_fault(response: Response) -> str | None:
    """Return Graph's own word for a fault, or None."""
    word = json.loads(response.body)["error"]["code"]
    return word if isinstance(word, str) else None
