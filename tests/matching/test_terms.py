from datetime import date
from typing import Any

import attrs
import pytest
from tests.matching.term_cases import CLASSES, FALL, PEOPLE, SPRING, YEAR, a_roster, enrolled

from edlink.errors import ConfigError
from edlink.matching.term_policy import Between, TermPolicy, Undated
from edlink.matching.terms import FilterResult, TermChoice, filter_terms
from edlink.model import AcademicSession, Class
from edlink.vocabulary import Kind, SessionType


def _kept(result: FilterResult) -> list[str]:
    return [c.sourced_id for c in result.roster.classes]


def test_a_day_keeps_the_classes_of_its_terms() -> None:
    """On a day in spring the spring and the year-long classes are there, and the loose one."""
    result = filter_terms(a_roster(), on=date(2026, 2, 1))

    assert _kept(result) == ["all-year", "both", "loose", "vernal"]
    assert result.session_ids == ("spring", "year")


def test_a_class_dropped_says_why() -> None:
    """A class of another term is listed with its reason."""
    result = filter_terms(a_roster(), on=date(2026, 2, 1))

    assert [(n.kind, n.sourced_id, n.reason) for n in result.dropped] == [
        (Kind.class_, "autumn", "out_of_term")
    ]
    assert result.dropped_ids(Kind.class_) == {"autumn"}


def test_a_choice_keeps_what_lies_inside_and_around_it() -> None:
    """The fall semester has its own and the year-long classes, but not spring's."""
    result = filter_terms(a_roster(), on=date(2026, 2, 1), choices=[TermChoice.of(FALL)])

    assert _kept(result) == ["all-year", "autumn", "both", "loose"]


def test_a_chosen_year_holds_all_its_parts() -> None:
    """Whoever chooses the year gets the classes of every part."""
    result = filter_terms(a_roster(), on=date(2026, 2, 1), choices=[TermChoice.of(YEAR)])

    assert len(_kept(result)) == len(CLASSES)


def test_a_choice_survives_a_new_id() -> None:
    """A session that came back under another id is found by school, title and dates."""
    choice = TermChoice.of(FALL)
    renamed = AcademicSession(
        sourced_id="f2", title="Fall", start_date=FALL.start_date, end_date=FALL.end_date
    )

    result = filter_terms(a_roster(sessions=(renamed,)), on=date(2026, 2, 1), choices=[choice])

    assert result.session_ids == ("f2",)


def test_an_id_that_now_means_another_term_is_not_followed() -> None:
    """An id whose title and dates both changed is not the session that was chosen."""
    other = AcademicSession(
        sourced_id="fall", title="Winter", start_date=date(2026, 1, 1), end_date=date(2026, 2, 1)
    )
    choice = TermChoice.of(FALL)

    result = filter_terms(a_roster(sessions=(other,)), on=date(2026, 2, 1), choices=[choice])

    assert [(p.code, p.session_ids) for p in result.problems] == [("EDL-TERM-007", ("fall",))]
    assert "autumn" not in _kept(result)


def test_a_choice_by_id_alone_is_followed() -> None:
    """A choice that holds nothing but the id trusts the id."""
    result = filter_terms(
        a_roster(), on=date(2026, 2, 1), choices=[TermChoice(session_id="spring")]
    )

    assert result.session_ids == ("spring", "year")


@pytest.mark.parametrize(
    ("undated", "kept", "flagged"),
    [(Undated.keep, True, False), (Undated.drop, False, False), (Undated.report, True, True)],
)
def test_a_class_without_any_date_follows_the_policy(
    undated: Undated,
    kept: bool,
    flagged: bool,
) -> None:
    """A class that no date says anything of is kept, dropped, or kept and flagged."""
    result = filter_terms(a_roster(), on=date(2026, 2, 1), policy=TermPolicy(undated=undated))

    assert ("loose" in _kept(result)) == kept
    assert ("loose" in {f.sourced_id for f in result.flags}) == flagged


@pytest.mark.parametrize(
    ("between", "on", "kept"),
    [
        (Between.empty, date(2025, 7, 20), []),
        (Between.next, date(2025, 7, 20), ["all-year", "autumn", "both"]),
        (Between.next, date(2025, 6, 1), []),
        (Between.last, date(2026, 7, 1), ["all-year", "both", "vernal"]),
        (Between.next, date(2026, 7, 1), ["all-year", "both", "vernal"]),
        (Between.empty, date(2026, 1, 5), ["all-year"]),
        (Between.next, date(2026, 1, 5), ["all-year", "both", "vernal"]),
        (Between.last, date(2026, 1, 5), ["all-year", "autumn", "both"]),
    ],
)
def test_days_between_terms_follow_the_policy(between: Between, on: date, kept: list[str]) -> None:
    """In the holidays nothing, the last or the next terms are current."""
    policy = TermPolicy(between=between, undated=Undated.drop)

    assert _kept(filter_terms(a_roster(), on=on, policy=policy)) == kept


