"""The school as the host knows it: the records that syncs have brought, indexed."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime

import attrs

from edlink import Class, Kind, Role, Roster, User
from edlink.coverage import Coverage, CoverageEntry
from edlink.matching import HostState, StudentDirectory


@attrs.frozen(kw_only=True, repr=False)
class Lesson:
    """A class that a child attends, and who teaches it."""

    title: str
    teachers: tuple[str, ...]


@attrs.frozen(kw_only=True, repr=False)
class Child:
    """What a parent may see of one child."""

    ref: str
    name: str
    school: str
    lessons: tuple[Lesson, ...]


@attrs.frozen(kw_only=True, repr=False)
class School:
    """
    The active records of one source, out of the host's own tables.

    Attributes:
        roster: The records as edlink's functions take them.
        directory: The students as verification looks them up.
        refs: The host's ref of each person by sourced id.
        ids: The sourced id of each person by the host's ref.
        hidden: Sourced ids of the classes that nobody is shown.
    """

    roster: Roster
    directory: StudentDirectory
    refs: Mapping[str, str]
    ids: Mapping[str, str]
    hidden: frozenset[str]

    @classmethod
    def of(cls, state: HostState, *, hidden: Collection[str], on: date) -> "School":
        """
        Return the school that a host's state holds.

        Args:
            state: Every record of the host.
            hidden: Refs of classes that staff have hidden.
            on: The day, as the school counts it.
        """
        held = {kind: [h for h in state.managed(kind).values() if h.is_active] for kind in Kind}
        roster = Roster.from_records(
            (h.record for records in held.values() for h in records),
            source=state.memory.source,
            pulled_at=state.memory.last_applied or datetime(1970, 1, 1, tzinfo=UTC),
            coverage=Coverage(CoverageEntry(kind=kind) for kind in Kind),
        )
        return cls(
            roster=roster,
            directory=StudentDirectory.from_roster(roster, on=on),
            refs={h.sourced_id: h.ref for h in held[Kind.user]},
            ids={h.ref: h.sourced_id for h in held[Kind.user]},
            hidden=frozenset(h.sourced_id for h in held[Kind.class_] if h.ref in hidden),
        )

    def person(self, ref: str | None) -> User | None:
        """Return the active person with a ref, or None."""
        return self.roster.user(self.ids.get(ref or "", ""))

    def name_of(self, ref: str | None) -> str:
        """Return what to call a person, for those who may see it."""
        person = self.person(ref)
        return "" if person is None else full_name(person)

    def child(self, ref: str) -> Child | None:
        """Return what a parent may see of a child, or None where the child has left."""
        student = self.person(ref)
        if student is None:
            return None
        lessons = [
            self.lesson(class_)
            for class_ in self.roster.classes_of_user(student.sourced_id)
            if class_.sourced_id not in self.hidden
        ]
        return Child(
            ref=ref,
            name=full_name(student),
            school=self.place(next((r.org_id for r in student.roles if r.org_id), None)),
            lessons=tuple(sorted(lessons, key=lambda lesson: lesson.title)),
        )

    def lesson(self, class_: Class) -> Lesson:
        """Return what to call a class, and who teaches it."""
        teachers = self.roster.people_of_class(class_.sourced_id, Role.teacher)
        return Lesson(title=class_.title or "Class", teachers=tuple(map(full_name, teachers)))

    def place(self, org_id: str | None) -> str:
        """Return what to call a school."""
        org = self.roster.org(org_id or "")
        return (org and org.name) or ""


def full_name(person: User) -> str:
    """Return a person's preferred or given name, and family name."""
    given = person.preferred_given_name or person.given_name
    family = person.preferred_family_name or person.family_name
    return " ".join(name for name in (given, family) if name) or "(no name)"
