"""The links of a report: columns that read as links."""

from hypothesis import given
from hypothesis import strategies as st

from edlink.matching.linked import Evidence, Link, Links
from edlink.matching.report import MatchReport

IDS = st.text("ab1", min_size=1, max_size=2)
LINKS = st.lists(
    st.builds(
        Link,
        incoming=IDS,
        existing=IDS,
        kind=st.sampled_from(["student", "class"]),
        rule=st.sampled_from(["sis_id", "stored_link"]),
        field=st.sampled_from([None, "sis_id"]),
        evidence=st.sampled_from([(), (Evidence(field="given_name", agreement="equal"),)]),
        drift=st.sampled_from([(), ("emails",)]),
        rekeys=st.none() | IDS,
    ),
    max_size=5,
    unique_by=lambda link: link.incoming,
)


@given(LINKS)
def test_links_read_as_what_was_kept(links: list[Link]) -> None:
    """By iteration, by place, from the end and as slices, each link is what was put in."""
    kept = Links(links)

    assert list(kept) == links
    assert [kept[place] for place in range(len(kept))] == links
    assert [kept[place - len(kept)] for place in range(len(kept))] == links
    assert list(kept[1:3]) == links[1:3]
    assert (kept == Links(links[1:])) == (links == links[1:])


@given(LINKS)
def test_links_are_put_in_order_with_all_that_is_theirs(links: list[Link]) -> None:
    """Sorting by incoming id moves whole links."""
    kept = Links(links)

    assert list(Links.in_order(kept.incoming, kept.existing, kept.bases)) == sorted(
        links, key=lambda link: link.incoming
    )


@given(LINKS)
def test_a_report_gives_its_links_by_either_id_and_comes_back(links: list[Link]) -> None:
    """Lookups, counts and the JSON form say what the links say."""
    report = MatchReport(linked=links)

    assert [report.link_of(link.incoming) for link in links] == links
    assert all(report.existing_of(link.incoming) == link.existing for link in links)
    found = (report.incoming_of(link.existing) for link in links)
    assert [report.existing_of(i or "") for i in found] == [link.existing for link in links]
    assert MatchReport.from_dict(report.to_dict()) == report


def test_alike_pairs_share_what_they_rest_on_and_a_repr_names_nobody() -> None:
    """A million links of one rule keep one basis, and do not fill a terminal."""
    alike = Links(
        Link(incoming=f"i{n}", existing=f"e{n}", kind="student", rule="sis_id") for n in range(3)
    )

    assert len(set(map(id, alike.bases))) == 1
    assert repr(alike) == "<3 links>"
    assert Links(alike) == alike
    assert not Links()