@pytest.mark.parametrize(("on", "kept"), [(date(2025, 10, 1), False), (date(2026, 5, 20), True)])
def test_a_summer_term_of_the_year_waits_for_its_turn(on: date, kept: bool) -> None:
    """A part of the year that is far off is not current because the year is."""
    year = attrs.evolve(YEAR, end_date=date(2026, 8, 1))
    spring = attrs.evolve(SPRING, end_date=date(2026, 5, 15))
    summer = AcademicSession(
        sourced_id="summer",
        type=SessionType.term,
        start_date=date(2026, 6, 10),
        end_date=date(2026, 7, 20),
        parent_id="year",
    )
    camp = Class(sourced_id="camp", session_ids=("summer",))
    roster = a_roster(camp, sessions=(year, FALL, spring, summer))

    assert ("camp" in _kept(filter_terms(roster, on=on))) is kept


@pytest.mark.parametrize("on", [date(2025, 12, 1), date(2026, 4, 1)])
def test_a_short_part_of_the_year_is_over_when_it_is_over(on: date) -> None:
    """A boot camp in August is not current for the rest of the year, whatever comes in June."""
    august = (date(2025, 8, 4), date(2025, 8, 16))
    june = (date(2026, 5, 20), date(2026, 5, 30))
    parts = tuple(
        AcademicSession(
            sourced_id=i, type=SessionType.term, parent_id="year", start_date=a, end_date=b
        )
        for i, (a, b) in (("camp", august), ("exams", june))
    )
    class_ = Class(sourced_id="boot", session_ids=("camp",))
    for sessions in ((YEAR, parts[0]), (YEAR, *parts)):
        assert "boot" not in _kept(filter_terms(a_roster(class_, sessions=sessions), on=on))


def test_between_semesters_their_own_terms_are_current_too() -> None:
    """What stands in for a day is the whole of what that other day would have."""
    quarter = AcademicSession(
        sourced_id="q3",
        type=SessionType.term,
        start_date=date(2026, 1, 10),
        end_date=date(2026, 3, 15),
        parent_id="spring",
    )
    class_ = Class(sourced_id="quarterly", session_ids=("q3",))
    roster = a_roster(class_, sessions=(YEAR, FALL, SPRING, quarter))

    assert "quarterly" in _kept(filter_terms(roster, on=date(2026, 1, 5)))


def test_the_last_day_there_is_ends_a_term() -> None:
    """What a system writes for "for ever" is a date like any other, with grace days and without."""
    ends = date.max
    sessions = tuple(
        AcademicSession(sourced_id=i, type=SessionType.term, start_date=start, end_date=ends)
        for i, start in (("a", date(2025, 8, 1)), ("b", date.min))
    )
    class_ = Class(sourced_id="endless", session_ids=("a",))
    result = filter_terms(
        a_roster(class_, sessions=sessions), on=date(2026, 2, 1), policy=TermPolicy(grace_days=7)
    )
    assert "endless" in _kept(result)


def test_each_school_is_between_terms_by_itself() -> None:
    """A school on holiday keeps its next term although another school is in session."""
    holiday = AcademicSession(
        sourced_id="s2", org_id="o2", start_date=date(2026, 3, 1), end_date=date(2026, 5, 1)
    )
    class_ = Class(sourced_id="resting", org_id="o2", session_ids=("s2",))
    roster = a_roster(class_, sessions=(YEAR, FALL, SPRING, holiday))

    assert "resting" in _kept(filter_terms(roster, on=date(2026, 2, 1)))


def test_a_class_with_its_own_dates_obeys_them_before_its_term() -> None:
    """Section dates come before term dates, in both directions."""
    early = Class(sourced_id="early", session_ids=("spring",), begin_date=date(2025, 11, 1))
    over = Class(sourced_id="over", session_ids=("fall",), end_date=date(2025, 10, 1))

    kept = _kept(filter_terms(a_roster(early, over), on=date(2025, 11, 15)))

    assert "early" in kept
    assert "over" not in kept


