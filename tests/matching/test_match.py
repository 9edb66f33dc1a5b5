import json
from datetime import date
from typing import Any

import attrs
import pytest

from edlink.errors import ConfigError
from edlink.matching.match import match_people
from edlink.matching.people import Person, PersonKind
from edlink.matching.report import MatchReport, OpenGroup, StoredLink
from edlink.matching.rules import MatchRules

DAY = date(2012, 3, 4)
OTHER_DAY = date(2011, 7, 9)


def student(ref: str, **fields: Any) -> Person:  # noqa: ANN401 - any field of a person
    """Return a student with an invented name."""
    usual = {"given_name": "Ana", "family_name": "Sample", "birth_date": DAY}
    values: dict[str, Any] = usual | fields
    return Person(ref=ref, **values)


def linked(report: MatchReport) -> dict[str, tuple[str, str]]:
    """Return who is linked with whom, and by which rule."""
    return {link.incoming: (link.existing, link.rule) for link in report.linked}


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


def test_a_shared_family_address_is_reported_and_links_nobody_by_itself() -> None:
    """Siblings under a parent's mailbox are linked by name and birth date, not by the mailbox."""
    mail = {"emails": ("home@example.org",)}
    incoming = [student("in1", **mail), student("in2", given_name="Bruno", **mail)]
    existing = [student("ex1", **mail), student("ex2", given_name="Bruno", **mail)]
    report = match_people(incoming, existing)

    assert ({rule for _, rule in linked(report).values()}, report.shared[0].field) == (
        {"name_birth_date"},
        "emails",
    )


def test_a_later_rule_may_settle_a_shared_address_and_not_lead_out_of_it() -> None:
    """Who may be one of two by address is not linked with a third by user name."""
    mail = {"emails": ("a@example.org",), "birth_date": None}
    incoming = [student("in", username="ana", **mail)]
    existing = [
        student("ex1", **mail),
        student("ex2", **mail),
        student("ex3", username="ana", birth_date=None),
    ]
    report = match_people(incoming, existing)

    assert (report.ambiguous[0].existing, report.linked) == (("ex1", "ex2", "ex3"), ())


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


def test_a_sibling_under_a_linked_address_is_new() -> None:
    """Who shares a mailbox with a linked record, under another name, claims nothing."""
    mail = {"emails": ("home@example.org",)}
    incoming = [student("in1", sis_id="1", **mail), student("in2", given_name="Bruno", **mail)]

    assert match_people(incoming, [student("ex", sis_id="1", **mail)]).new == ("in2",)


def test_a_record_without_a_given_name_is_likely() -> None:
    """One address, family name and birth date may be a twin's: a person is asked."""
    mail = {"emails": ("a@example.org",)}
    report = match_people([student("in", given_name=None, **mail)], [student("ex", **mail)])

    assert [(g.reason, g.incoming, g.existing) for g in report.ambiguous] == [
        ("likely", ("in",), ("ex",))
    ]


@pytest.mark.parametrize("born", [None, DAY])
@pytest.mark.parametrize("field", ["emails", "username"])
@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("Juan", "Juan Pablo"),
        ("Maria Jose", "Maria"),
        ("Chris", "Christina"),
        ("Alex", "Alexandra"),
    ],
)
def test_a_name_that_nearly_agrees_is_likely(
    mine: str, theirs: str, field: str, born: date | None
) -> None:
    """A sibling or twin may have the mailbox: a nickname or one of two names links nobody."""
    key: Any = ("home@example.org",) if field == "emails" else "home@example.org"
    facts = {field: key, "birth_date": born}
    report = match_people(
        [student("in", given_name=mine, **facts)], [student("ex", given_name=theirs, **facts)]
    )

    assert [(g.reason, g.incoming, g.existing) for g in report.ambiguous] == [
        ("likely", ("in",), ("ex",))
    ]


def test_a_later_rule_may_settle_a_likely_pair() -> None:
    """Who nearly agrees by address is linked where name and birth date agree wholly."""
    incoming = student("in", given_name="Maria Jose", emails=("home@example.org",))
    existing = [
        student("sister", given_name="Maria", birth_date=None, emails=("home@example.org",)),
        student("ex", given_name="Maria Jose"),
    ]
    report = match_people([incoming], existing)

    assert (linked(report), report.unmatched_existing) == (
        {"in": ("ex", "name_birth_date")},
        ("sister",),
    )


