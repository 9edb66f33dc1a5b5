"""pysaml2 as a second identity provider, in a process of its own."""

import json
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import requests
from tests.peers.processes import FILES, free_port, running, unpacked_environment
from tests.sso.saml_idp import ACS, ENTITY, IDP, bare, certificate, pem

from edlink.sso.saml import service_metadata


@attrs.frozen
class Provider:
    """
    A running provider, at which alice is signed in.

    Attributes:
        base: Its address.
    """

    base: str

    @property
    def metadata_url(self) -> str:
        """Where it publishes its metadata."""
        return f"{self.base}/metadata"

    @property
    def tile_url(self) -> str:
        """Where a login starts at the provider."""
        return f"{self.base}/tile"

    def answer(self, *, encrypted: bool = False, **signing: bool) -> None:
        """
        Have it answer so from here on.

        Args:
            encrypted: Whether it encrypts the assertion to our certificate.
            signing: pysaml2's ``sign_assertion`` and ``sign_response``.
        """
        response: dict[str, Any] = {"sign_assertion": True, "sign_response": False, **signing}
        if encrypted:
            response |= {
                "encrypt_assertion": True,
                # It would give the signed assertion other prefixes and break its own signature.
                "encrypt_assertion_self_contained": False,
                "encrypted_advice_attributes": False,
                "encrypt_cert_assertion": bare(certificate("sp")),
            }
        requests.post(self.base, json=response, timeout=10).raise_for_status()


@contextmanager
def pysaml2(folder: Path, *, aes: bool = True) -> Iterator[Provider]:
    """
    Yield a running provider that knows our service.

    Args:
        folder: Where its keys and its log go.
        aes: Whether it encrypts with AES; by itself it takes triple DES.
    """
    port = free_port()
    libraries = unpacked_environment()["LD_LIBRARY_PATH"]
    program = folder / "xmlsec1"
    program.write_text(
        f'#!/bin/sh\nLD_LIBRARY_PATH={shlex.quote(libraries)} exec {FILES["xmlsec1"]} "$@"\n'
    )
    program.chmod(0o755)
    (folder / "idp.key").write_text(pem("idp"))
    (folder / "idp.pem").write_text(certificate("idp"))
    setting = {
        "port": port,
        "folder": str(folder),
        "entity_id": IDP,
        "service": ENTITY,
        "acs_url": ACS,
        "service_metadata": service_metadata(ENTITY, ACS, certificate=certificate("sp")),
        "response": {},
        "aes": aes,
    }
    script = Path(__file__).with_name("pysaml2_program.py")
    command: list[str | Path] = [sys.executable, "-W", "ignore", script, json.dumps(setting)]
    with running(command, port, folder / "pysaml2.log"):
        provider = Provider(f"http://127.0.0.1:{port}")
        provider.answer()
        yield provider
