"""Which version a package is, and what 1.0 calls things."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from edlink import Kind, Role, Sex
from edlink.errors import ConfigError, EdlinkError, PayloadError
from edlink.oneroster.csv import OneRosterCsv

Make = Callable[..., Path]
Open = Callable[..., OneRosterCsv]
Files = Mapping[str, str]

FILES_1_0: Mapping[str, str | None] = {
    "manifest.csv": None,
    "academicSessions.csv": (
        "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId\n"
        "sy,active,,Year,schoolYear,2026-08-10,2027-06-05,\n"
        "t2,active,,Spring,term,2027-01-04,2027-06-05,sy\n"
    ),
    "orgs.csv": (
        "sourcedId,status,dateLastModified,name,type,identifier,metadata.classification,"
        "metadata.gender,metadata.boarding,parentSourcedId\n"
        "s,active,,Example School,school,901,public,mixed,FALSE,\n"
    ),
    "courses.csv": (
        "sourcedId,status,dateLastModified,schoolYearId,metadata.duration,title,courseCode,grade,"
        "orgSourcedId,subjects\n"
        "c,active,,sy,year,Biology,BIO,09,s,science\n"
    ),
    "classes.csv": (
        "sourcedId,status,dateLastModified,title,grade,courseSourcedId,classCode,classType,"
        "location,schoolSourcedId,termSourcedId,subjects\n"
        'k,active,,Biology,09,c,B1,scheduled,,s,"sy,t2",science\n'
    ),
    "users.csv": (
        "sourcedId,orgSourcedIds,role,username,userId,givenName,familyName,identifier,email,sms,"
        "phone,agents,status,dateLastModified\n"
        "u,s,student,amaya,{SIS:1},Ana,Maya,1,,,,p,active,2026-01-02\n"
        "p,s,guardian,rmaya,,Rosa,Maya,,,,,,active,\n"
        "x,s,student,gone,,Gone,Maya,,,,,,inactive,\n"
    ),
    "enrollments.csv": (
        "sourcedId,classSourcedId,schoolSourcedId,userSourcedId,role,status,dateLastModified,"
        "primary\n"
        "e,k,s,u,student,active,,FALSE\n"
    ),
    "demographics.csv": (
        "userSourcedId,status,dateLastModified,birthdate,sex,white\n"
        "u,active,,2011-02-28,Female,TRUE\n"
    ),
}


def test_1_0(make_folder: Make, open_csv: Open) -> None:
    """A set without a manifest and with 1.0's names is read as 1.0."""
    client = open_csv(make_folder(FILES_1_0))
    roster = client.pull_roster()
    assert client.version == "1.0"
    (class_,), (person,) = roster.classes, roster.demographics
    assert (class_.session_ids, class_.grades) == (("sy", "t2"), ("09",))
    assert roster.courses[0].school_year_id == "sy"
    assert (person.sourced_id, person.birth_date, person.sex, person.white) == (
        "u",
        date(2011, 2, 28),
        Sex.female,
        True,
    )
    assert roster.enrollments[0].is_primary is False
    user = roster.user("u")
    assert user is not None
    assert (user.agent_ids, user.enabled) == (("p",), True)
    assert [i.value for i in user.identifiers] == ["1", "1"]
    assert [(t.kind, t.sourced_id) for t in roster.tombstones] == [(Kind.user, "x")]
    assert [w.code for w in roster.warnings] == []


def test_1_1_without_manifest(make_zip: Make, open_csv: Open) -> None:
    """A set of 1.1's names without a manifest is read as 1.1, with a warning."""
    client = open_csv(make_zip({"manifest.csv": None}))
    assert client.version == "1.1"
    assert [w.code for w in client.pull_roster().warnings] == ["EDL-WARN-303"]


@pytest.mark.parametrize("without", ["nothing", "roles.csv"])
def test_1_2_without_manifest(make_zip: Make, open_csv: Open, without: str) -> None:
    """roles.csv, or a column that only 1.2 has, tells 1.2."""
    client = open_csv(make_zip({"manifest.csv": None, without: None}, v12=True))
    assert client.version == "1.2"


def test_a_part_without_manifest(make_zip: Make, open_csv: Open, files_1_1: Files) -> None:
    """Files that are not there do not tell a version; their kinds are withheld."""
    others = {name: None for name in files_1_1 if name != "orgs.csv"}
    client = open_csv(make_zip(others))
    assert (client.version, len(client.pull_roster(allow_partial=True).orgs)) == ("1.1", 3)


def test_the_host_knows_better(make_zip: Make, open_csv: Open) -> None:
    """A version that the host names is taken, whatever the manifest says."""
    assert open_csv(make_zip(), version="1.2").version == "1.2"


def test_an_unknown_version_is_a_mistake(open_csv: Open) -> None:
    """A version that does not exist is refused before anything is opened."""
    with pytest.raises(ConfigError) as caught:
        open_csv("nowhere", version="2.0")
    assert caught.value.code == "EDL-CONF-020"


