from datetime import date
from typing import Any

import attrs
import pytest
from tests.matching.people_cases import DAY, OTHER_DAY, linked, student

from edlink.matching.match import match_people
from edlink.matching.people import PersonKind
from edlink.matching.rules import MatchRules


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

    assert report.ambiguous[0].existing == ("ex1", "ex2", "ex3")
    assert not report.linked


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


def test_a_shared_address_and_a_name_that_nearly_agrees_is_likely() -> None:
    """A twin is not the old record whose short name fits both, once an id has linked the other."""
    mail = {"emails": ("home@example.org",)}
    incoming = [
        student("in1", sis_id="1", given_name="Juan Carlos", **mail),
        student("in2", sis_id="2", given_name="Juan Pablo", **mail),
    ]
    existing = [
        student("ex1", sis_id="1", given_name="Juan Carlos"),
        student("ex2", given_name="Juan", birth_date=None, **mail),
    ]
    report = match_people(incoming, existing)

    assert [(g.reason, g.incoming, g.existing) for g in report.ambiguous] == [
        ("likely", ("in2",), ("ex2",))
    ]


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

    assert not report.linked
    assert [g.reason for g in report.ambiguous] == ["shared_key"]


def test_an_address_at_another_tenant_is_not_shared() -> None:
    """Two districts may both know one person's address."""
    facts = {"emails": ("ana@example.org",), "birth_date": None}
    elsewhere = student("other", tenant="south", **facts)
    report = match_people([student("in", **facts)], [student("ex", **facts), elsewhere], tenant="n")

    assert linked(report) == {"in": ("ex", "email")}


@pytest.mark.parametrize("are_linked", [True, False])
def test_an_office_address_holds_nobody(are_linked: bool) -> None:
    """An address of more people than any group may have is no key, linked or not."""
    crowd = [
        student(f"x{n}", provider_ids=(f"p{n}",), emails=("o@example.org",)) for n in range(60)
    ]
    known = [attrs.evolve(person, emails=()) for person in crowd] if are_linked else []
    one = student("in", birth_date=None, emails=("o@example.org",))
    report = match_people([*crowd, one], [*known, attrs.evolve(one, ref="ex")])

    assert (report.link_of("in"), report.ambiguous, report.shared[0].largest) == (None, (), 61)


def test_an_address_with_two_generations_links_nobody() -> None:
    """Father and son with one name and mailbox are two persons."""
    mail = {"emails": ("a@example.org",), "birth_date": None}
    report = match_people(
        [student("in", suffix="Jr", **mail)], [student("ex", suffix="Sr", **mail)]
    )

    assert not report.linked


def test_one_address_of_two_people_ties_them_all() -> None:
    """A record whose two addresses point to two people is linked with neither."""
    incoming = student("in", emails=("a@example.org", "b@example.org"), birth_date=None)
    existing = [
        student("ex1", emails=("a@example.org",), birth_date=None),
        student("ex2", emails=("b@example.org",), birth_date=None),
    ]
    swapped = match_people(existing, [incoming])

    assert match_people([incoming], existing).ambiguous[0].existing == ("ex1", "ex2")
    assert not swapped.linked


def test_what_is_no_address_is_no_key() -> None:
    """A word where an address should be links nobody, and the address beside it does."""
    facts = {"emails": ("none", "a@example.org"), "birth_date": None}
    report = match_people([student("in", **facts)], [student("ex", **facts)])

    assert linked(report) == {"in": ("ex", "email")}


def test_an_address_that_one_person_has_twice_counts_once() -> None:
    """Three share a mailbox, of whom one has it in two spellings; none of them is linked by it."""
    mail = {"emails": ("home@example.org",), "birth_date": None}
    twice = {**mail, "emails": ("Home@example.org", "home@example.org")}
    existing = [student("ex1", **mail), student("ex2", **mail), student("ex3", **twice)]
    report = match_people([student("in", **mail)], existing)

    assert [g.existing for g in report.ambiguous] == [("ex1", "ex2", "ex3")]


def test_a_second_address_is_shared_like_the_first() -> None:
    """Who has the mailbox as the second of two addresses is one of those who share it."""
    mail = {"emails": ("home@example.org",), "birth_date": None}
    second = {**mail, "emails": ("own@example.org", "home@example.org")}
    report = match_people(
        [student("in", **mail)], [student("ex", **second), student("no", given_name="Kim", **mail)]
    )

    assert not report.linked


@pytest.mark.parametrize("family", ["Sample", "Muster"])
def test_an_address_under_another_birth_date_needs_both_names(family: str) -> None:
    """With two birth dates one address links only who has both names."""
    mail = {"emails": ("a@example.org",)}
    other = student("ex", birth_date=OTHER_DAY, family_name=family, **mail)
    report = match_people([student("in", **mail)], [other])

    assert bool(report.linked) == (family == "Sample")


def test_names_that_are_ignored_support_no_address() -> None:
    """Under a rule that ignores given names one address alone links nobody."""
    facts = {"emails": ("a@example.org",), "birth_date": None}
    rules = MatchRules(ignore={"given_name"})
    report = match_people([student("in", **facts)], [student("ex", **facts)], rules=rules)

    assert not report.linked


def test_two_people_with_two_addresses_each_are_one_tangle() -> None:
    """Where each of two has an address of each of two others, nobody is linked by address."""
    mails = [f"{n}@example.org" for n in range(4)]
    usual: dict[str, Any] = {"birth_date": None}
    incoming = [student(f"in{n}", emails=(mails[2 * n], mails[2 * n + 1]), **usual) for n in (0, 1)]
    existing = [student(f"ex{n}", emails=(mails[n], mails[n + 2]), **usual) for n in (0, 1)]
    report = match_people(incoming, existing)

    assert [(g.incoming, g.existing) for g in report.ambiguous] == [
        (("in0", "in1"), ("ex0", "ex1"))
    ]


def test_a_shared_address_under_other_names_leaves_nobody_open() -> None:
    """Two whose names fit nobody under their mailbox are new."""
    mail = {"emails": ("home@example.org",)}
    incoming = [student(i, given_name=i, family_name="Muster", **mail) for i in ("Bruno", "Kim")]

    assert match_people(incoming, [student("ex", **mail)]).new == ("Bruno", "Kim")


def test_an_id_that_several_have_settles_no_other_id_of_theirs() -> None:
    """Who is one of two by one provider id is not linked with a third by another."""
    incoming = [student("in", provider_ids=("a", "b"))]
    ids = {"ex1": "a", "ex2": "a", "ex3": "b"}
    existing = [student(i, given_name="Kim", provider_ids=(p,)) for i, p in ids.items()]

    assert not match_people(incoming, existing).linked
