"""
pysaml2 as an identity provider with one person, set up by one JSON argument.

``/sso`` answers a request, ``/tile`` answers nobody's, ``/metadata`` says who it is, and what is
posted says how to answer from then on.  It runs as a program of its own: what it logs, an identity
provider's administrator reads.
"""

import base64
import html
import json
import sys
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import saml2.entity  # type: ignore[import-untyped]
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig  # type: ignore[import-untyped]
from saml2.metadata import entity_descriptor  # type: ignore[import-untyped]
from saml2.saml import (  # type: ignore[import-untyped]
    NAMEID_FORMAT_PERSISTENT,
    NAMEID_FORMAT_UNSPECIFIED,
    NameID,
)
from saml2.server import Server  # type: ignore[import-untyped]

PERSON = {"sourcedId": ["SIS-1001"], "role": ["Student"]}
FORM = (
    '<form method="post" action="{action}"><input name="SAMLResponse" value="{response}">'
    '<input name="RelayState" value="{relay_state}"></form>'
)


def configured(setting: dict[str, Any]) -> IdPConfig:
    """Return what pysaml2 is to be."""
    base, folder = f"http://127.0.0.1:{setting['port']}", Path(setting["folder"])
    policy = {
        "lifetime": {"minutes": 5},
        "name_form": "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
        "fail_on_missing_requested": False,
    }
    idp = {
        "endpoints": {"single_sign_on_service": [(f"{base}/sso", BINDING_HTTP_REDIRECT)]},
        "name_id_format": [NAMEID_FORMAT_PERSISTENT],
        "policy": {"default": policy},
    }
    config = {
        "entityid": setting["entity_id"],
        "xmlsec_binary": str(folder / "xmlsec1"),
        "key_file": str(folder / "idp.key"),
        "cert_file": str(folder / "idp.pem"),
        "metadata": {"inline": [setting["service_metadata"]]},
        "service": {"idp": idp},
    }
    return IdPConfig().load(config)


def respond(server: Server, setting: dict[str, Any], request_id: str | None) -> str:
    """Return the XML that says who signed in."""
    response = server.create_authn_response(
        PERSON,
        in_response_to=request_id,
        destination=setting["acs_url"],
        sp_entity_id=setting["service"],
        userid="alice",
        name_id=NameID(format=NAMEID_FORMAT_UNSPECIFIED, text="alice"),
        authn={
            "class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
            "authn_auth": setting["entity_id"],
        },
        sign_alg="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        digest_alg="http://www.w3.org/2001/04/xmlenc#sha256",
        **setting["response"],
    )
    return str(response)


def encrypt_with_aes(server: Server) -> None:
    """Have the server encrypt with AES: by itself it knows triple DES alone."""
    cipher = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
    saml2.entity.pre_encryption_part = partial(saml2.entity.pre_encryption_part, msg_enc=cipher)
    server.sec.encrypt_assertion = partial(server.sec.encrypt_assertion, key_type="aes-256")


def main() -> None:
    """Serve until the process is ended."""
    setting: dict[str, Any] = json.loads(sys.argv[1])
    server = Server(config=configured(setting))
    if setting["aes"]:
        encrypt_with_aes(server)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer a browser that is already known to be alice's."""
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/metadata":
                self.send(str(entity_descriptor(server.config)))
                return
            request_id = None
            if parts.path == "/sso":
                asked = server.parse_authn_request(query["SAMLRequest"], BINDING_HTTP_REDIRECT)
                request_id = asked.message.id
                found = server.response_args(asked.message, bindings=[BINDING_HTTP_POST])
                assert found["destination"] == setting["acs_url"]
            text = respond(server, setting, request_id).encode()
            fields = {
                "action": setting["acs_url"],
                "response": base64.b64encode(text).decode(),
                "relay_state": query.get("RelayState", "/tile"),
            }
            self.send(FORM.format_map({n: html.escape(v) for n, v in fields.items()}))

        def do_POST(self) -> None:
            """Answer as is asked for from here on."""
            length = int(self.headers["Content-Length"])
            setting["response"] = json.loads(self.rfile.read(length))
            self.send("")

        def send(self, text: str) -> None:
            """Send a page."""
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

    ThreadingHTTPServer(("127.0.0.1", setting["port"]), Handler).serve_forever()


if __name__ == "__main__":
    main()
