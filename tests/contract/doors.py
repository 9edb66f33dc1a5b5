"""The doors of the sandbox as roster sources, and how a test opens each."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
from requests.adapters import BaseAdapter

from edlink import sandbox
from edlink._http import ClientCredentials, HttpSettings, OAuth1
from edlink.classlink import ClassLinkPartner
from edlink.clever import CleverClient
from edlink.coverage import Source
from edlink.entra import Directory, EntraClient
from edlink.oneroster import OneRosterClient
from edlink.oneroster.csv import OneRosterCsv, write_csv
from edlink.roster import Roster, RosterSource
from edlink.sandbox import Sandbox
from edlink.veracross import MemoryTokenStore, VeracrossClient
from edlink.vocabulary import Role

SCOPE = "https://purl.imsglobal.org/spec/or/{}/scope/{}.readonly"
SCOPES = {
    version: tuple(
        SCOPE.format(path, name) for name in ("roster", "roster-core", "roster-demographics")
    )
    for version, path in (("1.1", "v1p1"), ("1.2", "v1p2"))
}


class SkippingClock:
    """The machine's clock, but that a sleep takes no time."""

    def __init__(self) -> None:
        self._skipped = 0.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        """Seconds gone by and slept."""
        return time.monotonic() + self._skipped

    def time(self) -> float:
        """Unix seconds, without what was slept: servers have not slept with us."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Let time pass for this clock alone."""
        with self._lock:
            self._skipped += seconds


#: Small pages, so that a few hundred people are many of them, and no politeness on loopback.
SETTINGS = HttpSettings(rate=0, attempts=4, deadline=60)
PAGE_SIZE = 100
MAX_ROWS = 20_000


@attrs.frozen(kw_only=True)
class Door:
    """One way in: a provider, a version, and a way to sign in."""

    provider: str
    version: str
    auth: str

    def address(self, district: Sandbox) -> str:
        """Return where a client of a sandbox sends its requests."""
        return district.base_url

    def __str__(self) -> str:
        return f"{self.provider}-{self.version}-{self.auth}"

    @contextmanager
    def open(
        self,
        *faults: str,
        people: int = 300,
        adapter: BaseAdapter | None = None,
        **options: Any,  # noqa: ANN401 - what every client takes
    ) -> Iterator[tuple[Sandbox, RosterSource]]:
        """Yield a running sandbox and a client for it, which sends through the adapter."""
        options = {"settings": SETTINGS, "clock": SkippingClock(), "adapter": adapter, **options}
        with (
            sandbox.start(
                people, self.provider, self.version, auth=self.auth, faults=faults
            ) as district,
            OPENERS[self.provider](self, district, options) as client,
        ):
            yield district, client

    def auth_of(self, district: Sandbox) -> OAuth1 | ClientCredentials:
        """Return the credentials that a sandbox accepts."""
        if self.auth == "oauth1":
            return OAuth1(district.key, district.secret)
        return ClientCredentials(
            district.token_url or "",
            district.client_id,
            district.client_secret,
            scopes=SCOPES[self.version],
            clock=SkippingClock(),
        )


@attrs.frozen(kw_only=True)
class Package:
    """A CSV package in a sandbox's place: the truth that was written, and no secret."""

    truth: Roster
    client_secret: str = ""
    secret: str = ""
    api_key: str = ""


@attrs.frozen(kw_only=True)
class CsvDoor(Door):
    """The same district as a OneRoster CSV package, which nobody is asked for over a network."""

    provider: str = "csv"
    auth: str = "file"

    @contextmanager
    def open(
        self,
        *faults: str,
        people: int = 300,
        adapter: BaseAdapter | None = None,  # noqa: ARG002 - no network, no adapter
        **options: Any,  # noqa: ANN401, ARG002 - the same
    ) -> Iterator[tuple[Any, RosterSource]]:
        """Yield what was written and a reader of it; a package has no faults."""
        assert not faults
        with sandbox.start(people, "oneroster", self.version) as district:
            source = Source("oneroster-csv", "sandbox-1")
            truth = attrs.evolve(district.truth, source=source, tombstones=())
        with TemporaryDirectory() as folder:
            path = Path(folder) / "oneroster.zip"
            assert not write_csv(truth, path, self.version).lost
            with OneRosterCsv(path, tenant="sandbox-1", wait=lambda _: None) as client:
                yield Package(truth=truth), client


