import pytest
from tests.veracross.conftest import MakeClient
from tests.veracross.school import Answer, Asked, Row, School, people

from edlink.coverage import Coverage, Scope, Source
from edlink.errors import AuthError, ConfigError, IncompletePullError, UnavailableError
from edlink.roster import RosterSource
from edlink.veracross import SCOPES, VeracrossClient
from edlink.vocabulary import CoverageState, Kind, Role

KNOWN = (Role.student, Role.teacher, Role.staff, Role.guardian)


def test_the_client_is_a_roster_source(make_client: MakeClient) -> None:
    """A host needs no more than the protocol of every source."""
    assert isinstance(make_client(), RosterSource)


def test_the_source_is_the_school(make_client: MakeClient) -> None:
    """Ids are the school's own, so the route is the tenant."""
    assert make_client().source == Source("veracross", "lakeside")


@pytest.mark.parametrize("route", ["", "https://api.veracross.com/x", "a/b/c", "a b", "../x"])
def test_a_route_is_a_word(route: str) -> None:
    """What is no route cannot become part of an address."""
    with pytest.raises(ConfigError, match="EDL-CONF-065"):
        VeracrossClient(route, client_id="i", client_secret="s")


@pytest.mark.parametrize("route", ["lakeside", "ACSAD", "lakeside/testing"])
def test_a_route_may_have_a_second_word(route: str) -> None:
    """A school's test system has a second word behind its own."""
    with VeracrossClient(route, client_id="i", client_secret="s") as client:
        assert client.source.tenant == route


@pytest.mark.parametrize("size", [0, 1001])
def test_page_sizes_are_veracross(make_client: MakeClient, size: int) -> None:
    """A page has from 1 to 1,000 rows."""
    with pytest.raises(ConfigError, match="EDL-CONF-066"):
        make_client(page_size=size)


@pytest.mark.parametrize("scopes", [[], "students:list", ["students"], ["sso"]])
def test_scopes_are_a_list_of_scopes(make_client: MakeClient, scopes: object) -> None:
    """Scopes are a list; one text, none, and words that open no data are refused."""
    with pytest.raises(ConfigError, match="EDL-CONF-068"):
        make_client(scopes=scopes)


def test_a_missing_scope_withholds_its_list(school: School, make_client: MakeClient) -> None:
    """What the school has not opened is withheld, not gone; the rest is complete."""
    school.hidden = frozenset({"relationships:list"})
    school.rows["/staff_faculty"] = people(1, first=90)
    roster = make_client().pull_roster()
    assert roster.coverage.state(Kind.relationship) is CoverageState.withheld
    assert roster.coverage.state(Kind.user) is CoverageState.complete
    assert "EDL-WARN-701" in {warning.code for warning in roster.warnings}


def test_a_list_that_was_not_asked_for_is_withheld(school: School, make_client: MakeClient) -> None:
    """What no scope was asked for is not known."""
    roster = make_client(scopes=["students:list"]).pull_roster()
    entry = roster.coverage.entry(Kind.enrollment)
    assert entry is not None
    assert (entry.state, entry.reason) == (CoverageState.withheld, "scope_not_asked")
    assert {asked.path for asked in school.asked} == {"/students"}


def test_an_empty_list_is_not_complete(make_client: MakeClient) -> None:
    """Nothing at all is how a lost permission looks, so it removes nothing."""
    roster = make_client().pull_roster()
    entry = roster.coverage.entry(Kind.class_)
    assert entry is not None
    assert (entry.state, entry.reason) == (CoverageState.withheld, "empty")


def test_parents_withheld_leave_a_campus_known(school: School, make_client: MakeClient) -> None:
    """On a campus are students and staff; without parents only the school itself is not known."""
    school.hidden = frozenset({"parents:list"})
    campus = {"campus": {"id": 3, "description": "North"}}
    school.rows["/students"] = [{**row, **campus} for row in people(2)]
    school.rows["/staff_faculty"] = [{**row, "campus": 3} for row in people(1, first=90)]
    coverage = make_client().pull_roster().coverage
    assert coverage.is_complete(Kind.user, "campus:3")
    assert not coverage.is_complete(Kind.user, "lakeside")


