"""The records as Veracross' JSON: rows of each list, and the lists of what its value ids mean."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, TypeAlias

from edlink.model import Class, Enrollment, RoleAssignment, User
from edlink.sandbox.veracross.views import (
    COURSE_TYPES,
    FAMILY,
    GENDERS,
    GRADES,
    PERIOD_TYPES,
    ROUTE,
    Views,
)
from edlink.vocabulary import Role, SessionType

Json: TypeAlias = dict[str, Any]

#: The texts of each value list and the id of its first; the others count on from there.
TEXTS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "grade_level": (20, tuple(GRADES.values())),
    "gender": (1, tuple(GENDERS.values())),
    "relationship": (10, (*(word for word, _ in FAMILY.values()), "Child")),
    "group.type": (1, tuple(dict.fromkeys(word for word, _ in PERIOD_TYPES.values()))),
    "course_type": (3, tuple(dict.fromkeys(COURSE_TYPES.values()))),
    "role": (27, ("Co-Teacher", "Assistant")),
}

#: Which fields of each list have value lists.
LISTED: Mapping[str, tuple[str, ...]] = {
    "/students": ("gender", "grade_level", "campus.id"),
    "/parents": ("gender",),
    "/staff_faculty": ("gender", "campus"),
    "/relationships": ("relationship",),
    "/academics/config/grading_periods": ("group.type", "school_year"),
    "/academics/classes": ("course_type", "school_year"),
    "/academics/permissions": ("role",),
}


def value_id(field: str, text: str | None) -> int | None:
    """Return the id that stands for a text in a field."""
    if text is None:
        return None
    first, texts = TEXTS[field]
    return first + texts.index(text)


class Rows:
    """The rows of every list of one district."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._makers: Mapping[str, Callable[[], list[Json]]] = {
            "/students": lambda: [*map(self._student, self._with(Role.student))],
            "/parents": lambda: [*map(self._parent, self._with(Role.guardian))],
            "/staff_faculty": lambda: [*map(self._staff, self._with(Role.teacher, Role.staff))],
            "/relationships": self._relationships,
            "/academics/config/grading_periods": self._periods,
            "/academics/classes": lambda: [*map(self._class, views.classes)],
            "/academics/enrollments": self._enrollments,
            "/academics/permissions": self._permissions,
            "/contact_info": lambda: [*map(_contact, views.users)],
        }
        self._known: dict[str, list[Json]] = {}

    @property
    def paths(self) -> Iterable[str]:
        """The paths of the lists."""
        return self._makers.keys()

    def of(self, path: str) -> list[Json]:
        """Return the rows of a list, drawn once."""
        if path not in self._known:
            self._known[path] = self._makers[path]()
        return self._known[path]

    def value_lists(self, path: str) -> list[Json]:
        """Return the value lists of a list: ids are text here, and one text is written as HTML."""
        return [_value_list(field, self._items(field)) for field in LISTED.get(path, ())]

    def _items(self, field: str) -> Iterable[tuple[str, str]]:
        if field == "school_year":
            return [(y.sourced_id[5:], str(y.title)) for y in self._years]
        if field.startswith("campus"):
            return [(_number(o.sourced_id), str(o.name)) for o in self._views.orgs[1:]]
        first, texts = TEXTS[field]
        return [(str(first + place), text) for place, text in enumerate(texts)]

    @cached_property
    def _years(self) -> list[Any]:
        sessions = self._views.academic_sessions
        return [s for s in sessions if s.type is SessionType.school_year]

    @cached_property
    def _demographics(self) -> Mapping[str, Any]:
        return {known.sourced_id: known for known in self._views.demographics}

    @cached_property
    def _campuses(self) -> Mapping[str, str | None]:
        return {org.sourced_id: org.name for org in self._views.orgs}

    def _with(self, *roles: Role) -> Iterable[tuple[User, RoleAssignment]]:
        for user in self._views.users:
            for role in user.roles:
                if role.role in roles:
                    yield user, role

    # People

    def _student(self, pair: tuple[User, RoleAssignment]) -> Json:
        user, role = pair
        known = self._demographics[user.sourced_id]
        return {
            **_person(user, role),
            "gender": value_id("gender", known.sex_raw),
            "grade_level": value_id("grade_level", next(iter(user.grades_raw), None)),
            "campus": self._campus(role.org_id),
            "entry_date": _day(role.begin_date),
            "exit_date": None,
            "birthday": _day(known.birth_date),
        }

    def _campus(self, org_id: str | None) -> Json | None:
        if org_id is None or org_id == ROUTE:
            return None
        return {"description": self._campuses[org_id], "id": int(_number(org_id))}

    @staticmethod
    def _parent(pair: tuple[User, RoleAssignment]) -> Json:
        return {**_person(*pair), "head_of_household": None, "first_nick_name": None}

    @staticmethod
    def _staff(pair: tuple[User, RoleAssignment]) -> Json:
        user, role = pair
        at_school = role.org_id == ROUTE
        return {
            **_person(user, role),
            "campus": None if at_school else int(_number(str(role.org_id))),
            "job_title": role.title,
            "date_hired": None,
            "date_terminated": None,
        }

    def _relationships(self) -> list[Json]:
        """Return each link from the student's side and, where both said it, from the adult's."""
        rows: list[Json] = []
        for link in self._views.relationships:
            sides = [(link.student_id, link.contact_id, link.kind_raw)]
            if link.both_sides_confirmed:
                sides.append((link.contact_id, link.student_id, "Child"))
            for person, other, word in sides:
                is_adult = word != "Child"
                row = {
                    "id": 2_000_000 + len(rows),
                    "person_id": int(person),
                    "related_person_id": int(other),
                    "relationship": value_id("relationship", word),
                    "custody_status": link.custody_status_raw if is_adult else None,
                    "resident": is_adult and link.lives_with,
                    "legal_custody": is_adult and link.has_legal_custody,
                    "emergency": is_adult and link.is_emergency_contact,
                    "pick_up": is_adult and link.may_pick_up,
                    "parent_portal_access": is_adult and link.has_portal_access,
                    "receive_general_correspondence": is_adult and link.receives_correspondence,
                    "receive_report_cards": is_adult and link.receives_report_cards,
                    "related_person_is_deceased": False,
                    "last_modified_date": _moment(link.date_last_modified),
                }
                rows.append(row)
        return rows

    # Teaching

    def _periods(self) -> list[Json]:
        years = {y.school_year: int(y.sourced_id[5:]) for y in self._years}
        return [
            {
                "id": int(_number(session.sourced_id)),
                "description": session.title,
                "abbreviation": session.abbreviation,
                "start_date": f"{_day(session.start_date)}T00:00:00Z",
                "end_date": f"{_day(_last(session.end_date))}T00:00:00Z",
                "group": {
                    "id": value_id("group.type", session.type_raw),
                    "description": session.type_raw,
                    "type": value_id("group.type", session.type_raw),
                },
                "major": session.type is SessionType.term,
                "minor": session.type is SessionType.grading_period,
                "period_index": place,
                "school_year": years[session.school_year],
                "last_modified_date": _moment(session.date_last_modified),
            }
            for place, session in enumerate(self._views.academic_sessions)
            if session.type is not SessionType.school_year
        ]

    def _class(self, class_: Class) -> Json:
        course = self._courses[str(class_.course_id)]
        return {
            "id": int(class_.sourced_id),
            "class_id": class_.class_code,
            "description": class_.title,
            "school_year": int(class_.session_ids[0][5:]),
            "campus_id": int(_number(str(class_.org_id))),
            "campus_description": self._campuses[str(class_.org_id)],
            "begin_date": _day(class_.begin_date),
            "end_date": _day(_last(class_.end_date)),
            "course_type": value_id("course_type", class_.class_type_raw),
            "internal_course_id": int(course.sourced_id),
            "course": {
                "id": int(course.sourced_id),
                "course_id": course.course_code,
                "course_name": course.title,
            },
            "primary_teacher_id": self._primary.get(class_.sourced_id),
            "subject_description": next(iter(class_.subjects), None),
            "last_modified_date": _moment(class_.date_last_modified),
        }

    @cached_property
    def _courses(self) -> Mapping[str, Any]:
        return {course.sourced_id: course for course in self._views.courses}

    @cached_property
    def _primary(self) -> Mapping[str | None, int]:
        rows = self._views.enrollments
        return {e.class_id: int(str(e.user_id)) for e in rows if e.is_primary}

    @cached_property
    def _year_of_class(self) -> Mapping[str | None, int]:
        return {c.sourced_id: int(c.session_ids[0][5:]) for c in self._views.classes}

    def _enrollments(self) -> list[Json]:
        return [
            {
                "id": int(e.sourced_id),
                "internal_class_id": int(str(e.class_id)),
                "person_id": int(str(e.user_id)),
                "currently_enrolled": e.end_date is None,
                "late_date_enrolled": _day(e.begin_date),
                "date_withdrawn": _day(_last(e.end_date)),
                "last_modified_date": _moment(e.date_last_modified),
            }
            for e in self._views.enrollments
            if e.role is Role.student
        ]

    def _permissions(self) -> list[Json]:
        return [
            {
                "id": 3_000_000 + place,
                "school_year": self._year_of_class[e.class_id],
                "class": {"id": int(str(e.class_id)), "description": None},
                "person": {"id": int(str(e.user_id)), "name": None},
                "role": value_id("role", e.role_raw),
                "title": e.role_raw,
                "last_modified_date": _moment(e.date_last_modified),
            }
            for place, e in enumerate(self._co_teachers)
        ]

    @cached_property
    def _co_teachers(self) -> list[Enrollment]:
        return [e for e in self._views.enrollments if e.is_primary is False]

    def year_of(self, row: Json) -> int | None:
        """Return the school year of an enrollment's class, which its row does not say."""
        return self._year_of_class.get(str(row.get("internal_class_id")))


