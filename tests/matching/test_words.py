from tests.matching.people_cases import DAY, student

from edlink.matching.causes import explain_unmatched
from edlink.matching.match import match_people
from edlink.matching.report import StoredLink
from edlink.matching.words import explain


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