def test_staff_withheld_leave_students_and_parents_known(
    school: School, make_client: MakeClient
) -> None:
    """What is known of people in a role is told where it is not known of all."""
    school.hidden = frozenset({"staff_faculty:list"})
    coverage = make_client().pull_roster().coverage
    known = {role: coverage.is_complete(Kind.user, role=role) for role in (None, *KNOWN)}
    assert known == {
        None: False,
        Role.student: True,
        Role.teacher: False,
        Role.staff: False,
        Role.guardian: True,
    }


def _told_in_classes(coverage: Coverage) -> set[Role]:
    roles = (Role.student, Role.teacher, Role.staff, Role.other)
    return {role for role in roles if coverage.is_complete(Kind.enrollment, role=role)}


@pytest.mark.parametrize("is_hidden", [True, False])
def test_permissions_that_do_not_come_leave_teachers_in_classes_unknown(
    school: School, make_client: MakeClient, is_hidden: bool
) -> None:
    """Refused or empty, they may hide who teaches; who learns in a class is known all the same."""
    school.rows["/academics/classes"] = [{"id": 5, "primary_teacher_id": 90}]
    school.rows["/academics/enrollments"] = [{"id": 1, "internal_class_id": 5, "person_id": 1}]
    permissions = "academics.permissions:list"
    everybody = {Role.student, Role.teacher, Role.staff, Role.other}
    assert _told_in_classes(make_client().pull_roster().coverage) == everybody
    school.hidden = frozenset({permissions} if is_hidden else ())
    coverage = make_client(scopes=[*SCOPES, permissions]).pull_roster().coverage
    assert _told_in_classes(coverage) == {Role.student}
    assert coverage.is_complete(Kind.enrollment)


def test_without_enrollments_permissions_make_nothing_better(
    school: School, make_client: MakeClient
) -> None:
    """Where enrollments are empty too, nobody at all leaves a class."""
    school.rows["/academics/classes"] = [{"id": 5, "primary_teacher_id": 90}]
    coverage = make_client(scopes=[*SCOPES, "academics.permissions:list"]).pull_roster().coverage
    assert _told_in_classes(coverage) == set()


@pytest.mark.parametrize(
    ("path", "row", "kind"),
    [
        ("/academics/enrollments", {"internal_class_id": 5, "person_id": None}, Kind.enrollment),
        ("/academics/enrollments", {"internal_class_id": None, "person_id": 1}, Kind.enrollment),
        ("/relationships", {"person_id": None, "related_person_id": 50}, Kind.relationship),
        ("/relationships", {"person_id": 1, "related_person_id": None}, Kind.relationship),
        ("/academics/permissions", {"class": {"id": 5}, "person": None}, Kind.enrollment),
        ("/academics/permissions", {"class": None, "person": {"id": 90}}, Kind.enrollment),
    ],
)
def test_a_row_without_what_it_connects_is_set_aside(
    school: School, make_client: MakeClient, path: str, row: Row, kind: Kind
) -> None:
    """A null where a person or class belongs says nothing, and an Issue says so."""
    school.rows[path] = [{"id": 71, **row}]
    roster = make_client(scopes=[*SCOPES, "academics.permissions:list"]).pull_roster()
    (issue,) = roster.issues
    assert (issue.kind, issue.sourced_id, issue.set_aside) == (kind, "71", True)
    assert not list(roster.records(kind))


LINK = {"person_id": 1, "related_person_id": 50}


@pytest.mark.parametrize("end", LINK)
def test_an_incomplete_relationship_leaves_one_person_in_doubt(
    school: School, make_client: MakeClient, end: str
) -> None:
    """Of whom the row still says it is, no link is known as gone; the others are known whole."""
    row = {"person_id": 2, "related_person_id": 51, end: None}
    school.rows["/relationships"] = [{"id": 71, **LINK}, {"id": 72, **row}]
    roster = make_client().pull_roster()
    known = {"person_id": "51", "related_person_id": "2"}[end]
    assert roster.coverage.is_complete(Kind.relationship)
    assert roster.coverage.untold_people == {(Kind.relationship, known)}
    assert "EDL-WARN-707" not in {w.code for w in roster.warnings if w.kind is Kind.relationship}


def test_a_relationship_of_nobody_may_be_any(school: School, make_client: MakeClient) -> None:
    """Links have ids of two people, so a row that names neither leaves no link known as gone."""
    row = dict.fromkeys(LINK)
    school.rows["/relationships"] = [{"id": 71, **LINK}, {"id": 72, **row}]
    entry = make_client().pull_roster().coverage.entry(Kind.relationship)
    assert entry is not None
    assert (entry.state, entry.reason) == (CoverageState.failed, "rows_set_aside")


