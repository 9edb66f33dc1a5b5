"""The lists and records below a record, such as ``/sections/{id}/users``."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from edlink.sandbox.clever.rows import FLAT, Row, Rows

Ids = set[str]

_SINGULAR = {"course": "courses", "school": "schools", "term": "terms", "district": "districts"}
_MINE = {"mycontacts": "contact", "mystudents": "student", "myteachers": "teacher"}

#: The field of a section that names itself, its course, its term or its school.
_NAMES = {"sections": "id", "courses": "course", "terms": "term_id", "schools": "school"}
_PEOPLE = frozenset({*FLAT.values(), "users", *_MINE})


class Related:
    """
    Finds what belongs to a record.

    Args:
        rows: The district's rows.
        version: Decides what people are called.
    """

    def __init__(self, rows: Rows, version: str) -> None:
        self._rows = rows
        self._is_flat = version.startswith("2")

    def find(self, collection: str, row: Row, what: str, *, primary: bool) -> list[Row] | None:
        """
        Return the rows of a list below a record, or None where Clever has no such list.

        Args:
            collection: The record's.
            row: The record.
            what: The last word of the path.
            primary: Only people whose primary school it is.
        """
        if what == "teacher" and collection == "sections":
            return [t for t in self._rows.of("teachers") or [] if t["id"] == row["teacher"]]
        if what in _PEOPLE:
            return self._people(collection, row, what, primary=primary)
        target = _SINGULAR.get(what, what)
        ids = self._ids(collection, row, target)
        known = self._rows.of(target)
        if ids is None or known is None:
            return None
        return [found for found in known if found["id"] in ids]

    def _ids(self, collection: str, row: Row, target: str) -> Ids | None:
        """Return the ids of the places or sections that belong to a record."""
        if target == "districts":
            return {row["district"]}
        finders: Mapping[str, Callable[[Row, str], Ids]] = {
            "schools": self._of_school,
            "sections": lambda one, t: {one[_NAMES[t]]},
            "courses": lambda one, t: self._by(t, lambda s: s["course"] == one["id"]),
            "terms": lambda one, t: self._by(t, lambda s: s["term_id"] == one["id"]),
        }
        if collection in finders:
            return finders[collection](row, target)
        return self._of_person(row, target)

    def _of_school(self, row: Row, target: str) -> Ids:
        return self._by(target, lambda s: s["school"] == row["id"])

    def _by(self, target: str, wanted: Callable[[Row], Any]) -> Ids:
        """Return ids of sections, or of what sections name."""
        sections = self._rows.of("sections") or []
        return {s[_NAMES[target]] for s in sections if wanted(s)}

    def _of_person(self, row: Row, target: str) -> Ids | None:
        if target == "schools":
            return {s for role in self._roles(row) for s in role.get("schools", ())}
        if target == "sections":
            return self._by("sections", lambda s: row["id"] in (*s["students"], *s["teachers"]))
        return None

    def _people(self, collection: str, row: Row, what: str, *, primary: bool) -> list[Row] | None:
        known = self._rows.of(what if self._is_flat else "users")
        if known is None:
            return None
        if collection == "schools":
            only = primary or self._is_flat
            return [p for p in known if self._is_at(p, row["id"], only=only)]
        ids = self._members((row,)) if collection == "sections" else self._linked(row, what)
        word = _MINE.get(what)
        return [p for p in known if p["id"] in ids and (not word or word in p["roles"])]

    def _is_at(self, person: Row, school: str, *, only: bool) -> bool:
        roles = self._roles(person)
        if only:
            return any(role.get("school") == school for role in roles)
        return any(school in role.get("schools", ()) for role in roles)

    def _members(self, sections: Iterable[Row]) -> Ids:
        return {i for s in sections for i in (*s["students"], *s["teachers"])}

    def _linked(self, row: Row, what: str) -> Ids:
        """Return the people linked to one, by a section or as contacts."""
        if what in ("mycontacts", "contacts"):
            contacts = self._rows.of("contacts" if self._is_flat else "users") or []
            return {c["id"] for c in contacts if row["id"] in _students(c)}
        sections = self._rows.of("sections") or []
        shared = [s for s in sections if row["id"] in (*s["students"], *s["teachers"])]
        return (self._members(shared) | _students(row)) - {row["id"]}

    def _roles(self, row: Row) -> list[Row]:
        return [row] if self._is_flat else list(row.get("roles", {}).values())


def _students(row: Row) -> Ids:
    """Return the students of a contact, in either version."""
    contact = row.get("roles", {}).get("contact", row)
    links = contact.get("student_relationships", ())
    return {link["student"] for link in links} | {*contact.get("students", ())} - {None}
