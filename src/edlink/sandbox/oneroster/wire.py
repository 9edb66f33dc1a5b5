"""The model as OneRoster JSON, field by field (OneRoster 1.1 final and 1.2 information models)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import attrs

from edlink.model import AcademicSession, Class, Course, Demographics, Enrollment, Org, User
from edlink.vocabulary import IdentifierType, Kind, Status

Json: TypeAlias = dict[str, Any]

#: Demographics fields that OneRoster writes as "true" or "false", by the model's names.
FLAGS = {
    "americanIndianOrAlaskaNative": "american_indian_or_alaska_native",
    "asian": "asian",
    "blackOrAfricanAmerican": "black_or_african_american",
    "nativeHawaiianOrOtherPacificIslander": "native_hawaiian_or_other_pacific_islander",
    "white": "white",
    "demographicRaceTwoOrMoreRaces": "demographic_race_two_or_more_races",
    "hispanicOrLatinoEthnicity": "hispanic_or_latino_ethnicity",
}

_OWN_FIELDS = frozenset({IdentifierType.identifier, IdentifierType.master_id})


@attrs.frozen
class Wire:
    """
    Writes records as one version's JSON.

    Attributes:
        version: ``1.1`` or ``1.2``.
        root: Address that ``href`` values start with.
    """

    version: str
    root: str

    def writers(self) -> Mapping[Kind, Callable[[Any], Json]]:
        """Return the function that writes each kind; absent values are left out."""
        return {
            Kind.org: self._org,
            Kind.academic_session: self._session,
            Kind.course: self._course,
            Kind.class_: self._class,
            Kind.user: self._user_1_2 if self.version == "1.2" else self._user_1_1,
            Kind.enrollment: self._enrollment,
            Kind.demographics: self._demographics,
        }

    def _ref(self, path: str, type_: str, sourced_id: str) -> Json:
        href = f"{self.root}/{path}/{sourced_id.replace('/', '%2F')}"
        return {"href": href, "sourcedId": sourced_id, "type": type_}

    def _refs(self, path: str, type_: str, ids: Iterable[str | None]) -> list[Json]:
        return [self._ref(path, type_, i) for i in ids if i is not None]

    def _org(self, org: Org) -> Json:
        row = _base(org)
        row |= {"name": org.name, "type": org.type_raw, "identifier": org.identifiers[0].value}
        if org.parent_id:
            row["parent"] = self._ref("orgs", "org", org.parent_id)
        if org.child_ids:
            row["children"] = self._refs("orgs", "org", org.child_ids)
        return row

    def _session(self, session: AcademicSession) -> Json:
        row = _base(session)
        row |= {
            "title": session.title,
            "startDate": str(session.start_date),
            "endDate": str(session.end_date),
            "type": session.type_raw,
            "schoolYear": str(session.school_year),
        }
        if session.parent_id:
            row["parent"] = self._ref("academicSessions", "academicSession", session.parent_id)
        if session.child_ids:
            row["children"] = self._refs("academicSessions", "academicSession", session.child_ids)
        return row

    def _course(self, course: Course) -> Json:
        return _base(course) | {
            "title": course.title,
            "schoolYear": self._ref(
                "academicSessions", "academicSession", str(course.school_year_id)
            ),
            "courseCode": course.course_code,
            "grades": list(course.grades_raw),
            "subjects": list(course.subjects),
            "subjectCodes": list(course.subject_codes),
            "org": self._ref("orgs", "org", str(course.org_id)),
        }

    def _class(self, class_: Class) -> Json:
        row = _base(class_) | {
            "title": class_.title,
            "classCode": class_.class_code,
            "classType": class_.class_type_raw,
            "location": class_.location,
            "grades": list(class_.grades_raw),
            "subjects": list(class_.subjects),
            "subjectCodes": list(class_.subject_codes),
            "course": self._ref("courses", "course", str(class_.course_id)),
            "school": self._ref("orgs", "org", str(class_.org_id)),
            "terms": self._refs("academicSessions", "academicSession", class_.session_ids),
            "periods": list(class_.periods) or None,
        }
        return _present(row)

    def _user(self, user: User) -> Json:
        row = _base(user)
        own: dict[IdentifierType, str] = {}
        ids: list[Json] = []
        for identifier in user.identifiers:
            if identifier.type in _OWN_FIELDS:
                own[identifier.type] = identifier.value
            else:
                ids.append({"type": identifier.type_raw, "identifier": identifier.value})
        row |= {
            "username": user.username,
            "userIds": ids or None,
            "enabledUser": "true" if user.enabled else "false",
            "givenName": user.given_name,
            "familyName": user.family_name,
            "middleName": user.middle_name,
            "identifier": own.get(IdentifierType.identifier),
            "email": user.email,
            "sms": user.sms,
            "phone": user.phone,
            "agents": self._refs("users", "user", user.agent_ids) or None,
            "grades": list(user.grades_raw) or None,
        }
        if self.version == "1.2":
            row["userMasterIdentifier"] = own.get(IdentifierType.master_id)
        return row

    def _user_1_1(self, user: User) -> Json:
        row = self._user(user)
        row["role"] = user.roles[0].role_raw
        row["orgs"] = self._refs("orgs", "org", [role.org_id for role in user.roles])
        return _present(row)

    def _user_1_2(self, user: User) -> Json:
        row = self._user(user)
        row["preferredFirstName"] = user.preferred_given_name
        row["pronouns"] = user.pronouns
        if not user.primary_org_is_guess and user.primary_org_id:
            row["primaryOrg"] = self._ref("orgs", "org", user.primary_org_id)
        row["roles"] = [
            _present(
                {
                    "roleType": "primary" if role.is_primary else "secondary",
                    "role": role.role_raw,
                    "org": self._ref("orgs", "org", str(role.org_id)),
                    "beginDate": role.begin_date and str(role.begin_date),
                    "endDate": role.end_date and str(role.end_date),
                }
            )
            for role in user.roles
        ]
        return _present(row)

    def _enrollment(self, enrollment: Enrollment) -> Json:
        row = _base(enrollment) | {
            "user": self._ref("users", "user", str(enrollment.user_id)),
            "class": self._ref("classes", "class", str(enrollment.class_id)),
            "school": self._ref("orgs", "org", str(enrollment.org_id)),
            "role": enrollment.role_raw,
        }
        if enrollment.is_primary is not None:
            row["primary"] = "true" if enrollment.is_primary else "false"
        if enrollment.begin_date:
            row["beginDate"] = str(enrollment.begin_date)
        if enrollment.end_date:
            row["endDate"] = str(enrollment.end_date)
        return row

    def _demographics(self, record: Demographics) -> Json:
        row = _base(record) | {
            "birthDate": record.birth_date and str(record.birth_date),
            "sex": record.sex_raw,
            "countryOfBirthCode": record.country_of_birth_code,
            "stateOfBirthAbbreviation": record.state_of_birth_abbreviation,
            "cityOfBirth": record.city_of_birth,
        }
        for name, field in FLAGS.items():
            row[name] = "true" if getattr(record, field) else "false"
        return _present(row)


def _base(record: Any) -> Json:  # noqa: ANN401 - any record of the model
    modified: datetime = record.date_last_modified
    return {
        "sourcedId": record.sourced_id,
        "status": "tobedeleted" if record.status is Status.deleted else "active",
        "dateLastModified": modified.isoformat(timespec="milliseconds")[:23] + "Z",
    }


def _present(row: Json) -> Json:
    return {name: value for name, value in row.items() if value is not None}
