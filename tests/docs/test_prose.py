"""The pages are written as the project writes."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
CODE = re.compile(r"`[^`]*`")
MARKER = re.compile(r"^\s*(?:[-:#>]+|\d+\.)?\s*(?:\d+\.)?")
SECOND = re.compile(r"[.?!]\)? +[A-Z]")
HEADINGS = ["Credentials", "Permissions", "What maps to what", "Quirks", "Limits", "Sandbox"]


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines of a page that are neither code nor a table."""
    is_code = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        is_code ^= line.startswith("```")
        if not is_code and not line.startswith(("|", "```")):
            yield number, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_a_line_holds_one_sentence(page: Path) -> None:
    """A change of one sentence is a change of one line."""
    lines = ((number, CODE.sub("X", MARKER.sub("", line))) for number, line in prose(page))
    assert [number for number, line in lines if SECOND.search(line)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_the_rows_of_a_table_are_as_wide_as_its_head(page: Path) -> None:
    """A row with a cell too many was meant for another table."""
    wrong, width = [], 0
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        cells = CODE.sub("X", line).count("|") if line.startswith("|") else 0
        width = width if width and cells else cells
        wrong += [number] if cells != width else []
    assert wrong == []


def test_a_heading_stands_alone() -> None:
    """A heading right after a list would be a part of it."""
    close = [
        (page.name, number)
        for page in PAGES
        for (_, before), (number, line) in pairwise(prose(page))
        if re.match("#+ ", line) and before
    ]
    assert close == []


@pytest.mark.parametrize("page", sorted((DOCS / "providers").glob("*.md")), ids=lambda p: p.stem)
def test_a_provider_has_the_headings_that_all_have(page: Path) -> None:
    """Whoever knows one provider's page finds the same thing at the same place in the next."""
    found = [line.removeprefix("## ") for _, line in prose(page) if line.startswith("## ")]
    assert found == HEADINGS


def test_the_glossary_is_in_order() -> None:
    """A word is found where the alphabet puts it."""
    lines = (DOCS / "glossary.md").read_text(encoding="utf-8").splitlines()
    words = [a.casefold() for a, b in pairwise(lines) if b.startswith(": ")]
    assert words == sorted(words)