@pytest.mark.parametrize(
    "incomplete", [{"person_id": 1}, {"related_person_id": 50}, {"person_id": None}]
)
def test_an_incomplete_relationship_takes_no_flag(
    school: School, make_client: MakeClient, incomplete: Row
) -> None:
    """A link that only the adult's row says waits while the student's may be the incomplete one."""
    row = {"id": 72, "person_id": 50, "related_person_id": 1}
    school.rows["/relationships"] = [{"id": 71, **incomplete}, row]
    roster = make_client().pull_roster()
    aside = {issue.sourced_id for issue in roster.issues if issue.set_aside}
    assert (roster.relationships, aside) == ((), {"71", "1|50"})


@pytest.mark.parametrize(
    ("ends", "classes", "people"),
    [
        ({"class": {"id": 5}, "person": None}, {"5"}, set()),
        ({"class": {"id": None}, "person": {"id": 90}}, set(), {(Kind.enrollment, "90")}),
    ],
)
def test_an_incomplete_permission_leaves_one_class_or_person_in_doubt(
    school: School,
    make_client: MakeClient,
    ends: Row,
    classes: set[str],
    people: set[tuple[Kind, str]],
) -> None:
    """Nobody leaves the class, or the person no class; what the other classes say is known."""
    school.rows["/academics/classes"] = [{"id": 5, "primary_teacher_id": 90}, {"id": 6}]
    school.rows["/academics/enrollments"] = [{"id": 1, "internal_class_id": 5, "person_id": 1}]
    whole = {"id": 70, "class": {"id": 6}, "person": {"id": 90}}
    school.rows["/academics/permissions"] = [whole, {"id": 71, **ends}]
    roster = make_client(scopes=[*SCOPES, "academics.permissions:list"]).pull_roster()
    assert roster.coverage.is_complete(Kind.enrollment)
    assert roster.coverage.untold_classes == classes
    assert roster.coverage.untold_people == people
    said = {w.message.split()[0] for w in roster.warnings if w.code == "EDL-WARN-707"}
    assert "academics/permissions" not in said


def test_a_permission_of_nobody_may_be_any(school: School, make_client: MakeClient) -> None:
    """Enrollments have ids of class and person, so a row with neither leaves none as gone."""
    school.rows["/academics/classes"] = [{"id": 5, "primary_teacher_id": 90}]
    school.rows["/academics/enrollments"] = [{"id": 1, "internal_class_id": 5, "person_id": 1}]
    whole = {"id": 70, "class": {"id": 5}, "person": {"id": 91}}
    school.rows["/academics/permissions"] = [whole, {"id": 71}]
    roster = make_client(scopes=[*SCOPES, "academics.permissions:list"]).pull_roster()
    assert roster.coverage.state(Kind.enrollment, role=Role.teacher) is CoverageState.failed


FURTHER = {
    "contact_info": (Kind.user, "phone"),
    "households": (Kind.user, "address"),
    "academics/class_schedules": (Kind.class_, "session_ids"),
    "academics/classes": (Kind.user, "roles"),
    "academics/permissions": (Kind.user, "roles"),
}


def _distrusted(make_client: MakeClient, name: str) -> set[tuple[Kind | None, str]]:
    scope = name.replace("/", ".") + ":list"
    warnings = make_client(scopes=sorted({*SCOPES, scope})).pull_roster().warnings
    said = [w for w in warnings if w.code == "EDL-WARN-707" and w.message.startswith(name)]
    return {(warning.kind, field) for warning in said for field in warning.distrusts}


@pytest.mark.parametrize("name", FURTHER)
def test_fields_of_a_list_that_is_refused_are_distrusted(
    school: School, make_client: MakeClient, name: str
) -> None:
    """A list that is refused leaves fields of other records unknown, which is not empty."""
    school.hidden = frozenset({name.replace("/", ".") + ":list"})
    assert FURTHER[name] in _distrusted(make_client, name)


@pytest.mark.parametrize("name", FURTHER)
def test_an_empty_list_leaves_unknown_what_it_alone_fills(
    make_client: MakeClient, name: str
) -> None:
    """A list may have lost its rows, but a school without classes still tells everybody's roles."""
    is_distrusted = FURTHER[name] in _distrusted(make_client, name)
    assert is_distrusted is (name not in {"academics/classes", "academics/permissions"})


