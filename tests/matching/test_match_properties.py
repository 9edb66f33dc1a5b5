"""Rules M1 to M9 and G1 to G5, for people."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st

from edlink.matching.match import match_people
from edlink.matching.people import Person, PersonKind
from edlink.matching.report import MatchReport, StoredLink

DAYS = st.sampled_from([date(2012, 1, 1), date(2012, 2, 29), date(2013, 5, 4)])
GIVEN = st.sampled_from(["Ana", "Anna", "Jayden", "Jaylen", "Elizabeth", "Liz", "Zoë", "Zoe"])
FAMILY = st.sampled_from(["Sample", "Sample Pattern", "Pattern", "Muster"])
IDS = st.sampled_from(["1", "2", "3", "4"])
MAILS = st.sampled_from(["a@example.org", "b@example.org", "c@example.org"])


def people(prefix: str, *, max_size: int = 6) -> st.SearchStrategy[list[Person]]:
    """Return lists of people who share most of what they have."""
    person = st.builds(
        Person,
        ref=st.just(""),
        kind=st.sampled_from(list(PersonKind)),
        provider_ids=st.lists(st.sampled_from(["p1", "p2", "p3"]), max_size=2).map(tuple),
        sis_id=st.none() | IDS,
        number=st.none() | IDS,
        username=st.none() | MAILS,
        emails=st.lists(MAILS, max_size=2).map(tuple),
        given_name=st.none() | GIVEN,
        family_name=st.none() | FAMILY,
        birth_date=st.none() | DAYS,
        child_refs=st.just(()),
    )
    return st.lists(person, max_size=max_size).map(
        lambda found: [attrs.evolve(p, ref=f"{prefix}{n}") for n, p in enumerate(found)]
    )


def adopt(found: Sequence[Person], choice: int) -> list[Person]:
    """Return the people with a student of their own as child of each guardian."""
    students = [p.ref for p in found if p.kind is PersonKind.student]
    child = tuple(students[choice % len(students) :][:1]) if students else ()
    return [
        attrs.evolve(p, child_refs=child) if p.kind is PersonKind.guardian else p for p in found
    ]


LEFT = st.builds(adopt, people("in"), st.integers(0, 5))
RIGHT = st.builds(adopt, people("ex"), st.integers(0, 5))


def pairs(report: MatchReport) -> set[tuple[str, str]]:
    """Return the linked pairs."""
    return {(link.incoming, link.existing) for link in report.linked}


@given(LEFT, RIGHT, st.randoms(use_true_random=False))
def test_g1_order_does_not_matter(left: list[Person], right: list[Person], random: object) -> None:
    """Any permutation of the inputs gives the same report."""
    expected = match_people(left, right)
    random.shuffle(left)  # type: ignore[attr-defined]
    random.shuffle(right)  # type: ignore[attr-defined]

    assert expected == match_people(left, right)


@given(LEFT, RIGHT)
def test_g2_same_input_gives_the_same_json(left: list[Person], right: list[Person]) -> None:
    """Two runs give the same bytes."""
    first, second = (json.dumps(match_people(left, right).to_dict()) for _ in range(2))

    assert first == second


@given(LEFT, RIGHT)
def test_g3_inputs_are_unchanged(left: list[Person], right: list[Person]) -> None:
    """The lists hold what they held before."""
    before = (list(left), list(right))
    match_people(left, right)

    assert before == (left, right)


@given(LEFT, RIGHT)
def test_g4_reports_survive_json(left: list[Person], right: list[Person]) -> None:
    """A report read back from JSON is the same report."""
    report = match_people(left, right)

    assert report == MatchReport.from_dict(json.loads(json.dumps(report.to_dict())))


@given(LEFT, RIGHT)
def test_g5_reports_hold_no_person(left: list[Person], right: list[Person]) -> None:
    """No name and no address of anyone is in the report, printed or as JSON."""
    report = match_people(left, right)
    text = repr(report) + repr(report.linked) + json.dumps(report.to_dict())
    values = {"Ana", "Jayden", "Elizabeth", "Sample", "Muster", "@example.org", "2012-01-01"}

    assert not [value for value in values if value in text]


@given(LEFT, RIGHT)
def test_m1_links_are_one_to_one(left: list[Person], right: list[Person]) -> None:
    """No record is in two links."""
    report = match_people(left, right)
    refs = Counter(ref for pair in pairs(report) for ref in pair)

    assert len(report.linked) * 2 == len(refs)


@given(LEFT, RIGHT)
def test_m2_every_record_is_in_one_place(left: list[Person], right: list[Person]) -> None:
    """Each record of either side is in exactly one bucket."""
    report = match_people(left, right)
    groups = list(report.groups())
    incoming = [link.incoming for link in report.linked] + list(report.new)
    existing = [link.existing for link in report.linked] + list(report.unmatched_existing)
    incoming += [ref for group in groups for ref in group.incoming]
    existing += [ref for group in groups for ref in group.existing]

    assert (sorted(p.ref for p in left), sorted(p.ref for p in right)) == (
        sorted(incoming),
        sorted(existing),
    )


@given(LEFT, RIGHT, st.sampled_from(["in0", "in9"]), st.sampled_from(["ex0", "ex9"]))
def test_m3_stored_links_are_kept(
    left: list[Person], right: list[Person], incoming: str, existing: str
) -> None:
    """A stored pair that is there is linked as stored, and nobody else gets either of them."""
    stored = StoredLink(incoming=incoming, existing=existing)
    found = pairs(match_people(left, right, links=[stored]))
    mine = {pair for pair in found if incoming in pair or existing in pair}
    present = incoming in {p.ref for p in left} and existing in {p.ref for p in right}

    assert not present or mine == {(incoming, existing)}


@st.composite
def doubles(draw: st.DrawFn) -> Person:
    """Return a person with every key that a rule of the ladder knows."""
    return Person(
        ref="in",
        kind=draw(st.sampled_from([PersonKind.student, PersonKind.staff])),
        sis_id="1",
        state_id=draw(st.none() | IDS),
        number=draw(st.none() | IDS),
        username=draw(st.none() | MAILS),
        emails=draw(st.lists(MAILS, max_size=1).map(tuple)),
        given_name=draw(GIVEN),
        family_name=draw(FAMILY),
        birth_date=draw(DAYS),
    )


@given(LEFT, RIGHT)
def test_m4_no_link_crosses_kinds_or_ids(left: list[Person], right: list[Person]) -> None:
    """No rule but a provider's own id links across kinds or different SIS ids."""
    lefts, rights = ({p.ref: p for p in side} for side in (left, right))
    for link in match_people(left, right).linked:
        a, b = lefts[link.incoming], rights[link.existing]

        assert a.kind is b.kind
        assert link.rule == "provider_id" or None in (a.sis_id, b.sis_id) or a.sis_id == b.sis_id


