from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from edlink.errors import ConfigError
from edlink.matching.assignment import COMPONENT_LIMIT, assign_one_to_one
from edlink.matching.blocking import block_keys, candidates
from edlink.matching.frequencies import NameFrequencies, name_frequencies
from edlink.matching.fuzzy import best_distances, plain_distances
from edlink.matching.people import Person, PersonKind
from edlink.matching.reading import Reader
from edlink.matching.rules import MatchRules
from edlink.matching.score import ScoredPair, Scorer, Weights, score_pair
from edlink.matching.suggest import SuggestionSettings, suggest_matches

READER = Reader(MatchRules())
COMMON = NameFrequencies(given={"ana": 0.02}, family={"garcia": 0.05}, people=1000)


def person(ref: str = "a", **fields: Any) -> Person:  # noqa: ANN401 - any field of a person
    """Return a student with an invented name."""
    usual: dict[str, Any] = {
        "given_name": "Quentin",
        "family_name": "Schletzbaum",
        "birth_date": date(2012, 3, 14),
    }
    return Person(ref=ref, **(usual | fields))


def levels(a: Person, b: Person) -> dict[str, str]:
    """Return how each field of two people agrees."""
    pair = score_pair(a, b, frequencies=COMMON)
    return {part.field: part.agreement for part in pair.evidence}


def weight(a: Person, b: Person) -> float:
    """Return the bits of two people."""
    return score_pair(a, b, frequencies=COMMON).weight


def test_a_rare_name_weighs_more() -> None:
    """An equal name counts by how rare it is."""
    rare = weight(person("a"), person("b"))
    common = weight(person("a", family_name="Garcia"), person("b", family_name="Garcia"))

    assert rare > common


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("Theodore", "Teddy", 2.9),
        ("Theodore", "Theodora", 7.0),
        ("Marisolina", "Marisolena", 7.0),
        ("Marisolina", "Marisolano", 4.0),
        ("Marisol", "Marisamel", 1.5),
        ("Marisol Ines", "Marisol", 3.0),
        ("Ren", "Renatalina", 3.0),
        ("Ines Marisol", "Marisol", 3.0),
        ("Theodore", "Quim", -4.0),
    ],
)
def test_given_names_weigh_by_their_likeness(left: str, right: str, expected: float) -> None:
    """Nicknames, one letter, likeness, beginnings and parts of names add what is shipped."""
    frequencies = NameFrequencies(given={}, family={}, people=1000)
    scorer = Scorer(frequencies, READER)
    features = [
        scorer.features(Person(ref="x", given_name=name, family_name="Q. Zwei"))
        for name in (left, right)
    ]
    (given, *_) = scorer.evidence(*features)

    assert given.weight == expected


def test_words_in_another_order_weigh_one_bit_less() -> None:
    """Two surnames in another order are nearly equal."""
    a, b = person("a", family_name="Luna Sol"), person("b", family_name="Sol-Luna")

    assert levels(a, b)["family_name"] == "same_tokens"


def test_swapped_names_are_seen() -> None:
    """Given and family name that changed places still weigh."""
    assert (
        levels(person(), person("b", given_name="Schletzbaum", family_name="Quentin"))["given_name"]
        == "swapped"
    )


def test_names_that_begin_alike_need_not_be_swapped() -> None:
    """Names of which neither fits the other way round count as they stand."""
    a = person(given_name="Sebald", family_name="Quill")

    assert levels(a, person("b"))["given_name"] == "differs"


@pytest.mark.parametrize(
    ("day", "agreement"),
    [
        (date(2012, 3, 14), "equal"),
        (date(2012, 3, 15), "one_digit"),
        (date(2012, 3, 25), "near"),
        (date(2013, 3, 14), "one_digit"),
        (date(2021, 3, 14), "one_digit"),
        (date(1987, 3, 14), "near"),
        (date(2009, 11, 30), "differs"),
    ],
)
def test_birth_dates_agree_by_degrees(day: date, agreement: str) -> None:
    """A birth date counts by how little it differs."""
    assert levels(person(), person("b", birth_date=day))["birth_date"] == agreement


def test_day_and_month_may_have_changed_places() -> None:
    """4 March and 3 April are near, which only suggests."""
    a, b = person(birth_date=date(2012, 3, 4)), person("b", birth_date=date(2012, 4, 3))

    assert levels(a, b)["birth_date"] == "swapped"


def test_what_stands_for_a_birth_date_is_weighed() -> None:
    """A date that was written wrongly is compared as text."""
    a, b = person(birth_date=None, birth_date_raw="2012-14-03"), person("b")

    assert levels(a, b)["birth_date"] == "swapped"


def test_absent_fields_weigh_nothing() -> None:
    """Two people of whom nothing is known weigh nothing."""
    assert weight(Person(ref="a"), Person(ref="b")) == 0


