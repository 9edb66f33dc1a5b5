import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import pytest

from edlink.entra import login as entra_login
from edlink.sso import keys, saml


def load_again(module: ModuleType) -> None:
    """Run a module's file once more, under another name."""
    spec = importlib.util.spec_from_file_location("loaded_again", str(module.__file__))
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


@pytest.mark.parametrize(
    ("module", "library", "extra"),
    [(keys, "jwt", "sso"), (saml, "xmlsec", "saml"), (entra_login, "msal", "entra")],
)
def test_a_missing_library_is_named_by_its_extra(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, library: str, extra: str
) -> None:
    """Without its library a protocol's import fails with one line that says which extra to add."""
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=rf"pip install 'edlink\[{extra}\]'"):
        load_again(module)


def test_an_unsafe_xmlsec_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A libxmlsec that fetches addresses out of documents is refused at import."""
    old = SimpleNamespace(get_libxmlsec_version=lambda: (1, 2, 37))
    monkeypatch.setitem(sys.modules, "xmlsec", old)
    with pytest.raises(ImportError, match="fetches addresses"):
        load_again(saml)
