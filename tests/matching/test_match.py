import json
from datetime import date
from typing import Any

import attrs
import pytest
from tests.matching.people_cases import DAY, OTHER_DAY, linked, student

from edlink.errors import ConfigError
from edlink.matching.match import match_people
from edlink.matching.people import PersonKind
from edlink.matching.report import MatchReport, OpenGroup, StoredLink
from edlink.matching.rules import MatchRules


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"provider_ids": ("p1",)}, "provider_id"),
        ({"sis_id": "007"}, "sis_id"),
        ({"state_id": "ST1"}, "state_id"),
        ({"number": "42"}, "number"),
        ({"emails": ("ana@example.org",)}, "email"),
        ({"username": "ana.sample"}, "username"),
        ({}, "name_birth_date"),
    ],
)
def test_each_rung_links_what_it_knows(fields: dict[str, Any], rule: str) -> None:
    """Two records that share one key are linked by the rule of that key."""
    report = match_people([student("in", **fields)], [student("ex", **fields)])

    assert linked(report) == {"in": ("ex", rule)}


def test_the_surest_rule_decides() -> None:
    """A SIS id outranks an address that points to someone else."""
    incoming = student("in", sis_id="1", emails=("a@example.org",))
    existing = [student("ex1", sis_id="1"), student("ex2", emails=("a@example.org",))]

    assert linked(match_people([incoming], existing)) == {"in": ("ex1", "sis_id")}


def test_a_reused_id_is_a_conflict() -> None:
    """One SIS id with another given name and birth date behind it stands for two persons."""
    report = match_people(
        [student("in", sis_id="1")],
        [student("ex", sis_id="1", given_name="Bruno", birth_date=OTHER_DAY)],
    )

    assert [(g.reason, g.incoming, g.existing) for g in report.conflicts] == [
        ("id_reused", ("in",), ("ex",))
    ]


def test_a_reused_id_shows_without_birth_dates() -> None:
    """Without birth dates, one id with two names that share no word stands for two persons."""
    report = match_people(
        [student("in", sis_id="1", birth_date=None)],
        [student("ex", sis_id="1", given_name="Bruno", family_name="Muster")],
    )

    assert [group.reason for group in report.conflicts] == ["id_reused"]


def test_a_new_family_name_does_not_part_an_id() -> None:
    """A person who took another family name keeps the link of the SIS id."""
    report = match_people(
        [student("in", sis_id="1")], [student("ex", sis_id="1", family_name="Muster")]
    )

    assert linked(report) == {"in": ("ex", "sis_id")}


def test_different_sis_ids_stop_every_weaker_rule() -> None:
    """Who has another SIS id is never linked by number or address, and the report says so."""
    fields = {"number": "42", "emails": ("a@example.org",)}
    report = match_people(
        [student("in", sis_id="1", **fields)], [student("ex", sis_id="2", **fields)]
    )

    assert [group.reason for group in report.conflicts] == ["cannot_link"]


def test_an_ignored_field_decides_nothing() -> None:
    """After a change of the student information system its ids neither link nor part."""
    rules = MatchRules(ignore={"sis_id"})
    report = match_people([student("in", sis_id="1")], [student("ex", sis_id="2")], rules=rules)

    assert linked(report) == {"in": ("ex", "name_birth_date")}


def test_three_with_one_name_and_birth_date_are_ambiguous() -> None:
    """Of three Maria Garcias with one birth date nobody is chosen."""
    marias = [student(f"ex{n}", given_name="Maria", family_name="Garcia") for n in range(3)]
    incoming = student("in", given_name="Maria", family_name="Garcia")

    assert match_people([incoming], marias).ambiguous == (
        OpenGroup(
            reason="shared_key",
            kind="student",
            incoming=("in",),
            existing=("ex0", "ex1", "ex2"),
            rules=("name_birth_date",),
            fields=("birth_date",),
        ),
    )


def test_a_middle_name_splits_two_who_share_all_else() -> None:
    """A middle name that differs stops the rule of name and birth date."""
    report = match_people(
        [student("in", middle_name="Lucia")], [student("ex", middle_name="Fernanda")]
    )

    assert report.new == ("in",)


def test_an_initial_agrees_with_its_middle_name() -> None:
    """A middle initial does not part two records."""
    report = match_people([student("in", middle_name="L.")], [student("ex", middle_name="Lucia")])

    assert linked(report) == {"in": ("ex", "name_birth_date")}


@pytest.mark.parametrize("field", ["state_id", "number"])
def test_another_id_stops_a_name_and_birth_date(field: str) -> None:
    """One name and birth date under two state ids or numbers is for a person to settle."""
    report = match_people([student("in", **{field: "1"})], [student("ex", **{field: "2"})])

    assert [(g.reason, g.rules) for g in report.conflicts] == [
        ("cannot_link", ("name_birth_date",))
    ]


