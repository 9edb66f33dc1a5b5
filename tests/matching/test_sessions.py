from datetime import date

import attrs
import pytest

from edlink.matching.session_ends import EndVerdict, infer_end_semantics, settle_ends
from edlink.matching.sessions import Window, active_sessions, session_tree
from edlink.model import AcademicSession
from edlink.vocabulary import EndSemantics, SessionType

YEAR = AcademicSession(
    sourced_id="y",
    type=SessionType.school_year,
    start_date=date(2025, 8, 1),
    end_date=date(2026, 6, 1),
)


def _term(
    sourced_id: str, start: date | None, end: date | None, **facts: object
) -> AcademicSession:
    given = {"type": SessionType.term, "start_date": start, "end_date": end, **facts}
    return AcademicSession(sourced_id=sourced_id, **given)  # type: ignore[arg-type]


def _reasons(*sessions: AcademicSession) -> dict[str, tuple[str, ...]]:
    return {p.reason: p.session_ids for p in session_tree(sessions).problems}


def test_sessions_in_a_cycle_lose_their_parents_and_are_reported() -> None:
    """Terms that name each other as parent are cut apart and named."""
    a = _term("a", date(2025, 8, 1), date(2025, 10, 1), parent_id="b")
    b = _term("b", date(2025, 8, 1), date(2025, 10, 1), parent_id="a")
    hanging = _term("c", date(2025, 8, 1), date(2025, 9, 1), parent_id="a")

    tree = session_tree([a, b, hanging])

    assert dict(tree.parents) == {"c": "a"}
    assert _reasons(a, b, hanging) == {"cycle": ("a", "b")}


def test_a_parent_that_is_not_there_is_reported() -> None:
    """A session whose parent did not come stands alone and is named."""
    assert _reasons(_term("a", date(2025, 8, 1), date(2025, 9, 1), parent_id="gone")) == {
        "unknown_parent": ("a",)
    }


def test_a_parent_may_be_named_by_its_child_ids_only() -> None:
    """A list of children is as good as a parent id."""
    year = AcademicSession(sourced_id="y", child_ids=("t",))

    assert dict(session_tree([year, AcademicSession(sourced_id="t")]).parents) == {"t": "y"}


def test_a_child_that_two_parents_claim_has_neither() -> None:
    """Two lists that claim one child decide nothing."""
    parents = [AcademicSession(sourced_id=i, child_ids=("t",)) for i in ("y", "z")]

    assert dict(session_tree([*parents, AcademicSession(sourced_id="t")]).parents) == {}


def test_a_parent_is_inferred_from_the_days_and_reported() -> None:
    """Without any link, the smallest larger session around the days is the parent."""
    half = _term("h", date(2025, 8, 1), date(2026, 1, 1), type=SessionType.semester)
    part = _term("t", date(2025, 8, 1), date(2025, 10, 1))

    tree = session_tree([YEAR, half, part])

    assert dict(tree.parents) == {"h": "y", "t": "h"}
    assert [p.reason for p in tree.problems] == ["parent_inferred"]


@pytest.mark.parametrize("by", ["parent_id", "child_ids"])
def test_what_a_record_names_comes_before_what_the_days_show(by: str) -> None:
    """A year that is named as part of its own semester is so, and the semester stands alone."""
    half = _term("h", date(2025, 8, 1), date(2026, 1, 1), type=SessionType.semester)
    year = attrs.evolve(YEAR, parent_id="h") if by == "parent_id" else YEAR
    half = attrs.evolve(half, child_ids=("y",)) if by == "child_ids" else half

    tree = session_tree([year, half])

    assert dict(tree.parents) == {"y": "h"}
    assert tree.problems == ()


def test_no_parent_is_inferred_between_two_with_the_same_days() -> None:
    """Two candidates with the same days are a tie, and a tie decides nothing."""
    twin = _term("z", YEAR.start_date, YEAR.end_date, type=SessionType.school_year)
    part = _term("t", date(2025, 8, 1), date(2025, 10, 1))

    assert dict(session_tree([YEAR, twin, part]).parents) == {}


def test_missing_dates_come_from_the_children_else_from_the_parent() -> None:
    """A session without days has its children's envelope; without children, its parent's days."""
    year = AcademicSession(sourced_id="y", type=SessionType.school_year)
    first = _term("a", date(2025, 8, 1), date(2025, 12, 1), parent_id="y")
    second = _term("b", date(2026, 1, 5), date(2026, 6, 1), parent_id="y")
    bare = _term("c", None, None, parent_id="y")

    windows = session_tree([year, first, second, bare]).windows

    whole = Window(start=date(2025, 8, 1), end=date(2026, 6, 1))
    assert (windows["y"], windows["c"]) == (whole, whole)


def test_a_session_that_ends_before_it_begins_is_never_active() -> None:
    """Dates the wrong way round are reported and hold no day."""
    wrong = _term("a", date(2025, 9, 1), date(2025, 8, 1))

    assert active_sessions(session_tree([wrong]), date(2025, 8, 15)) == ()
    assert _reasons(wrong) == {"backwards": ("a",)}


