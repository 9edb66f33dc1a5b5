"""The 41 operations: each asks the right address and gives the right kind."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from tests._http.loopback import Reply
from tests.oneroster.small_server import Ask, District, Serve, page

from edlink.errors import ConfigError
from edlink.model import AcademicSession, Class, Course, Demographics, Enrollment, Org, User
from edlink.oneroster import OneRosterClient, Query
from edlink.oneroster.endpoints import Endpoints

Client = OneRosterClient
Lists = Callable[[Client], Iterator[Any]]
Ones = Callable[[Client], Any]

LISTS: list[tuple[Lists, str, str, type]] = [
    (lambda c: c.orgs(), "/orgs", "orgs", Org),
    (lambda c: c.schools(), "/schools", "orgs", Org),
    (lambda c: c.academic_sessions(), "/academicSessions", "academicSessions", AcademicSession),
    (lambda c: c.terms(), "/terms", "academicSessions", AcademicSession),
    (lambda c: c.grading_periods(), "/gradingPeriods", "academicSessions", AcademicSession),
    (lambda c: c.courses(), "/courses", "courses", Course),
    (lambda c: c.classes(), "/classes", "classes", Class),
    (lambda c: c.enrollments(), "/enrollments", "enrollments", Enrollment),
    (lambda c: c.users(), "/users", "users", User),
    (lambda c: c.students(), "/students", "users", User),
    (lambda c: c.teachers(), "/teachers", "users", User),
    (lambda c: c.demographics(), "/demographics", "demographics", Demographics),
    (lambda c: c.classes_of_school("s"), "/schools/s/classes", "classes", Class),
    (lambda c: c.courses_of_school("s"), "/schools/s/courses", "courses", Course),
    (lambda c: c.enrollments_of_school("s"), "/schools/s/enrollments", "enrollments", Enrollment),
    (lambda c: c.students_of_school("s"), "/schools/s/students", "users", User),
    (lambda c: c.teachers_of_school("s"), "/schools/s/teachers", "users", User),
    (lambda c: c.terms_of_school("s"), "/schools/s/terms", "academicSessions", AcademicSession),
    (
        lambda c: c.enrollments_of_class("s", "c"),
        "/schools/s/classes/c/enrollments",
        "enrollments",
        Enrollment,
    ),
    (
        lambda c: c.students_of_class_in_school("s", "c"),
        "/schools/s/classes/c/students",
        "users",
        User,
    ),
    (
        lambda c: c.teachers_of_class_in_school("s", "c"),
        "/schools/s/classes/c/teachers",
        "users",
        User,
    ),
    (lambda c: c.students_of_class("c"), "/classes/c/students", "users", User),
    (lambda c: c.teachers_of_class("c"), "/classes/c/teachers", "users", User),
    (lambda c: c.classes_of_course("c"), "/courses/c/classes", "classes", Class),
    (lambda c: c.classes_of_student("u"), "/students/u/classes", "classes", Class),
    (lambda c: c.classes_of_teacher("u"), "/teachers/u/classes", "classes", Class),
    (lambda c: c.classes_of_user("u"), "/users/u/classes", "classes", Class),
    (lambda c: c.classes_of_term("t"), "/terms/t/classes", "classes", Class),
    (
        lambda c: c.grading_periods_of_term("t"),
        "/terms/t/gradingPeriods",
        "academicSessions",
        AcademicSession,
    ),
]

ONES: list[tuple[Ones, str, str, type]] = [
    (lambda c: c.org("x"), "/orgs/x", "org", Org),
    (lambda c: c.school("x"), "/schools/x", "org", Org),
    (lambda c: c.academic_session("x"), "/academicSessions/x", "academicSession", AcademicSession),
    (lambda c: c.term("x"), "/terms/x", "academicSession", AcademicSession),
    (lambda c: c.grading_period("x"), "/gradingPeriods/x", "academicSession", AcademicSession),
    (lambda c: c.course("x"), "/courses/x", "course", Course),
    (lambda c: c.class_("x"), "/classes/x", "class", Class),
    (lambda c: c.enrollment("x"), "/enrollments/x", "enrollment", Enrollment),
    (lambda c: c.user("x"), "/users/x", "user", User),
    (lambda c: c.student("x"), "/students/x", "user", User),
    (lambda c: c.teacher("x"), "/teachers/x", "user", User),
    (lambda c: c.demographics_of("x"), "/demographics/x", "demographics", Demographics),
]


def answering(reply: Reply) -> District:
    """Return a district that answers everything alike."""
    district = District()
    district.hooks = [lambda _: reply]
    return district


def listing(key: str) -> District:
    """Return a district with one record in whatever list is asked for."""
    district = District()
    row = {"sourcedId": "1"}
    district.hooks = [lambda ask: page(key, [] if ask.offset else [row], X_Total_Count="1")]
    return district


def test_there_are_41_operations() -> None:
    """The lists and singles below are all of the standard's, and all of the class's."""
    methods = {name for name in vars(Endpoints) if not name.startswith("_")}
    assert len(LISTS) + len(ONES) == 41 == len(methods)


@pytest.mark.parametrize("case", LISTS, ids=[case[1] for case in LISTS])
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_list_asks_its_address(
    version: str, case: tuple[Lists, str, str, type[Any]], serve: Serve
) -> None:
    """Every list asks its own path and reads the envelope of its resource type."""
    ask, path, key, cls = case
    district = listing(key)
    (record,) = ask(serve(district, version=version))
    assert type(record) is cls
    assert record.sourced_id == "1"
    assert {asked.path for asked in district.asked} == {path}


@pytest.mark.parametrize(("ask", "path", "key", "cls"), ONES, ids=[case[1] for case in ONES])
def test_a_single_asks_its_address(ask: Ones, path: str, key: str, cls: type, serve: Serve) -> None:
    """Every single asks its own path and sends no paging."""
    district = answering(Reply(body=b'{"%s":{"sourcedId":"x"}}' % key.encode()))
    record = ask(serve(district))
    assert isinstance(record, cls)
    assert [(asked.path, asked.query) for asked in district.asked] == [(path, {})]


@pytest.mark.parametrize("case", LISTS[:12], ids=[case[1] for case in LISTS[:12]])
def test_a_list_may_be_named_by_its_path(
    case: tuple[Lists, str, str, type[Any]], serve: Serve
) -> None:
    """A server that names its list after the path is understood."""
    ask, path, _, _ = case
    district = listing(path[1:])
    assert [record.sourced_id for record in ask(serve(district))] == ["1"]


def test_a_list_is_lazy(serve: Serve) -> None:
    """Nothing is asked before the first record is."""
    district = listing("orgs")
    listed = serve(district).orgs()
    assert district.asked == []
    assert len(list(listed)) == 1


PARAMETERS = [
    (Query(), {"sort": "sourcedId", "orderBy": "asc"}),
    (
        Query(filter="status='active'", sort="title", descending=True),
        {"filter": "status='active'", "sort": "title", "orderBy": "desc"},
    ),
    (
        Query(fields=["givenName", "status"]),
        {"fields": "sourcedId,status,givenName", "sort": "sourcedId", "orderBy": "asc"},
    ),
]


@pytest.mark.parametrize(("query", "expected"), PARAMETERS)
def test_a_query_becomes_parameters(query: Query, expected: dict[str, str], serve: Serve) -> None:
    """Filter, sort and fields go out beside limit and offset, the same on every page."""
    district = District(users=[{"sourcedId": str(i)} for i in range(10, 35)])
    district.total = None
    assert len(list(serve(district).users(query))) == 25
    for asked in district.asked:
        assert asked.query == {**expected, "limit": "10", "offset": str(asked.offset)}


def test_a_server_that_cannot_sort_is_not_asked_to() -> None:
    """Where sorting is refused, no sort goes out unless the caller asks for it."""
    assert Query().params(sorts=False) == []
    assert Query(sort="title").params(sorts=False) == [("sort", "title"), ("orderBy", "asc")]


@pytest.mark.parametrize(
    "wrong", [{"filter": ""}, {"sort": ""}, {"fields": [""]}, {"fields": "name"}]
)
def test_an_empty_part_of_a_query_is_refused(wrong: dict[str, Any]) -> None:
    """A blank filter, sort or field, or one text for many names, is found before any network."""
    with pytest.raises(ConfigError) as caught:
        Query(**wrong)
    assert caught.value.code == "EDL-CONF-101"


def test_a_query_does_not_print_its_filter() -> None:
    """A filter can hold a name."""
    assert "Xanthippe" not in repr(Query(filter="familyName='Xanthippe'"))


@pytest.mark.parametrize("one", ["user", "class_", "demographics_of"])
def test_an_empty_id_is_refused(one: str, serve: Serve) -> None:
    """An empty id would ask for the whole list."""
    district = District()
    with pytest.raises(ConfigError) as caught:
        getattr(serve(district), one)("")
    assert caught.value.code == "EDL-CONF-104"
    assert district.asked == []


def test_an_id_with_half_a_surrogate_pair_is_refused(serve: Serve) -> None:
    """What cannot stand in an address is a mistake of the caller, told without the id."""
    with pytest.raises(ConfigError) as caught:
        serve(District()).user("ana\ud800")
    assert caught.value.code == "EDL-CONF-104"
    assert caught.value.__context__ is None


def test_an_empty_id_of_a_list_is_refused(serve: Serve) -> None:
    """An empty id would ask for another address."""
    with pytest.raises(ConfigError) as caught:
        list(serve(District()).classes_of_school(""))
    assert caught.value.code == "EDL-CONF-104"


@pytest.mark.parametrize("sourced_id", ["a|b", "a/b", "ä ö", "%2F", "a+b?c#d", "7_1111"])
def test_an_id_goes_out_as_one_segment(sourced_id: str, serve: Serve) -> None:
    """Whatever characters an id has, the server hears that id and no other path."""
    heard: list[str] = []

    def note(ask: Ask) -> Reply:
        heard.append(ask.path)
        return page("classes", [], X_Total_Count="0")

    district = District()
    district.hooks = [note]
    assert list(serve(district).classes_of_school(sourced_id)) == []
    prefix, suffix = "/schools/", "/classes"

    assert unquote(heard[0].removeprefix(prefix).removesuffix(suffix)) == sourced_id
    assert heard[0].count("/") == 3


def test_a_single_record_can_be_asked_for_some_fields_alone(serve: Serve) -> None:
    """Fields go out with a single record too, and nothing else does."""
    district = District()
    district.hooks.append(lambda _: Reply(body=b'{"org":{"sourcedId":"s1","name":"North"}}'))
    assert serve(district).org("s1", ["name"]).name == "North"
    assert [ask.query for ask in district.asked] == [{"fields": "sourcedId,status,name"}]
