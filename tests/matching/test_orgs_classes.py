from datetime import UTC, datetime

import pytest

from edlink.coverage import Source
from edlink.errors import ConfigError
from edlink.matching.classes import (
    Classroom,
    ClassStart,
    classrooms_of,
    match_classes,
    plan_class_start,
)
from edlink.matching.orgs import match_orgs
from edlink.matching.report import MatchReport, OpenGroup, StoredLink
from edlink.model import (
    AcademicSession,
    Class,
    Course,
    Enrollment,
    Identifier,
    Org,
    RoleAssignment,
    User,
)
from edlink.roster import Roster
from edlink.vocabulary import IdentifierType, OrgType, Role


def school(ref: str, name: str = "", **ids: str) -> Org:
    """Return a school with identifiers by type."""
    identifiers = tuple(Identifier(type=IdentifierType(t), value=v) for t, v in ids.items())
    return Org(sourced_id=ref, type=OrgType.school, name=name, identifiers=identifiers)


def linked(report: MatchReport) -> list[tuple[str, str, str]]:
    """Return who is linked with whom and why."""
    return [(link.incoming, link.existing, link.rule) for link in report.linked]


@pytest.mark.parametrize("register", ["sis_id", "state_id", "nces_id"])
def test_schools_link_by_each_register(register: str) -> None:
    """A school with the same id in one register is the same school."""
    report = match_orgs([school("in", **{register: "0042"})], [school("ex", **{register: "0042"})])

    assert linked(report) == [("in", "ex", register)]


def test_a_school_number_is_the_sis_id() -> None:
    """A provider's school number meets the host's SIS id."""
    report = match_orgs([school("in", school_number="7")], [school("ex", sis_id="7")])

    assert linked(report) == [("in", "ex", "sis_id")]


def test_an_accepted_rule_mends_school_ids() -> None:
    """Leading zeros that a spreadsheet took are given back by the rule that the host accepted."""
    incoming, existing = [school("in", sis_id="0042")], [school("ex", sis_id="42")]

    assert match_orgs(incoming, existing).new == ("in",)
    assert linked(match_orgs(incoming, existing, id_rule="strip_zeros"))


def test_an_unknown_rule_is_refused() -> None:
    """A rule that does not exist is refused."""
    with pytest.raises(ConfigError, match="EDL-CONF-081"):
        match_orgs([], [], id_rule="guess")


def test_a_name_only_suggests() -> None:
    """Schools with one name and no common id are near, not linked; several are not even near."""
    report = match_orgs(
        [school("in", "North High"), school("in2", "South"), school("in3", sis_id="1.2E+11")],
        [school("ex", "north-high"), school("ex2", "South"), school("ex3", "South")],
    )

    assert not report.linked
    assert [(n.incoming, n.existing) for n in report.nearest] == [("in", "ex")]


def test_schools_and_districts_share_no_number() -> None:
    """A district's number is not a school's."""
    district = Org(
        sourced_id="ex",
        type=OrgType.district,
        identifiers=(Identifier(type=IdentifierType.sis_id, value="1"),),
    )

    assert not match_orgs([school("in", sis_id="1")], [district]).linked


def test_two_schools_with_one_id_are_ambiguous() -> None:
    """An id that two schools have links neither, and no weaker id does."""
    incoming = [school("in1", sis_id="1", nces_id="N"), school("in2", sis_id="1")]
    report = match_orgs(incoming, [school("ex", sis_id="1", nces_id="N")])

    assert [(g.incoming, g.existing) for g in report.ambiguous] == [(("in1", "in2"), ("ex",))]


def test_ids_that_lead_two_ways_tie_all() -> None:
    """A school whose two ids point to two schools is linked with neither."""
    incoming = Org(
        sourced_id="in",
        type=OrgType.school,
        identifiers=tuple(Identifier(type=IdentifierType.sis_id, value=v) for v in "12"),
    )
    report = match_orgs([incoming], [school("a", sis_id="1"), school("b", sis_id="2")])

    assert [g.existing for g in report.ambiguous] == [("a", "b")]


def test_stored_school_links_are_kept() -> None:
    """The host's own pair outranks ids; one whose record is gone is passed over."""
    links = [
        StoredLink(incoming="in", existing="ex2"),
        StoredLink(incoming="gone", existing="ex1"),
    ]
    incoming = [school("in", sis_id="1")]
    existing = [school("ex1", sis_id="1"), school("ex2")]

    assert linked(match_orgs(incoming, existing, links=links)) == [("in", "ex2", "stored_link")]


def pairs_of(*pairs: str) -> list[StoredLink]:
    """Return stored links of records with one-letter refs."""
    return [StoredLink(incoming=pair[0], existing=pair[1]) for pair in pairs]


@pytest.mark.parametrize("links", [["ab", "ac"], ["ac", "ab"]])
def test_stored_links_that_name_a_record_twice_are_a_conflict(links: list[str]) -> None:
    """Of two links of one school or class neither is taken, and no id decides between them."""
    schools = match_orgs(
        [school("a", sis_id="1"), school("d")],
        [school("b", sis_id="1"), school("c"), school("e")],
        links=pairs_of(*links, "de", "de", "dz"),
    )
    rooms = match_classes(
        [room("a", sis_id="1"), room("d")],
        [room("b", sis_id="1"), room("c"), room("e")],
        links=pairs_of(*links, "de"),
    )
    for kind, report in (("org", schools), ("class", rooms)):
        assert linked(report) == [("d", "e", "stored_link")]
        assert report.conflicts == (
            OpenGroup(
                reason="linked_twice",
                kind=kind,
                incoming=("a",),
                existing=("b", "c"),
                rules=("stored_link",),
            ),
        )
        assert (report.new, report.unmatched_existing, report.ambiguous) == ((), (), ())


