"""edlink's SAML login as a service of the providers that the tests run."""

from typing import Any

from tests.sso.saml_idp import certificate, pem

from edlink.classlink.saml_login import ClassLinkAttributes, ClassLinkSamlLogin, NameId
from edlink.sso import MemoryReplayStore

_NAMES = ClassLinkAttributes(subject=NameId.lasting, sourced_id="sourcedId", role="role")


def saml_login(
    metadata_url: str,
    *,
    entity_id: str,
    acs_url: str,
    **settings: Any,  # noqa: ANN401 - any setting
) -> ClassLinkSamlLogin:
    """
    Return a login at a provider.

    Args:
        metadata_url: Where the provider publishes its metadata.
        entity_id: The service's name, as the provider knows it.
        acs_url: Where the provider has the browser post.
        settings: Further settings, or others in the place of the usual ones.
    """
    return ClassLinkSamlLogin(
        **{
            "tenant": "77",
            "entity_id": entity_id,
            "acs_url": acs_url,
            "replay_store": MemoryReplayStore(),
            "idp_metadata_url": metadata_url,
            "attributes": _NAMES,
            "private_key": pem("sp"),
            "certificate": certificate("sp"),
            **settings,
        }
    )