Client = AbstractContextManager[RosterSource]
Options = Mapping[str, Any]


def open_oneroster(door: Door, district: Sandbox, options: Options) -> Client:
    """Return a client of a OneRoster server."""
    return OneRosterClient(
        door.address(district),
        auth=door.auth_of(district),
        tenant=district.truth.source.tenant,
        page_size=PAGE_SIZE,
        max_rows=MAX_ROWS,
        **options,
    )


@contextmanager
def open_classlink(_: Door, district: Sandbox, options: Options) -> Iterator[RosterSource]:
    """Yield the client of a district that ClassLink's partner list names."""
    settings = options["settings"]
    with ClassLinkPartner(district.api_key, host=district.url, settings=settings) as partner:
        shared = partner.district(district.details["tenant_id"])
        with shared.roster_client(page_size=PAGE_SIZE, max_rows=MAX_ROWS, **options) as client:
            yield client


def open_clever(door: Door, district: Sandbox, options: Options) -> Client:
    """Return a client of a district at Clever."""
    return CleverClient(
        district.api_key,
        version=door.version,
        base_url=door.address(district),
        page_size=PAGE_SIZE,
        **options,
    )


def open_veracross(door: Door, district: Sandbox, options: Options) -> Client:
    """Return a client of a school at Veracross, with a token store of its own."""
    return VeracrossClient(
        district.details["school_route"],
        client_id=district.client_id,
        client_secret=district.client_secret,
        scopes=district.details["scopes"].split(),
        base_url=door.address(district),
        accounts_url=district.details["accounts_url"],
        token_store=MemoryTokenStore(),
        page_size=PAGE_SIZE,
        **options,
    )


def open_entra(door: Door, district: Sandbox, options: Options) -> Client:
    """Return a client of a tenant's education resources, or of its plain directory by rules."""
    details = district.details
    rules = Directory(
        student_groups={details["students_group"]},
        teacher_groups={details["teachers_group"]},
        departments={details["office_department"]: Role.staff},
        class_prefix=details["class_prefix"],
    )
    return EntraClient(
        details["tenant_id"],
        district.client_id,
        district.client_secret,
        directory=rules if door.provider == "entra-directory" else None,
        authority=details["authority"],
        graph_url=door.address(district),
        track_changes=True,
        allow_test_hosts=True,
        **options,
    )


OPENERS: dict[str, Callable[[Door, Sandbox, Options], Client]] = {
    "oneroster": open_oneroster,
    "classlink": open_classlink,
    "clever": open_clever,
    "veracross": open_veracross,
    "entra": open_entra,
    "entra-directory": open_entra,
}

DOORS = (
    Door(provider="oneroster", version="1.1", auth="oauth1"),
    Door(provider="oneroster", version="1.1", auth="oauth2"),
    Door(provider="oneroster", version="1.2", auth="oauth2"),
    Door(provider="classlink", version="1.1", auth="bearer"),
    *(
        Door(provider="clever", version=version, auth="bearer")
        for version in ("2.0", "2.1", "3.0", "3.1")
    ),
    Door(provider="veracross", version="v3", auth="oauth2"),
    Door(provider="entra", version="v1.0", auth="oauth2"),
    Door(provider="entra-directory", version="v1.0", auth="oauth2"),
)

#: Every source there is; a package has no faults to switch on.
SOURCES = (*DOORS, CsvDoor(version="1.1"), CsvDoor(version="1.2"))