def test_two_of_one_ref_are_refused() -> None:
    """Of two schools or classes with one ref the last is not silently the only one."""
    with pytest.raises(ConfigError, match="EDL-CONF-085"):
        match_orgs([school("a"), school("a", "North")], [])
    with pytest.raises(ConfigError, match="EDL-CONF-085"):
        match_orgs([], [school("a"), school("a", "North")])
    with pytest.raises(ConfigError, match="EDL-CONF-085"):
        match_classes([], [room("a"), room("a", sis_id="1")])


def test_links_are_in_the_order_of_their_ids_whatever_rule_found_them() -> None:
    """A link of a weaker rule stands before one of a surer rule if its id does."""
    ids = {"2": "sis_id", "3": "nces_id", "1": "state_id"}
    sides = [[school(f"{side}{n}", **{of: n}) for n, of in ids.items()] for side in ("in", "ex")]

    assert [link.incoming for link in match_orgs(*sides).linked] == ["in1", "in2", "in3"]


def room(ref: str, **fields: object) -> Classroom:
    """Return an algebra class of one teacher."""
    usual: dict[str, object] = {
        "course": "ALG-1",
        "terms": ("Fall", "Spring"),
        "org_ref": "school1",
        "teacher_refs": ("t1",),
    }
    return Classroom(ref=ref, **(usual | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "rule"),
    [({"provider_ids": ("p1",)}, "provider_id"), ({"sis_id": "1"}, "sis_id"), ({}, "taught")],
)
def test_classes_link_by_ids_then_by_what_is_taught(fields: dict[str, object], rule: str) -> None:
    """Provider id, SIS id, then course, terms, school and teacher make a class the same."""
    assert linked(match_classes([room("in", **fields)], [room("ex", **fields)])) == [
        ("in", "ex", rule)
    ]


@pytest.mark.parametrize("field", ["course", "terms", "org_ref", "teacher_refs"])
def test_what_is_taught_needs_all_four(field: str) -> None:
    """Without course, term, school or teacher nothing is said of a class."""
    empty = () if field in {"terms", "teacher_refs"} else None
    rooms = [room(ref, **{field: empty}) for ref in ("in", "ex")]

    assert not match_classes(rooms[:1], rooms[1:]).linked


def test_sections_are_told_apart_by_period() -> None:
    """Two sections of one teacher link by period, and without one they are ambiguous."""
    apart = [[room(f"{side}{n}", period=str(n)) for n in (1, 2)] for side in ("in", "ex")]
    alike = [[room(f"{side}{n}") for n in (1, 2)] for side in ("in", "ex")]

    assert [link[:2] for link in linked(match_classes(*apart))] == [("in1", "ex1"), ("in2", "ex2")]
    assert match_classes(*alike).ambiguous[0].incoming == ("in1", "in2")


def test_a_host_chooses_how_to_start() -> None:
    """Existing classrooms are adopted, archived or left."""
    incoming = [room("in1", sis_id="1"), room("in2", sis_id="2", course="ART")]
    twice = [room(f"in{n}", sis_id="9", course=None) for n in (3, 4)]
    existing = [room("ex1", sis_id="1"), room("ex5", course=None), room("ex9", sis_id="9")]
    report = match_classes([*incoming, *twice], existing)
    adopt, archive, leave = (plan_class_start(report, start) for start in ClassStart)

    assert ([a.existing for a in adopt.adopted], adopt.created, adopt.left, adopt.open) == (
        ["ex1"],
        ("in2",),
        ("ex5",),
        ("ex9", "in3", "in4"),
    )
    assert (archive.created, archive.archived) == (
        ("in1", "in2", "in3", "in4"),
        ("ex1", "ex5", "ex9"),
    )
    assert (leave.created, leave.left) == (archive.created, archive.archived)


def test_a_roster_gives_its_classrooms() -> None:
    """Course, terms, school and teachers come from the roster, in the host's refs."""
    teacher = User(sourced_id="t", roles=(RoleAssignment(role=Role.teacher, org_id="o"),))
    roster = Roster.from_records(
        [
            Course(sourced_id="c", title="Algebra"),
            AcademicSession(sourced_id="s", title="Fall"),
            teacher,
            Class(
                sourced_id="k",
                course_id="c",
                org_id="o",
                session_ids=("s", "unknown"),
                class_code="ALG/1",
                identifiers=(Identifier(type=IdentifierType.sis_id, value="9"),),
            ),
            Class(sourced_id="bare"),
            Enrollment(sourced_id="e", user_id="t", class_id="k", role=Role.teacher),
        ],
        source=Source("classlink", "north"),
        pulled_at=datetime(2024, 9, 1, tzinfo=UTC),
    )
    full, bare = classrooms_of(roster, org_links={"o": "school1"}, user_links={"t": "t1"})

    assert full == Classroom(
        ref="k",
        provider_ids=("k",),
        sis_id="9",
        course="Algebra",
        terms=("Fall",),
        org_ref="school1",
        teacher_refs=("t1",),
        period="ALG/1",
    )
    assert bare == Classroom(ref="bare", provider_ids=("bare",))
