"""
Records responses of the real SAML providers for tests that run without them.

Run it after a change of what is asked of a provider: ``python -m tests.peers.recording``.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.peers.browser import Browser
from tests.peers.pysaml2_idp import pysaml2
from tests.peers.simplesamlphp import ENTITY, LANDING, simplesamlphp

from edlink.classlink.saml_login import ClassLinkAttributes, ClassLinkSamlLogin, NameId
from edlink.sso import MemoryReplayStore

FOLDER = Path(__file__).parents[1] / "sso/recorded"


def _login(text: str) -> ClassLinkSamlLogin:
    return ClassLinkSamlLogin(
        tenant="77",
        entity_id=ENTITY,
        acs_url=LANDING,
        replay_store=MemoryReplayStore(),
        attributes=ClassLinkAttributes(subject=NameId.lasting),
        idp_metadata=text,
    )


def of_simplesamlphp(folder: Path, service: dict[str, Any], *, tile: bool) -> dict[str, Any]:
    """Return a recorded login at SimpleSAMLphp, begun at the app or at its tile."""
    with simplesamlphp(folder, service=service) as district, Browser() as browser:
        text = browser.session.get(district.metadata_url, timeout=10).text
        start = _login(text).begin()
        url = district.tile_url if tile else start.url
        form = browser.sign_in(url, LANDING, username="alice", password="secret")
    request_id = None if tile else start.pending.request_id
    return {"metadata": text, "response": form["SAMLResponse"], "request_id": request_id}


def of_pysaml2(folder: Path) -> dict[str, Any]:
    """Return a recorded login at pysaml2."""
    with pysaml2(folder) as provider, Browser() as browser:
        provider.answer(sign_response=True)
        text = browser.session.get(provider.metadata_url, timeout=10).text
        start = _login(text).begin()
        form = browser.sign_in(start.url, LANDING)
    request_id = start.pending.request_id
    return {"metadata": text, "response": form["SAMLResponse"], "request_id": request_id}


def main() -> None:
    """Write every recording anew."""
    FOLDER.mkdir(exist_ok=True)
    for name, service, tile in (
        ("simplesamlphp", {}, False),
        ("simplesamlphp-assertion", {"saml20.sign.response": False}, False),
        ("simplesamlphp-tile", {}, True),
        ("pysaml2", None, False),
    ):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            found = (
                of_pysaml2(path) if service is None else of_simplesamlphp(path, service, tile=tile)
            )
        text = json.dumps({"at": int(time.time()), **found}, indent=1)
        (FOLDER / f"{name}.json").write_text(text + "\n")
        sys.stdout.write(f"recorded {name}\n")


if __name__ == "__main__":
    main()