def test_likely_names_under_two_sis_ids_are_two_persons() -> None:
    """Twins whose names nearly agree, each with a SIS id, are no question."""
    mail = {"emails": ("home@example.org",)}
    report = match_people(
        [student("in", sis_id="1", given_name="Juan", **mail)],
        [student("ex", sis_id="2", given_name="Juan Pablo", **mail)],
    )

    assert (report.new, report.unmatched_existing) == (("in",), ("ex",))


def test_a_shared_address_stays_shared_when_one_sharer_is_linked() -> None:
    """The mailbox of twins links neither, also after the SIS id has linked one of them."""
    mail = {"emails": ("home@example.org",)}
    incoming = [
        student("in1", sis_id="1", given_name="Juan Carlos", **mail),
        student("in2", sis_id="2", given_name="Juan Pablo", **mail),
    ]
    existing = [
        student("ex1", sis_id="1", given_name="Juan Carlos"),
        student("ex2", given_name="Juan Pablo", birth_date=None, **mail),
    ]
    report = match_people(incoming, existing)

    assert linked(report) == {"in1": ("ex1", "sis_id")}
    assert [(g.reason, g.incoming, g.existing) for g in report.ambiguous] == [
        ("shared_key", ("in2",), ("ex2",))
    ]
    assert [(s.field, s.values, s.largest) for s in report.shared] == [("emails", 1, 2)]


@pytest.mark.parametrize("field", ["emails", "username"])
@pytest.mark.parametrize("on_left", [True, False])
def test_an_address_of_another_kind_is_shared_too(field: str, on_left: bool) -> None:
    """A parent who has the mailbox makes it no key for the child."""
    key: Any = ("home@example.org",) if field == "emails" else "home@example.org"
    parent = student("parent", kind=PersonKind.guardian, **{field: key})
    facts = {"emails": ("home@example.org",), "birth_date": None}
    incoming, existing = [student("in", **facts)], [student("ex", **facts)]
    (incoming if on_left else existing).append(parent)
    report = match_people(incoming, existing)

    assert (report.linked, [g.reason for g in report.ambiguous]) == ((), ["shared_key"])


def test_an_address_at_another_tenant_is_not_shared() -> None:
    """Two districts may both know one person's address."""
    facts = {"emails": ("ana@example.org",), "birth_date": None}
    elsewhere = student("other", tenant="south", **facts)
    report = match_people([student("in", **facts)], [student("ex", **facts), elsewhere], tenant="n")

    assert linked(report) == {"in": ("ex", "email")}


def test_an_office_address_holds_nobody() -> None:
    """An address of more people than any group may have is no key at all."""
    crowd = [
        student(f"x{n}", provider_ids=(f"p{n}",), emails=("o@example.org",)) for n in range(60)
    ]
    one = student("in", birth_date=None, emails=("o@example.org",))
    report = match_people([*crowd, one], [attrs.evolve(one, ref="ex")])

    assert (report.linked, report.ambiguous, report.shared[0].largest) == ((), (), 61)


def test_an_address_with_two_generations_links_nobody() -> None:
    """Father and son with one name and mailbox are two persons."""
    mail = {"emails": ("a@example.org",), "birth_date": None}
    report = match_people(
        [student("in", suffix="Jr", **mail)], [student("ex", suffix="Sr", **mail)]
    )

    assert report.linked == ()


def test_students_of_two_tenants_share_no_id() -> None:
    """One SIS id in two districts is two ids."""
    report = match_people(
        [student("in", sis_id="1", tenant="north")],
        [student("ex", sis_id="1", tenant="south")],
        tenant="north",
    )

    assert report.linked == ()


def test_kinds_never_mix() -> None:
    """A student and a member of staff with one address and name are two people."""
    mail = {"emails": ("a@example.org",)}
    report = match_people([student("in", **mail)], [student("ex", kind=PersonKind.staff, **mail)])

    assert report.linked == ()


def test_a_guardian_is_known_by_child_and_address() -> None:
    """A guardian of a linked child with the same telephone number and given name is linked."""
    parent = {"kind": PersonKind.guardian, "phones": ("555-010-0199",), "birth_date": None}
    incoming = [student("kid"), student("dad", given_name="Bill", child_refs=("kid",), **parent)]
    existing = [
        student("child"),
        student("adult", given_name="William", child_refs=("child",), **parent),
    ]

    assert linked(match_people(incoming, existing))["dad"] == ("adult", "child_contact")


