"""The sdist holds what its own texts name."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "Makefile"]
NAMED = re.compile(
    r"\b(?:(?P<folder>[a-z]+)/[a-z_-]|(?P<file>[A-Z]+\.md|Makefile|requirements-dev\.txt))"
)


def test_what_the_texts_name_is_in_the_sdist() -> None:
    """Whoever has the sdist finds each file and folder that a text sends them to."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = set(project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"])
    named = {
        match["folder"] or match["file"]
        for path in [*TEXTS, *(ROOT / "docs").rglob("*.md")]
        for match in NAMED.finditer(path.read_text(encoding="utf-8"))
    }
    there = {path.name for path in ROOT.iterdir()}
    assert {"benchmarks", "scripts", "SECURITY.md"} <= named
    assert sorted(named & there - included) == []
