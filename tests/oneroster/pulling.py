"""What the tests of pulls say again and again."""

from typing import Any

import pytest
from tests._http.loopback import Reply
from tests.oneroster.small_server import District, Hook, Serve

from edlink.coverage import CoverageEntry
from edlink.errors import EdlinkError
from edlink.roster import Roster
from edlink.vocabulary import Kind


def on(path: str, reply: Reply) -> Hook:
    """Return a hook that answers one path so."""
    return lambda ask: reply if ask.path == path else None


def once(path: str, reply: Reply, *, number: int = 0) -> Hook:
    """Return a hook that answers one request for a path so, by default the first."""
    count = iter(range(1_000_000))
    return lambda ask: reply if ask.path == path and next(count) == number else None


def entry(roster: Roster, kind: Kind) -> CoverageEntry:
    """Return what the coverage says of a kind."""
    found = roster.coverage.entry(kind)
    assert found is not None
    return found


def refuse(district: District, serve: Serve, **options: Any) -> EdlinkError:  # noqa: ANN401 - the client's own
    """Return the error with which a pull ends."""
    with pytest.raises(EdlinkError) as caught:
        serve(district, **options).pull_roster()
    return caught.value


def codes(roster: Roster) -> dict[str, int]:
    """Return the codes of a roster's warnings and their counts."""
    counts: dict[str, int] = roster.summary()["warnings"]
    return counts
