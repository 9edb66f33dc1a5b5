"""A roster's look-ups, its sums, and what it shows."""

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from tests.rosters import PULLED_AT, RECORDS, SOURCE, district, enrolled, ids

from edlink.coverage import Coverage, Issue, RosterWarning, Source, Tombstone
from edlink.errors import ConfigError
from edlink.model import AcademicSession, Org, User
from edlink.oneroster import OneRosterClient, StaticBearer
from edlink.roster import COLLECTIONS, Roster, RosterSource
from edlink.vocabulary import Kind, Role

ROSTER = district()


def test_records_in_any_order_become_collections() -> None:
    """Records of all kinds, mixed, land in their collections in the order given."""
    mixed = Roster.from_records(reversed(RECORDS), source=SOURCE, pulled_at=PULLED_AT)
    assert ids(mixed.orgs) == ["south", "north", "d"]
    assert mixed.counts() == ROSTER.counts()


def test_two_records_with_one_id_are_refused() -> None:
    """One kind cannot hold one sourced id twice."""
    with pytest.raises(ConfigError) as caught:
        district(Org(sourced_id="d"))
    assert caught.value.code == "EDL-CONF-001"


def test_kinds_do_not_share_ids() -> None:
    """The same sourced id may name an org and a user."""
    assert district(User(sourced_id="d")).user("d") is not None


def test_ids_are_told_apart_byte_by_byte() -> None:
    """No look-up bends an id: case and blanks count."""
    assert ROSTER.user("ANA") is None
    assert ROSTER.user(" ana") is None


LOOK_UPS: list[tuple[Callable[[Roster], Any], str]] = [
    (lambda r: r.org("north"), "north"),
    (lambda r: r.academic_session("fall"), "fall"),
    (lambda r: r.course("math"), "math"),
    (lambda r: r.class_("m1"), "m1"),
    (lambda r: r.user("ana"), "ana"),
    (lambda r: r.demographics_of("ana"), "ana"),
    (lambda r: r.get(Kind.relationship, "ana|mum"), "ana|mum"),
    (lambda r: r.get(Kind.enrollment, "ana.m1"), "ana.m1"),
]


@pytest.mark.parametrize(("look_up", "expected"), LOOK_UPS)
def test_a_record_is_found_by_its_id(look_up: Callable[[Roster], Any], expected: str) -> None:
    """Every kind has its look-up."""
    assert look_up(ROSTER).sourced_id == expected


def test_an_id_that_there_is_not_is_none() -> None:
    """What is not in the roster is None, for every kind."""
    assert [ROSTER.get(kind, "missing") for kind in Kind] == [None] * len(Kind)


QUERIES: list[tuple[Callable[[Roster], Any], list[str]]] = [
    (lambda r: r.users_with_role(Role.teacher), ["tia"]),
    (lambda r: r.enrollments_of_class("m1"), ["ana.m1", "tia.m1"]),
    (lambda r: r.enrollments_of_user("tia"), ["tia.m1", "tia.m2"]),
    (lambda r: r.people_of_class("m1"), ["ana", "tia"]),
    (lambda r: r.people_of_class("m1", Role.student), ["ana"]),
    (lambda r: r.classes_of_user("tia"), ["m1", "m2"]),
    (lambda r: r.classes_of_org("south"), ["m2"]),
    (lambda r: r.classes_of_course("math"), ["m1", "m2"]),
    (lambda r: r.classes_of_session("fall"), ["m1", "m2"]),
    (lambda r: r.classes_of_session("year"), ["m1"]),
    (lambda r: r.children_of_org("d"), ["north", "south"]),
    (lambda r: r.users_of_org("south"), ["ben", "tia", "mum", "dad"]),
    (lambda r: r.relationships_of_student("ana"), ["ana|mum", "ana|dad"]),
    (lambda r: r.relationships_of_contact("dad"), ["ana|dad", "ben|dad"]),
    (lambda r: r.contacts_of_student("ana"), ["mum", "dad"]),
    (lambda r: r.students_of_contact("dad"), ["ana", "ben"]),
]


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_records_are_found_by_what_they_refer_to(
    query: Callable[[Roster], Any], expected: list[str]
) -> None:
    """Every look-up by reference gives its records in the source's order."""
    assert ids(query(ROSTER)) == expected


