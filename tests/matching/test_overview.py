from datetime import date

from tests.matching.term_cases import FALL, PEOPLE, SPRING, YEAR, a_roster

from edlink.matching.overview import term_overview
from edlink.matching.term_policy import TermPolicy
from edlink.model import AcademicSession
from edlink.vocabulary import SessionType


def test_the_overview_counts_schools_classes_and_students() -> None:
    """Each term's row says where it is taught, how much, and to how many."""
    overview = term_overview(a_roster(*PEOPLE), on=date(2026, 2, 1))

    rows = {row.session_id: row for row in overview.rows}
    assert [row.session_id for row in overview.rows] == ["fall", "year", "spring"]
    assert (rows["fall"].org_ids, rows["fall"].classes, rows["fall"].students) == (("s1",), 2, 1)
    assert overview.proposed == ("spring", "year")
    assert [row.is_proposed for row in overview.rows] == [False, True, True]


def test_the_overview_names_odd_classes() -> None:
    """Classes with no, only past, or several terms are listed."""
    overview = term_overview(a_roster(), on=date(2026, 2, 1))

    assert overview.classes_without_term == ("loose",)
    assert overview.classes_past == ("autumn",)
    assert overview.classes_in_several == ("both",)


def test_the_overview_shows_overlaps_of_one_kind() -> None:
    """Two semesters that share a day are listed with each other, the year is not."""
    summer = AcademicSession(
        sourced_id="extra",
        type=SessionType.semester,
        start_date=date(2026, 5, 1),
        end_date=date(2026, 8, 1),
    )
    bare = AcademicSession(sourced_id="bare")
    overview = term_overview(
        a_roster(sessions=(YEAR, FALL, SPRING, summer, bare)),
        on=date(2026, 2, 1),
        policy=TermPolicy(infer_ends=False),
    )

    overlaps = {row.session_id: row.overlaps for row in overview.rows if row.overlaps}
    assert overlaps == {"extra": ("spring",), "spring": ("extra",)}


def test_of_many_overlaps_the_first_are_named_and_the_others_counted() -> None:
    """Eight terms at a time are no list of each with each: five of seven others are named."""
    terms = tuple(
        AcademicSession(
            sourced_id=f"t{n}",
            title=f"Term {n}",
            start_date=date(2026, 1, 9 - n),
            end_date=date(2026, 6, 1),
        )
        for n in range(8)
    )

    overview = term_overview(a_roster(sessions=terms), on=date(2026, 2, 1))

    rows = {row.session_id: row for row in overview.rows}
    assert rows["t7"].overlaps == ("t2", "t3", "t4", "t5", "t6")
    assert (rows["t0"].overlaps, rows["t0"].overlap_count) == (("t3", "t4", "t5", "t6", "t7"), 7)
    assert ", overlaps Term 3, Term 4, Term 5, Term 6, Term 7 and 2 more" in overview.to_text()


def test_a_session_without_a_day_overlaps_none() -> None:
    """A term that ends before it begins has no day in common with another."""
    wrong = AcademicSession(
        sourced_id="wrong",
        type=SessionType.semester,
        start_date=date(2025, 10, 1),
        end_date=date(2025, 9, 1),
    )

    overview = term_overview(a_roster(sessions=(YEAR, FALL, SPRING, wrong)), on=date(2026, 2, 1))

    assert [row.session_id for row in overview.rows if row.overlaps] == []


def test_the_overview_reads_as_text() -> None:
    """The text marks the proposed terms and counts the odd classes."""
    text = term_overview(
        a_roster(sessions=(YEAR, FALL, SPRING, AcademicSession(sourced_id="bare"))),
        on=date(2026, 2, 1),
    ).to_text()

    assert "* 2025-26 (school_year) 2025-08-01 to 2026-06-01: 0 schools, 1 classes" in text
    assert "1 classes without a term" in text
    assert "EDL-TERM-004 no_dates: 1 sessions" in text
