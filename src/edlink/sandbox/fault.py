"""What a fault is: a name, what it does, what a correct client makes of it, and how it acts."""

import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import attrs

from edlink.sandbox.exchange import Exchange, Reply
from edlink.vocabulary import Kind


class Expects(StrEnum):
    """
    What a correct client hands over while a fault is on.

    ``truth``: the whole truth, as if nothing were wrong (with a warning at most).  ``issues``: what
    ``Sandbox.expected`` says, and at least one issue or warning.  ``error``: an EdlinkError.
    """

    truth = "truth"
    issues = "issues"
    error = "error"


class Memory:
    """Counters of one fault while it is on; safe to use from several threads."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def count(self, name: str = "") -> int:
        """Return how often this has been asked before for a name."""
        with self._lock:
            before = self._counts.get(name, 0)
            self._counts[name] = before + 1
        return before


@attrs.frozen(kw_only=True)
class Fault:
    """
    One way in which a server goes wrong.

    Attributes:
        name: What switches it on.
        summary: What it does, in one sentence.
        expects: What a correct client hands over.
        providers: The doors that can have it.
        versions: The versions that can have it; empty means all.
        auths: The ways to sign in that can have it; empty means all.
        least_people: Size of district from which it shows.
        meet: Answers in the door's place, before anything else.
        turn: Changes which page is looked up.
        spoil: Changes the page's records.
        send: Changes the reply.
        reads: What arrives of a record, for ``issues``; None where it does not arrive.
    """

    name: str
    summary: str
    expects: Expects
    providers: frozenset[str] = frozenset({"oneroster", "classlink"})
    versions: frozenset[str] = frozenset()
    auths: frozenset[str] = frozenset()
    least_people: int = 50
    meet: Callable[[Exchange, Memory], Reply | None] | None = attrs.field(default=None, repr=False)
    turn: Callable[[Exchange, Memory], None] | None = attrs.field(default=None, repr=False)
    spoil: Callable[[Exchange, Memory], None] | None = attrs.field(default=None, repr=False)
    send: Callable[[Exchange, Reply, Memory], Reply] | None = attrs.field(default=None, repr=False)
    reads: Callable[[Kind, Any], Any] | None = attrs.field(default=None, repr=False)

    @property
    def heals(self) -> bool:
        """Whether a correct client still gives the full truth."""
        return self.expects is Expects.truth

    def fits(self, provider: str, version: str, auth: str) -> bool:
        """Return whether a door of this provider, version and way to sign in can have it."""
        return (
            provider in self.providers
            and (not self.versions or version in self.versions)
            and (not self.auths or auth in self.auths)
        )
