"""Helpers for tests that sign in with SAML."""

import time
from typing import Any

import pytest
from tests.sso.saml_idp import ACS, ENTITY, Change, Idp, certificate, encode, metadata, pem

from edlink.errors import LoginError
from edlink.sso import MemoryReplayStore, PendingLogin
from edlink.sso.saml import Assertion, FixedMetadata, SamlFlow


def saml_flow(**settings: Any) -> SamlFlow:  # noqa: ANN401 - any setting
    """Return a connection to the provider of ``saml_idp``."""
    return SamlFlow(
        **{
            "provider": "classlink",
            "tenant": "77",
            "entity_id": ENTITY,
            "acs_url": ACS,
            "metadata": FixedMetadata(metadata()),
            "replay_store": MemoryReplayStore(),
            "clock": time.time,
            **settings,
        }
    )


def accepted(flow: SamlFlow, field: str, pending: PendingLogin | None) -> Assertion:
    """Return what an accepted response says."""
    found = flow.complete({"SAMLResponse": field}, pending)
    assert isinstance(found, Assertion)
    return found


def refused(flow: SamlFlow, field: str, pending: PendingLogin | None) -> str:
    """Return the code with which a response is refused, having looked at what the error shows."""
    with pytest.raises(LoginError) as caught:
        flow.complete({"SAMLResponse": field}, pending)
    error = caught.value
    assert error.__context__ is None
    assert error.__cause__ is None
    for secret in ("person-1", "SIS-1001", "EVIL", field[:40] or "EVIL"):
        assert secret not in str(error)
    return error.code


def refused_after(
    change: Change,
    idp: Idp | None = None,
    *,
    sealed: bool = False,
    **settings: Any,  # noqa: ANN401 - any setting
) -> str:
    """
    Return the code with which a response is refused that was changed after it was signed.

    Args:
        change: What is done to it.
        idp: How it was made.
        sealed: Whether the changed assertion is then encrypted to us, as anybody can.
        settings: Of the connection.
    """
    flow = saml_flow(**{"private_key": pem("sp"), **settings})
    pending = flow.begin().pending
    root = (idp or Idp()).tree(pending.request_id)
    change(root)
    if sealed:
        Idp(encrypt_to=certificate("sp")).encrypt(root)
    return refused(flow, encode(root), pending)