def test_without_permissions_co_teachers_are_said_to_be_unknown(
    school: School, make_client: MakeClient
) -> None:
    """A roster that cannot hold co-teachers warns of it."""
    school.rows["/academics/classes"] = [{"id": 5, "primary_teacher_id": 90}]
    roster = make_client().pull_roster()
    assert "EDL-WARN-704" in {warning.code for warning in roster.warnings}
    assert [e.role for e in roster.enrollments_of_class("5")] == [Role.teacher]


def test_without_schedules_periods_of_classes_are_said_to_be_unknown(
    school: School, make_client: MakeClient
) -> None:
    """A class is in its school year where its schedule is not asked for, and the roster says so."""
    school.rows["/academics/classes"] = [{"id": 5, "school_year": 2026}]
    roster = make_client().pull_roster()
    assert "EDL-WARN-706" in {warning.code for warning in roster.warnings}
    assert roster.classes[0].session_ids == ("year:2026",)
    assert roster.coverage.is_complete(Kind.class_)


def test_schedules_that_are_refused_withhold_the_classes(
    school: School, make_client: MakeClient
) -> None:
    """A scope lost since leaves the terms of classes unknown, so that nothing of them is gone."""
    scope = "academics.class_schedules:list"
    school.rows["/academics/classes"] = [{"id": 5, "school_year": 2026}]
    school.hidden = frozenset({scope})
    roster = make_client(scopes=[*SCOPES, scope]).pull_roster()
    assert roster.coverage.state(Kind.class_) is CoverageState.withheld
    assert [w.message for w in roster.warnings if w.code == "EDL-WARN-701"] == [
        "academics/class_schedules is withheld (EDL-HTTP-002)"
    ]


def test_missing_value_lists_are_said(school: School, make_client: MakeClient) -> None:
    """Without its value lists a list's ids stand for themselves, and the roster warns of it."""
    items = [{"id": "24", "description": "Grade 4"}]
    school.rows["/students"][0]["grade_level"] = 24
    said = {w.code: w.distrusts for w in make_client().pull_roster().warnings}
    school.lists["/students"] = [{"fields": ["grade_level"], "items": items}]
    roster = make_client().pull_roster()
    assert said["EDL-WARN-705"] == {"grades", "grades_raw", "homeroom"}
    assert "EDL-WARN-705" not in {w.code for w in roster.warnings}
    assert roster.users[0].grades == ("04",)


def test_no_list_at_all_is_an_error(school: School, make_client: MakeClient) -> None:
    """A token that opens nothing is refused access, not an empty school."""
    school.hidden = frozenset(SCOPES)
    with pytest.raises(AuthError) as caught:
        make_client().pull_roster()
    assert caught.value.provider_code == "missing_scope"


def test_nobody_is_an_error(school: School, make_client: MakeClient) -> None:
    """A school without a single person is a lost permission that looks like success."""
    school.rows.clear()
    with pytest.raises(IncompletePullError, match="EDL-PULL-007"):
        make_client().pull_roster()


def test_many_unreadable_rows_are_an_error(school: School, make_client: MakeClient) -> None:
    """More than one row in a hundred that cannot be read is no roster."""
    school.rows["/students"] = [{"first_name": "x"}] * 6
    with pytest.raises(IncompletePullError, match="EDL-PULL-008"):
        make_client().pull_roster()


def test_a_row_that_cannot_be_named_fails_its_kind(school: School, make_client: MakeClient) -> None:
    """A row without an id becomes an Issue, and its kind is not known whole."""
    school.rows["/students"].append({"first_name": "x"})
    roster = make_client().pull_roster()
    assert [issue.reason for issue in roster.issues] == ["no_id"]
    assert roster.coverage.state(Kind.demographics) is CoverageState.failed


def test_rows_that_keep_moving_fail_their_kind(school: School, make_client: MakeClient) -> None:
    """Where a row came twice on both readings another may be missing, so nobody is gone."""
    school.rows["/students"] = [*people(3), *people(2)]
    entry = make_client(page_size=2).pull_roster().coverage.entry(Kind.demographics)
    assert entry is not None
    assert (entry.state, entry.reason) == (CoverageState.failed, "rows_moved")


def test_an_unreadable_field_costs_only_itself(school: School, make_client: MakeClient) -> None:
    """A field that cannot be read is left out and named; the person stays."""
    school.rows["/students"][0]["entry_date"] = "soon"
    roster = make_client().pull_roster()
    (issue,) = roster.issues
    assert (issue.sourced_id, issue.fields, issue.set_aside) == ("1", ("entry_date",), False)
    assert roster.user("1") is not None


