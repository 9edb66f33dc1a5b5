from datetime import UTC, date, datetime
from typing import Any

import pytest

from edlink.coverage import RosterWarning, Source
from edlink.matching.causes import explain_unmatched
from edlink.matching.emails import EmailPolicy
from edlink.matching.id_rules import IdRuleProposal, learn_id_rule
from edlink.matching.identities import match_identity
from edlink.matching.match import match_people
from edlink.matching.people import Person, PersonKind, kind_of, people_of
from edlink.matching.report import StoredLink
from edlink.matching.rules import MatchRules
from edlink.matching.words import explain
from edlink.model import Address, Demographics, Identifier, Relationship, RoleAssignment, User
from edlink.roster import Roster
from edlink.vocabulary import IdentifierType, Kind, Role

DAY = date(2012, 3, 4)
NAMES = ["Quentin", "Ottilie", "Ferdinand", "Wilhelmine", "Leopold"]


def student(ref: str, **fields: Any) -> Person:  # noqa: ANN401 - any field of a person
    """Return a student with an invented name."""
    usual: dict[str, Any] = {"given_name": "Ana", "family_name": "Sample", "birth_date": DAY}
    return Person(ref=ref, **(usual | fields))


def roster_of(*records: Any, **facts: Any) -> Roster:  # noqa: ANN401 - any records
    """Return a roster of one district."""
    return Roster.from_records(
        records,
        source=Source("classlink", "north"),
        pulled_at=datetime(2024, 9, 1, tzinfo=UTC),
        **facts,
    )


def test_one_domain_explains_many() -> None:
    """People who differ only in the mail domain are counted under one cause, with its setting."""
    incoming = [
        student(f"in{n}", given_name=name, emails=(f"u{n}@students.example.org",), birth_date=None)
        for n, name in enumerate(NAMES)
    ]
    existing = [
        student(f"ex{n}", given_name=name, emails=(f"u{n}@example.org",), birth_date=None)
        for n, name in enumerate(NAMES)
    ]
    found = explain_unmatched(match_people(incoming, existing), incoming, existing)
    mended = match_people(
        incoming,
        existing,
        rules=MatchRules(email=EmailPolicy(domain_aliases={"students.example.org": "example.org"})),
    )

    assert (found.causes[0].code, found.causes[0].title, found.causes[0].fix) == (
        "EDL-MATCH-001",
        "5 of 5 differ only in the mail domain: students.example.org for example.org",
        "EmailPolicy(domain_aliases={'students.example.org': 'example.org'})",
    )
    assert len(mended.linked) == 5


def test_a_familys_own_domain_is_named_in_no_cause() -> None:
    """What a few people have in common is theirs, and no setting of a district."""
    incoming = [student("in", emails=("ana@sample-family.example",), birth_date=None)]
    existing = [student("ex", emails=("ana@example.org",), birth_date=None)]
    found = explain_unmatched(match_people(incoming, existing), incoming, existing)

    assert found.causes == ()
    assert "sample-family" not in repr(found)


def test_an_id_rule_explains_many() -> None:
    """Ids that lost their zeros are one cause, with the rule that mends them."""
    incoming = [student(f"in{n}", sis_id=f"000{n}1", birth_date=None) for n in range(1, 4)]
    existing = [student(f"ex{n}", sis_id=f"{n}1", birth_date=None) for n in range(1, 4)]
    found = explain_unmatched(match_people(incoming, existing), incoming, existing)

    assert found.causes[0].fix == "MatchRules(id_rules={'sis_id': 'strip_zeros'})"


def test_a_rule_that_only_links_strangers_is_no_cause() -> None:
    """A rule under which every pair contradicts is not offered."""
    incoming = [student("in", sis_id="001", given_name="Quentin")]
    existing = [student("ex", sis_id="1", given_name="Ottilie", birth_date=date(2009, 9, 9))]
    found = explain_unmatched(match_people(incoming, existing), incoming, existing)

    assert found.causes == ()


