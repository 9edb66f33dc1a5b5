"""SAML 2.0 sign-on: our checks around python3-saml (the ``saml`` extra)."""

from edlink.sso.saml.flow import SamlFlow
from edlink.sso.saml.metadata import FixedMetadata, IdpMetadata, RemoteMetadata
from edlink.sso.saml.profile import Assertion
from edlink.sso.saml.service import service_metadata

__all__ = [
    "Assertion",
    "FixedMetadata",
    "IdpMetadata",
    "RemoteMetadata",
    "SamlFlow",
    "service_metadata",
]
