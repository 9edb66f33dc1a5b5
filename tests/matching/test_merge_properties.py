"""Rules U1 to U8: what merging keeps."""

from collections import Counter
from datetime import date

import attrs
from hypothesis import given
from hypothesis import strategies as st

from edlink.matching.dedupe import DuplicateGroups, HostPerson, find_duplicates
from edlink.matching.merge import MergeState, Reference, plan_merge
from edlink.matching.merge_apply import apply_merge, resolve, revert_merge
from edlink.matching.people import Person, PersonKind

IDS = st.none() | st.sampled_from(["1", "2"])
PERSON = st.builds(
    Person,
    ref=st.just(""),
    kind=st.sampled_from([PersonKind.student, PersonKind.guardian]),
    provider_ids=st.sampled_from([(), ("p1",), ("p2",)]),
    sis_id=IDS,
    number=IDS,
    emails=st.sampled_from([(), ("a@example.org",), ("b@example.org",)]),
    given_name=st.none() | st.sampled_from(["Ana", "Eva"]),
    family_name=st.just("Sample"),
    birth_date=st.none() | st.just(date(2012, 2, 29)),
)
RECORD = st.builds(
    HostPerson,
    person=PERSON,
    managed_by=st.none() | st.just("classlink:north"),
    is_active=st.booleans(),
    has_login=st.booleans(),
    sticky=st.sampled_from([frozenset(), frozenset({"given_name"})]),
)


@st.composite
def states(draw: st.DrawFn) -> MergeState:
    """Return people who are often duplicates, and rows that point to them."""
    people = [
        attrs.evolve(record, person=attrs.evolve(record.person, ref=f"r{n}"))
        for n, record in enumerate(draw(st.lists(RECORD, max_size=6)))
    ]
    refs = [record.ref for record in people]
    if not refs:
        return MergeState()
    references = [
        Reference(
            table="bookings",
            row=str(n),
            field="person",
            person=draw(st.sampled_from(refs)),
            unique_by=draw(st.sampled_from([None, "math", "art"])),
            collapses=draw(st.booleans()),
        )
        for n in range(draw(st.integers(0, 5)))
    ]
    children = tuple(r.ref for r in people if r.person.kind is PersonKind.student)
    adults = [
        attrs.evolve(r, person=attrs.evolve(r.person, child_refs=children))
        if r.person.kind is PersonKind.guardian
        else r
        for r in people
    ]
    return MergeState(people=tuple(adults), references=tuple(references))


def duplicates(state: MergeState) -> DuplicateGroups:
    """Return the duplicates of a state."""
    return find_duplicates(state.people)


@given(states())
def test_u1_planning_again_is_empty(state: MergeState) -> None:
    """Once a plan is applied, the same groups need nothing more."""
    groups = duplicates(state).auto
    after, _ = apply_merge(state, plan_merge(state, groups))
    again = plan_merge(after, groups)

    assert again.is_empty


@given(states(), st.randoms(use_true_random=False))
def test_u2_order_does_not_matter(state: MergeState, random: object) -> None:
    """People, rows and groups in any order give the same groups and the same plan."""
    groups = duplicates(state)
    people, rows, shuffled = list(state.people), list(state.references), list(groups.auto)
    for part in (people, rows, shuffled):
        random.shuffle(part)  # type: ignore[attr-defined]
    other = MergeState(people=tuple(people), references=tuple(rows))

    assert duplicates(other) == groups
    assert plan_merge(other, shuffled) == plan_merge(state, groups.auto)


@given(states())
def test_u3_nobody_is_lost(state: MergeState) -> None:
    """Every old ref is there or leads to one that is, and the numbers add up."""
    after, _ = apply_merge(state, plan_merge(state, duplicates(state).auto))
    refs = {record.ref for record in after.people}

    assert all(resolve(record.ref, after.redirects) in refs for record in state.people)
    assert len(state.people) == len(after.people) + len(after.redirects)


@given(states())
def test_u4_no_row_dangles_or_is_lost(state: MergeState) -> None:
    """Rows point to people who are there; each is kept or listed as collapsed into one kept."""
    plan = plan_merge(state, duplicates(state).auto)
    after, _ = apply_merge(state, plan)
    refs = {record.ref for record in after.people}
    collapsed = {s.row: s.kept_row for m in plan.merges for s in m.steps if s.kept_row}
    rows = {row.row for row in after.references}

    assert all(row.person in refs for row in after.references)
    assert all(child in refs for r in after.people for child in r.person.child_refs)
    assert {row.row for row in state.references} == rows | collapsed.keys()
    assert rows >= set(collapsed.values())
    assert rows.isdisjoint(collapsed)


@given(states())
def test_u5_undo_brings_the_state_back(state: MergeState) -> None:
    """Taking a merge back gives the state before it."""
    after, undo = apply_merge(state, plan_merge(state, duplicates(state).auto))

    assert revert_merge(after, undo).fingerprint() == state.fingerprint()


@given(states())
def test_u6_no_merge_joins_two_sis_ids(state: MergeState) -> None:
    """No group that may be merged at once holds two SIS ids."""
    people = {record.ref: record.person for record in state.people}
    for group in duplicates(state).auto:
        ids = Counter(people[ref].sis_id for ref in group.refs)

        assert len(ids.keys() - {None}) <= 1


@given(states())
def test_u7_redirects_are_one_step_long(state: MergeState) -> None:
    """No redirect leads to another, also after a second merge."""
    after, _ = apply_merge(state, plan_merge(state, duplicates(state).auto))
    last, _ = apply_merge(after, plan_merge(after, duplicates(after).auto))
    gone = {redirect.ref for redirect in last.redirects}

    assert gone.isdisjoint(redirect.survivor for redirect in last.redirects)
    assert gone.isdisjoint(record.ref for record in last.people)


@given(states())
def test_u8_no_value_becomes_empty(state: MergeState) -> None:
    """What a survivor had, it has, or another value; what any had is not lost from lists."""
    before = {record.ref: record.person for record in state.people}
    after, _ = apply_merge(state, plan_merge(state, duplicates(state).auto))
    for record in after.people:
        old = attrs.asdict(before[record.ref])
        new = attrs.asdict(record.person)

        assert [name for name, value in old.items() if value and not new[name]] == []
