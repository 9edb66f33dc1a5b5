"""An invented district for the demo, behind each provider's protocol, and its client."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime

import attrs

from edlink import sandbox
from edlink.classlink import ClassLinkPartner
from edlink.clever import CleverClient
from edlink.cli.folding import show_people
from edlink.oneroster import ClientCredentials, HttpSettings, OneRosterClient
from edlink.roster import Roster, RosterSource
from edlink.sandbox import Sandbox
from edlink.veracross import MemoryTokenStore, VeracrossClient

#: Nobody is kept waiting on loopback.
_SETTINGS = HttpSettings(rate=0)

_JULY = 7

_SCOPE = "https://purl.imsglobal.org/spec/or/v1p2/scope/"
_SCOPES = tuple(f"{_SCOPE}{name}.readonly" for name in ("roster", "roster-demographics"))


@contextmanager
def _classlink(district: Sandbox) -> Iterator[RosterSource]:
    tenant = district.details["tenant_id"]
    with (
        ClassLinkPartner(district.api_key, host=district.url, settings=_SETTINGS) as partner,
        partner.district(tenant).roster_client() as client,
    ):
        yield client


def _oneroster(district: Sandbox) -> AbstractContextManager[RosterSource]:
    auth = ClientCredentials(
        district.token_url or "", district.client_id, district.client_secret, scopes=_SCOPES
    )
    return OneRosterClient(district.base_url, auth=auth, settings=_SETTINGS)


def _clever(district: Sandbox) -> AbstractContextManager[RosterSource]:
    return CleverClient(district.api_key, base_url=district.base_url, settings=_SETTINGS)


def _veracross(district: Sandbox) -> AbstractContextManager[RosterSource]:
    return VeracrossClient(
        district.details["school_route"],
        client_id=district.client_id,
        client_secret=district.client_secret,
        scopes=district.details["scopes"].split(),
        base_url=district.base_url,
        accounts_url=district.details["accounts_url"],
        token_store=MemoryTokenStore(),
        settings=_SETTINGS,
    )


def _entra(district: Sandbox) -> AbstractContextManager[RosterSource]:
    from edlink.entra import EntraClient  # noqa: PLC0415 - msal is an extra of its own

    return EntraClient(
        district.details["tenant_id"],
        district.client_id,
        district.client_secret,
        authority=district.details["authority"],
        graph_url=district.base_url,
        allow_test_hosts=True,
        settings=_SETTINGS,
    )


@attrs.frozen(kw_only=True)
class Demo:
    """
    One provider in the demo.

    Attributes:
        version: Of its protocol.
        open: Makes its client.
        faults: Those to show.
        then: What is left to say of a pull, or None.
    """

    version: str
    open: Callable[[Sandbox], AbstractContextManager[RosterSource]]
    faults: tuple[str, ...]
    then: Callable[[Sandbox, Roster], None] | None = None


DEMOS: Mapping[str, Demo] = {
    "classlink": Demo(
        version="1.1",
        open=_classlink,
        faults=("clamped_page", "connection_cut_once", "record_without_id"),
    ),
    "oneroster": Demo(
        version="1.2",
        open=_oneroster,
        faults=("clamped_page", "connection_cut_once", "record_without_id"),
    ),
    "clever": Demo(
        version="3.1",
        open=_clever,
        faults=("clever_small_pages", "clever_empty_429", "clever_syncs_once"),
    ),
    "entra": Demo(
        version="v1.0",
        open=_entra,
        faults=("entra_short_page", "entra_empty_page", "entra_empty_429"),
        then=show_people,
    ),
    "veracross": Demo(version="v3", open=_veracross, faults=("rate_limited_seconds", "gzip")),
}


def school_year() -> int:
    """Return the year in which the school year ends that it is now, so that a term covers today."""
    today = datetime.now(UTC).date()
    return today.year + (today.month >= _JULY)


@contextmanager
def open_demo(
    provider: str, people: int, *, with_faults: bool
) -> Iterator[tuple[Sandbox, RosterSource]]:
    """Yield a running district and its provider's client; both end with the block."""
    demo = DEMOS[provider]
    faults = demo.faults if with_faults else ()
    with (
        sandbox.start(
            people, provider, demo.version, faults=faults, school_year=school_year()
        ) as district,
        demo.open(district) as client,
    ):
        yield district, client
