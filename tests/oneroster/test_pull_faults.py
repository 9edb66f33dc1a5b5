"""Pulling from servers that go wrong in one way each: the whole district, or an error."""

from collections.abc import Callable, Iterator

import attrs
import pytest
from tests._http.loopback import Reply
from tests.oneroster.pulling import codes, entry, on, once, refuse
from tests.oneroster.small_server import Ask, District, Serve, page, rows_of, small

from edlink.errors import IncompletePullError, PayloadError
from edlink.oneroster import CLASSLINK
from edlink.vocabulary import CoverageState, Kind

FAILED = CoverageState.failed


# Rows


def test_a_few_bad_rows_are_issues(serve: Serve) -> None:
    """Rows that cannot be read are told, and the others are there."""
    district = small()
    district.rows["users"] += [5, {"sourcedId": "u4", "dateLastModified": "never"}]
    roster = serve(district).pull_roster()
    assert [(i.reason, i.set_aside) for i in roster.issues] == [
        ("not_an_object", True),
        ("unreadable_field", False),
    ]
    assert len(roster.users) == 4


def test_a_row_of_nobody_makes_the_absence_of_others_mean_nothing(serve: Serve) -> None:
    """A row whose id cannot be read may be anybody's, so its kind is not complete."""
    district = small()
    district.rows["users"].append({"givenName": "Xanthippe"})
    found = entry(serve(district).pull_roster(), Kind.user)
    assert (found.state, found.reason) == (FAILED, "unidentified_rows")


@pytest.mark.parametrize(
    ("version", "field", "value"),
    [("1.1", "agents", 7.5), ("1.1", "role", ["student"]), ("1.2", "roles", "student")],
)
def test_links_that_cannot_be_read_make_absence_mean_nothing(
    version: str, field: str, value: object, serve: Serve
) -> None:
    """Where a user's agents or roles are unreadable, a missing link says nothing."""
    district = small()
    district.rows["users"].append({"sourcedId": "u4", field: value})
    found = entry(serve(district, version=version).pull_roster(), Kind.relationship)
    assert (found.state, found.reason) == (FAILED, "unreadable_field")


def test_a_role_that_cannot_be_read_costs_no_other(serve: Serve) -> None:
    """One odd role among a person's leaves the others, and the Issue says which field."""
    district = small()
    good, odd = {"role": "student", "org": {"sourcedId": "s1"}}, {"role": "student", "org": 1.5}
    district.rows["users"].append({"sourcedId": "u4", "roles": [odd, good]})
    roster = serve(district, version="1.2").pull_roster()
    user = roster.user("u4")
    assert user is not None
    assert [role.org_id for role in user.roles] == ["s1"]
    assert ("u4", ("roles",)) in [(i.sourced_id, i.fields) for i in roster.issues]


def test_too_many_bad_rows_are_an_error(serve: Serve) -> None:
    """More than one in a hundred, and more than a few, is not a pull of this district."""
    district = small()
    district.rows["users"] += [{"sourcedId": ""}] * 6
    assert refuse(district, serve).code == "EDL-PULL-008"


def test_one_bad_row_in_a_hundred_is_borne(serve: Serve) -> None:
    """A large collection may hold more than a few."""
    district = small()
    district.rows["enrollments"] = [*rows_of("e", 1000), *[{"sourcedId": ""}] * 10]
    roster = serve(district, page_size=200).pull_roster()
    assert len(roster.enrollments) == 1000


def test_one_id_with_two_contents_is_an_issue(serve: Serve) -> None:
    """The first of two records with one id is kept, and the other is told."""
    district = small()
    district.rows["orgs"].append({"sourcedId": "s1", "name": "South"})
    roster = serve(district).pull_roster()
    (issue,) = roster.issues
    assert (issue.reason, issue.sourced_id, issue.set_aside) == ("duplicate_id", "s1", True)
    assert [org.name for org in roster.orgs] == ["North"]


def test_a_dangling_reference_is_told(serve: Serve) -> None:
    """An enrollment of somebody who is not shared is kept and told."""
    district = small()
    district.rows["enrollments"].append({"sourcedId": "e9", "user": "ghost", "class": "c1"})
    roster = serve(district).pull_roster()
    assert codes(roster) == {"EDL-WARN-001": 1}
    assert len(roster.enrollments) == 3