def test_the_nearest_candidate_shows_what_differs() -> None:
    """Each new person has the nearest candidate with the fields that differ."""
    incoming = roster_of(
        User(
            sourced_id="in",
            given_name="Ottilie",
            family_name="Schletzbaum",
            roles=(RoleAssignment(role=Role.student),),
        ),
        Demographics(sourced_id="in", birth_date=date(2012, 3, 14)),
    )
    existing = [
        student(
            "ex",
            given_name="Ottilie",
            family_name="Schletzbaum",
            birth_date=date(2012, 3, 15),
            sis_id="9",
        )
    ]
    found = explain_unmatched(match_people(incoming, existing), incoming, existing)

    assert [(n.incoming, n.existing, n.differs) for n in found.nearest] == [
        ("in", "ex", ("birth_date",))
    ]
    assert [(c.code, c.field, c.incoming) for c in found.causes] == [
        ("EDL-MATCH-003", "birth_date", ("in",))
    ]


def test_of_several_near_ones_the_best_is_shown() -> None:
    """A record with two candidates alike shows the first of the best, and links neither."""
    two = {"given_name": "Ottilie", "family_name": "Schletzbaum"}
    incoming = [student("in", sis_id="1", number="5", emails=("a@example.org",), **two)]
    existing = [
        student(
            ref,
            sis_id=number,
            number=number,
            emails=(f"{ref}@example.net",),
            org_refs=("s2",),
            birth_date=None,
            **(two | {"given_name": "Tilly", "family_name": "Schletzbaum Muster"}),
        )
        for ref, number in (("ex1", "8"), ("ex2", "9"))
    ]
    found = explain_unmatched(match_people(incoming, existing), incoming, existing)

    assert [(n.existing, n.differs[:3]) for n in found.nearest] in (
        [],
        [("ex1", ("sis_id", "number", "emails"))],
    )


@pytest.mark.parametrize(
    ("left", "right", "rule"),
    [
        (["0042", "0043"], ["42", "43"], "strip_zeros"),
        (["42.0", "43.0"], ["42", "43"], "drop_point_zero"),
        (["S-42", "S-43"], ["42", "43"], "strip_prefix:S-"),
        (["stu42", "stu43"], ["42", "43"], "strip_prefix:stu"),
        (["AB1", "AB2"], ["ab1", "ab2"], "casefold"),
        (["42.0", "43.0"], ["0042", "0043"], "drop_point_zero+strip_zeros"),
        (["S-42", "S-43"], ["0042", "0043"], "strip_prefix:S-+strip_zeros"),
    ],
)
def test_a_rule_is_learned_from_the_damage(left: list[str], right: list[str], rule: str) -> None:
    """The rule that undoes the damage is proposed first."""
    assert learn_id_rule(left, right)[0].rule == rule


def test_a_proposal_counts_what_it_breaks() -> None:
    """Collisions, contradictions and ids beyond mending are counted."""
    proposals = learn_id_rule(
        ["01", "1", "002", "1.2E+11"], ["2", "3", None], contradicts=lambda i, j: i == 2 and j == 0
    )

    assert proposals[0] == IdRuleProposal(
        rule="strip_zeros", gain=1, collisions=1, contradictions=1, damaged=1
    )


def test_a_start_that_few_have_is_no_prefix() -> None:
    """Letters before the number of one id among many are not taken for a prefix."""
    rules = {p.rule for p in learn_id_rule(["X1", "02", "03"], ["1", "2", "3"])}

    assert "strip_prefix:X" not in rules


def test_ids_that_need_no_rule_get_none() -> None:
    """Where ids agree as they are, nothing is proposed."""
    assert learn_id_rule(["1", "2"], ["1", "2"]) == ()


ANA = student("u1", tenant="north", sis_id="7", emails=("ana@example.org",), username="ana")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"sis_id": "7"}, ("u1", "sis_id", None)),
        ({"emails": ("ana@example.org",)}, ("u1", "email", None)),
        ({"emails": ("ana@example.org",), "given_name": "Eva"}, (None, None, "not_found")),
        ({"sis_id": "7", "tenant": "south"}, (None, None, "other_tenant")),
        (
            {"sis_id": "7", "given_name": "Eva", "birth_date": DAY.replace(day=5)},
            (None, None, "ambiguous"),
        ),
    ],
)
def test_a_sign_in_finds_its_record(
    fields: dict[str, Any], expected: tuple[str | None, str | None, str | None]
) -> None:
    """An id finds the record, an address only with the name, another tenant never."""
    identity = student("login", **({"tenant": "north"} | fields))
    found = match_identity(identity, [ANA], tenant="north")

    assert (found.ref, found.rule, found.reason) == expected


