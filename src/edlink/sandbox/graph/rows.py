"""The records as Graph's JSON, by object id; each resource whole, before any ``$select``."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any, TypeAlias

from edlink.model import User
from edlink.sandbox.graph.directory import DirectoryViews, nickname
from edlink.sandbox.graph.views import DEPARTMENTS, Views
from edlink.vocabulary import Role

Json: TypeAlias = dict[str, Any]


class Rows:
    """The resources of one tenant, made when first asked for."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def made(self) -> Mapping[str, Mapping[str, Json]]:
        """Return the lists with changes of their own that were asked for so far, by name."""
        names = ("schools", "classes", "users")
        return {name: getattr(self, name) for name in names if name in vars(self)}

    @cached_property
    def schools(self) -> Mapping[str, Json]:
        """The educationSchools by id."""
        return {
            org.sourced_id: {
                "id": org.sourced_id,
                "displayName": org.name,
                "description": org.name,
                "externalId": org.identifiers[0].value,
                "externalSource": "sis",
                "schoolNumber": None,
                "lowestGrade": None,
                "highestGrade": None,
                "phone": None,
                "principalName": None,
                "principalEmail": None,
            }
            for org in self._views.schools
        }

    @cached_property
    def classes(self) -> Mapping[str, Json]:
        """The educationClasses by id."""
        sessions = {session.sourced_id: session for session in self._views.sessions}
        courses = {course.sourced_id: course for course in self._views.courses}
        found = {}
        for class_ in self._views.classes:
            term, course = sessions[class_.session_ids[0]], courses[str(class_.course_id)]
            last = term.end_date - timedelta(days=1) if term.end_date else None
            found[class_.sourced_id] = {
                "id": class_.sourced_id,
                "displayName": class_.title,
                "mailNickname": nickname(class_.sourced_id),
                "classCode": class_.class_code,
                "externalId": class_.identifiers[0].value,
                "externalName": class_.title,
                "externalSource": "sis",
                "grade": next(iter(class_.grades_raw), None),
                "course": {
                    "externalId": course.sourced_id,
                    "displayName": course.title,
                    "courseNumber": course.course_code,
                    "subject": next(iter(course.subjects), None),
                },
                "term": {
                    "externalId": term.sourced_id.removeprefix("term:"),
                    "displayName": term.title,
                    "startDate": term.start_date and term.start_date.isoformat(),
                    "endDate": last and last.isoformat(),
                },
            }
        return found

    @cached_property
    def users(self) -> Mapping[str, Json]:
        """The educationUsers by id."""
        known = {d.sourced_id: d for d in self._views.demographics}
        return {u.sourced_id: self._user(u, known.get(u.sourced_id)) for u in self._views.accounts}

    def _user(self, user: User, known: Any) -> Json:  # noqa: ANN401 - demographics or None
        role = user.roles[0].role
        number = next((i.value for i in user.identifiers), None)
        born = known.birth_date if known else None
        student = {
            "externalId": number,
            "birthDate": born and born.isoformat(),
            "gender": known.sex_raw if known else None,
            "grade": next(iter(user.grades_raw), None),
            "graduationYear": None,
            "studentNumber": None,
        }
        contacts = self._views.contacts.get(user.sourced_id, ())
        return {
            "@odata.type": "#microsoft.graph.educationUser",
            "id": user.sourced_id,
            "accountEnabled": user.enabled,
            "displayName": user.display_name,
            "givenName": user.given_name,
            "middleName": user.middle_name,
            "surname": user.family_name,
            "mail": user.email,
            "userPrincipalName": user.username,
            "userType": "Member",
            "department": DEPARTMENTS.get(role),
            "mobilePhone": user.sms,
            "primaryRole": user.roles[0].role_raw,
            "externalSource": "sis",
            "onPremisesInfo": None,
            "relatedContacts": [contact.row for contact in contacts],
            "student": student if role is Role.student else None,
            "teacher": {"externalId": number, "teacherNumber": None}
            if role is Role.teacher
            else None,
        }

    @cached_property
    def nested(self) -> Mapping[tuple[str, str], list[str]]:
        """Ids of who or what is in a school or class, or where a person is, by id and word."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for user in self._views.accounts:
            for role in user.roles:
                if role.org_id is not None:
                    found[role.org_id, "users"].append(user.sourced_id)
                    found[user.sourced_id, "schools"].append(role.org_id)
        for class_ in self._views.classes:
            found[str(class_.org_id), "classes"].append(class_.sourced_id)
            found[class_.sourced_id, "schools"].append(str(class_.org_id))
        for row in self._views.enrollments:
            found[str(row.class_id), "members"].append(str(row.user_id))
            found[str(row.user_id), "classes"].append(str(row.class_id))
            if row.role is Role.teacher:
                found[str(row.class_id), "teachers"].append(str(row.user_id))
                found[str(row.user_id), "taughtClasses"].append(str(row.class_id))
        return found

    @cached_property
    def accounts(self) -> Mapping[str, Json]:
        """The users of a plain directory by id: everybody, and a printer that signs in."""
        known = DirectoryViews(self._views).known
        found = {
            key: row
            | {
                "jobTitle": known[key][1],
                "employeeId": known[key][0],
                "onPremisesImmutableId": None,
            }
            for key, row in self.users.items()
        }
        printer = self._views.guid("printer")
        return found | {printer: {"id": printer, "displayName": "Printer", "userType": "Member"}}

    @cached_property
    def groups(self) -> Mapping[str, Json]:
        """The groups of a plain directory by id: three for people by role, and the classes."""
        found = {
            name: {"id": name, "displayName": name, "mailNickname": name.lower()}
            for name in (self.group("Students"), self.group("Teachers"), self.group("Staff"))
        }
        for class_ in self.classes.values():
            found[class_["id"]] = {
                key: class_[key] for key in ("id", "displayName", "mailNickname")
            }
        return found

    def group(self, word: str) -> str:
        """Return the id of the group of all people with a role."""
        return self._views.guid(f"group {word}")

    @cached_property
    def group_members(self) -> Mapping[str, list[str]]:
        """Ids of the users in each group."""
        words = {Role.student: "Students", Role.teacher: "Teachers", Role.other: "Staff"}
        found: dict[str, list[str]] = defaultdict(list)
        for user in self._views.accounts:
            found[self.group(words[user.roles[0].role])].append(user.sourced_id)
        for class_id in self.classes:
            found[class_id] = self.nested.get((class_id, "members"), [])
        return found