def test_1_2_without_roles(make_zip: Make, open_csv: Open, files_1_2: Files) -> None:
    """Users of 1.2 without roles.csv have unknown roles, which is an error."""
    manifest = files_1_2["manifest.csv"].replace("roles*,bulk", "roles,absent")
    client = open_csv(make_zip({"manifest.csv": manifest}, v12=True))
    with pytest.raises(PayloadError) as caught:
        client.pull_roster()
    assert caught.value.code == "EDL-CSV-021"


def test_1_2_with_the_users_of_1_1(
    make_zip: Make, open_csv: Open, files_1_1: Files, files_1_2: Files
) -> None:
    """A 1.2 package whose users.csv holds the roles, as in 1.1, is understood, with a warning."""
    manifest = files_1_2["manifest.csv"].replace("file.roles*,bulk\n", "")
    changes = {"users.csv": files_1_1["users.csv"], "manifest.csv": manifest, "roles.csv": None}
    roster = open_csv(make_zip(changes, v12=True)).pull_roster()
    assert len(roster.users_with_role(Role.student)) == 2
    assert "EDL-WARN-307" in {w.code for w in roster.warnings}


def test_roles_that_are_no_roles(make_zip: Make, open_csv: Open) -> None:
    """Role rows without user, or marked deleted, become Issues; unreadable dates too."""
    head = "sourcedId,status,userSourcedId,roleType,role,beginDate,orgSourcedId\n"
    good = "".join(f"r{n},,t,primary,teacher,,s{n}\n" for n in range(300))
    bad = "x,,,primary,teacher,,s\ny,,t\nz,tobedeleted,u,primary,student,,s\nw,,p,,parent,soon,s\n"
    roster = open_csv(make_zip({"roles.csv": head + good + bad}, v12=True)).pull_roster()
    assert [(i.reason, i.sourced_id, i.position) for i in roster.issues[:4]] == [
        ("row_without_record", None, 300),
        ("row_without_record", None, 301),
        ("role_deleted", "u", 302),
        ("unreadable_field", "p", 303),
    ]
    teacher, student, parent = (roster.user(i) for i in ("t", "u", "p"))
    assert teacher is not None
    assert student is not None
    assert parent is not None
    assert (len(teacher.roles), student.roles) == (300, ())
    assert (parent.roles[0].is_primary, parent.primary_org_id) == (None, None)


def test_broken_roles(make_zip: Make, open_csv: Open) -> None:
    """A roles.csv that cannot be read is an error of the pull, and names the file."""
    client = open_csv(make_zip({"roles.csv": b"userSourcedId,role\n\xff\n"}, v12=True))
    with pytest.raises(EdlinkError) as caught:
        client.pull_roster()
    assert caught.value.code == "EDL-CSV-013"
    assert "roles.csv" in caught.value.message


def test_misspelt_columns(make_zip: Make, open_csv: Open, files_1_2: Files) -> None:
    """Known misspellings are understood, in any order and case, with a warning."""
    text = files_1_2["users.csv"]
    users = text.replace("preferredGivenName", "prefferedGivenName", 1)
    users = users.replace("dateLastModified", "DataLastModified", 1)
    roster = open_csv(make_zip({"users.csv": users}, v12=True)).pull_roster()
    user = roster.user("u")
    assert user is not None
    assert user.preferred_given_name == "Annie"
    assert [(w.code, w.count) for w in roster.warnings] == [("EDL-WARN-308", 2)]


def test_columns_in_any_order(make_zip: Make, open_csv: Open) -> None:
    """Columns are found by name; missing ones are warned of, and their fields not sent."""
    orgs = "TYPE, name ,sourcedid\nschool,Example,s\n"
    roster = open_csv(make_zip({"orgs.csv": orgs})).pull_roster()
    assert (roster.orgs[0].sourced_id, roster.orgs[0].name) == ("s", "Example")
    assert [w.count for w in roster.warnings if w.code == "EDL-WARN-309"] == [2]


def test_an_old_name_beside_the_new(make_zip: Make, open_csv: Open) -> None:
    """A 1.0 name beside the column it stands for is a further column."""
    courses = "sourcedId,grades,grade,schoolYearSourcedId\nc,09,x,sy\n"
    path = make_zip({"courses.csv": courses})
    (course,) = open_csv(path, keep_metadata=True).pull_roster().courses
    assert (course.grades, course.metadata) == (("09",), {"grade": "x"})


def test_roles_without_their_user(make_zip: Make, open_csv: Open) -> None:
    """Rows of roles.csv whose user is not there are counted in a warning."""
    roles = "userSourcedId,role\nt,teacher\nnobody,teacher\nnobody,student\n"
    roster = open_csv(make_zip({"roles.csv": roles}, v12=True)).pull_roster()
    assert [w.count for w in roster.warnings if w.code == "EDL-WARN-316"] == [2]