def test_a_sign_in_that_fits_two_records_is_ambiguous() -> None:
    """A teacher who is also a guardian is not chosen between."""
    both = [
        student("t", kind=PersonKind.staff, provider_ids=("p",)),
        student("g", kind=PersonKind.guardian, provider_ids=("p",)),
    ]
    identity = student("login", tenant="north", provider_ids=("p",))

    assert match_identity(identity, both, tenant="north").reason == "ambiguous"


@pytest.mark.parametrize("field", ["emails", "username"])
def test_a_parent_is_not_signed_in_as_the_child_of_one_name(field: str) -> None:
    """A mailbox that father and son of one name both have says neither who signed in."""
    key: Any = ("home@example.org",) if field == "emails" else "home@example.org"
    facts: dict[str, Any] = {"emails": ("home@example.org",), "birth_date": None}
    family = [
        student("kid", **(facts | {field: key})),
        student("dad", kind=PersonKind.guardian, **facts),
    ]
    identity = student("login", tenant="north", **facts)

    assert match_identity(identity, family, tenant="north").reason == "ambiguous"


def test_a_report_explains_each_record() -> None:
    """Linked, open, new and unmatched records say why, without a value."""
    incoming = [student("in1", sis_id="1"), student("in2", sis_id="2"), student("in3", sis_id="2")]
    existing = [student("ex1", sis_id="1"), student("ex2", sis_id="2"), student("ex9", sis_id="9")]
    links = [StoredLink(incoming="old", existing="ex1")]
    report = match_people(incoming, existing, links=links)

    assert explain(report, "in1").splitlines()[:2] == [
        "in1 is linked with ex1 by sis_id.",
        "It takes the place of old.",
    ]
    assert "shared_key in sis_id" in explain(report, "in2")
    assert explain(report, "ex9") == "ex9 is unmatched: no incoming record fits it."
    assert explain(report, "zz") == "zz is not in this report."
    assert "Ana" not in "".join(explain(report, ref) for ref in ("in1", "in2", "ex9"))


def test_an_explanation_names_holders_drift_and_neighbors() -> None:
    """Claims say who holds the key, stored links how they drifted, new people who is near."""
    incoming = [student("in1", number="5", given_name="Eva"), student("in2", sis_id="1")]
    existing = [student("ex1", sis_id="1", number="4")]
    report = match_people(incoming, existing, links=[StoredLink(incoming="in1", existing="ex1")])
    near = explain_unmatched(
        match_people([student("in", birth_date=DAY.replace(day=5))], [student("ex")]),
        [student("in", birth_date=DAY.replace(day=5))],
        [student("ex")],
    )

    assert "They differ now in given_name, number." in explain(report, "in1")
    assert "The key is held by ex1." in explain(report, "in2")
    assert "Nearest: in and ex differ in birth_date." in explain(near, "in")


def test_an_explanation_keeps_to_the_record_asked_for() -> None:
    """What a report says of other records is not in the explanation of one."""
    incoming = [
        student("in1", sis_id="1"),
        student("in2", sis_id="2"),
        student("in3", sis_id="2"),
        student("in4", given_name="Ottilie", birth_date=DAY.replace(day=5)),
    ]
    existing = [
        student("ex1", sis_id="1"),
        student("ex2", sis_id="2"),
        student("ex4", given_name="Ottilie"),
        student("ex9", given_name="Zenobia", family_name="Muster"),
    ]
    report = explain_unmatched(match_people(incoming, existing), incoming, existing)
    people = [*incoming, *existing]

    assert explain(report, "ex9", people=people, reveal=True).count("ref=") == 1


def test_values_are_shown_on_request_only() -> None:
    """Revealing adds the values of the records concerned and of no other."""
    people = [student("in"), student("ex"), student("other", given_name="Eva")]
    report = match_people(people[:1], people[1:2])
    text = explain(report, "in", people=people, reveal=True)

    assert ("given_name=Ana" in text, "Eva" in text) == (True, False)


