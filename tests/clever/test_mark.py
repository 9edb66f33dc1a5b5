import pytest

from edlink.clever.mark import Mark

MARK = Mark(event="e1", synced="2026-09-02T03:00:00.000Z", shared={"users:contact", "schools"})


def test_a_mark_survives_being_kept() -> None:
    """What is written is read again."""
    assert Mark.from_text(MARK.to_text()) == MARK


@pytest.mark.parametrize("text", [None, "", "e1", "[]", '{"event": "e1"}', "7"])
def test_another_text_is_no_mark(text: str | None) -> None:
    """What was not written here marks no place."""
    assert Mark.from_text(text) is None


@pytest.mark.parametrize(
    ("synced", "is_kept"),
    [
        ("2026-09-02T03:00:00.000Z", True),
        ("2026-09-30T03:00:00.000Z", True),
        ("2026-10-02T03:00:00.000Z", False),
        ("some day", False),
        (None, False),
    ],
)
def test_an_empty_feed_says_nothing_after_a_month_or_without_times(
    synced: str | None, is_kept: bool
) -> None:
    """Events are kept for 30 days; who does not know how long it was, knows nothing."""
    assert MARK.is_kept_until(synced) is is_kept
