"""
The records as Veracross' JSON: rows of each list, and the lists of what its value ids mean.

Every property that the vendor's specification requires is there.  A text that nobody knows is
empty and an id 0; only a date that nobody knows is null, since there is no empty date, and the
teacher of a class whose teacher is gone.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, TypeAlias

from edlink.model import AcademicSession, Class, Enrollment, RoleAssignment, User
from edlink.sandbox.veracross.person_rows import NOBODY, READ_ALONE, PersonRows
from edlink.sandbox.veracross.texts import LISTED, TEXTS, value_id
from edlink.sandbox.veracross.views import Views
from edlink.vocabulary import Role, SessionType

Json: TypeAlias = dict[str, Any]

#: The status of a class that is taught.
ACTIVE = 1

#: The days of a school's cycle on which every class meets.
DAYS = (1, 4)

NOTHING = {"id": 0, "description": "", "abbreviation": ""}

PORTALS = (
    "parent_portal_visibility",
    "parent_portal_assignment_display",
    "student_portal_visibility",
    "student_portal_assignment_display",
)
RIGHTS = (
    "update_grades",
    "view_all_student_grades",
    "view_attendance",
    "update_attendance",
    "view_behavior",
    "view_grades",
    "view_progress_report",
    "view_report_card",
    "show_in_teacher_portal",
)


class Rows:
    """The rows of every list of one district."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._people = people = PersonRows(views)
        self._makers: Mapping[str, Callable[[], list[Json]]] = {
            "/students": lambda: [*map(people.student, self._with(Role.student))],
            "/parents": lambda: [*map(people.parent, self._with(Role.guardian))],
            "/staff_faculty": lambda: [*map(people.staff, self._with(Role.teacher, Role.staff))],
            "/relationships": self._relationships,
            "/academics/config/grading_periods": self._periods,
            "/academics/classes": lambda: [*map(self._class, views.classes)],
            "/academics/enrollments": self._enrollments,
            "/academics/permissions": self._permissions,
            "/academics/class_schedules": self._schedules,
            "/contact_info": lambda: [*map(people.contact, views.users)],
        }
        self._known: dict[str, list[Json]] = {}

    @property
    def paths(self) -> Iterable[str]:
        """The paths of the lists."""
        return self._makers.keys()

    def alone(self, path: str, row: Json) -> Json:
        """Return a row as it is read by its id: its campus is a number, and it has more fields."""
        campus = row.get("campus")
        more = {"campus": campus["id"]} if isinstance(campus, dict) else {}
        return {**row, **more, **READ_ALONE.get(path, {})}

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
    def _campuses(self) -> Mapping[str, str | None]:
        return {org.sourced_id: org.name for org in self._views.orgs}

    def _with(self, *roles: Role) -> Iterable[tuple[User, RoleAssignment]]:
        for user in self._views.users:
            for role in user.roles:
                if role.role in roles:
                    yield user, role

    # People

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
                    **self._people.names(other),
                    "id": 2_000_000 + len(rows),
                    "person_id": int(person),
                    "related_person_id": int(other),
                    "relationship": value_id("relationship", word),
                    "custody_status": link.custody_status_raw if is_adult else "",
                    "resident": is_adult and link.lives_with,
                    "legal_custody": is_adult and link.has_legal_custody,
                    "emergency": is_adult and link.is_emergency_contact,
                    "pick_up": is_adult and link.may_pick_up,
                    "parent_portal_access": is_adult and link.has_portal_access,
                    "profile_update_permission": False,
                    "receive_general_correspondence": is_adult and link.receives_correspondence,
                    "receive_report_cards": is_adult and link.receives_report_cards,
                    "receive_invoices": False,
                    "receive_other": False,
                    "medical_notification": False,
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
        teacher = self._primary.get(class_.sourced_id)
        return {
            "id": int(class_.sourced_id),
            "class_id": class_.class_code or "",
            "description": class_.title,
            "status": ACTIVE,
            "school_year": self._year_of(class_.sourced_id),
            "campus_id": int(_number(str(class_.org_id))),
            "campus_description": self._campuses[str(class_.org_id)],
            "begin_date": _day(class_.begin_date),
            "end_date": _day(_last(class_.end_date)),
            "primary_grade_level_id": 0,
            "school_level": 0,
            "course_type": value_id("course_type", class_.class_type_raw),
            "internal_course_id": int(course.sourced_id),
            "course": {
                "id": int(course.sourced_id),
                "course_id": course.course_code or "",
                "course_name": course.title,
            },
            "primary_teacher_id": teacher and int(teacher),
            "primary_teacher_name": self._people.name(teacher),
            "room_id": 0,
            "virtual_meeting_url": "",
            "subject_id": 0,
            "subject_description": next(iter(class_.subjects), ""),
            "department_id": 0,
            "department_description": "",
            "internal_group_id": 0,
            "term_credit_hours": 0,
            "total_credits": 0,
            **dict.fromkeys(PORTALS, 0),
            "last_modified_date": _moment(class_.date_last_modified),
        }

    @cached_property
    def _courses(self) -> Mapping[str, Any]:
        return {course.sourced_id: course for course in self._views.courses}

    @cached_property
    def _primary(self) -> Mapping[str | None, str]:
        rows = self._views.enrollments
        return {e.class_id: str(e.user_id) for e in rows if e.is_primary}

    @cached_property
    def _by_id(self) -> Mapping[str | None, Class]:
        return {class_.sourced_id: class_ for class_ in self._views.classes}

    def _year_of(self, class_id: str | None) -> int:
        session = self._sessions[self._by_id[class_id].session_ids[0]]
        return (session.school_year or 0) - 1

    @cached_property
    def _sessions(self) -> Mapping[str, AcademicSession]:
        return {session.sourced_id: session for session in self._views.academic_sessions}

    def _enrollments(self) -> list[Json]:
        return [self._seat(e) for e in self._views.enrollments if e.role is Role.student]

    def _seat(self, enrollment: Enrollment) -> Json:
        teacher, student = self._primary.get(enrollment.class_id), str(enrollment.user_id)
        return {
            "id": int(enrollment.sourced_id),
            "internal_class_id": int(str(enrollment.class_id)),
            "class_description": self._by_id[enrollment.class_id].title,
            "class_status": ACTIVE,
            "primary_teacher": teacher
            and {**NOBODY, **self._people.names(teacher), "id": int(teacher)},
            "person_id": int(student),
            "person_name": self._people.name(student),
            "grade_level_id": self._people.grade(student),
            "currently_enrolled": enrollment.end_date is None,
            "late_date_enrolled": _day(enrollment.begin_date),
            "date_withdrawn": _day(_last(enrollment.end_date)),
            "level": 0,
            "exclude_from_transcript": False,
            "notes": "",
            "last_modified_date": _moment(enrollment.date_last_modified),
        }

    def _permissions(self) -> list[Json]:
        return [self._permission(place, e) for place, e in enumerate(self._co_teachers)]

    def _permission(self, place: int, enrollment: Enrollment) -> Json:
        class_ = self._by_id[enrollment.class_id]
        course = self._courses[str(class_.course_id)]
        person = str(enrollment.user_id)
        return {
            "id": 3_000_000 + place,
            "school_year": self._year_of(enrollment.class_id),
            "school_level": 0,
            "course": {
                "id": int(course.sourced_id),
                "description": course.title,
                "course_type": value_id("course_type", class_.class_type_raw),
            },
            "class": {"id": int(class_.sourced_id), "description": class_.title},
            "person": {"id": int(person), "name": self._people.name(person)},
            "role": value_id("role", enrollment.role_raw),
            "title": enrollment.role_raw,
            **dict.fromkeys(RIGHTS, True),
            "last_modified_date": _moment(enrollment.date_last_modified),
        }

    def _schedules(self) -> list[Json]:
        """Return a row for each class, period and day; what lasts all year has none."""
        scheduled = [
            (class_, self._sessions[session_id], day)
            for class_ in self._views.classes
            for session_id in class_.session_ids
            for day in DAYS
        ]
        return [
            self._meeting(place, *found)
            for place, found in enumerate(scheduled)
            if found[1].type is not SessionType.school_year
        ]

    def _meeting(self, place: int, class_: Class, period: AcademicSession, day: int) -> Json:
        teacher = self._primary.get(class_.sourced_id)
        return {
            "id": 4_000_000 + place,
            "internal_class_id": int(class_.sourced_id),
            "class_id": class_.class_code or "",
            "primary_teacher_id": teacher and int(teacher),
            "primary_teacher_name": self._people.name(teacher),
            "campus_id": int(_number(str(class_.org_id))),
            "campus_description": self._campuses[str(class_.org_id)],
            "school_level": 0,
            "school_year": self._year_of(class_.sourced_id),
            "grading_period": {
                "id": int(_number(period.sourced_id)),
                "description": period.title,
                "abbreviation": period.abbreviation,
            },
            "day": {"id": day, "description": f"Day {day}", "abbreviation": f"D{day}"},
            "block_group": 0,
            "block": dict(NOTHING),
            "room": dict(NOTHING),
            **dict.fromkeys(("start_time", "override_start_time"), "2026-09-01T09:00:00Z"),
            **dict.fromkeys(("end_time", "override_end_time"), "2026-09-01T09:45:00Z"),
        }

    @cached_property
    def _co_teachers(self) -> list[Enrollment]:
        return [e for e in self._views.enrollments if e.is_primary is False]

    def year_of(self, row: Json) -> int:
        """Return the school year of an enrollment's class, which its row does not say."""
        return self._year_of(str(row["internal_class_id"]))


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