def test_reveal_covers_groups_and_neighbors() -> None:
    """The values of an open group and of the nearest candidate are shown too."""
    people = [student("in"), student("ex1"), student("ex2")]
    report = match_people(people[:1], people[1:])
    near = [student("a", birth_date=DAY.replace(day=5)), student("b")]
    nearest = explain_unmatched(match_people(near[:1], near[1:]), near[:1], near[1:])

    assert explain(report, "in", people=people, reveal=True).count("given_name=Ana") == 3
    assert explain(nearest, "a", people=near, reveal=True).count("given_name=Ana") == 2


def test_a_roster_gives_its_people() -> None:
    """Ids, names, contacts, birth date and children come from the roster."""
    roster = roster_of(
        User(
            sourced_id="u1",
            given_name="Ana",
            family_name="Sample",
            preferred_given_name="Anita",
            email="ana@example.org",
            phone="5550100",
            primary_org_id="o1",
            address=Address(lines=("1 Way",), postal_code="00000"),
            identifiers=(
                Identifier(type=IdentifierType.sis_id, value="7"),
                Identifier(type=IdentifierType.student_number, value="42"),
                Identifier(type=IdentifierType.legacy_id, value="old"),
            ),
            roles=(RoleAssignment(role=Role.student, org_id="o1"),),
        ),
        User(sourced_id="g1", roles=(RoleAssignment(role=Role.guardian),)),
        Demographics(sourced_id="u1", birth_date=DAY),
        Relationship(sourced_id="r", student_id="u1", contact_id="g1"),
    )
    child, adult = people_of(roster)

    assert child == student(
        "u1",
        tenant="north",
        provider_ids=("u1", "old"),
        sis_id="7",
        number="42",
        other_given_names=("Anita",),
        emails=("ana@example.org",),
        phones=("5550100",),
        street="1 Way",
        postal_code="00000",
        org_refs=("o1",),
    )
    assert (adult.kind, adult.child_refs) == (PersonKind.guardian, ("u1",))


def test_distrusted_fields_are_not_read() -> None:
    """Names and birth dates that a warning calls masked are left empty."""
    warning = RosterWarning(
        code="EDL-ROSTER-001",
        message="names are masked",
        kind=Kind.user,
        distrusts=frozenset({"given_name", "birth_date", "unheard_of"}),
    )
    other = RosterWarning(
        code="EDL-ROSTER-002", message="", kind=Kind.org, distrusts=frozenset({"family_name"})
    )
    roster = roster_of(
        User(sourced_id="u1", given_name="Mask", family_name="Sample"),
        Demographics(sourced_id="u1", birth_date=DAY),
        warnings=(warning, other),
    )
    (person,) = people_of(roster)

    assert (person.given_name, person.family_name, person.birth_date) == (None, "Sample", None)


def test_distrusted_second_addresses_leave_the_first() -> None:
    """Where second e-mails are not known, the first is read alone."""
    warning = RosterWarning(
        code="EDL-ROSTER-001",
        message="second e-mails are missing",
        kind=Kind.user,
        distrusts=frozenset({"other_emails"}),
    )
    user = User(sourced_id="u1", email="a@example.org", other_emails=("b@example.org",))
    (person,) = people_of(roster_of(user, warnings=(warning,)))

    assert person.emails == ("a@example.org",)


@pytest.mark.parametrize(
    ("roles", "kind"),
    [
        ([(Role.student, None)], PersonKind.student),
        ([(Role.teacher, None)], PersonKind.staff),
        ([(Role.guardian, None)], PersonKind.guardian),
        ([(Role.other, None)], PersonKind.other),
        ([], PersonKind.other),
        ([(Role.guardian, None), (Role.teacher, None)], PersonKind.staff),
        ([(Role.student, None), (Role.staff, None)], PersonKind.staff),
        ([(Role.student, True), (Role.staff, False)], PersonKind.student),
        ([(Role.student, True), (Role.staff, True)], PersonKind.staff),
    ],
)
def test_a_person_is_matched_as_one_kind(
    roles: list[tuple[Role, bool | None]], kind: PersonKind
) -> None:
    """Staff come first, unless only the student role is primary."""
    assigned = tuple(RoleAssignment(role=role, is_primary=primary) for role, primary in roles)

    assert kind_of(User(sourced_id="u", roles=assigned)) is kind
