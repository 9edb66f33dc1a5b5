"""
The providers that the sandbox can play: one file each, and one line here.

A door file has a function ``open_door(settings) -> Door``.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from importlib import import_module
from typing import Any, Protocol, cast

import attrs

from edlink.errors import ConfigError
from edlink.roster import Roster
from edlink.sandbox.active import ActiveFaults
from edlink.sandbox.credentials import Keys
from edlink.sandbox.district import District
from edlink.sandbox.exchange import Exchange, Reply
from edlink.sandbox.truth import Reading


@attrs.frozen
class Entry:
    """The module of a provider's door, and the version and way to sign in that are usual there."""

    module: str
    version: str
    auth: str


#: Every provider that the sandbox can play.
DOORS: Mapping[str, Entry] = {
    "oneroster": Entry("edlink.sandbox.oneroster.door", "1.1", "oauth2"),
    "classlink": Entry("edlink.sandbox.classlink", "1.1", "bearer"),
    "clever": Entry("edlink.sandbox.clever.door", "3.1", "bearer"),
    "veracross": Entry("edlink.sandbox.veracross.door", "v3", "oauth2"),
    "entra": Entry("edlink.sandbox.graph.door", "v1.0", "oauth2"),
    "entra-directory": Entry("edlink.sandbox.graph.door", "v1.0", "oauth2"),
}


@attrs.frozen(kw_only=True)
class Settings:
    """
    What a door is opened with.

    ``host`` is the scheme, address and port that the server listens on, without a path.
    ``options`` are keywords of ``start`` that only one provider knows.
    """

    provider: str
    version: str
    auth: str
    district: District
    faults: ActiveFaults
    keys: Keys
    host: str
    token_lifetime: float
    options: Mapping[str, Any] = attrs.field(factory=dict)


class Door(Protocol):
    """One provider's protocol in front of a district."""

    #: Where a client's ``base_url`` points, and where it asks for tokens (or None).
    base_url: str
    token_url: str | None
    #: Further words that a client needs, by name, such as an application's id.
    details: Mapping[str, str]

    def locate(self, exchange: Exchange) -> None:
        """Tell the exchange what its request is about."""

    def handle(self, exchange: Exchange) -> Reply:
        """Return the answer to a request that was located."""

    def truth(self, readings: Iterable[Reading] = ()) -> Roster:
        """Return what this door says of the district, as a roster."""

    def expire_tokens(self) -> None:
        """Let every token issued so far expire now."""


def find_door(provider: str) -> Entry:
    """
    Return the entry of a provider.

    Raises:
        ConfigError: EDL-CONF-041 for a provider that the sandbox cannot play.
    """
    if provider not in DOORS:
        known = ", ".join(sorted(DOORS))
        raise ConfigError("EDL-CONF-041", f"the sandbox has no such provider; it has {known}")
    return DOORS[provider]


def open_door(settings: Settings) -> Door:
    """
    Return the door of the provider that the settings name.

    Raises:
        ConfigError: EDL-CONF-041 for a provider, and EDL-CONF-042 for a version, way to sign in
            or option that the sandbox does not have.
    """
    module = import_module(find_door(settings.provider).module)
    return cast("Callable[[Settings], Door]", module.open_door)(settings)


def require(
    settings: Settings,
    *,
    versions: Collection[str],
    auths: Collection[str],
    options: Collection[str] = (),
) -> None:
    """
    Return if a door can be opened with these settings.

    Raises:
        ConfigError: EDL-CONF-042 naming what the door has.
    """
    checks = (
        ("version", {settings.version}, versions),
        ("auth", {settings.auth}, auths),
        ("option", set(settings.options), options),
    )
    for name, given, known in checks:
        if not given <= set(known):
            words = ", ".join(sorted(known)) or "none"
            message = f"this sandbox door has no such {name}; it has {words}"
            raise ConfigError("EDL-CONF-042", message)
