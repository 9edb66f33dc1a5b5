"""Where each thing that can be asked for lies, in each version; data, and the look-up of it."""

from collections.abc import Mapping
from typing import cast
from urllib.parse import quote

import attrs

from edlink.clever.versions import ROLE_WORDS, Version
from edlink.clever.wire import Collection
from edlink.errors import ConfigError
from edlink.vocabulary import Role

#: The same in every version.
_SHARED: Mapping[str, str] = {
    "districts": "/districts",
    "district": "/districts/{id}",
    "district_of_school": "/schools/{id}/district",
    "district_of_term": "/terms/{id}/district",
    "district_of_course": "/courses/{id}/district",
    "district_of_section": "/sections/{id}/district",
    "schools": "/schools",
    "school": "/schools/{id}",
    "sections_of_school": "/schools/{id}/sections",
    "terms": "/terms",
    "term": "/terms/{id}",
    "sections_of_term": "/terms/{id}/sections",
    "courses": "/courses",
    "course": "/courses/{id}",
    "sections_of_course": "/courses/{id}/sections",
    "sections": "/sections",
    "section": "/sections/{id}",
    "course_of_section": "/sections/{id}/course",
    "school_of_section": "/sections/{id}/school",
    "term_of_section": "/sections/{id}/term",
    "events": "/events",
    "event": "/events/{id}",
}

#: Version 3: people are one collection, and ``role`` a parameter that four of its lists take.
_MULTI_ROLE: Mapping[str, str] = {
    "users": "/users",
    "user": "/users/{id}",
    "district_of_user": "/users/{id}/district",
    "users_of_school": "/schools/{id}/users",
    "users_of_section": "/sections/{id}/users",
    "schools_of_user": "/users/{id}/schools",
    "sections_of_user": "/users/{id}/sections",
    "contacts_of_user": "/users/{id}/mycontacts",
    "students_of_user": "/users/{id}/mystudents",
    "teachers_of_user": "/users/{id}/myteachers",
    "courses_of_school": "/schools/{id}/courses",
    "terms_of_school": "/schools/{id}/terms",
    "schools_of_course": "/courses/{id}/schools",
    "schools_of_term": "/terms/{id}/schools",
}
_TAKES_ROLE = frozenset({"users", "users_of_school", "users_of_section"})
_TAKES_PRIMARY = frozenset({"users_of_school", "schools_of_user"})

#: Version 2: people are five collections; the first key is Clever's word for the role.
_FLAT: Mapping[tuple[str, str], str] = {
    ("users", "student"): "/students",
    ("users", "teacher"): "/teachers",
    ("users", "staff"): "/school_admins",
    ("users", "district_admin"): "/district_admins",
    ("users", "contact"): "/contacts",
    ("user", "student"): "/students/{id}",
    ("user", "teacher"): "/teachers/{id}",
    ("user", "staff"): "/school_admins/{id}",
    ("user", "district_admin"): "/district_admins/{id}",
    ("user", "contact"): "/contacts/{id}",
    ("district_of_user", "student"): "/students/{id}/district",
    ("district_of_user", "teacher"): "/teachers/{id}/district",
    ("district_of_user", "staff"): "/school_admins/{id}/district",
    ("district_of_user", "district_admin"): "/district_admins/{id}/district",
    ("district_of_user", "contact"): "/contacts/{id}/district",
    ("users_of_school", "student"): "/schools/{id}/students",
    ("users_of_school", "teacher"): "/schools/{id}/teachers",
    ("users_of_section", "student"): "/sections/{id}/students",
    ("users_of_section", "teacher"): "/sections/{id}/teachers",
    ("teacher_of_section", ""): "/sections/{id}/teacher",
    ("school_of_user", "student"): "/students/{id}/school",
    ("school_of_user", "teacher"): "/teachers/{id}/school",
    ("schools_of_user", "student"): "/students/{id}/schools",
    ("schools_of_user", "teacher"): "/teachers/{id}/schools",
    ("schools_of_user", "staff"): "/school_admins/{id}/schools",
    ("sections_of_user", "student"): "/students/{id}/sections",
    ("sections_of_user", "teacher"): "/teachers/{id}/sections",
    ("contacts_of_user", "student"): "/students/{id}/contacts",
    ("students_of_user", "teacher"): "/teachers/{id}/students",
    ("students_of_user", "contact"): "/contacts/{id}/students",
    ("teachers_of_user", "student"): "/students/{id}/teachers",
}

#: Where a path's last word is not the collection of its rows.
_COLLECTIONS: Mapping[str, str] = {
    "mycontacts": "users",
    "mystudents": "users",
    "myteachers": "users",
    "course": "courses",
    "district": "districts",
    "school": "schools",
    "teacher": "teachers",
    "term": "terms",
}


@attrs.frozen(kw_only=True)
class Endpoint:
    """
    One address.

    Attributes:
        path: Percent-encoded, without the version.
        template: The same with ``{id}``, for messages.
        params: What picks the rows.
        collection: What the rows, or the one row, are.
    """

    path: str
    template: str
    params: tuple[tuple[str, str], ...] = ()
    collection: Collection

    @property
    def label(self) -> str:
        """How messages call it; no id is in it."""
        return f"GET {self.template}"


def find_endpoint(
    version: Version,
    name: str,
    *,
    record_id: str | None = None,
    role: Role | None = None,
    primary: bool = False,
) -> Endpoint:
    """
    Return where something lies.

    Args:
        version: The version spoken.
        name: What is asked for, such as ``users_of_school``.
        record_id: The id of the record it hangs on.
        role: The people wanted, or, where one person is asked about, that person's role, which
            version 2 must know.
        primary: Only what is primary, a person's school or a school's people; version 2 lists no
            other people of a school.

    Raises:
        ConfigError: EDL-CONF-061 this version has no such thing; EDL-CONF-062 no role of Clever's.
    """
    word = None if role is None else ROLE_WORDS.get(role)
    if role is not None and word is None:
        message = "Clever has students, teachers, staff, administrators and contacts"
        raise ConfigError("EDL-CONF-062", message, fix="Ask for one of these roles.")
    template = _SHARED.get(name) or _template(version, name, word)
    if template is None:
        message = f"Clever {version.name} has no {name.replace('_', ' ')} for this role"
        fix = "Name a role that has them, or use version 3."
        raise ConfigError("EDL-CONF-061", message, fix=fix)
    params = _params(name, word, primary=primary) if version.has_multi_role_users else ()
    return Endpoint(
        path=template.replace("{id}", quote(record_id or "", safe="")),
        template=template,
        params=params,
        collection=_collection(template),
    )


def _params(name: str, word: str | None, *, primary: bool) -> tuple[tuple[str, str], ...]:
    role = (("role", word),) if word is not None and name in _TAKES_ROLE else ()
    return (*role, ("primary", "true")) if primary and name in _TAKES_PRIMARY else role


def _template(version: Version, name: str, word: str | None) -> str | None:
    if version.has_multi_role_users:
        return _MULTI_ROLE.get(name)
    if word is None and name in ("contacts_of_user", "teachers_of_user"):
        word = "student"
    return _FLAT.get((name, word or ""))


def _collection(template: str) -> Collection:
    word = [word for word in template.split("/") if word != "{id}"][-1]
    return cast("Collection", _COLLECTIONS.get(word, word))