def test_a_household_counts_little() -> None:
    """A street, postal code, address and number in common together stay below five bits."""
    home = {
        "street": "1 Way",
        "postal_code": "1",
        "emails": ("a@example.org",),
        "phones": ("5550100",),
    }
    shared = weight(person("a", **home), person("b", **home)) - weight(person("a"), person("b"))

    assert 0 < shared < 5


def test_homes_that_differ_take_little_away() -> None:
    """Who has moved is still the same person."""
    assert (
        levels(person("a", street="1 Way"), person("b", street="2 Lane"))["household"] == "differs"
    )


@pytest.mark.parametrize(("middle", "agreement"), [("M.", "equal"), ("Xaver", "differs")])
def test_middle_names_weigh(middle: str, agreement: str) -> None:
    """A middle initial agrees with its name, another name differs."""
    a, b = person(middle_name="Maria"), person("b", middle_name=middle)

    assert levels(a, b)["middle_name"] == agreement


def test_ignored_fields_are_not_weighed() -> None:
    """Fields that the host ignores add nothing."""
    ignore = {"given_name", "family_name", "birth_date", "middle_name", "street"}
    full = {"middle_name": "M", "street": "1 Way"}
    pair = score_pair(
        person(**full),
        person("b", **full),
        frequencies=COMMON,
        rules=MatchRules(ignore=ignore),
    )

    assert (pair.weight, pair.evidence) == (0, ())


def test_the_best_of_several_names_weighs() -> None:
    """A preferred name that agrees weighs as an equal name."""
    a = person(given_name="Wilhelmina", other_given_names=("Mina",))

    assert levels(a, person("b", given_name="Mina"))["given_name"] == "equal"


def test_remembered_weights_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory of a run is emptied when it is full, and the weights stay the same."""
    before = weight(person(), person("b", given_name="Quentyn"))
    monkeypatch.setattr("edlink.matching.score._REMEMBERED", 0)

    assert weight(person(), person("b", given_name="Quentyn")) == before


def test_plain_distances_give_the_same_weights() -> None:
    """A scorer without the extra weighs the same."""
    a, b = person(), person("b", given_name="Quentyn", birth_date=date(2012, 3, 24))
    scorer = Scorer(COMMON, READER, Weights(), plain_distances())

    assert weight(a, b) == scorer.weight(scorer.features(a), scorer.features(b))


def test_the_extra_may_be_absent() -> None:
    """Where the extra is not installed, the plain distances stand in."""
    assert best_distances("no_such_package").osa_distance("ana", "naa") == 1


def test_frequencies_are_shares() -> None:
    """A name's frequency is its share, drawn towards a usual one; a name never seen counts once."""
    found = name_frequencies([person(str(n)) for n in range(4)], READER)

    assert (found.of_given("quentin"), found.of_family("muster")) == (4.2 / 204, 1.2 / 204)


def test_people_without_anything_share_no_block() -> None:
    """Nobody is weighed for having nothing."""
    assert block_keys(Person(ref="a"), READER) == []


def test_a_block_that_is_too_large_pairs_nobody() -> None:
    """A coarse key of more people than the limit costs no pairs."""
    crowd = [Person(ref=str(n), given_name="Ana") for n in range(4)]

    assert [found for _, found in candidates(crowd, crowd, READER, 3)] == [set()] * 4
    assert [found for _, found in candidates(crowd[:2], crowd, READER, 3)] == [set()] * 2
    assert [found for _, found in candidates(crowd, crowd[:2], READER, 3)] == [set()] * 4


def suggested(left: Sequence[Person], right: Sequence[Person]) -> tuple[list[str], list[str]]:
    """Return the right refs that are likely, and those that are possible."""
    found = suggest_matches(left, right)
    return [pair.right for pair in found.likely], [pair.right for pair in found.possible]


@pytest.mark.parametrize(
    ("tenants", "tenant", "found"),
    [
        (("north", "south"), None, []),
        (("north", "north"), None, ["b"]),
        (("north", None), None, ["b"]),
        ((None, "north"), None, ["b"]),
        ((None, None), None, ["b"]),
        ((None, "north"), "north", ["b"]),
        ((None, "north"), "south", []),
        (("north", None), "south", []),
    ],
)
def test_nobody_is_suggested_across_tenants(
    tenants: tuple[str | None, str | None], tenant: str | None, found: list[str]
) -> None:
    """People of two tenants are two; who names none is of the one that is being matched."""
    left, right = person("a", tenant=tenants[0]), person("b", tenant=tenants[1])
    suggestions = suggest_matches([left], [right], tenant=tenant)

    assert [link.existing for link in suggestions.as_links()] == found


def test_who_names_no_tenant_is_apart_where_the_left_side_names_several() -> None:
    """Which of two tenants a record without one belongs to is not guessed."""
    left = [person("a", tenant="north"), person("c", tenant="south")]
    found = suggest_matches(left, [person("b")])

    assert (found.likely, found.possible, found.ambiguous) == ((), (), ())


