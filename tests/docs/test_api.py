"""The reference lists what can be imported from the packages' doors."""

import importlib
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs/api.md").read_text(encoding="utf-8")
MODULE = re.compile(r"^\.\. (?:currentmodule|automodule):: (\S+)", re.MULTILINE)
OBJECT = re.compile(r"^\.\. (?:auto\w+|py:data):: (\S+)", re.MULTILINE)
MEMBERS = re.compile(r"^\.\. automodule:: (\S+)\n   :members:(.*)$", re.MULTILINE)
DOORS = (
    "edlink",
    "edlink.classlink",
    "edlink.clever",
    "edlink.entra",
    "edlink.matching",
    "edlink.oneroster",
    "edlink.oneroster.csv",
    "edlink.sandbox",
    "edlink.sso",
    "edlink.veracross",
)


def find(path: str) -> object:
    """Return the object at a dotted path whose last part is its name in a module."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def listed() -> list[object]:
    """Return every object that the page lists."""
    found: list[object] = []
    for block in PAGE.split("```{eval-rst}")[1:]:
        text = block.partition("```")[0]
        current = MODULE.search(text)
        prefix = f"{current[1]}." if current else ""
        names = OBJECT.findall(MODULE.sub("", text))
        found += [find(name if "." in name else prefix + name) for name in names]
        for module, members in MEMBERS.findall(text):
            wanted = members.replace(" ", "").split(",") if members else dir(find(module))
            found += [find(f"{module}.{name}") for name in wanted]
    return found


@pytest.mark.parametrize("door", DOORS)
def test_the_reference_lists_what_a_door_gives(door: str) -> None:
    """Whoever looks a public name up finds it."""
    module = importlib.import_module(door)
    known = {id(value) for value in listed()}
    assert [name for name in module.__all__ if id(getattr(module, name)) not in known] == []
