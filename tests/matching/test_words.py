import pytest
from tests.matching.people_cases import DAY, student

from edlink.matching.causes import explain_unmatched
from edlink.matching.linked import Link, Links
from edlink.matching.match import match_people
from edlink.matching.report import MatchReport, NearMiss, OpenGroup, StoredLink
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


def link(incoming: str, existing: str) -> Link:
    """Return a link by SIS id."""
    return Link(incoming=incoming, existing=existing, kind="student", rule="sis_id")


@pytest.mark.parametrize(
    ("ref", "pairs"),
    [
        ("i1", ["i1 e2", "i1 e1"]),
        ("e1", ["i1 e1"]),
        ("e2", ["i1 e2", "i2 e2"]),
        ("i2", ["i2 e2"]),
        ("x", ["i3 x", "x e3"]),
        ("i3", ["i3 x"]),
        ("e3", ["x e3"]),
    ],
)
def test_a_report_made_by_hand_is_explained_link_by_link(ref: str, pairs: list[str]) -> None:
    """Every link that names an id is told, in the order of the report, and no other."""
    report = MatchReport(
        linked=Links(
            link(*pair)
            for pair in [("i3", "x"), ("i1", "e2"), ("x", "e3"), ("i1", "e1"), ("i2", "e2")]
        )
    )
    told = [" is linked with ".join(pair.split()) + " by sis_id." for pair in pairs]

    assert explain(report, ref).splitlines() == told


def test_a_host_ref_is_explained_by_its_link() -> None:
    """Who asks by the host's ref is told the link as who asks by the sourced id."""
    report = match_people([student("in", sis_id="1")], [student("ex", sis_id="1")])

    assert explain(report, "ex").splitlines()[0] == "in is linked with ex by sis_id."
    assert explain(report, "ex") == explain(report, "in")


def test_what_names_an_id_is_found_as_looking_at_everything_would() -> None:
    """Groups and neighbors of an id are those that name it, in the order of the report."""
    groups = [
        OpenGroup(
            reason="likely", kind="student", incoming=(f"i{n}", "i9"), existing=(f"e{n % 2}",)
        )
        for n in range(4)
    ]
    nearest = tuple(
        NearMiss(incoming=f"i{n}", existing=f"e{n % 3}", kind="student", weight=1.0)
        for n in range(4)
    )
    report = MatchReport(
        ambiguous=tuple(groups[1:]), conflicts=tuple(groups[:1]), nearest=nearest, new=("e1",)
    )
    for ref in ("i0", "i1", "i9", "e0", "e1", "e2", "none"):
        named = tuple(g for g in groups if ref in g.incoming + g.existing)

        assert report.groups_with(ref) == named
        assert report.nearest_with(ref) == tuple(
            near for near in nearest if ref in (near.incoming, near.existing)
        )


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
