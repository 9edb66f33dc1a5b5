"""pysaml2 as a second identity provider, in process."""

import shlex
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT  # type: ignore[import-untyped]
from saml2.config import IdPConfig  # type: ignore[import-untyped]
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NAMEID_FORMAT_UNSPECIFIED, NameID  # type: ignore[import-untyped]
from saml2.server import Server  # type: ignore[import-untyped]
from tests.peers.processes import FILES, unpacked_environment
from tests.sso.saml_idp import IDP, SSO, certificate, pem


def second_provider(folder: Path, service_metadata: str) -> Server:
    """Return a provider that knows our service."""
    libraries = unpacked_environment()["LD_LIBRARY_PATH"]
    program = folder / "xmlsec1"
    program.write_text(
        f'#!/bin/sh\nLD_LIBRARY_PATH={shlex.quote(libraries)} exec {FILES["xmlsec1"]} "$@"\n'
    )
    program.chmod(0o755)
    (folder / "idp.key").write_text(pem("idp"))
    (folder / "idp.pem").write_text(certificate("idp"))
    config = {
        "entityid": IDP,
        "xmlsec_binary": str(program),
        "key_file": str(folder / "idp.key"),
        "cert_file": str(folder / "idp.pem"),
        "metadata": {"inline": [service_metadata]},
        "service": {
            "idp": {
                "endpoints": {"single_sign_on_service": [(SSO, BINDING_HTTP_REDIRECT)]},
                "name_id_format": [NAMEID_FORMAT_PERSISTENT],
                "policy": {
                    "default": {
                        "lifetime": {"minutes": 5},
                        "name_form": "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
                        "fail_on_missing_requested": False,
                    }
                },
            }
        },
    }
    return Server(config=IdPConfig().load(config))


def answer(server: Server, url: str, **signing: Any) -> str:  # noqa: ANN401 - pysaml2's arguments
    """Return the XML with which the provider answers the request in an address."""
    (request,) = parse_qs(urlsplit(url).query)["SAMLRequest"]
    asked = server.parse_authn_request(request, BINDING_HTTP_REDIRECT).message
    found = server.response_args(asked, bindings=[BINDING_HTTP_POST])
    response = server.create_authn_response(
        {"sourcedId": ["SIS-1001"], "role": ["Student"]},
        in_response_to=asked.id,
        destination=found["destination"],
        sp_entity_id=asked.issuer.text,
        userid="alice",
        name_id=NameID(format=NAMEID_FORMAT_UNSPECIFIED, text="alice"),
        authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn_auth": IDP},
        sign_alg="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        digest_alg="http://www.w3.org/2001/04/xmlenc#sha256",
        **signing,
    )
    return str(response)
