import pkgutil
import subprocess
import sys

import pytest

import edlink.matching


def test_each_public_name_comes_from_its_module() -> None:
    """Every name can be had, and those who look see exactly the public names."""
    assert all(getattr(edlink.matching, name) is not None for name in edlink.matching.__all__)
    assert dir(edlink.matching) == edlink.matching.__all__


def test_no_module_has_the_name_of_what_the_door_gives() -> None:
    """Python binds a module in its package once it is loaded, over whatever had that name."""
    modules = {module.name for module in pkgutil.iter_modules(edlink.matching.__path__)}
    assert sorted(modules & set(edlink.matching.__all__)) == []


def test_another_name_is_refused_as_python_does() -> None:
    """A name that does not exist is an AttributeError."""
    with pytest.raises(AttributeError, match="no attribute 'guess'"):
        _ = edlink.matching.guess  # type: ignore[attr-defined]


def test_opening_the_door_loads_nothing_behind_it() -> None:
    """Importing the package loads none of its modules, and of others' only attrs."""
    code = (
        "import sys, edlink.matching\n"
        "print(sum(name.startswith('edlink.matching.') for name in sys.modules))\n"
        "edlink.matching.plan_sync\n"
        "print('rapidfuzz' in sys.modules or 'splink' in sys.modules)\n"
    )
    ran = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert ran.stdout.split() == ["0", "False"]
