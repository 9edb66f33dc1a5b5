"""What Clever can say, as Clever's JSON: version 3's people in roles, version 2's flat."""

from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, TypeAlias

from edlink.model import Class, Demographics, Enrollment, Org, Relationship, RoleAssignment, User
from edlink.sandbox.clever.views import Views
from edlink.vocabulary import OrgType, Role

Row: TypeAlias = dict[str, Any]

FLAT = {
    "student": "students",
    "teacher": "teachers",
    "staff": "school_admins",
    "district_admin": "district_admins",
    "contact": "contacts",
}

#: What version 2 does not say of people who are neither students nor teachers.
_UNTOLD = dict.fromkeys(("contact", "staff", "district_admin"), ("created", "last_modified"))


class Rows:
    """
    A district's rows by collection, in the order of their ids, made when first asked for.

    Attributes:
        made: The collections that were asked for so far.
    """

    def __init__(self, views: Views, version: str) -> None:
        self._views = views
        self._version = version
        self.made: dict[str, list[Row]] = {}

    def of(self, collection: str) -> list[Row] | None:
        """Return the rows of a collection, or None where this version has none such."""
        if collection not in self.made:
            made = self._make(collection)
            if made is None:
                return None
            self.made[collection] = sorted(made, key=lambda row: str(row["id"]))
        return self.made[collection]

    def _make(self, collection: str) -> list[Row] | None:
        flat = {name: word for word, name in FLAT.items()}
        if collection == "users" and not self._is_flat:
            return self._people
        if collection in flat and self._is_flat:
            word = flat[collection]
            return [flatten(word, row) for row in self._people if word in row["roles"]]
        return {
            "districts": self._districts,
            "schools": self._schools,
            "terms": self._terms,
            "courses": self._courses,
            "sections": self._sections,
        }.get(collection, lambda: None)()

    @property
    def _is_flat(self) -> bool:
        return self._version.startswith("2")

    def _districts(self) -> list[Row]:
        (org,) = (org for org in self._views.orgs if org.type is OrgType.district)
        return [
            {
                "id": org.sourced_id,
                "name": org.name,
                "state": "running",
                "sis_type": "sftp",
                "error": "",
                "launch_date": "2026-08-01",
            }
        ]

    def _schools(self) -> list[Row]:
        return [self._school(org) for org in self._views.orgs if org.type is OrgType.school]

    def _school(self, org: Org) -> Row:
        return {
            "id": org.sourced_id,
            "district": org.parent_id,
            "name": org.name,
            **{str(i.type_raw): i.value for i in org.identifiers},
            "phone": "",
            "last_modified": moment(org.date_last_modified),
        }

    def _terms(self) -> list[Row]:
        return [
            {
                "id": session.sourced_id,
                "district": session.org_id,
                "name": session.title,
                "start_date": day(session.start_date),
                "end_date": last_day(session.end_date),
            }
            for session in self._views.academic_sessions
        ]

    def _courses(self) -> list[Row]:
        return [
            {"id": c.sourced_id, "district": c.org_id, "name": c.title, "number": c.course_code}
            for c in self._views.courses
        ]

    def _sections(self) -> list[Row]:
        members: dict[str, list[Enrollment]] = {}
        for enrollment in self._views.enrollments:
            members.setdefault(str(enrollment.class_id), []).append(enrollment)
        return [self._section(c, members[c.sourced_id]) for c in self._views.classes]

    def _section(self, class_: Class, members: list[Enrollment]) -> Row:
        teachers = [e for e in members if e.role is Role.teacher]
        return {
            "id": class_.sourced_id,
            "district": self._views.district_id,
            "school": class_.org_id,
            "name": class_.title,
            "sis_id": class_.sourced_id,
            "section_number": class_.class_code or "",
            "course": class_.course_id,
            "term_id": next(iter(class_.session_ids), None),
            "grade": next(iter(class_.grades_raw), None),
            "subject": class_.subjects[0],
            "period": next(iter(class_.periods), ""),
            "students": [e.user_id for e in members if e.role is Role.student],
            "teachers": [e.user_id for e in teachers],
            "teacher": next((e.user_id for e in teachers if e.is_primary), None),
            "last_modified": moment(class_.date_last_modified),
        }

    @cached_property
    def _people(self) -> list[Row]:
        """The people as version 3 says them, with this version's ids."""
        demographics = {d.sourced_id: d for d in self._views.demographics}
        links: dict[str, list[Relationship]] = {}
        for link in self._views.relationships:
            links.setdefault(link.contact_id, []).append(link)
        return [
            self._person(user, demographics.get(user.sourced_id), links.get(user.sourced_id, []))
            for user in self._views.users
        ]

    def _person(
        self, user: User, demographics: Demographics | None, links: list[Relationship]
    ) -> Row:
        names = {"first": user.given_name, "middle": user.middle_name, "last": user.family_name}
        word = str(user.roles[0].role_raw)
        role: Row = {str(i.type): i.value for i in user.identifiers}
        if user.username:
            role["credentials"] = {"district_username": user.username}
        if word in ("student", "teacher", "staff"):
            role["schools"] = list(dict.fromkeys(r.org_id for r in user.roles))
        if word in ("student", "teacher"):
            role["school"] = user.primary_org_id
        if user.roles[0].title:
            role["title"] = user.roles[0].title
        if demographics is not None:
            role |= self._student(user, demographics)
        if word == "contact":
            role |= {"sis_id": "", "phone": user.phone or "", "phone_type": "Home"}
            role["student_relationships"] = [_relationship(link) for link in links]
        return {
            "id": user.sourced_id,
            "district": self._views.district_id,
            "created": moment(user.date_created),
            "last_modified": moment(user.date_last_modified),
            "email": user.email or "",
            "name": {part: name for part, name in names.items() if name},
            "roles": {word: role},
        }

    def _student(self, user: User, said: Demographics) -> Row:
        row: Row = {
            "grade": next(iter(user.grades_raw), None),
            "graduation_year": "",
            "gender": said.sex_raw,
            "race": said.race_raw,
            "hispanic_ethnicity": "Y" if said.hispanic_or_latino_ethnicity else "N",
            "location": {"address": "", "city": "", "state": "", "zip": ""},
        }
        if said.birth_date is not None:
            born = said.birth_date
            row["dob"] = f"{born.month}/{born.day}/{born.year}"
        if self._version != "2.0":
            row["enrollments"] = [_span(role) for role in user.roles if role.begin_date]
        if self._version == "3.1" and user.preferred_given_name:
            row["preferred_name"] = {"first": user.preferred_given_name}
        return row