def _person(user: User, role: RoleAssignment) -> Json:
    return {
        "id": int(user.sourced_id),
        "first_name": user.given_name,
        "middle_name": user.middle_name,
        "last_name": user.family_name,
        "preferred_name": user.preferred_given_name,
        "household_id": None,
        "gender": None,
        "email_1": user.email,
        "username": user.username,
        "roles": role.role_raw,
        "last_modified_date": _moment(user.date_last_modified),
    }


def _contact(user: User) -> Json:
    return {
        "id": int(user.sourced_id),
        "name": f"{user.given_name} {user.family_name}",
        "household_id": None,
        "email_1": user.email,
        "email_2": None,
        "home_phone": user.phone,
        "mobile_phone": user.sms,
        "business_phone": None,
        "last_modified_date": _moment(user.date_last_modified),
    }


def _value_list(field: str, items: Iterable[tuple[str, str]]) -> Json:
    return {
        "fields": [field],
        "items": [
            {"id": key, "description": text.replace("&", "&amp;"), "sort_key": place}
            for place, (key, text) in enumerate(items)
        ],
        "categories": [],
    }


def _number(sourced_id: str) -> str:
    return sourced_id.partition(":")[2]


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _last(end: date | None) -> date | None:
    """Return the last day of a span whose end is the day after it."""
    return None if end is None else end - timedelta(days=1)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