def test_a_guardian_with_another_name_is_not_the_other_parent() -> None:
    """Both parents of one child with one mailbox are two people."""
    parent = {"kind": PersonKind.guardian, "emails": ("home@example.org",), "birth_date": None}
    incoming = [student("kid"), student("dad", given_name="Bill", child_refs=("kid",), **parent)]
    existing = [student("child"), student("mum", given_name="Eva", child_refs=("child",), **parent)]

    assert match_people(incoming, existing).new == ("dad",)


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"suffix": "Jr"}, {"suffix": "Sr"}),
        ({}, {"family_name": "Muster"}),
        ({"middle_name": "Aldo"}, {"middle_name": "Bruno"}),
    ],
)
def test_two_of_one_given_name_in_a_household_are_two(
    mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    """Father and grandfather, or stepfather, with one child, telephone and given name."""
    parent = {"kind": PersonKind.guardian, "phones": ("555-010-0199",), "birth_date": None}
    incoming = [student("kid"), student("in", child_refs=("kid",), **parent, **mine)]
    existing = [student("child"), student("ex", child_refs=("child",), **parent, **theirs)]

    assert match_people(incoming, existing).new == ("in",)


def test_a_guardian_in_one_field_agrees_by_whole_name() -> None:
    """A contact whose whole name is in the family name agrees with the split one."""
    parent = {"kind": PersonKind.guardian, "emails": ("home@example.org",), "birth_date": None}
    whole = {"given_name": None, "family_name": "Bill Sample", "child_refs": ("kid",)}
    incoming = [student("kid"), student("dad", **parent, **whole)]
    existing = [
        student("child"),
        student("adult", given_name="Bill", child_refs=("child",), **parent),
    ]

    assert linked(match_people(incoming, existing))["dad"] == ("adult", "child_contact")


def _in_one_field(name: str, **facts: object) -> dict[str, object]:
    parent = {"kind": PersonKind.guardian, "phones": ("555-010-0199",), "birth_date": None}
    return {**parent, "given_name": None, "family_name": name, **facts}


@pytest.mark.parametrize(
    ("theirs", "ours", "links"),
    [
        ("Bill Sample", "Sample, Bill", {"dad": ("adult", "child_contact")}),
        ("Bill Sample", "Ida Sample", {}),
        ("Sample", "Sample", {}),
    ],
)
def test_guardians_in_one_field_on_both_sides_agree_by_whole_names(
    theirs: str, ours: str, links: dict[str, tuple[str, str]]
) -> None:
    """Contacts of one child and number agree by the words of their names; one word is no name."""
    incoming = [student("kid"), student("dad", **_in_one_field(theirs, child_refs=("kid",)))]
    existing = [student("child"), student("adult", **_in_one_field(ours, child_refs=("child",)))]
    found = linked(match_people(incoming, existing))

    assert {ref: link for ref, link in found.items() if ref != "kid"} == links


def test_staff_who_are_parents_are_suggested_as_one_human() -> None:
    """A teacher and a guardian with one address and name are suggested, never linked."""
    mail = {"emails": ("ana@example.org",)}
    report = match_people(
        [student("in", kind=PersonKind.staff, **mail)],
        [student("ex", kind=PersonKind.guardian, **mail)],
    )

    assert [(p.incoming, p.existing) for p in report.same_human] == [("in", "ex")]


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

    assert match_people([student("in")], [student("ex")], rules=rules).linked == ()


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


def test_a_report_of_another_version_is_refused() -> None:
    """A report that this version did not write is not read."""
    for data in ({"version": 0}, {"version": 1, "shoes": 1}):
        with pytest.raises(ConfigError, match="EDL-CONF-080"):
            MatchReport.from_dict(data)


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


def test_one_address_of_two_people_ties_them_all() -> None:
    """A record whose two addresses point to two people is linked with neither."""
    incoming = student("in", emails=("a@example.org", "b@example.org"), birth_date=None)
    existing = [
        student("ex1", emails=("a@example.org",), birth_date=None),
        student("ex2", emails=("b@example.org",), birth_date=None),
    ]
    swapped = match_people(existing, [incoming])

    assert (match_people([incoming], existing).ambiguous[0].existing, swapped.linked) == (
        ("ex1", "ex2"),
        (),
    )


def test_ids_read_from_a_spreadsheet_are_no_keys() -> None:
    """Two rounded ids do not link."""
    a, b = (student(ref, sis_id="1.23E+11", birth_date=None) for ref in ("in", "ex"))

    assert match_people([a], [b]).linked == ()


def test_people_stay_out_of_reprs() -> None:
    """A person printed shows ids and kind only."""
    person = attrs.evolve(student("in"), emails=("ana@example.org",), phones=("555",))

    assert not [v for v in ("Ana", "Sample", "2012", "example.org") if v in repr(person)]