def test_generations_are_two_persons() -> None:
    """Jr and III with one name are not linked by it."""
    report = match_people([student("in", suffix="Jr.")], [student("ex", family_name="Sample III")])

    assert report.new == ("in",)


def test_schools_that_are_known_to_differ_stop_a_name() -> None:
    """One name and birth date at two linked schools is not linked by that."""
    incoming = [student("in", org_refs=("o1",))]
    existing = [student("ex", org_refs=("school2",))]
    report = match_people(incoming, existing, org_links={"o1": "school1", "o2": "school2"})

    assert report.new == ("in",)


@pytest.mark.parametrize(
    ("org_links", "agreement"),
    [
        ({}, "not_checked"),
        ({"o1": "school1"}, "equal"),
        ({"o9": "school9"}, "absent"),
    ],
)
def test_a_link_by_name_says_whether_schools_were_compared(
    org_links: dict[str, str], agreement: str
) -> None:
    """The evidence of a name and birth date names the schools, or that nobody looked at them."""
    incoming = [student("in", org_refs=("o1",))]
    existing = [student("ex", org_refs=("school1",))]
    (link,) = match_people(incoming, existing, org_links=org_links).linked

    assert {e.field: e.agreement for e in link.evidence}["org_refs"] == agreement


@pytest.mark.parametrize(
    ("birth_date", "agreement"), [(DAY, "equal"), (OTHER_DAY, "differs"), (None, "absent")]
)
def test_a_link_says_whether_the_birth_dates_agree(birth_date: date | None, agreement: str) -> None:
    """The evidence of an id names the id, the names and how the birth dates compare."""
    existing = student("ex", sis_id="1", birth_date=birth_date)
    (link,) = match_people([student("in", sis_id="1")], [existing]).linked

    assert {e.field: e.agreement for e in link.evidence} == {
        "sis_id": "equal",
        "given_name": "equal",
        "family_name": "equal",
        "birth_date": agreement,
    }


def test_a_value_that_thousands_share_is_no_key() -> None:
    """A placeholder id of 10,000 people holds nobody back and costs no pairs."""
    names = [
        f"{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}x" for n in range(5000)
    ]
    incoming = [student(f"in{n}", sis_id="999", given_name=name) for n, name in enumerate(names)]
    existing = [student(f"ex{n}", sis_id="999", given_name=name) for n, name in enumerate(names)]
    report = match_people(incoming, existing)

    assert (len(report.linked), report.shared[0].largest) == (5000, 5000)


def test_a_stored_link_outranks_every_rule() -> None:
    """A pair that the host has kept stays, and says where the two now differ."""
    report = match_people(
        [student("in", sis_id="1")],
        [
            student("ex1", sis_id="2", given_name="Bruno", birth_date=OTHER_DAY),
            student("ex2", sis_id="1"),
        ],
        links=[StoredLink(incoming="in", existing="ex1")],
    )

    assert (linked(report), report.linked[0].drift, report.conflicts[0].holders) == (
        {"in": ("ex1", "stored_link")},
        ("birth_date", "given_name", "sis_id"),
        ("in",),
    )


@pytest.mark.parametrize("kind", list(PersonKind))
def test_a_link_says_what_both_are(kind: PersonKind) -> None:
    """The kind of a link is the kind of its two people."""
    report = match_people(
        [student("in", kind=kind, provider_ids=("p",))],
        [student("ex", kind=kind, provider_ids=("p",))],
    )

    assert [(link.kind, link.rule) for link in report.linked] == [(kind, "provider_id")]


def test_a_record_whose_stored_partner_is_gone_is_rekeyed() -> None:
    """Who came under a new id is linked, and the link names the old one."""
    report = match_people(
        [student("in2", sis_id="1")],
        [student("ex", sis_id="1")],
        links=[StoredLink(incoming="in1", existing="ex")],
    )

    assert [(link.existing, link.rekeys) for link in report.linked] == [("ex", "in1")]


def test_stored_links_that_name_a_record_twice_are_a_conflict() -> None:
    """Two stored pairs with one host record are left to a person."""
    stored = [StoredLink(incoming=ref, existing="ex") for ref in ("in1", "in2")]
    report = match_people([student("in1"), student("in2")], [student("ex")], links=stored)

    assert [(g.reason, g.incoming) for g in report.conflicts] == [("linked_twice", ("in1", "in2"))]


def test_an_id_whose_holder_is_linked_elsewhere_is_claimed() -> None:
    """Who comes with an id that a linked record holds is in conflict, not new."""
    report = match_people(
        [student("in1", provider_ids=("p1",)), student("in2", sis_id="1", given_name="Bruno")],
        [student("ex", provider_ids=("p1",), sis_id="1")],
    )

    assert [(g.reason, g.incoming, g.holders) for g in report.conflicts] == [
        ("claimed", ("in2",), ("ex",))
    ]


