"""
An invented school district behind real provider protocols, for tests of host apps.

::

    from edlink import sandbox

    with sandbox.start(people=500, provider="oneroster", version="1.1") as district:
        ...  # point a client at district.base_url, then compare with district.truth
"""

from collections.abc import Iterable
from typing import Any

from edlink.sandbox.district import District
from edlink.sandbox.doors import find_door
from edlink.sandbox.faults import FAULTS, Expects, Fault
from edlink.sandbox.server import Sandbox

__all__ = ["FAULTS", "District", "Expects", "Fault", "Sandbox", "start"]


def start(  # noqa: PLR0913 - every argument has a default; tests name the one they need
    people: int = 5000,
    provider: str = "oneroster",
    version: str | None = None,
    *,
    auth: str | None = None,
    seed: int = 1,
    faults: Iterable[str] = (),
    latency: float = 0.0,
    token_lifetime: float = 3600.0,
    school_year: int = 2027,
    **options: Any,  # noqa: ANN401 - a provider's own options
) -> Sandbox:
    """
    Return a sandbox that is running on a free loopback port; use it in a ``with`` statement.

    Args:
        people: How many users the district has, from 50 to 1,000,000.
        provider: Whose protocol it speaks, such as ``oneroster`` or ``classlink``.
        version: Which version of it; by default the one that is usual for the provider.
        auth: How a client signs in: ``oauth2``, ``oauth1`` or ``bearer``; by default what is
            usual for the provider.
        seed: Which of the invented districts.
        faults: Names from ``FAULTS`` that are on from the start.
        latency: Seconds to wait before every answer.
        token_lifetime: Seconds that an OAuth 2 token is good for.
        school_year: The calendar year in which the current school year ends.
        options: Further settings that only this provider has.

    Raises:
        ConfigError: EDL-CONF-040 to EDL-CONF-043, for a size, provider, version, way to sign in,
            option or fault that there is not.
    """
    usual = find_door(provider)
    return Sandbox(
        district=District(people, seed, school_year),
        provider=provider,
        version=version or usual.version,
        auth=auth or usual.auth,
        faults=faults,
        latency=latency,
        token_lifetime=token_lifetime,
        options=options,
    )