# Pages


def test_a_page_that_is_cut_short_loses_nothing(serve: Serve) -> None:
    """Silent clamps and missing totals cost requests and no rows."""
    district = small()
    district.rows["enrollments"] = rows_of("e", 57)
    district.clamp, district.total = 5, None
    assert len(serve(district).pull_roster().enrollments) == 57


@pytest.mark.parametrize("add", [1, 300])
def test_a_total_that_disagrees_is_an_error(add: int, serve: Serve) -> None:
    """Fewer rows than the server counts is no roster, also at the second reading."""
    district = small()
    district.total = lambda _, number: number + add
    error = refuse(district, serve)
    assert (type(error), error.code) == (IncompletePullError, "EDL-PULL-001")
    assert sum(ask.path == "/academicSessions" for ask in district.asked) >= 2


def test_a_total_that_moved_once_is_read_again(serve: Serve) -> None:
    """A collection that changed while it was read is read once more."""
    district = small()
    district.rows["users"] += rows_of("v", 20)
    district.hooks = [
        once("/users", page("users", district.rows["users"][:10], X_Total_Count="24"))
    ]
    assert len(serve(district).pull_roster().users) == 23


def test_a_total_that_is_no_number_is_told(serve: Serve) -> None:
    """A garbled count is passed over, with a warning for each collection."""
    district = small()
    district.total = lambda _ask, _number: "many"
    roster = serve(district).pull_roster()
    assert codes(roster) == {"EDL-WARN-102": 0}
    assert entry(roster, Kind.user).reported is None


def _bare_after_rows(ask: Ask) -> Reply | None:
    return Reply(body=b"{}") if ask.path == "/users" and ask.offset else None


def test_a_last_answer_without_a_list_is_told(serve: Serve) -> None:
    """Where the total agrees, an empty object is a legal end, and it is told."""
    district = small()
    district.hooks = [_bare_after_rows]
    roster = serve(district, page_size=3).pull_roster()
    assert (len(roster.users), codes(roster)) == (3, {"EDL-WARN-106": 0})


def test_an_answer_without_a_list_proves_no_end(serve: Serve) -> None:
    """An empty object after rows, where no total is known, may be a server in trouble."""
    district = small()
    district.total = None
    district.hooks = [_bare_after_rows]
    assert refuse(district, serve).code == "EDL-PULL-001"


def _swapping(orders: Iterator[list[int]]) -> Callable[[Ask], Reply | None]:
    """Return a server of twelve users whose order changes from page to page."""

    def answer(ask: Ask) -> Reply | None:
        if ask.path != "/users":
            return None
        order = next(orders) if ask.offset in (0, 10) else []
        rows = [{"sourcedId": f"u{i:02}"} for i in order]
        return page("users", rows, X_Total_Count="12")

    return answer


FIRST = [*range(10)]


def test_rows_that_change_places_once_are_read_again(serve: Serve) -> None:
    """A row that came twice may have hidden another, so the collection is read once more."""
    district = small()
    district.hooks = [_swapping(iter([FIRST, [9, 11], FIRST, [10, 11]]))]
    roster = serve(district).pull_roster()
    assert len(roster.users) == 12
    assert "EDL-WARN-103" not in codes(roster)


def test_rows_that_change_places_for_ever_are_an_error(serve: Serve) -> None:
    """Where two readings hold different people, neither is the district."""
    district = small()
    district.hooks = [_swapping(iter([FIRST, [9, 11], FIRST, [9, 10]]))]
    assert refuse(district, serve).code == "EDL-PULL-010"


def test_rows_that_the_server_holds_twice_are_told(serve: Serve) -> None:
    """Where two readings agree, they are kept and the doubled row is told."""
    district = small()
    district.hooks = [_swapping(iter([FIRST, [9, 11], FIRST, [9, 11]]))]
    roster = serve(district).pull_roster()
    assert (len(roster.users), codes(roster)["EDL-WARN-103"]) == (11, 1)


