from datetime import date

import attrs
import pytest
from tests.matching.people_cases import roster_of, student

from edlink.matching.causes import explain_unmatched
from edlink.matching.emails import EmailPolicy
from edlink.matching.id_rules import IdRuleProposal, learn_id_rule
from edlink.matching.ids import normalize_id
from edlink.matching.match import match_people
from edlink.matching.rules import MatchRules
from edlink.model import Demographics, RoleAssignment, User
from edlink.vocabulary import Role

NAMES = ["Quentin", "Ottilie", "Ferdinand", "Wilhelmine", "Leopold"]


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


def test_people_of_another_tenant_are_near_nobody() -> None:
    """Neither a name, nor a mailbox, nor an id of another tenant explains why nobody was linked."""
    incoming = [
        student(f"in{n}", sis_id=f"00{n}1", given_name=name, emails=(f"u{n}@a.example.org",))
        for n, name in enumerate(NAMES)
    ]
    existing = [
        student(f"ex{n}", sis_id=f"{n}1", given_name=name, emails=(f"u{n}@b.example.org",))
        for n, name in enumerate(NAMES)
    ]
    here = [attrs.evolve(person, tenant="north") for person in incoming]
    there = [attrs.evolve(person, tenant="south") for person in existing]
    report = match_people(here, there)
    apart = explain_unmatched(report, here, there)
    meant = explain_unmatched(report, here, existing)
    other = explain_unmatched(report, incoming, there, tenant="north")

    assert (apart.nearest, apart.causes) == ((), ())
    assert (other.nearest, other.causes) == ((), ())
    assert [n.existing for n in meant.nearest] == [f"ex{n}" for n in range(5)]


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


@pytest.mark.parametrize("width", [64, 65])
def test_every_rule_that_is_proposed_can_be_accepted(width: int) -> None:
    """Numbers are filled up to 64 digits, and no wider rule is proposed."""
    rules = [p.rule for p in learn_id_rule(["7".zfill(width)], ["7"])]

    assert all(normalize_id("7", rule).value for rule in rules)
    assert (f"zero_pad:{width}" in rules) == (width == 64)


def test_a_start_longer_than_any_registers_is_no_prefix() -> None:
    """A prefix is proposed up to 64 letters, and no further."""
    fits, too_long = ("S" * length for length in (64, 65))

    assert learn_id_rule([f"{fits}1"], ["1"])[0].rule == f"strip_prefix:{fits}"
    assert learn_id_rule([f"{too_long}1"], ["1"]) == ()


def test_ids_that_need_no_rule_get_none() -> None:
    """Where ids agree as they are, nothing is proposed."""
    assert learn_id_rule(["1", "2"], ["1", "2"]) == ()
