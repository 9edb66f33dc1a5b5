"""
The files and columns of OneRoster CSV 1.0, 1.1 and 1.2, as data.

Sources: OneRoster CSV binding 1.1; OneRoster CSV binding 1.2.1; for 1.0, published sample sets.
"""

from collections.abc import Mapping
from enum import StrEnum

from edlink.vocabulary import Kind


class CsvVersion(StrEnum):
    """Versions of OneRoster CSV that can be read."""

    v1_0 = "1.0"
    v1_1 = "1.1"
    v1_2 = "1.2"


MANIFEST = "manifest.csv"
ROLES = "roles"

#: Begins the ids written for role assignments that have none; read as none again.
MADE_ROLE_ID = "edlink.role."

#: The file of each kind that has one, in the order in which files refer to each other.
FILES: Mapping[Kind, str] = {
    Kind.academic_session: "academicSessions",
    Kind.org: "orgs",
    Kind.course: "courses",
    Kind.class_: "classes",
    Kind.user: "users",
    Kind.enrollment: "enrollments",
    Kind.demographics: "demographics",
}

#: The files a manifest must list, by version (1.0 has none), in the standard's order.
MANIFEST_FILES: Mapping[CsvVersion, tuple[str, ...]] = {
    CsvVersion.v1_1: (
        "academicSessions",
        "orgs",
        "courses",
        "classes",
        "users",
        "enrollments",
        "demographics",
        "resources",
        "classResources",
        "courseResources",
        "categories",
        "lineItems",
        "results",
    ),
    CsvVersion.v1_2: (
        "academicSessions",
        "categories",
        "classes",
        "classResources",
        "courseResources",
        "courses",
        "demographics",
        "enrollments",
        "lineItemLearningObjectiveIds",
        "lineItems",
        "lineItemScoreScales",
        "orgs",
        "resources",
        "resultLearningObjectiveIds",
        "results",
        "resultScoreScales",
        "roles",
        "scoreScales",
        "userProfiles",
        "userResources",
        "users",
    ),
}

#: Every file name of any version, by its lower-case form.
OFFICIAL: Mapping[str, str] = {
    f"{name}.csv".lower(): f"{name}.csv"
    for names in (*MANIFEST_FILES.values(), ("manifest",))
    for name in names
}

#: The file that links records of a kind to resources, and its column for the record.
LINKS: Mapping[Kind, tuple[str, str]] = {
    Kind.course: ("courseResources", "courseSourcedId"),
    Kind.class_: ("classResources", "classSourcedId"),
    Kind.user: ("userResources", "userSourcedId"),
}
LINK_TARGET = "resourceSourcedId"

#: Begins the ids written for rows that link a record to a resource; nothing reads them.
MADE_LINK_ID = "edlink.link."

_HEAD = ("sourcedId", "status", "dateLastModified")
_TAIL = ("subjects", "subjectCodes")
_USER_IDS = ("username", "userIds", "givenName", "familyName", "middleName", "identifier")
_USER_REST = ("email", "sms", "phone", "agentSourcedIds", "grades", "password")

