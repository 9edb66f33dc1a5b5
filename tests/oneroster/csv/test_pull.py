"""A package as one roster."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from edlink import (
    CoverageState,
    EndSemantics,
    Identifier,
    IdentifierType,
    Issue,
    Kind,
    Role,
    RoleAssignment,
    Roster,
    RosterSource,
    Scope,
    Sex,
)
from edlink.errors import IncompletePullError, PayloadError
from edlink.oneroster.csv import OneRosterCsv

Make = Callable[..., Path]
Open = Callable[..., OneRosterCsv]
Files = Mapping[str, str]


def codes(roster: Roster) -> set[str]:
    return {warning.code for warning in roster.warnings}


def about_rows(roster: Roster) -> list[Issue]:
    """Return the issues of the pull itself, without those of references."""
    return [issue for issue in roster.issues if issue.reason != "dangling_reference"]


def test_it_is_a_roster_source(make_zip: Make, open_csv: Open) -> None:
    """A package is asked like any provider."""
    assert isinstance(open_csv(make_zip()), RosterSource)


def test_zip_and_folder_say_the_same(make_zip: Make, make_folder: Make, open_csv: Open) -> None:
    """The same files are the same roster, zipped or not."""
    zipped = open_csv(make_zip()).pull_roster()
    assert zipped == open_csv(make_folder()).pull_roster()
    assert codes(zipped) == set()


def test_users_of_1_1(make_zip: Make, open_csv: Open) -> None:
    """In 1.1 the one role holds at every org, and the first org is taken for the primary one."""
    user = open_csv(make_zip()).pull_roster().user("t")
    assert user is not None
    assert user.roles == (
        RoleAssignment(role=Role.teacher, role_raw="teacher", org_id="s", is_primary=True),
        RoleAssignment(role=Role.teacher, role_raw="teacher", org_id="s2", is_primary=False),
    )
    assert (user.primary_org_id, user.primary_org_is_guess) == ("s", True)
    assert user.identifiers == (
        Identifier(type=IdentifierType.sis_id, type_raw="SIS", value="T1"),
        Identifier(type=IdentifierType.identifier, type_raw="identifier", value="T1"),
    )


def test_a_role_without_org(make_zip: Make, open_csv: Open, files_1_1: Files) -> None:
    """In 1.1 a role without an org is still a role."""
    users = files_1_1["users.csv"].replace('"s,s2",teacher', ",teacher")
    user = open_csv(make_zip({"users.csv": users})).pull_roster().user("t")
    assert user is not None
    assert [(r.role, r.org_id) for r in user.roles] == [(Role.teacher, None)]
    assert (user.primary_org_id, user.primary_org_is_guess) == (None, False)


def test_users_of_1_2(make_zip: Make, open_csv: Open) -> None:
    """In 1.2 the roles of roles.csv are joined, in its order, and primaryOrg is no guess."""
    roster = open_csv(make_zip(v12=True)).pull_roster()
    teacher, student = roster.user("t"), roster.user("u")
    assert teacher is not None
    assert student is not None
    assert [r.sourced_id for r in teacher.roles] == ["r1", "r3"]
    assert teacher.roles[1] == RoleAssignment(
        sourced_id="r3",
        role=Role.staff,
        role_raw="counselor",
        org_id="s2",
        is_primary=False,
        end_date=date(2027, 6, 30),
        user_profile_id="prof",
    )
    assert (teacher.primary_org_id, teacher.primary_org_is_guess) == ("s", False)
    assert (student.primary_org_id, student.primary_org_is_guess) == ("s", True)
    assert (student.preferred_given_name, student.pronouns) == ("Annie", "she/her/hers")
    assert {s.end_semantics for s in roster.academic_sessions} == {EndSemantics.stated}
    assert codes(roster) == set()


def test_relationships(make_zip: Make, open_csv: Open) -> None:
    """Links come from the agents of both sides."""
    roster = open_csv(make_zip()).pull_roster()
    links = [(r.student_id, r.contact_id, r.both_sides_confirmed) for r in roster.relationships]
    assert links == [("u", "p", True), ("u2", "p", False)]


def test_no_links_shared(make_zip: Make, open_csv: Open, files_1_1: Files) -> None:
    """Where no user lists an agent, links are withheld, not gone."""
    users = files_1_1["users.csv"].replace(",p,", ",,").replace('"u",,', ",,")
    roster = open_csv(make_zip({"users.csv": users})).pull_roster()
    assert CoverageState.withheld is roster.coverage.state(Kind.relationship)


def test_other_records(make_zip: Make, open_csv: Open) -> None:
    """Lists, quotes, dates and booleans of every file are read."""
    roster = open_csv(make_zip()).pull_roster()
    class_, enrollment, person = roster.class_("k"), roster.enrollments[1], roster.demographics[0]
    assert class_ is not None
    assert (class_.title, class_.periods, class_.session_ids) == ("Biology, 1", ("1", "3"), ("sy",))
    assert (class_.grades, class_.grades_raw) == (("09",), ("9",))
    assert (enrollment.begin_date, enrollment.is_primary) == (date(2026, 8, 10), None)
    assert (person.birth_date, person.sex, person.white) == (date(2011, 2, 28), Sex.female, True)
    assert roster.academic_sessions[0].school_year == 2027


def test_an_absent_file_is_withheld(make_zip: Make, open_csv: Open, files_1_1: Files) -> None:
    """A file the manifest calls absent, or does not list, is withheld, even if it is there."""
    manifest = files_1_1["manifest.csv"].replace("demographics,bulk", "demographics,absent")
    roster = open_csv(make_zip({"manifest.csv": manifest})).pull_roster()
    assert CoverageState.withheld is roster.coverage.state(Kind.demographics)
    assert roster.demographics == ()
    assert "EDL-WARN-304" in codes(roster)


def test_marked_deleted(make_zip: Make, open_csv: Open, files_1_1: Files) -> None:
    """A bulk row marked deleted is a tombstone and in no collection."""
    enrollments = files_1_1["enrollments.csv"].replace("e3,,", "e3,toBeDeleted,")
    roster = open_csv(make_zip({"enrollments.csv": enrollments})).pull_roster()
    assert [(t.kind, t.sourced_id) for t in roster.tombstones] == [(Kind.enrollment, "e3")]
    assert "e3" not in {e.sourced_id for e in roster.enrollments}


def test_excluded_kinds(make_zip: Make, open_csv: Open) -> None:
    """What the scope leaves out is excluded and not read."""
    scope = Scope(exclude_kinds=frozenset({Kind.demographics, Kind.relationship}))
    roster = open_csv(make_zip({"demographics.csv": b"\xff"})).pull_roster(scope)
    states = {roster.coverage.state(kind) for kind in scope.exclude_kinds}
    assert {CoverageState.excluded} == states


def test_a_broken_file_is_an_error(make_zip: Make, open_csv: Open) -> None:
    """A file that cannot be read is an error; with allow_partial its kind has failed."""
    client = open_csv(make_zip({"users.csv": b"sourcedId\n\xff\n"}))
    with pytest.raises(PayloadError) as caught:
        client.pull_roster()
    assert caught.value.code == "EDL-CSV-013"
    roster = client.pull_roster(allow_partial=True)
    failed = (Kind.user, Kind.relationship)
    assert [entry.reason for kind in failed if (entry := roster.coverage.entry(kind))] == [
        "EDL-CSV-013",
        "users",
    ]
    assert (roster.users, len(roster.enrollments)) == ((), 3)


def test_repeats(make_zip: Make, open_csv: Open, files_1_1: Files) -> None:
    """An identical row is dropped and counted."""
    roster = open_csv(
        make_zip({"orgs.csv": files_1_1["orgs.csv"] + "d,,,Example District,district,900,\n"})
    ).pull_roster()
    assert (len(roster.orgs), roster.issues) == (3, ())
    assert [w.count for w in roster.warnings if w.code == "EDL-WARN-313"] == [1]


def test_an_id_twice(make_zip: Make, open_csv: Open) -> None:
    """Of two rows with one id the first is kept, and the other is an Issue."""
    rows = "".join(f"o{n},School {n}\n" for n in range(200))
    orgs = f"sourcedId,name\n{rows}o7,Other\n"
    roster = open_csv(make_zip({"orgs.csv": orgs})).pull_roster()
    assert [(i.reason, i.sourced_id, i.position) for i in about_rows(roster)] == [
        ("duplicate_id", "o7", 200)
    ]
    seventh = roster.org("o7")
    assert seventh is not None
    assert seventh.name == "School 7"


def test_rows_that_are_no_records(make_zip: Make, open_csv: Open) -> None:
    """A row without an id, or with too few or too many cells, is an Issue with its position."""
    rows = "".join(f"o{n},School\n" for n in range(400))
    orgs = f"sourcedId,name\n{rows},School\no400\no401,School,more\n"
    roster = open_csv(make_zip({"orgs.csv": orgs})).pull_roster()
    found = [(i.reason, i.position, i.set_aside) for i in about_rows(roster)]
    assert found == [
        ("no_sourced_id", 400, True),
        ("cell_count", 401, True),
        ("cell_count", 402, True),
    ]
    assert len(roster.orgs) == 400
    entry = roster.coverage.entry(Kind.org)
    assert entry is not None
    assert (entry.state, entry.reason) == (CoverageState.failed, "unidentified_rows")


def test_too_many_bad_rows(make_zip: Make, open_csv: Open) -> None:
    """More than five rows and one in a hundred set aside, and the file was not read whole."""
    rows = "".join(f"o{n},School\n" for n in range(99))
    client = open_csv(make_zip({"orgs.csv": f"sourcedId,name\n{rows}" + ",School\n" * 6}))
    with pytest.raises(IncompletePullError) as caught:
        client.pull_roster()
    assert (caught.value.code, caught.value.endpoint) == ("EDL-CSV-019", "orgs.csv")


def test_a_few_bad_rows_of_a_small_file(make_zip: Make, open_csv: Open) -> None:
    """A small school is not refused for five rows, as little as over REST."""
    rows = "s,School\n" + ",School\n" * 5
    roster = open_csv(make_zip({"orgs.csv": f"sourcedId,name\n{rows}"})).pull_roster()
    assert [org.sourced_id for org in roster.orgs] == ["s"]


@pytest.mark.parametrize("name", ["orgs.csv", "users.csv"])
@pytest.mark.parametrize("content", [None, "header"], ids=["absent", "no rows"])
def test_a_package_without_orgs_or_users_is_no_roster(
    make_zip: Make, open_csv: Open, files_1_1: Files, name: str, content: str | None
) -> None:
    """Without one org or user the export is broken, unless a partial roster is asked for."""
    rows = content and files_1_1[name].splitlines()[0] + "\n"
    client = open_csv(make_zip({"manifest.csv": None, name: rows}))
    with pytest.raises(IncompletePullError) as caught:
        client.pull_roster()
    assert (caught.value.code, caught.value.endpoint) == ("EDL-PULL-007", name)
    kind = Kind.org if name == "orgs.csv" else Kind.user
    assert client.pull_roster(allow_partial=True).records(kind) == ()


def test_far_too_many_bad_rows(make_zip: Make, open_csv: Open) -> None:
    """A file of bad rows is given up before all of them were gathered."""
    issues = 0

    def count(_: object) -> None:
        nonlocal issues
        issues += 1

    client = open_csv(make_zip({"orgs.csv": "sourcedId,name\n" + ",\n" * 20_000}))
    with pytest.raises(IncompletePullError):
        list(client.orgs(on_issue=count))
    assert issues == 10_000


def test_unreadable_cells(make_zip: Make, open_csv: Open, files_1_1: Files) -> None:
    """A cell that cannot be read is an Issue that names its column; the record is kept."""
    sessions = files_1_1["academicSessions.csv"].replace("2026-08-10", "8/10/2026")
    roster = open_csv(make_zip({"academicSessions.csv": sessions})).pull_roster()
    (issue,) = roster.issues
    assert (issue.fields, issue.sourced_id, issue.set_aside) == (("startDate",), "sy", False)
    assert roster.academic_sessions[0].start_date is None


def test_metadata(make_zip: Make, open_csv: Open) -> None:
    """Further columns are kept only on request, those of metadata without their prefix."""
    path = make_zip({"orgs.csv": "sourcedId,metadata.city,ext_code\nd,Springfield,\ns,,7\nx,,\n"})
    kept = open_csv(path, keep_metadata=True).pull_roster()
    assert [org.metadata for org in kept.orgs] == [{"city": "Springfield"}, {"ext_code": "7"}, None]
    assert [org.metadata for org in open_csv(path).pull_roster().orgs] == [None] * 3
    assert "EDL-WARN-310" in codes(kept)


def test_progress(make_zip: Make, open_csv: Open) -> None:
    """A progress function is told every thousand rows and the sum of each file."""
    told: list[tuple[str, int, int | None]] = []
    rows = "".join(f"o{n}\n" for n in range(2_500))
    client = open_csv(make_zip({"orgs.csv": "sourcedId\n" + rows}))
    client.pull_roster(progress=lambda *facts: told.append(facts))
    assert [fact for fact in told if fact[0] == "orgs"] == [
        ("orgs", 1_000, None),
        ("orgs", 2_000, None),
        ("orgs", 2_500, 2_500),
    ]


def test_a_delta_is_no_roster(make_zip: Make, open_csv: Open, files_1_1: Files) -> None:
    """A roster is not made of changes; with allow_partial the bulk files are still read."""
    manifest = files_1_1["manifest.csv"].replace("users,bulk", "users,delta")
    client = open_csv(make_zip({"manifest.csv": manifest}))
    with pytest.raises(PayloadError) as caught:
        client.pull_roster()
    assert caught.value.code == "EDL-CSV-020"
    roster = client.pull_roster(allow_partial=True)
    assert CoverageState.failed is roster.coverage.state(Kind.user)
    assert len(roster.orgs) == 3


def test_the_files_change_meanwhile(make_folder: Make, open_csv: Open) -> None:
    """Files that are replaced while they are read make the pull fail, retryably."""
    path = make_folder()

    def replace(name: str, *_: object) -> None:
        if name == "orgs":
            (path / "demographics.csv").write_text("sourcedId\n")

    with pytest.raises(IncompletePullError) as caught:
        open_csv(path).pull_roster(progress=replace)
    assert (caught.value.code, caught.value.retryable) == ("EDL-CSV-007", True)


def test_resources(make_zip: Make, open_csv: Open, files_1_2: Files) -> None:
    """The resources of courses, classes and users are joined; rows marked deleted do not count."""
    manifest = files_1_2["manifest.csv"] + "".join(
        f"file.{name}Resources,bulk\n" for name in ("course", "class", "user")
    )
    changes = {
        "manifest.csv": manifest,
        "courseResources.csv": "sourcedId,courseSourcedId,resourceSourcedId\n1,c,b\n2,c,a\n3,c,b\n",
        "classResources.csv": "sourcedId,status,classSourcedId,resourceSourcedId\n"
        "1,tobedeleted,k,a\n2,,k,b\n",
        "userResources.csv": "sourcedId,userSourcedId,resourceSourcedId\n1,u,a\n",
    }
    roster = open_csv(make_zip(changes, v12=True)).pull_roster()
    course, class_, user = roster.course("c"), roster.class_("k"), roster.user("u")
    assert course is not None
    assert class_ is not None
    assert user is not None
    found = (course.resource_ids, class_.resource_ids, user.resource_ids)
    assert found == (("b", "a"), ("b",), ("a",))


def test_links_to_nothing(make_zip: Make, open_csv: Open, files_1_2: Files) -> None:
    """A row that links nothing is an Issue, and too many of them are an error."""
    manifest = files_1_2["manifest.csv"] + "file.courseResources,bulk\n"
    links = "sourcedId,courseSourcedId,resourceSourcedId\n" + "1,c,\n" * 6
    path = make_zip({"manifest.csv": manifest, "courseResources.csv": links}, v12=True)
    issues: list[Issue] = []
    with pytest.raises(IncompletePullError) as caught:
        list(open_csv(path).courses(on_issue=issues.append))
    assert caught.value.endpoint == "courseResources.csv"
    assert [issue.reason for issue in issues] == ["row_without_record"] * 6


def test_a_file_without_records(make_zip: Make, open_csv: Open, files_1_1: Files) -> None:
    """A file of a header only does not show that its records are gone."""
    header = files_1_1["demographics.csv"].splitlines()[0]
    roster = open_csv(make_zip({"demographics.csv": header})).pull_roster()
    assert CoverageState.withheld is roster.coverage.state(Kind.demographics)
    assert codes(roster) == {"EDL-WARN-311"}


def test_references_that_lead_nowhere(make_zip: Make, open_csv: Open, files_1_1: Files) -> None:
    """A record that names one that is not there is kept, with an Issue."""
    enrollments = files_1_1["enrollments.csv"] + "e4,,,k,s,nobody,student,,,\n"
    roster = open_csv(make_zip({"enrollments.csv": enrollments})).pull_roster()
    assert [(i.reason, i.sourced_id) for i in roster.issues] == [("dangling_reference", "e4")]


def test_children(make_zip: Make, open_csv: Open) -> None:
    """The children of an org are those that name it as their parent."""
    roster = open_csv(make_zip()).pull_roster()
    assert [org.child_ids for org in roster.orgs] == [("s", "s2"), (), ()]


def test_passwords_are_never_read(make_zip: Make, open_csv: Open) -> None:
    """A password of users.csv is nowhere in the roster, not even among metadata."""
    roster = open_csv(make_zip(), keep_metadata=True).pull_roster()
    assert "secret-word" not in str([list(roster.rows(kind)) for kind in Kind])
    assert "Maya" not in repr(roster.users)