@given(doubles(), LEFT, st.sampled_from(["1", "2", None]), st.sampled_from(list(PersonKind)))
def test_m4_what_agrees_in_all_else_is_parted_by_kind_and_sis_id(
    person: Person, others: list[Person], sis_id: str | None, kind: PersonKind
) -> None:
    """One who differs from another in nothing but kind or SIS id is never linked with them."""
    double = attrs.evolve(person, ref="ex", sis_id=sis_id, kind=kind)
    linked = pairs(match_people([person, *others], [double]))

    assert ("in", "ex") not in linked or (sis_id != "2" and kind is person.kind)


@given(doubles(), st.sampled_from(["state_id", "number"]))
def test_m4_one_name_and_birth_date_is_parted_by_any_id(person: Person, field: str) -> None:
    """Where nothing but name and birth date agrees, every id that both have parts two."""
    named = Person(
        ref="in",
        kind=PersonKind.student,
        given_name=person.given_name,
        family_name=person.family_name,
        birth_date=person.birth_date,
    )
    mine: dict[str, Any] = {field: "1"}
    theirs: dict[str, Any] = {field: "2"}
    left, right = attrs.evolve(named, **mine), attrs.evolve(named, ref="ex", **theirs)

    assert not match_people([left], [right]).linked
    assert pairs(match_people([left], [attrs.evolve(right, **mine)])) == {("in", "ex")}


@given(LEFT, RIGHT, st.booleans(), st.integers(0, 5))
def test_m5_a_duplicate_unlinks_and_never_relinks(
    left: list[Person], right: list[Person], on_left: bool, place: int
) -> None:
    """Once a record is there twice, neither copy has a partner."""
    side = left if on_left else right
    if place >= len(side):
        return
    twin = attrs.evolve(side[place], ref="twin")
    again = match_people([*left, twin], right) if on_left else match_people(left, [*right, twin])

    assert not [pair for pair in pairs(again) if {"twin", side[place].ref} & set(pair)]


@given(doubles(), st.booleans(), st.booleans())
def test_m5_a_linked_record_that_is_there_twice_is_ambiguous(
    person: Person, on_left: bool, has_id: bool
) -> None:
    """A pair and a copy of either are one group that a person must settle."""
    mine = person if has_id else attrs.evolve(person, sis_id=None)
    if not has_id and mine.kind is PersonKind.staff:
        mine = attrs.evolve(mine, username="staff@example.org")
    theirs, twin = attrs.evolve(mine, ref="ex"), attrs.evolve(mine, ref="twin")
    before = match_people([mine], [theirs])
    left, right = ([mine, twin], [theirs]) if on_left else ([mine], [theirs, twin])
    after = match_people(left, right)

    assert pairs(before) == {("in", "ex")}
    assert [(g.reason, {*g.incoming, *g.existing}) for g in after.groups()] == [
        ("shared_key", {"in", "ex", "twin"})
    ]