#: The columns of each file that are the same in 1.1 and 1.2, in the standard's order.
_SHARED: Mapping[str, tuple[str, ...]] = {
    "academicSessions": (
        *_HEAD,
        "title",
        "type",
        "startDate",
        "endDate",
        "parentSourcedId",
        "schoolYear",
    ),
    "orgs": (*_HEAD, "name", "type", "identifier", "parentSourcedId"),
    "courses": (
        *_HEAD,
        "schoolYearSourcedId",
        "title",
        "courseCode",
        "grades",
        "orgSourcedId",
        *_TAIL,
    ),
    "classes": (
        *_HEAD,
        "title",
        "grades",
        "courseSourcedId",
        "classCode",
        "classType",
        "location",
        "schoolSourcedId",
        "termSourcedIds",
        *_TAIL,
        "periods",
    ),
    "enrollments": (
        *_HEAD,
        "classSourcedId",
        "schoolSourcedId",
        "userSourcedId",
        "role",
        "primary",
        "beginDate",
        "endDate",
    ),
    "courseResources": (*_HEAD, "title", "courseSourcedId", LINK_TARGET),
    "classResources": (*_HEAD, "title", "classSourcedId", LINK_TARGET),
    "demographics": (
        *_HEAD,
        "birthDate",
        "sex",
        "americanIndianOrAlaskaNative",
        "asian",
        "blackOrAfricanAmerican",
        "nativeHawaiianOrOtherPacificIslander",
        "white",
        "demographicRaceTwoOrMoreRaces",
        "hispanicOrLatinoEthnicity",
        "countryOfBirthCode",
        "stateOfBirthAbbreviation",
        "cityOfBirth",
        "publicSchoolResidenceStatus",
    ),
}

_COLUMNS_1_1: Mapping[str, tuple[str, ...]] = {
    **_SHARED,
    "users": (*_HEAD, "enabledUser", "orgSourcedIds", "role", *_USER_IDS, *_USER_REST),
}

#: Columns by version and file, in the standard's order.  1.0 is read with 1.1's names.
COLUMNS: Mapping[CsvVersion, Mapping[str, tuple[str, ...]]] = {
    CsvVersion.v1_0: _COLUMNS_1_1,
    CsvVersion.v1_1: _COLUMNS_1_1,
    CsvVersion.v1_2: {
        **_SHARED,
        "users": (
            *_HEAD,
            "enabledUser",
            *_USER_IDS,
            *_USER_REST,
            "userMasterIdentifier",
            "preferredGivenName",
            "preferredMiddleName",
            "preferredFamilyName",
            "primaryOrgSourcedId",
            "pronouns",
        ),
        ROLES: (
            *_HEAD,
            "userSourcedId",
            "roleType",
            "role",
            "beginDate",
            "endDate",
            "orgSourcedId",
            "userProfileSourcedId",
        ),
        "userResources": (*_HEAD, "userSourcedId", "orgSourcedId", "classSourcedId", LINK_TARGET),
    },
}

#: Every column of any version, by file and lower-case form.
KNOWN: Mapping[str, Mapping[str, str]] = {
    file: {
        column.lower(): column for columns in COLUMNS.values() for column in columns.get(file, ())
    }
    for file in (*FILES.values(), ROLES, *(name for name, _ in LINKS.values()))
}

#: Names that 1.0 uses for columns of later versions, by file, in lower case.
NAMES_1_0: Mapping[str, Mapping[str, str]] = {
    "courses": {"schoolyearid": "schoolYearSourcedId", "grade": "grades"},
    "classes": {"grade": "grades", "termsourcedid": "termSourcedIds"},
    "users": {"userid": "userIds", "agents": "agentSourcedIds"},
    "demographics": {"usersourcedid": "sourcedId"},
}

#: Misspellings seen in real files, in lower case; they are understood, and reported.
MISSPELT: Mapping[str, str] = {
    "datalastmodified": "dateLastModified",
    "prefferedgivenname": "preferredGivenName",
    "prefferedmiddlename": "preferredMiddleName",
    "prefferedfamilyname": "preferredFamilyName",
    "preferredfirstname": "preferredGivenName",
    "preferredlastname": "preferredFamilyName",
    "agentsourceids": "agentSourcedIds",
    "orgsourcedids": "orgSourcedId",
    "orgsourcedid": "orgSourcedIds",
}

#: Columns without which the rows of a file say nothing.
NEEDED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(FILES.values(), ("sourcedId",)),
    "enrollments": ("sourcedId", "userSourcedId", "classSourcedId", "role"),
    ROLES: ("userSourcedId", "role"),
    **{file: (owner, LINK_TARGET) for file, owner in LINKS.values()},
}
