import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import edlink.matching

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SPECIFICATION = ROOT.parent / "shared" / "reference" / "matching.md"

#: How many rules each letter has: general, names and ids, matching, assignment, merging, syncing,
#: terms, verifying.
RULES = {"g": 5, "n": 5, "m": 9, "a": 4, "u": 8, "s": 9, "t": 7, "d": 7}
IDS = [f"{letter}{number}" for letter, count in RULES.items() for number in range(1, count + 1)]


def section(number: int) -> str:
    """Return a section of the specification; skip where it is not there."""
    if not SPECIFICATION.exists():
        pytest.skip(f"{SPECIFICATION.name} is not there")
    text = SPECIFICATION.read_text(encoding="utf-8")
    return text.partition(f"\n## {number}. ")[2].partition("\n## ")[0]


def properties() -> Iterator[str]:
    """Yield the name of each test that hypothesis feeds."""
    for path in sorted(HERE.glob("*_properties.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                uses = {
                    ast.unparse(decorator).partition("(")[0] for decorator in node.decorator_list
                }
                if "given" in uses:
                    yield node.name


@pytest.mark.parametrize("rule", IDS)
def test_a_rule_has_a_property_of_its_name(rule: str) -> None:
    """Each rule is proved by a property test whose name begins with it."""
    assert any(re.match(rf"test_(\w\d_and_)?{rule}_", name) for name in properties())


def test_the_rules_are_those_of_the_specification() -> None:
    """No rule of the specification is forgotten, and none is made up."""
    assert sorted(IDS) == sorted({i.lower() for i in re.findall(r"\b([GNMAUSTD]\d)\b", section(9))})


def test_each_function_of_the_specification_can_be_had() -> None:
    """A function is exported, or the decisions say under which name it is instead."""
    names = set(re.findall(r"`([a-z_]+)\(", section(8)))
    said = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "docs/decisions").glob("*.md")
    )
    assert names
    missing = {name for name in names - set(edlink.matching.__all__) if f"`{name}`" not in said}
    assert missing == set()
