"""The rows of people: students, parents, employees, and how each is reached."""

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Any, TypeAlias

from edlink.model import RoleAssignment, User
from edlink.sandbox.veracross.texts import value_id
from edlink.sandbox.veracross.views import Views

Json: TypeAlias = dict[str, Any]

#: The parts of a name that nobody in the district has.
NOBODY = {"name_prefix": "", "name_suffix": ""}

#: Fields that only a record read by its id has.
READ_ALONE: Mapping[str, Json] = {
    "/students": {"name_prefix": 0, "name_suffix": 0, "current_location": ""},
    "/parents": {
        "email_2": "",
        "home_phone": "",
        "mobile_phone": "",
        "business_phone": "",
        "address": {
            **dict.fromkeys(("address_1", "address_2", "address_3"), ""),
            **dict.fromkeys(("city", "state_province", "postal_code"), ""),
            "country": 0,
        },
        "employer": "",
        "occupation": 0,
        "job_title": "",
    },
}


class PersonRows:
    """The people of one school as rows; a text that nobody knows is empty and an id 0."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def name(self, person_id: str | None) -> str:
        """Return a person's first and last name, or nothing where nobody is meant."""
        user = self._users.get(person_id)
        return "" if user is None else f"{user.given_name} {user.family_name}"

    def names(self, person_id: str) -> Json:
        """Return the parts of a person's name."""
        return _names(self._users[person_id])

    def grade(self, person_id: str) -> int:
        """Return the value id of a student's grade."""
        return value_id("grade_level", self._users[person_id].grades_raw[0])

    def student(self, pair: tuple[User, RoleAssignment]) -> Json:
        """Return a row of ``/students``."""
        user, role = pair
        known = self._demographics[user.sourced_id]
        return {
            **_person(user, role),
            "gender": value_id("gender", known.sex_raw),
            "grade_level": self.grade(user.sourced_id),
            "school_level": 0,
            "graduation_year": int(user.graduation_year or 0),
            "homeroom": value_id("homeroom", user.homeroom),
            "homeroom_teacher": self._named(user.homeroom_teacher_id),
            "advisor": self._named(user.advisor_id),
            "campus": self._campus(str(role.org_id)),
            "entry_date": _day(role.begin_date),
            "exit_date": None,
            "birthday": _day(known.birth_date),
            "enrollment_status": 0,
            "house": {"id": 0, "name": ""},
            "student_group": 0,
        }

    def parent(self, pair: tuple[User, RoleAssignment]) -> Json:
        """Return a row of ``/parents``."""
        return {
            **_person(*pair),
            "name_prefix": 0,
            "name_suffix": 0,
            "head_of_household": False,
            "first_nick_name": "",
            "spouse": {"id": 0, "name": ""},
        }

    def staff(self, pair: tuple[User, RoleAssignment]) -> Json:
        """Return a row of ``/staff_faculty``."""
        user, role = pair
        return {
            **_person(user, role),
            "name_prefix": 0,
            "name_suffix": 0,
            "faculty_type": 0,
            "department": 0,
            "job_title": role.title or "",
            "employee_code": 0,
            "date_hired": None,
            "date_terminated": None,
            "campus": self._campus(str(role.org_id))["id"],
        }

    def contact(self, user: User) -> Json:
        """Return a row of ``/contact_info``."""
        return {
            "id": int(user.sourced_id),
            "name": self.name(user.sourced_id),
            "household_id": int(user.household_id or 0),
            "email_1": user.email or "",
            "email_2": "",
            "home_phone": user.phone or "",
            "mobile_phone": user.sms or "",
            "business_phone": "",
            "last_modified_date": _modified(user),
        }

    def _named(self, person_id: str | None) -> Json:
        return {"id": int(person_id or 0), "name": self.name(person_id)}

    def _campus(self, org_id: str) -> Json:
        return {"description": self._campuses[org_id], "id": int(org_id.partition(":")[2])}

    @cached_property
    def _users(self) -> Mapping[str | None, User]:
        return {user.sourced_id: user for user in self._views.users}

    @cached_property
    def _demographics(self) -> Mapping[str, Any]:
        return {known.sourced_id: known for known in self._views.demographics}

    @cached_property
    def _campuses(self) -> Mapping[str, str | None]:
        return {org.sourced_id: org.name for org in self._views.orgs}


def _names(user: User) -> Json:
    return {
        "first_name": user.given_name or "",
        "middle_name": user.middle_name or "",
        "last_name": user.family_name or "",
        "preferred_name": user.preferred_given_name or "",
    }


def _person(user: User, role: RoleAssignment) -> Json:
    return {
        "id": int(user.sourced_id),
        **_names(user),
        "household_id": int(user.household_id or 0),
        "gender": 0,
        "email_1": user.email or "",
        "username": user.username or "",
        "roles": role.role_raw,
        "last_modified_date": _modified(user),
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _modified(user: User) -> str | None:
    moment = user.date_last_modified
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
