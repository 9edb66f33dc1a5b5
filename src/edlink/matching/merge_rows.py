"""
Where the rows go that point to merged people, for all merges of a plan together.

A row may point to two people, such as a child and a guardian.  When both are merged, rows collide
that neither merge alone brings together; so no merge looks at its rows by itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs


@attrs.frozen(kw_only=True)
class Reference:
    """
    A row of the host that points to a person: a booking, a message, a class membership.

    Attributes:
        table: The host's name for what it is.
        row: The row's own id; with table and field unique.
        field: The field of the row that points.
        person: The ref it points to.
        unique_by: What must not be there twice for one person, such as a class id; None where any
            number may be.  The ref of another person to whom the row points follows their merge.
        collapses: Whether, of two rows with one ``unique_by``, one may go; else it is a conflict.
            A row goes whole, with all of its references.
    """

    table: str
    row: str
    field: str
    person: str
    unique_by: str | None = None
    collapses: bool = True

    @property
    def key(self) -> tuple[str, str, str]:
        """What names the reference."""
        return (self.table, self.row, self.field)


@attrs.frozen(kw_only=True)
class ReferenceStep:
    """A row that points elsewhere afterwards; where ``kept_row`` is named, it goes for that one."""

    table: str
    row: str
    field: str
    before: str
    after: str
    kept_row: str | None = None


#: A table and the id of a row in it.
RowKey = tuple[str, str]

#: A survivor, and then the records that are merged into it, in the order of their rank.
Order = Sequence[str]


def rows_of(references: Iterable[Reference]) -> dict[RowKey, list[Reference]]:
    """Return the references of each row, by their fields."""
    found: dict[RowKey, list[Reference]] = {}
    for reference in sorted(references, key=lambda r: r.key):
        found.setdefault((reference.table, reference.row), []).append(reference)
    return found


def unique_after(
    reference: Reference, row: Iterable[Reference], survivors: Mapping[str, str]
) -> str | None:
    """Return what is unique of a reference once people are merged into survivors."""
    unique = reference.unique_by
    is_end = any(end.person == unique for end in row if end is not reference)
    return survivors.get(unique, unique) if is_end and unique is not None else unique


class Rows:
    """The rows of a host, by the people to whom they point."""

    def __init__(self, references: Iterable[Reference]) -> None:
        self._rows = rows_of(references)
        self._by_person: dict[str, list[RowKey]] = {}
        for key, row in self._rows.items():
            for reference in row:
                self._by_person.setdefault(reference.person, []).append(key)

    def count(self, ref: str) -> int:
        """Return how many references point to a person."""
        return len(self._by_person.get(ref, ()))

    def steps(self, orders: Iterable[Order]) -> dict[str, tuple[ReferenceStep, ...]]:
        """
        Return where rows go, by the survivor of each merge.

        Of merges that bring rows together which may not collapse, nothing is returned.
        """
        wanted = {order[0]: order for order in orders}
        while True:
            keys = {
                k for order in wanted.values() for i in order for k in self._by_person.get(i, ())
            }
            meeting = _Meeting(wanted.values(), {key: self._rows[key] for key in keys})
            if not meeting.barred:
                return meeting.steps()
            wanted = {i: order for i, order in wanted.items() if i not in meeting.barred}


class _Meeting:
    """
    Rows as they are once all merges are done.

    Attributes:
        barred: The survivors of merges that bring rows together which may not collapse.
    """

    def __init__(self, orders: Iterable[Order], rows: Mapping[RowKey, Sequence[Reference]]) -> None:
        self.barred: set[str] = set()
        self._survivors: dict[str, str] = {}
        self._ranks: dict[str, int] = {}
        for order in orders:
            self._survivors |= dict.fromkeys(order, order[0])
            self._ranks |= {ref: rank for rank, ref in enumerate(order)}
        self._held: dict[tuple[str, str, str, str], Reference] = {}
        self._found: dict[str, list[ReferenceStep]] = {ref: [] for ref in self._survivors.values()}
        for _, row in sorted(rows.items(), key=lambda item: (self._loss(item[1]), item[0])):
            self._place(row)

    def steps(self) -> dict[str, tuple[ReferenceStep, ...]]:
        """Return the steps of each merge, those of whom it ranks first in front."""
        last = len(self._ranks)

        def rank(step: ReferenceStep) -> tuple[int, str, str, str]:
            return (self._ranks.get(step.before, last), step.table, step.row, step.field)

        return {ref: tuple(sorted(steps, key=rank)) for ref, steps in self._found.items()}

    def _loss(self, row: Iterable[Reference]) -> list[int]:
        """Return how far a row is from staying as it is; the nearest is kept."""
        return sorted((self._ranks.get(found.person, 0) for found in row), reverse=True)

    def _place(self, row: Sequence[Reference]) -> None:
        """Keep a row, or let it go for one that has its place."""
        keys = list(self._keys(row))
        met = [
            (other, causes)
            for key, found in keys
            if (other := self._held.get(key)) and (causes := self._causes(found, other, key))
        ]
        if not met:
            for key, found in keys:
                self._held.setdefault(key, found)
            self._step(row)
        elif all(found.collapses for found in row):
            (kept, (cause, *_)), *_ = met
            self._step(row, kept.row, cause)
        else:
            self.barred.update(cause for _, causes in met for cause in causes)

    def _keys(
        self, row: Sequence[Reference]
    ) -> Iterator[tuple[tuple[str, str, str, str], Reference]]:
        """Yield what no other row may have, and the reference that says so."""
        for found in row:
            unique = unique_after(found, row, self._survivors)
            if unique is not None:
                person = self._survivors.get(found.person, found.person)
                yield (found.table, found.field, person, unique), found

    def _causes(
        self, found: Reference, other: Reference, key: tuple[str, str, str, str]
    ) -> list[str]:
        """Return the survivors of the merges that bring two references together."""
        _, _, person, unique = key
        causes = [unique] if found.unique_by != other.unique_by else []
        # What one person has twice already is tidied with that person, and with nobody else.
        if found.person != other.person or not causes:
            causes.insert(0, person)
        return [cause for cause in causes if cause in self._found]

    def _step(self, row: Iterable[Reference], kept_row: str | None = None, cause: str = "") -> None:
        """Note where a row goes; what points to people apart goes with the merge that is cause."""
        for found in row:
            after = self._survivors.get(found.person, found.person)
            if kept_row is not None or after != found.person:
                self._found[self._survivors.get(found.person, cause)].append(
                    ReferenceStep(
                        table=found.table,
                        row=found.row,
                        field=found.field,
                        before=found.person,
                        after=after,
                        kept_row=kept_row,
                    )
                )
