"""What a fault is: a name, what it does, what a correct client makes of it, and how it acts."""

import threading
import zlib
from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeAlias

import attrs

from edlink.sandbox.district import District
from edlink.sandbox.exchange import Exchange, Reply
from edlink.vocabulary import Kind


class Expects(StrEnum):
    """
    What a correct client hands over while a fault is on.

    ``truth``: all that was sent, which is ``Sandbox.expected``.  ``issues``: the same, and at
    least one issue or warning that says what was wrong.  ``error``: an EdlinkError.
    """

    truth = "truth"
    issues = "issues"
    error = "error"


class Memory:
    """Counters of one fault while it is on; safe to use from several threads."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._kept: str | None = None
        self._lock = threading.Lock()

    def count(self, name: str = "") -> int:
        """Return how often this has been asked before for a name."""
        with self._lock:
            before = self._counts.get(name, 0)
            self._counts[name] = before + 1
        return before

    def seen(self, name: str = "") -> int:
        """Return how often ``count`` was asked for a name."""
        return self._counts.get(name, 0)

    def keep(self, value: str) -> str:
        """Return the first value that was ever given here."""
        with self._lock:
            if self._kept is None:
                self._kept = value
            return self._kept

    def first(self, name: str = "") -> bool:
        """Return whether this is asked for the first time for a name."""
        return self.count(name) == 0


#: Answers in the door's place, or lets the request through with None.
Meet: TypeAlias = Callable[[Exchange, Memory], Reply | None]
#: Changes the page that is looked up, or its records, in the exchange.
Change: TypeAlias = Callable[[Exchange, Memory], None]
#: Returns the reply that is sent instead of the one given.
Send: TypeAlias = Callable[[Exchange, Reply, Memory], Reply]
#: Returns what arrives of a record, or None where it does not arrive.
Reads: TypeAlias = Callable[[Kind, Any, District], Any]

ONEROSTER = frozenset({"oneroster", "classlink"})
CLEVER = frozenset({"clever"})
VERACROSS = frozenset({"veracross"})
EDUCATION = frozenset({"entra"})
DIRECTORY = frozenset({"entra-directory"})
EVERYWHERE: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class Fault:
    """
    One way in which a server goes wrong.

    Attributes:
        name: What switches it on.
        summary: What it does, in one sentence.
        expects: What a correct client hands over.
        may_raise: Whether an EdlinkError is as good.
        providers: The doors that can have it; empty means all.
        versions: The versions that can have it; empty means all.
        auths: The ways to sign in that can have it; empty means all.
        meet: Answers in the door's place.
        turn: Changes which page is looked up.
        spoil: Changes the page's records.
        send: Changes the reply.
        reads: What arrives of a record, where that is not all of it.
    """

    name: str
    summary: str
    expects: Expects
    may_raise: bool = False
    providers: frozenset[str] = ONEROSTER
    versions: frozenset[str] = frozenset()
    auths: frozenset[str] = frozenset()
    meet: Meet | None = attrs.field(default=None, repr=False)
    turn: Change | None = attrs.field(default=None, repr=False)
    spoil: Change | None = attrs.field(default=None, repr=False)
    send: Send | None = attrs.field(default=None, repr=False)
    reads: Reads | None = attrs.field(default=None, repr=False)

    @property
    def heals(self) -> bool:
        """Whether a correct client still gives the full truth."""
        return self.expects is Expects.truth and self.reads is None

    def fits(self, provider: str, version: str, auth: str) -> bool:
        """Return whether a door of this provider, version and way to sign in can have it."""
        pairs = ((self.providers, provider), (self.versions, version), (self.auths, auth))
        return all(not known or given in known for known, given in pairs)


def struck(sourced_id: str, one_in: int) -> bool:
    """Return whether a record is one of those that a fault picks, about one in so many."""
    return zlib.crc32(sourced_id.encode()) % one_in == 0
