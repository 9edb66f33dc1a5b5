"""What can be imported: each package's door, and what opening it costs."""

import importlib
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import edlink

HEAVY = ("requests", "urllib3", "pydantic", "pydantic_core", "msal", "oauthlib", "jwt", "pyarrow")


def _packages() -> list[str]:
    """Return every public package of ours but the command, which is a program."""
    packages = (m.name for m in pkgutil.walk_packages(edlink.__path__, "edlink.") if m.ispkg)
    return ["edlink", *(n for n in packages if "._" not in n and n != "edlink.cli")]


def door(name: str) -> ModuleType:
    """Return a package, or skip where the extra that it needs is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        pytest.skip(f"{name} needs {error.name}")


def _order(name: str) -> tuple[bool, bool, str]:
    """Sort constants before classes before the rest, each by name."""
    return not name.isupper(), not name[0].isupper(), name


PACKAGES = _packages()


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_lists_what_it_offers(name: str) -> None:
    """Each __all__ is sorted and there, and a door that only opens rooms hides nothing of ours."""
    package = door(name)
    offered = list(getattr(package, "__all__", []))
    there = {
        public
        for public, value in vars(package).items()
        if not public.startswith("_")
        and not isinstance(value, ModuleType)
        and getattr(value, "__module__", "").startswith("edlink")
    }
    assert offered == sorted(set(offered), key=_order)
    assert all(hasattr(package, public) for public in offered)
    if not name.startswith(("edlink.sandbox", "edlink.sso.saml")):  # they do more than open
        assert there <= set(offered)  # and what is loaded only when it is used


def test_every_provider_is_a_package() -> None:
    """The walk above finds the packages that a host imports."""
    assert {"edlink", "edlink.oneroster", "edlink.clever", "edlink.sandbox"} <= set(PACKAGES)


def test_importing_edlink_is_light() -> None:
    """The model and the roster load neither requests, pydantic nor msal."""
    code = f"import sys, edlink; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_version_is_a_release_number() -> None:
    """The version is three numbers."""
    assert [part.isdigit() for part in edlink.__version__.split(".")] == [True] * 3
