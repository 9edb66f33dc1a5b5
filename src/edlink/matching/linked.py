"""
The pairs of a report: a ``Link`` to whoever reads one, three references until then.

A district has a million.  Kept as objects they would cost more to make, and the garbage collector
more to look through, than all it takes to find them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import attrs


@attrs.frozen(kw_only=True)
class Evidence:
    """
    How one field of a pair compares.

    ``agreement`` is a word such as ``equal``, ``nickname`` or ``differs``; ``weight`` is in bits
    (0 for rules that do not weigh).
    """

    field: str
    agreement: str
    weight: float = 0.0


@attrs.frozen(kw_only=True)
class Basis:
    """What a pair rests on: a link without its two ids, one for all pairs alike."""

    kind: str
    rule: str
    field: str | None = None
    evidence: tuple[Evidence, ...] = ()
    drift: tuple[str, ...] = ()
    rekeys: str | None = None


@attrs.frozen(kw_only=True)
class Link:
    """
    A pair decided on.

    Attributes:
        incoming: Sourced id of the record that came.
        existing: The host's ref.
        kind: What both are: ``student``, ``staff``, ``guardian``, ``org``, ``class``.
        rule: Name of the rule that decided; ``stored_link`` for one the host had.
        field: The key field that agreed, or None for a stored link.
        evidence: How the fields that the rule looked at compare.
        drift: For a stored link, the fields by which the two now differ.
        rekeys: The sourced id that the host has for it and that did not come, or None.
    """

    incoming: str
    existing: str
    kind: str
    rule: str
    field: str | None = None
    evidence: tuple[Evidence, ...] = ()
    drift: tuple[str, ...] = ()
    rekeys: str | None = None


@attrs.frozen(repr=False, init=False)
class Links(Sequence[Link]):
    """
    The links of a report; equal to other ``Links`` of the same.

    A link is made each time it is read.  Who needs only the ids reads the columns, which are in
    one order.

    Attributes:
        incoming: The sourced id of each.
        existing: The host's ref of each.
        bases: What each rests on.
    """

    incoming: tuple[str, ...]
    existing: tuple[str, ...]
    bases: tuple[Basis, ...]

    def __init__(self, links: Iterable[Link] = ()) -> None:
        if isinstance(links, Links):
            self.__attrs_init__(links.incoming, links.existing, links.bases)
            return
        rows = list(links)
        known: dict[Basis, Basis] = {}
        bases = map(_basis_of, rows)
        self.__attrs_init__(
            tuple(link.incoming for link in rows),
            tuple(link.existing for link in rows),
            tuple(known.setdefault(basis, basis) for basis in bases),
        )

    @classmethod
    def in_order(
        cls, incoming: Sequence[str], existing: Sequence[str], bases: Sequence[Basis]
    ) -> "Links":
        """Return the links of three columns of one length, sorted by incoming id."""
        order = sorted(range(len(incoming)), key=incoming.__getitem__)
        return cls._of(
            tuple(map(incoming.__getitem__, order)),
            tuple(map(existing.__getitem__, order)),
            tuple(map(bases.__getitem__, order)),
        )

    @classmethod
    def _of(
        cls, incoming: tuple[str, ...], existing: tuple[str, ...], bases: tuple[Basis, ...]
    ) -> "Links":
        found = cls()
        found.__attrs_init__(incoming, existing, bases)
        return found

    def __len__(self) -> int:
        return len(self.incoming)

    @overload
    def __getitem__(self, place: int) -> Link: ...

    @overload
    def __getitem__(self, place: slice) -> "Links": ...

    def __getitem__(self, place: int | slice) -> "Link | Links":
        incoming, existing, bases = self.incoming, self.existing, self.bases
        if isinstance(place, slice):
            return Links._of(incoming[place], existing[place], bases[place])
        return _link(incoming[place], existing[place], bases[place])

    def __iter__(self) -> Iterator[Link]:
        return map(_link, self.incoming, self.existing, self.bases)

    def __repr__(self) -> str:
        return f"<{len(self)} links>"


def _link(incoming: str, existing: str, basis: Basis) -> Link:
    return Link(
        incoming=incoming,
        existing=existing,
        kind=basis.kind,
        rule=basis.rule,
        field=basis.field,
        evidence=basis.evidence,
        drift=basis.drift,
        rekeys=basis.rekeys,
    )


def _basis_of(link: Link) -> Basis:
    return Basis(
        kind=link.kind,
        rule=link.rule,
        field=link.field,
        evidence=link.evidence,
        drift=link.drift,
        rekeys=link.rekeys,
    )
