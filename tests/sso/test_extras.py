import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from edlink.sso import keys, saml

GUIDE = (Path(__file__).parents[2] / "docs/guides/login.md").read_text(encoding="utf-8")
LOGINS = re.findall(r"^\|[^|]+\| `([\w.]+)\.\w+` \| `edlink\[(\w+)\]` \|", GUIDE, re.MULTILINE)


def load_again(module: ModuleType) -> None:
    """Run a module's file once more, under another name."""
    spec = importlib.util.spec_from_file_location("loaded_again", str(module.__file__))
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


@pytest.mark.parametrize(
    ("module", "library", "extra"),
    [(keys, "jwt", "sso"), (saml, "xmlsec", "saml")],
)
def test_a_missing_library_is_named_by_its_extra(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, library: str, extra: str
) -> None:
    """Without its library a protocol's import fails with one line that says which extra to add."""
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=rf"pip install 'edlink\[{extra}\]'"):
        load_again(module)


@pytest.mark.parametrize(("module", "extra"), LOGINS)
def test_a_login_asks_for_the_extra_that_the_guide_names(module: str, extra: str) -> None:
    """Where no extra is installed, each login's import asks at once for its own."""
    code = (
        "import sys\n"
        "sys.modules |= dict.fromkeys(('jwt', 'lxml', 'msal', 'onelogin', 'xmlsec'))\n"
        f"try: import {module}\n"
        "except ImportError as error: print(error)"
    )
    ran = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert f"needs the {extra} extra: pip install 'edlink[{extra}]'" in ran.stdout


def test_the_guide_names_an_extra_for_every_login() -> None:
    """ClassLink, twice, Clever, Veracross and Entra are looked at above."""
    assert len(LOGINS) == 5


def test_an_unsafe_xmlsec_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A libxmlsec that fetches addresses out of documents is refused at import."""
    old = SimpleNamespace(get_libxmlsec_version=lambda: (1, 2, 37))
    monkeypatch.setitem(sys.modules, "xmlsec", old)
    with pytest.raises(ImportError, match="fetches addresses"):
        load_again(saml)