def test_rows_that_come_twice_make_the_absence_of_others_mean_nothing(serve: Serve) -> None:
    """A row in another's place looks like one held twice, so its kind is not complete."""
    district = small()
    district.hooks = [_swapping(iter([FIRST, [9, 11], FIRST, [9, 11]]))]
    found = entry(serve(district).pull_roster(), Kind.user)
    assert (found.state, found.reason, found.received) == (FAILED, "repeated_rows", 12)


def test_a_server_that_ignores_the_offset_is_an_error(serve: Serve) -> None:
    """The same page again and again is never taken for a district."""
    district = small()
    district.hooks = [lambda ask: page("users", rows_of("u", 10)) if ask.path == "/users" else None]
    assert refuse(district, serve).code == "EDL-PULL-002"


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(body=b"<html>Log in</html>"), "EDL-PAGE-001"),
        (Reply(body=b'{"users":[{"sourcedId":"u1"}'), "EDL-PAGE-001"),
        (Reply(body=b'{"statusInfoSet":[{"imsx_codeMajor":"failure"}]}'), "EDL-PAGE-002"),
        (Reply(body=b'{"users":[],"imsx_codeMajor":"failure"}'), "EDL-PAGE-002"),
        (Reply(body=b'{"people":[]}'), "EDL-PAGE-003"),
    ],
)
def test_a_success_that_is_none_is_an_error(reply: Reply, code: str, serve: Serve) -> None:
    """HTML, a cut body, an error body and another envelope with 200 are no page."""
    district = small()
    district.hooks = [on("/users", reply)]
    error = refuse(district, serve)
    assert (type(error), error.code) == (PayloadError, code)


def test_a_page_that_was_broken_once_is_asked_for_again(serve: Serve) -> None:
    """One broken page costs one request."""
    district = small()
    district.hooks = [once("/users", Reply(body=b'{"users":[{'))]
    assert len(serve(district).pull_roster().users) == 3


# What the app may see


def classlink(district: District, revisions: Callable[[Ask], str]) -> District:
    """Give every answer of a district a revision."""

    def mark(ask: Ask) -> Reply:
        reply = district.page(ask)
        return attrs.evolve(reply, headers=[*reply.headers, ("x-perm-rev", revisions(ask))])

    district.hooks = [mark]
    return district


def test_the_revision_is_kept(serve: Serve) -> None:
    """The provider's mark of what the app may see is the roster's."""
    roster = serve(classlink(small(), lambda _: "r7"), server=CLASSLINK).pull_roster()
    assert roster.revision == "r7"


def test_a_revision_that_moves_once_begins_the_pull_again(serve: Serve) -> None:
    """What the app may see changed, so the first try is thrown away."""
    district = classlink(small(), lambda ask: "r1" if ask.number < 4 else "r2")
    roster = serve(district, server=CLASSLINK).pull_roster()
    assert (roster.revision, len(roster.users)) == ("r2", 3)
    assert len(district.asked) == 2 * 14


def test_a_revision_that_moves_for_ever_is_an_error(serve: Serve) -> None:
    """After three new beginnings the pull gives up."""
    district = classlink(small(), lambda ask: f"r{ask.number}")
    assert refuse(district, serve, server=CLASSLINK).code == "EDL-PULL-006"
    assert len(district.asked) == 4 * 14


def test_a_collection_that_breaks_while_the_revision_moves_begins_again(serve: Serve) -> None:
    """Rows that vanish because the app may see less are no reason to give up at once."""
    district = classlink(small(), lambda ask: "r1" if ask.number < 2 else "r2")
    district.total = lambda ask, number: number + (ask.path == "/users" and ask.number < 16)
    roster = serve(district, server=CLASSLINK).pull_roster()
    assert roster.revision == "r2"


def test_a_page_other_than_its_own_count_is_an_error(serve: Serve) -> None:
    """ClassLink's x-count must agree with the page."""
    district = small()
    district.extra = {"x-count": "2"}
    assert refuse(district, serve, server=CLASSLINK).code == "EDL-PULL-005"


def test_a_masked_district_is_told(serve: Serve) -> None:
    """Where ClassLink says that fields are masked, the roster says what not to match on."""
    district = small()
    district.extra = {"x-obfuscated": "givenName"}
    (warning,) = serve(district, server=CLASSLINK).pull_roster().warnings
    assert warning.code == "EDL-WARN-110"
    assert "given_name" in warning.distrusts
