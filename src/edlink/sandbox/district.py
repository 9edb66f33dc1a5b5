"""An invented district of any size: every record is a pure function of seed, size and place."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

import attrs

from edlink.errors import ConfigError
from edlink.model import (
    AcademicSession,
    Class,
    Course,
    Demographics,
    Enrollment,
    Org,
    Record,
    User,
)
from edlink.sandbox import layout as at
from edlink.sandbox.ids import Ids
from edlink.sandbox.layout import Layout
from edlink.sandbox.people import Population
from edlink.sandbox.teaching import SESSIONS, Teaching
from edlink.vocabulary import Kind

R_co = TypeVar("R_co", covariant=True)
SMALLEST, LARGEST = 50, 1_000_000

#: Blocks of people kept, so that a page and its neighbours are drawn once.
_BLOCKS_KEPT = 64


@attrs.frozen(eq=False)
class Collection(Generic[R_co]):
    """
    The records of one kind by place, in the order of their sourced ids.

    Nothing is stored but what ``District.change`` changed.

    ``len``, indexing by place and iteration work as for a list; ``find`` leads from a sourced id
    back to the record.
    """

    count: int
    _get: Callable[[int], R_co] = attrs.field(repr=False)
    _id_of: Callable[[int], str] = attrs.field(repr=False)
    _place_in: Callable[[str], str] = attrs.field(repr=False)
    _changed: dict[int, Any] = attrs.field(factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> R_co:
        if not 0 <= place < self.count:
            raise IndexError(place)
        changed = self._changed.get(place)
        return self._get(place) if changed is None else cast("R_co", changed)

    def __iter__(self) -> Iterator[R_co]:
        return self.page(range(self.count))

    def page(self, places: Iterable[int]) -> Iterator[R_co]:
        """Yield the records at some places."""
        return map(self.__getitem__, places)

    def place_of(self, sourced_id: str) -> int | None:
        """Return the place of the record with a sourced id, or None."""
        digits = self._place_in(sourced_id)
        if not (digits.isascii() and digits.isdecimal()):
            return None
        place = int(digits[:10])
        known = place < self.count and self._id_of(place) == sourced_id
        return place if known else None

    def find(self, sourced_id: str) -> R_co | None:
        """Return the record with a sourced id, or None."""
        place = self.place_of(sourced_id)
        return None if place is None else self[place]

    def change(self, sourced_id: str, values: Mapping[str, Any]) -> None:
        """
        Replace fields of one record from now on.

        Raises:
            KeyError: No record has that sourced id.
        """
        place = self.place_of(sourced_id)
        if place is None:
            raise KeyError(sourced_id)
        record: Any = self[place]
        self._changed[place] = attrs.evolve(record, **values)


class District:
    """
    A school district that does not exist.

    The same ``people``, ``seed`` and ``school_year`` give the same records, on every machine.
    Records are those of edlink.model, as rich as the richest provider says them; what one
    provider's protocol cannot say, its door leaves out.

    Args:
        people: How many users there are, from 50 to 1,000,000.
        seed: Which of the invented districts.
        school_year: The calendar year in which the current school year ends.

    Raises:
        ConfigError: EDL-CONF-040 for a size outside those limits.
    """

    def __init__(self, people: int = 5000, seed: int = 1, school_year: int = 2027) -> None:
        if not SMALLEST <= people <= LARGEST:
            message = f"a sandbox district has from {SMALLEST} to {LARGEST:,} people"
            raise ConfigError("EDL-CONF-040", message)
        self.layout = Layout(people)
        self.seed = seed
        self.revision = 0  # counts changes, so that nobody keeps what is out of date
        self.ids = ids = Ids(seed)
        self.population = Population(self.layout, ids, seed, school_year)
        self.teaching = Teaching(self.population)
        self._users_of = lru_cache(_BLOCKS_KEPT)(self.population.users)
        self._demographics_of = lru_cache(_BLOCKS_KEPT)(self.population.demographics)
        layout, teaching = self.layout, self.teaching
        self.orgs: Collection[Org] = Collection(
            layout.orgs, teaching.org, ids.org, lambda i: _less(i[:-3], 10_000)
        )
        self.academic_sessions: Collection[AcademicSession] = Collection(
            len(SESSIONS), teaching.session, ids.session, lambda i: _less(i[:-3], 70)
        )
        self.courses: Collection[Course] = Collection(
            at.COURSES, teaching.course, ids.course, lambda i: i[2:5]
        )
        self.classes: Collection[Class] = Collection(
            layout.classes, teaching.class_, ids.class_, lambda i: i[:7]
        )
        self.users: Collection[User] = Collection(people, self._user, ids.user, lambda i: i[1:8])
        self.enrollments: Collection[Enrollment] = Collection(
            layout.enrollments, teaching.enrollment, ids.enrollment, lambda i: i[1:9]
        )
        self.demographics: Collection[Demographics] = Collection(
            layout.students,
            self._demographics,
            lambda place: ids.user(layout.user_of_student(place)),
            self._student_place,
        )

    def change(self, kind: Kind, sourced_id: str, **values: Any) -> None:  # noqa: ANN401 - any field of the model
        """
        Change one record, as a registrar would; it counts as modified now.

        Args:
            kind: What the record is.
            sourced_id: Which one; ids cannot be changed.
            values: Fields of its class in edlink.model, such as ``status=Status.deleted``.

        Raises:
            KeyError: No record of that kind has that sourced id.
            TypeError: The class has no such field.
        """
        now = datetime.now(UTC).replace(microsecond=0)
        self.collection(kind).change(sourced_id, {"date_last_modified": now, **values})
        self.revision += 1

    def collection(self, kind: Kind) -> Collection[Record]:
        """Return the collection of a kind; relationships have none, they are in ``agent_ids``."""
        return cast("Collection[Record]", getattr(self, _COLLECTIONS[kind]))

    def _user(self, place: int) -> User:
        block, slot = divmod(place, at.BLOCK)
        return self._users_of(block)[slot]

    def _demographics(self, place: int) -> Demographics:
        block, slot = divmod(self.layout.user_of_student(place), at.BLOCK)
        return self._demographics_of(block)[slot]

    def _student_place(self, sourced_id: str) -> str:
        user = self.users.place_of(sourced_id)
        if user is None or not self.layout.is_student(user):
            return ""
        block, slot = divmod(user, at.BLOCK)
        return str(block * at.STUDENTS + slot)


_COLLECTIONS: Mapping[Kind, str] = {
    Kind.org: "orgs",
    Kind.academic_session: "academic_sessions",
    Kind.course: "courses",
    Kind.class_: "classes",
    Kind.user: "users",
    Kind.enrollment: "enrollments",
    Kind.demographics: "demographics",
}


def _less(digits: str, start: int) -> str:
    place = int(digits) - start if digits.isascii() and digits.isdecimal() else -1
    return str(place) if place >= 0 else ""
