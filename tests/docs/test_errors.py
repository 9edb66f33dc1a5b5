"""The pages on errors list the codes of the source, all of them and no others."""

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"EDL-[A-Z]+-\d{3}")
ROW = re.compile(r"^\| (EDL-[A-Z]+-\d{3}) \|(.*)\|$", re.MULTILINE)
WHO = {"district", "partner", "developer", "provider", "person", "nobody"}

SOURCES = {path: path.read_text(encoding="utf-8") for path in (ROOT / "src/edlink").rglob("*.py")}
PAGES = {path: path.read_text(encoding="utf-8") for path in (ROOT / "docs/errors").glob("*.md")}
ROWS = [
    (path.name, *match.groups()) for path, text in PAGES.items() for match in ROW.finditer(text)
]


def codes_of_the_source() -> set[str]:
    """Return every text of the source that is a code and nothing else."""
    return {
        node.value
        for text in SOURCES.values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and CODE.fullmatch(node.value)
    }


def test_each_code_of_the_source_has_a_row() -> None:
    """Whatever code a host meets, a page says what it means."""
    assert sorted(codes_of_the_source() - {code for _, code, _ in ROWS}) == []


def test_each_row_is_of_a_code_in_the_source() -> None:
    """No page explains a code that nothing raises."""
    assert sorted({code for _, code, _ in ROWS} - codes_of_the_source()) == []


def test_each_code_has_one_row() -> None:
    """A code has one meaning, written in one place."""
    assert [code for code, n in Counter(code for _, code, _ in ROWS).items() if n > 1] == []


def test_each_row_says_meaning_cause_fix_and_who() -> None:
    """Whoever finds a code learns the next step, and who can take it."""
    wrong = []
    for page, code, rest in ROWS:
        cells = [cell.strip() for cell in rest.split(" | ")]
        if len(cells) != 4 or not all(cells) or cells[-1] not in WHO:
            wrong.append((page, code))
    assert wrong == []


def test_codes_are_written_whole() -> None:
    """A code stands in the source as it is printed, so that a search for it finds its origin."""
    composed = [
        f"{path.name}:{number}"
        for path, text in SOURCES.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if re.search(r'"EDL-[A-Z]*-?\d*\{', line)
    ]
    assert composed == []
