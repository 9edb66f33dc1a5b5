import importlib.util
import sys

import pytest

from edlink.sso import keys


def test_a_missing_library_is_named_by_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyJWT the import fails with one line that says which extra to install."""
    monkeypatch.setitem(sys.modules, "jwt", None)
    spec = importlib.util.spec_from_file_location("keys_without_jwt", keys.__file__)
    assert spec is not None
    assert spec.loader is not None
    with pytest.raises(ImportError, match=r"pip install 'edlink\[sso\]'"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
