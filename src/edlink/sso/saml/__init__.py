"""SAML 2.0 sign-on: our checks around python3-saml (the ``saml`` extra)."""

from importlib import import_module

try:
    _, _, _xmlsec = map(import_module, ("lxml.etree", "onelogin.saml2", "xmlsec"))
except ImportError:
    # lxml and xmlsec of different libxml2 arrive here too; a fresh install mends both.
    _missing = "signing in with SAML needs the saml extra: pip install 'edlink[saml]'"
    raise ImportError(_missing) from None
if _xmlsec.get_libxmlsec_version() < (1, 3, 0):
    _outdated = "libxmlsec fetches addresses out of documents before 1.3: reinstall 'edlink[saml]'"
    raise ImportError(_outdated)

from edlink.sso.saml.flow import SamlFlow
from edlink.sso.saml.metadata import IdpMetadata
from edlink.sso.saml.profile import Assertion
from edlink.sso.saml.service import service_metadata
from edlink.sso.saml.sources import FixedMetadata, RemoteMetadata

__all__ = [
    "Assertion",
    "FixedMetadata",
    "IdpMetadata",
    "RemoteMetadata",
    "SamlFlow",
    "service_metadata",
]
