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


def test_the_overview_reads_as_text() -> None:
    """The text marks the proposed terms and counts the odd classes."""
    text = term_overview(
        a_roster(sessions=(YEAR, FALL, SPRING, AcademicSession(sourced_id="bare"))),
        on=date(2026, 2, 1),
    ).to_text()

    assert "* 2025-26 (school_year) 2025-08-01 to 2026-06-01: 0 schools, 1 classes" in text
    assert "1 classes without a term" in text
    assert "EDL-TERM-004 no_dates: 1 sessions" in text