def test_a_value_that_many_share_claims_nothing() -> None:
    """Who comes with an id that a crowd of linked records holds is new."""
    crowd = [f"p{n}" for n in range(60)]
    existing = [student(f"ex{ref}", provider_ids=(ref,), sis_id="0") for ref in crowd]
    incoming = [student(ref, provider_ids=(ref,)) for ref in crowd]
    late = student("late", sis_id="0", given_name="Bruno", birth_date=None)

    assert match_people([*incoming, late], existing).new == ("late",)


def test_students_of_two_tenants_share_no_id() -> None:
    """One SIS id in two districts is two ids."""
    report = match_people(
        [student("in", sis_id="1", tenant="north")],
        [student("ex", sis_id="1", tenant="south")],
        tenant="north",
    )

    assert not report.linked


def test_an_accepted_id_rule_mends_spreadsheet_damage() -> None:
    """Ids that lost their zeros link once the host has accepted the rule."""
    rules = MatchRules(id_rules={"sis_id": "zero_pad:5"})
    report = match_people(
        [student("in", sis_id="00042")], [student("ex", sis_id="42")], rules=rules
    )

    assert linked(report) == {"in": ("ex", "sis_id")}


def test_name_and_birth_date_can_be_switched_off() -> None:
    """A host that does not want names to link gets no such link."""
    rules = MatchRules(link_by_name_and_birth_date=False)

    assert not match_people([student("in")], [student("ex")], rules=rules).linked


def test_two_records_with_one_ref_are_refused() -> None:
    """A side that names two people alike cannot be matched."""
    with pytest.raises(ConfigError, match="EDL-CONF-085"):
        match_people([student("in"), student("in")], [])


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"id_rules": {"emails": "exact"}}, "EDL-CONF-083"),
        ({"id_rules": {"sis_id": "guess"}}, "EDL-CONF-081"),
        ({"ignore": {"shoe_size"}}, "EDL-CONF-084"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], code: str) -> None:
    """A rule for no id, an unknown rule and an unknown field are refused at once."""
    with pytest.raises(ConfigError, match=code):
        MatchRules(**settings)


def test_a_report_knows_both_ways() -> None:
    """A linked record is found from either side; one that is not linked is None."""
    report = match_people([student("in")], [student("ex")])
    link = report.link_of("in")

    assert (report.existing_of("in"), report.incoming_of("ex"), link and link.rule) == (
        "ex",
        "in",
        "name_birth_date",
    )
    assert (report.existing_of("x"), report.incoming_of("x"), report.link_of("x")) == (None,) * 3


def test_a_report_gives_its_links_to_be_kept() -> None:
    """The links of one night are what the next starts from."""
    report = match_people([student("in")], [student("ex")])

    assert report.stored_links() == (StoredLink(incoming="in", existing="ex"),)


def test_a_report_of_another_version_is_refused() -> None:
    """A report that this version did not write is not read."""
    for data in ({"version": 0}, {"version": 1, "shoes": 1}):
        with pytest.raises(ConfigError, match="EDL-CONF-080"):
            MatchReport.from_dict(data)


def test_a_report_counts_every_link_of_a_rule() -> None:
    """Links by one rule are counted each, and add up to all links."""
    incoming = [student(f"in{n}", sis_id=str(n)) for n in range(3)]
    existing = [student(f"ex{n}", sis_id=str(n)) for n in range(3)]
    named = {"given_name": "Eva"}
    report = match_people([*incoming, student("in", **named)], [*existing, student("ex", **named)])
    counts = report.counts()

    assert (counts["linked"], counts["linked_by_sis_id"], counts["linked_by_name_birth_date"]) == (
        4,
        3,
        1,
    )


def test_a_report_counts_without_naming_anyone() -> None:
    """The printed report is numbers, the empty one says so."""
    report = match_people([student("in")], [student("ex")])

    assert (repr(report), repr(MatchReport())) == (
        "MatchReport(linked=1, linked_by_name_birth_date=1)",
        "MatchReport(empty)",
    )


def test_reports_are_json() -> None:
    """Conflicts and ambiguities survive JSON too."""
    report = match_people(
        [student("in", sis_id="1")], [student("ex", sis_id="1"), student("ey", sis_id="1")]
    )

    assert MatchReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report


def test_ids_read_from_a_spreadsheet_are_no_keys() -> None:
    """Two rounded ids do not link."""
    a, b = (student(ref, sis_id="1.23E+11", birth_date=None) for ref in ("in", "ex"))

    assert not match_people([a], [b]).linked


def test_people_stay_out_of_reprs() -> None:
    """A person printed shows ids and kind only."""
    person = attrs.evolve(student("in"), emails=("ana@example.org",), phones=("555",))

    assert not [v for v in ("Ana", "Sample", "2012", "example.org") if v in repr(person)]