def flatten(word: str, row: Row) -> Row:
    """Return a person of version 3 as the flat person of version 2, under the same id."""
    base = {key: value for key, value in row.items() if key != "roles"}
    flat = base | row["roles"][word]
    if word == "contact":
        links = flat.pop("student_relationships")
        flat |= {"name": row["name"]["last"], "students": [link["student"] for link in links]}
        flat |= {key: links[0][key] for key in ("relationship", "type")}
    return {key: value for key, value in flat.items() if key not in _UNTOLD.get(word, ())}


def _relationship(link: Relationship) -> Row:
    return {
        "student": link.student_id,
        "relationship": link.kind_raw,
        "type": link.contact_type_raw,
    }


def _span(role: RoleAssignment) -> Row:
    return {
        "school": role.org_id,
        "start_date": day(role.begin_date),
        "end_date": last_day(role.end_date),
    }


def day(value: date | None) -> str:
    """Return a day as Clever writes it."""
    return "" if value is None else value.isoformat()


def last_day(value: date | None) -> str:
    """Return the last day that counts, from the first that does not."""
    return "" if value is None else (value - timedelta(days=1)).isoformat()


def moment(value: datetime | None) -> str:
    """Return an instant as Clever writes it, in UTC with milliseconds."""
    return "" if value is None else value.strftime("%Y-%m-%dT%H:%M:%S.000Z")