def test_pairs_weighed_elsewhere_are_kept_within_tenants() -> None:
    """A pair of two tenants is dropped, whoever has weighed it."""
    left, right = [person("a", tenant="north")], [person("b", tenant="south")]
    pairs = [ScoredPair(left="a", right="b", weight=40.0)]

    assert suggest_matches(left, right, pairs=pairs).likely == ()


def test_a_likely_pair_passes_every_gate() -> None:
    """One name, one birth date and no rival is likely, and can be taken over as a link."""
    found = suggest_matches([person("a")], [person("b")])

    assert [(link.incoming, link.existing) for link in found.as_links()] == [("a", "b")]


@pytest.mark.parametrize(
    "fields",
    [
        {"given_name": "Quentyn"},
        {"birth_date": date(2012, 3, 25)},
        {"birth_date": None},
        {"suffix": "Jr", "family_name": "Schletzbaum"},
        {"middle_name": "Xaver"},
        {"sis_id": "2"},
        {"family_name": "Schletzbaun", "birth_date": date(2012, 3, 15)},
    ],
)
def test_a_gate_makes_a_pair_only_possible(fields: dict[str, Any]) -> None:
    """Whatever differs, a pair with a clear lead is a question and not likely."""
    a = person("a", suffix="III", middle_name="Maria", sis_id="1")
    b = person("b", **fields)

    assert suggested([a], [b]) == ([], ["b"])


@pytest.mark.parametrize(
    "fields",
    [
        {"family_name": "Schletzbaun"},
        {"birth_date": date(2012, 3, 15)},
        {"birth_date": None, "birth_date_raw": "2012-14-03"},
    ],
)
def test_one_slip_beside_the_same_given_name_is_likely(fields: dict[str, Any]) -> None:
    """A letter of the family name or a digit of the birth date may differ, not both."""
    assert suggested([person("a")], [person("b", **fields)]) == (["b"], [])


def test_a_contact_stands_in_for_a_birth_date() -> None:
    """Without a birth date, an address in common makes the same names likely."""
    mail = {"birth_date": None, "emails": ("q@example.org",)}

    assert suggested([person("a", **mail)], [person("b", **mail)]) == (["b"], [])


def test_twins_are_never_likely() -> None:
    """A twin's record is possible at most, however rare the family name."""
    likely, _ = suggested([person("a", given_name="Jayden")], [person("b", given_name="Jaylen")])

    assert likely == []


def test_two_that_fit_alike_are_ambiguous() -> None:
    """Of two records with one name and birth date nobody is suggested alone."""
    found = suggest_matches([person("a")], [person("b"), person("c")])

    assert [(part.left, part.right) for part in found.ambiguous] == [(("a",), ("b", "c"))]


def test_pairs_weighed_elsewhere_pass_the_same_gates() -> None:
    """Candidates of another tool are gated and paired like our own."""
    pairs = [
        ScoredPair(left="a", right="b", weight=30.0),
        ScoredPair(left="x", right="y", weight=9),
    ]
    found = suggest_matches([person("a")], [person("b", given_name="Ina")], pairs=pairs)

    assert (found.likely, [pair.right for pair in found.possible]) == ((), ["b"])


def test_kinds_are_weighed_apart() -> None:
    """A student is not suggested for a guardian."""
    assert suggested([person("a")], [person("b", kind=PersonKind.guardian)]) == ([], [])


def test_a_likely_pair_needs_its_bits() -> None:
    """A host may ask more bits of a likely pair than of a possible one."""
    settings = SuggestionSettings(likely=100)

    assert suggest_matches([person("a")], [person("b")], settings=settings).likely == ()


@pytest.mark.parametrize("settings", [{"margin": 0}, {"block_limit": 0}])
def test_settings_that_would_guess_are_refused(settings: dict[str, Any]) -> None:
    """Without a margin ties would be broken."""
    with pytest.raises(ConfigError, match="EDL-CONF-086"):
        SuggestionSettings(**settings)


def test_a_lead_names_the_runner_up() -> None:
    """An accepted pair says who came second, and by how much."""
    pairs = [
        ScoredPair(left="a", right="x", weight=9.0),
        ScoredPair(left="a", right="y", weight=4.0),
    ]
    (best,) = assign_one_to_one(pairs, floor=0, margin=2).accepted

    assert (best.runner_up, best.lead) == ("y", 5.0)


def test_too_many_that_hang_together_are_a_fault_of_the_data() -> None:
    """A component of more than the limit is reported whole and assigned in no part."""
    pairs = [
        ScoredPair(left="a", right=str(n), weight=float(n)) for n in range(COMPONENT_LIMIT + 1)
    ]
    found = assign_one_to_one(pairs, floor=0, margin=0.5)

    assert (found.accepted, found.ambiguous[0].is_oversized) == ((), True)