def test_a_dated_class_without_a_term_belongs_to_choices_it_meets() -> None:
    """With choices, a class without a session is placed by its own dates."""
    dated = Class(sourced_id="dated", begin_date=date(2025, 9, 1), end_date=date(2025, 10, 1))
    roster = a_roster(dated)

    fall = filter_terms(roster, on=date(2026, 2, 1), choices=[TermChoice.of(FALL)])
    spring = filter_terms(roster, on=date(2026, 2, 1), choices=[TermChoice.of(SPRING)])

    assert ("dated" in _kept(fall), "dated" in _kept(spring)) == (True, False)


def test_a_dated_class_is_current_by_itself_where_no_session_is() -> None:
    """Without any session, a class's own dates still decide."""
    dated = Class(sourced_id="dated", begin_date=date(2025, 9, 1), end_date=date(2025, 10, 1))
    policy = TermPolicy(undated=Undated.drop)

    on_day = filter_terms(a_roster(dated, sessions=()), on=date(2025, 9, 1), policy=policy)
    after = filter_terms(a_roster(dated, sessions=()), on=date(2025, 10, 1), policy=policy)

    assert (_kept(on_day), _kept(after)) == (["dated"], [])


def test_enrollments_follow_class_person_and_their_own_dates() -> None:
    """An enrollment stays with its class and person, and only inside its own dates."""
    result = filter_terms(a_roster(*PEOPLE), on=date(2026, 2, 1))

    why = {n.sourced_id: n.reason for n in result.dropped if n.kind is Kind.enrollment}
    assert [e.sourced_id for e in result.roster.enrollments] == ["e2"]
    assert why == {
        "e1": "enrollment_not_current",
        "e3": "class_not_kept",
        "e4": "user_unknown",
        "e5": "user_unknown",
        "e6": "class_not_kept",
    }


def test_enrollment_dates_may_be_left_out_of_it() -> None:
    """Enrollment dates and sessions are two switches."""
    policy = TermPolicy(respect_enrollment_dates=False)
    result = filter_terms(a_roster(*PEOPLE), on=date(2026, 2, 1), policy=policy)

    assert [e.sourced_id for e in result.roster.enrollments] == ["e1", "e2"]


def test_between_terms_an_enrollment_counts_for_the_term_it_meets() -> None:
    """In summer, last term's enrollments are shown with last term's classes."""
    late = enrolled("e9", "vernal", begin_date=date(2026, 5, 1), end_date=date(2026, 6, 1))
    result = filter_terms(a_roster(*PEOPLE, late), on=date(2026, 7, 1))

    assert "e9" in {e.sourced_id for e in result.roster.enrollments}


def test_a_person_without_a_class_left_is_flagged_and_stays() -> None:
    """Nobody is removed by a term filter."""
    result = filter_terms(a_roster(PEOPLE[0], PEOPLE[3]), on=date(2026, 2, 1))

    flags = [f for f in result.flags if f.kind is Kind.user]
    assert [u.sourced_id for u in result.roster.users] == ["u1"]
    assert [(f.sourced_id, f.reason) for f in flags] == [("u1", "no_current_enrollment")]


def test_inference_may_be_switched_off() -> None:
    """Without inference the end date is taken as the model has it."""
    parts = (
        AcademicSession(
            sourced_id="fall", start_date=date(2025, 8, 1), end_date=date(2025, 12, 31)
        ),
        AcademicSession(
            sourced_id="spring", start_date=date(2026, 1, 1), end_date=date(2026, 6, 1)
        ),
    )
    roster = a_roster(sessions=parts)
    plain = TermPolicy(infer_ends=False, between=Between.empty, undated=Undated.drop)
    inferring = TermPolicy(between=Between.empty, undated=Undated.drop)

    assert _kept(filter_terms(roster, on=date(2025, 12, 31), policy=plain)) == []
    assert _kept(filter_terms(roster, on=date(2025, 12, 31), policy=inferring)) == [
        "autumn",
        "both",
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"grace_days": -1},
        {"next_within_days": "45"},
        {"grace_days": True},
        {"between": "later"},
        {"undated": None},
        {"infer_ends": "no"},
    ],
)
def test_a_value_that_a_setting_cannot_have_is_refused(settings: dict[str, Any]) -> None:
    """Days are counted from 0, words are those there are, and a switch is on or off."""
    with pytest.raises(ConfigError, match="EDL-CONF-092") as caught:
        TermPolicy(**settings)
    assert caught.value.__context__ is None


def test_a_word_will_do_for_a_setting() -> None:
    """A policy may be written with texts."""
    policy = TermPolicy(undated="drop", between="last")

    assert policy == TermPolicy(undated=Undated.drop, between=Between.last)