@given(LEFT, RIGHT)
def test_m6_sides_can_be_swapped(left: list[Person], right: list[Person]) -> None:
    """The same pairs are found from either side."""
    assert pairs(match_people(left, right)) == {(b, a) for a, b in pairs(match_people(right, left))}


@given(LEFT, RIGHT)
def test_m7_strangers_change_nothing(left: list[Person], right: list[Person]) -> None:
    """A record that shares no key with anyone changes no link."""
    stranger = Person(ref="stranger", sis_id="S", given_name="Quilla", family_name="Xantippe")

    assert match_people([*left, stranger], right).linked == match_people(left, right).linked


@given(LEFT, RIGHT)
def test_m8_a_second_run_adds_nothing(left: list[Person], right: list[Person]) -> None:
    """Matching again with the links that were found finds the same pairs."""
    report = match_people(left, right)

    assert pairs(report) == pairs(match_people(left, right, links=report.stored_links()))


@given(GIVEN, FAMILY, st.lists(DAYS, unique=True, min_size=1), st.randoms(use_true_random=False))
def test_m8_what_a_later_rule_settles_frees_the_rule_before_it(
    given_name: str, family_name: str, days: list[date], random: object
) -> None:
    """Of several with one user name and name, birth dates part all but one; it is linked too."""
    born: list[date | None] = [None, *days]
    left, right = (
        [
            Person(
                ref=f"{side}{n}",
                username="shared",
                given_name=given_name,
                family_name=family_name,
                birth_date=day,
            )
            for n, day in enumerate(born)
        ]
        for side in ("in", "ex")
    )
    random.shuffle(left)  # type: ignore[attr-defined]
    report = match_people(left, right)
    again = match_people(left, right, links=report.stored_links())

    assert pairs(report) == {(f"in{n}", f"ex{n}") for n in range(len(born))} == pairs(again)


#: Twins' names: rhymes, short forms that fit both, one of two names, another script's accents.
TWINS = st.sampled_from(
    [
        ("Jayden", "Jaylen"),
        ("Maria", "Mario"),
        ("Aiden", "Aidan"),
        ("Ana", "Eva"),
        ("Chris", "Christina"),
        ("Christopher", "Chris"),
        ("Alex", "Alexandra"),
        ("Liz", "Elizabeth"),
        ("Juan", "Juan Pablo"),
        ("Juan Carlos", "Juan Pablo"),
        ("Maria Jose", "Maria"),
        ("Zoë", "Zora"),
    ]
)


@given(
    TWINS,
    st.booleans(),
    FAMILY,
    st.none() | MAILS,
    st.none() | MAILS | st.just("sample"),
    st.none() | DAYS,
    st.sampled_from([PersonKind.staff, PersonKind.student]),
)
def test_m9_twins_are_never_linked(  # noqa: PLR0913, PLR0917 - all that twins share
    names: tuple[str, str],
    is_swapped: bool,
    family: str,
    email: str | None,
    username: str | None,
    born: date | None,
    kind: PersonKind,
) -> None:
    """Of twins who share all but the given name, one on each side, nobody is linked."""
    first, second = (
        Person(
            ref=name,
            kind=kind,
            given_name=name,
            family_name=family,
            birth_date=born,
            emails=(email,) if email else (),
            username=username,
        )
        for name in (reversed(names) if is_swapped else names)
    )

    assert not match_people([first], [second]).linked


@given(TWINS, FAMILY, MAILS, st.none() | DAYS, st.booleans())
def test_m9_a_twin_is_not_linked_when_the_other_is(
    names: tuple[str, str], family: str, email: str, born: date | None, has_third: bool
) -> None:
    """Once an id has linked one twin, the family's mailbox does not link the other."""
    first, second = (
        Person(
            ref=f"in{n}",
            sis_id=f"{n}",
            given_name=name,
            family_name=family,
            birth_date=born,
            emails=(email,),
        )
        for n, name in enumerate(names)
    )
    # What the host typed has the second twin's name, and may be anybody's of the family.
    typed = attrs.evolve(second, ref="ex1", sis_id=None, birth_date=None)
    known = attrs.evolve(first, ref="ex0", emails=() if has_third else (email,))

    assert pairs(match_people([first, second], [known, typed])) == {("in0", "ex0")}