def test_a_session_without_any_date_is_reported() -> None:
    """No date of its own, its children or its parent: reported, and never active."""
    bare = _term("a", None, None)

    assert active_sessions(session_tree([bare]), date(2025, 8, 15)) == ()
    assert _reasons(bare) == {"no_dates": ("a",)}


def test_overlapping_sessions_are_all_active() -> None:
    """Summer school beside the year is normal: all are returned."""
    summer = _term("s", date(2026, 5, 20), date(2026, 7, 1))

    assert active_sessions(session_tree([YEAR, summer]), date(2026, 5, 25)) == ("s", "y")


def test_grace_days_put_off_the_end() -> None:
    """A session is still active on its end day when one day of grace is given."""
    tree = session_tree([YEAR])

    assert active_sessions(tree, date(2026, 6, 1)) == ()
    assert active_sessions(tree, date(2026, 6, 1), grace_days=1) == ("y",)


def test_family_lines_are_walked_in_both_directions() -> None:
    """Ancestors go up to the year, descendants down to the last part."""
    part = _term("t", date(2025, 8, 1), date(2025, 10, 1), parent_id="y")
    grade = _term("g", date(2025, 8, 1), date(2025, 9, 1), parent_id="t")
    tree = session_tree([YEAR, part, grade])

    assert tree.ancestors("g") == ("t", "y")
    assert tree.descendants("y") == ("t", "g")


def test_families_name_each_session_once() -> None:
    """A session and one inside it have one family between them."""
    part = _term("t", date(2025, 8, 1), date(2025, 10, 1), parent_id="y")
    grade = _term("g", date(2025, 8, 1), date(2025, 9, 1), parent_id="t")

    assert session_tree([YEAR, part, grade]).families(["t", "y"]) == ("t", "y", "g")


def test_windows_that_share_no_day_do_not_overlap() -> None:
    """A window that ends where another begins has no day in common with it."""
    first, second = Window(end=date(2026, 1, 1)), Window(start=date(2026, 1, 1))

    assert not first.overlaps(second)
    assert first.overlaps(Window())


def test_neighbours_that_touch_say_the_end_is_exclusive() -> None:
    """The next session begins on the end date: the date is right, and known to be."""
    parts = [
        _term("a", date(2025, 8, 1), date(2025, 10, 1)),
        _term("b", date(2025, 10, 1), date(2025, 12, 1)),
    ]

    settled = settle_ends(parts)

    assert [s.end_date for s in settled] == [date(2025, 10, 1), date(2025, 12, 1)]
    assert {s.end_semantics for s in settled} == {EndSemantics.inferred}


def test_neighbours_a_day_apart_say_the_end_was_the_last_day() -> None:
    """The next session begins a day later: each end moves to the day after."""
    parts = [
        _term("a", date(2025, 8, 1), date(2025, 9, 30)),
        _term("b", date(2025, 10, 1), date(2025, 12, 1)),
    ]

    assert [s.end_date for s in settle_ends(parts)] == [date(2025, 10, 1), date(2025, 12, 2)]


def test_neighbours_that_overlap_by_a_day_say_the_end_was_put_off_wrongly() -> None:
    """The next session begins a day earlier: each end moves back."""
    parts = [
        _term("a", date(2025, 8, 1), date(2025, 10, 2)),
        _term("b", date(2025, 10, 1), date(2025, 12, 2)),
    ]

    assert [s.end_date for s in settle_ends(parts)] == [date(2025, 10, 1), date(2025, 12, 1)]


def test_neighbours_that_disagree_keep_both_days() -> None:
    """Where sessions disagree, the day in doubt counts, and the doubt is reported."""
    parts = [
        _term("a", date(2025, 8, 1), date(2025, 10, 1)),
        _term("b", date(2025, 10, 1), date(2025, 12, 1)),
        _term("c", date(2025, 12, 2), date(2026, 2, 1)),
    ]

    assert {s.end_semantics for s in settle_ends(parts)} == {EndSemantics.assumed}
    assert settle_ends(parts)[0].end_date == date(2025, 10, 2)
    assert _reasons(*parts) == {"mixed_ends": ("a", "b", "c")}


def test_a_stated_end_is_never_corrected() -> None:
    """What the provider states is not judged by its neighbours."""
    parts = [
        _term("a", date(2025, 8, 1), date(2025, 9, 30), end_semantics=EndSemantics.stated),
        _term("b", date(2025, 10, 1), date(2025, 12, 1), end_semantics=EndSemantics.stated),
    ]

    assert settle_ends(parts) == tuple(parts)


def test_sessions_without_neighbours_say_nothing() -> None:
    """One session alone, or two with a gap, tell nothing of the convention."""
    parts = [_term("a", date(2025, 8, 1), date(2025, 9, 15)), YEAR]

    assert set(infer_end_semantics(parts).values()) == {EndVerdict.unknown}
    assert settle_ends(parts) == tuple(parts)


def test_ten_thousand_sessions_with_the_same_days_are_no_burden() -> None:
    """Many sessions with one pair of dates cost no more than their number."""
    parts = [
        _term(f"t{n}", date(2025, 8, 1), date(2025, 10, 1), type=kind)
        for n, kind in enumerate([SessionType.term, SessionType.semester] * 5_000)
    ]

    assert len(session_tree(parts).windows) == 10_000