@pytest.mark.parametrize(
    "query",
    [
        lambda r: r.enrollments_of_class("missing"),
        lambda r: r.enrollments_of_user("missing"),
        lambda r: r.people_of_class("missing"),
        lambda r: r.classes_of_user("missing"),
        lambda r: r.classes_of_org("missing"),
        lambda r: r.classes_of_course("missing"),
        lambda r: r.classes_of_session("missing"),
        lambda r: r.children_of_org("missing"),
        lambda r: r.users_of_org("missing"),
        lambda r: r.contacts_of_student("missing"),
        lambda r: r.students_of_contact("missing"),
    ],
)
def test_a_reference_that_nobody_has_finds_nothing(query: Callable[[Roster], Any]) -> None:
    """A look-up by reference never fails; it is empty."""
    assert query(ROSTER) == ()


def test_a_person_who_is_enrolled_twice_comes_once() -> None:
    """Two enrollments of one person in one class are one person."""
    again = attrs.evolve(enrolled("ana", "m1", Role.student), sourced_id="again")
    twice = district(again)
    assert ids(twice.people_of_class("m1")) == ["ana", "tia"]


def test_a_reference_to_nobody_is_left_out_of_people() -> None:
    """An enrollment whose user is not shared adds nobody to a class."""
    assert ids(district(enrolled("ghost", "m1", Role.student)).people_of_class("m1")) == [
        "ana",
        "tia",
    ]


def test_rows_are_flat_dicts_of_every_field() -> None:
    """Rows for a notebook hold every field of the record by name."""
    (fall,) = [row for row in ROSTER.rows(Kind.academic_session) if row["sourced_id"] == "fall"]
    assert fall["parent_id"] == "year"
    assert AcademicSession(**fall) == ROSTER.academic_session("fall")


def test_the_summary_is_json_and_adds_up() -> None:
    """Counts and codes are JSON-safe, and several warnings of one code are added up."""
    roster = district(
        issues=(Issue(kind=Kind.user, reason="no_id"), Issue(kind=Kind.org, reason="no_id")),
        tombstones=(Tombstone(kind=Kind.user, sourced_id="gone"),),
        warnings=(
            RosterWarning(code="EDL-WARN-001", message="a", count=2),
            RosterWarning(code="EDL-WARN-001", message="b", count=3),
        ),
    )
    summary = json.loads(json.dumps(roster.summary()))
    assert summary["records"]["users"] == 6
    assert summary["users_by_role"] == {"guardian": 2, "student": 2, "teacher": 1}
    assert summary["issues"] == {"no_id": 2}
    assert summary["tombstones"] == {"user": 1}
    assert summary["warnings"] == {"EDL-WARN-001": 5}
    assert summary["coverage"]["user"] == "complete"
    assert (summary["source"], summary["pulled_at"]) == ("oneroster:d1", PULLED_AT.isoformat())


def test_a_roster_prints_as_counts() -> None:
    """The repr holds the source and how many records of each kind there are."""
    assert repr(ROSTER).startswith("Roster(oneroster:d1, orgs=3, academic_sessions=2")
    assert repr(Roster(source=SOURCE, pulled_at=PULLED_AT)) == "Roster(oneroster:d1, empty)"


def test_a_notebook_shows_counts_and_coverage() -> None:
    """The HTML is a table of collections, and no text in it can be markup."""
    html = Roster(
        source=Source("p", "<b>"), pulled_at=PULLED_AT, coverage=ROSTER.coverage
    )._repr_html_()
    assert "<td>enrollments</td><td>0</td><td>complete</td>" in html
    assert "<b>" not in html


def test_looking_things_up_changes_nothing() -> None:
    """Indexes take no part in equality, copies or pickles."""
    used, fresh = district(), district()
    for query, _ in QUERIES:
        query(used)
    used.user("ana")
    assert used == fresh
    assert pickle.loads(pickle.dumps(used)) == fresh  # noqa: S301 - our own bytes
    assert copy.deepcopy(used) == fresh
    assert pickle.loads(pickle.dumps(used)).user("ana") == fresh.user("ana")  # noqa: S301


def test_a_changed_copy_has_indexes_of_its_own() -> None:
    """A roster made from another does not find the other's records."""
    assert ROSTER.user("ana") is not None
    assert attrs.evolve(ROSTER, users=()).user("ana") is None


def test_a_client_is_a_roster_source() -> None:
    """What a host may switch is a protocol that a client fulfils."""
    with OneRosterClient("http://127.0.0.1:9", auth=StaticBearer("invented")) as client:
        assert isinstance(client, RosterSource)


def test_every_collection_is_counted() -> None:
    """The counts name all eight collections, empty ones too."""
    empty = Roster(source=SOURCE, pulled_at=PULLED_AT, coverage=Coverage())
    assert empty.counts() == dict.fromkeys(COLLECTIONS.values(), 0)