def test_a_partial_pull_says_what_failed(school: School, make_client: MakeClient) -> None:
    """With allow_partial a list that fails is failed in the coverage."""

    def fail(asked: Asked, answer: Answer) -> Answer:
        return Answer(500) if asked.path == "/academics/classes" else answer

    school.fault = fail
    roster = make_client().pull_roster(allow_partial=True)
    assert roster.coverage.state(Kind.class_) is CoverageState.failed
    with pytest.raises(UnavailableError):
        make_client().pull_roster()


def test_a_school_year_narrows_what_takes_one(school: School, make_client: MakeClient) -> None:
    """The school year is sent to the lists that know it and to no other."""
    make_client(school_year=2026).pull_roster()
    narrowed = {asked.path for asked in school.asked if asked.params == {"school_year": "2026"}}
    assert narrowed == {
        "/academics/classes",
        "/academics/enrollments",
        "/academics/config/grading_periods",
    }


def test_a_redirect_is_no_missing_permission(school: School, make_client: MakeClient) -> None:
    """One list that leads to a login page is an error, not a list that is withheld."""
    away = Answer(302, b"", {"Location": "https://login.example.org/"})
    school.fault = lambda asked, answer: away if asked.path == "/relationships" else answer
    with pytest.raises(AuthError, match="EDL-HTTP-001"):
        make_client().pull_roster()


def test_excluded_kinds_are_not_asked_for(school: School, make_client: MakeClient) -> None:
    """A list that only excluded kinds need is not read, and they are excluded in the coverage."""
    scope = Scope(exclude_kinds=frozenset({Kind.enrollment, Kind.relationship}))
    roster = make_client().pull_roster(scope)
    asked = {asked.path for asked in school.asked}
    assert not asked & {"/academics/enrollments", "/relationships"}
    assert roster.coverage.state(Kind.enrollment) is CoverageState.excluded


def test_a_campus_brings_only_its_own_parents(school: School, make_client: MakeClient) -> None:
    """Parents all of whose children are on other campuses stay out, unless they work on this."""
    school.rows = {
        "/students": [{"id": 1, "campus": {"id": 3}}, {"id": 2, "campus": {"id": 4}}],
        "/parents": people(3, first=50),
        "/staff_faculty": [{"id": 52, "campus": 3}],
        "/relationships": [
            {"id": place, "person_id": student, "related_person_id": adult}
            for place, (student, adult) in enumerate([(1, 50), (2, 51), (2, 52)])
        ],
    }
    roster = make_client().pull_roster(Scope(include_orgs=frozenset({"campus:3"})))
    assert {user.sourced_id for user in roster.users} == {"1", "50", "52"}


def test_progress_names_the_lists(make_client: MakeClient) -> None:
    """A host hears of each list as it grows."""
    heard: list[tuple[str, int, int | None]] = []
    make_client(page_size=2).pull_roster(progress=lambda *said: heard.append(said))
    assert [said for said in heard if said[0] == "students"] == [
        ("students", 2, None),
        ("students", 3, None),
    ]


def test_campus_may_be_an_object_or_a_number(school: School, make_client: MakeClient) -> None:
    """A campus is read whether it is an object or its bare number."""
    school.rows["/students"] = [
        {"id": 1, "campus": {"id": 3, "description": "North"}},
        {"id": 2, "campus": 3},
        {"id": 3, "campus": None},
    ]
    roster = make_client().pull_roster()
    assert [u.primary_org_id for u in roster.users][:3] == ["campus:3", "campus:3", "lakeside"]


def test_two_pulls_are_equal(school: School, make_client: MakeClient) -> None:
    """The order in which rows come changes nothing but their order."""
    client = make_client()
    first = client.pull_roster()
    school.rows["/students"].reverse()
    second = client.pull_roster()
    assert set(first.users) == set(second.users)
    assert (first.orgs, first.coverage) == (second.orgs, second.coverage)


def test_errors_hold_nobody(school: School, make_client: MakeClient) -> None:
    """An error of a page with people holds none of them."""
    school.rows["/students"] = [{"last_name": "Sentinel"}] * 9
    with pytest.raises(IncompletePullError) as caught:
        make_client().pull_roster()
    assert "Sentinel" not in f"{caught.value!r}{caught.value.__context__!r}"
