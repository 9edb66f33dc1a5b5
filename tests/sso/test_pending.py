import json
from typing import Any

import attrs
import pytest

from edlink.errors import StateMismatchError
from edlink.sso import Identity, LoginStart, PendingLogin, RestartLogin, Unverified

PENDING = PendingLogin(
    login="one",
    provider="clever",
    redirect_uri="https://app.example.org/callback",
    state="SENTINEL-state",
    nonce="SENTINEL-nonce",
    code_verifier="SENTINEL-verifier",
    return_to="/SENTINEL",
    created_at=1,
    expires_at=601,
    restarted=True,
    extra={"confirmed": "false"},
)


def test_a_pending_login_survives_json() -> None:
    """A pending login comes back from JSON equal."""
    assert PendingLogin.from_dict(json.loads(json.dumps(PENDING.to_dict()))) == PENDING


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"version": 2},
        {**PENDING.to_dict(), "more": 1},
        {**PENDING.to_dict(), "extra": 1},
        {**PENDING.to_dict(), "extra": {"confirmed": 0}},
        {**PENDING.to_dict(), "expires_at": "601"},
        {**PENDING.to_dict(), "state": None},
        {**PENDING.to_dict(), "restarted": 1},
        {"version": 1},
        [],
        None,
    ],
)
def test_another_shape_is_refused(data: Any) -> None:  # noqa: ANN401 - whatever a session may hold
    """What is not a pending login of this version is refused as a login that must start again."""
    with pytest.raises(StateMismatchError) as caught:
        PendingLogin.from_dict(data)
    assert (caught.value.code, caught.value.reason) == ("EDL-LOGIN-003", "try_again")


def test_no_repr_shows_a_secret_or_a_person() -> None:
    """Neither a pending login nor an identity shows secrets, ids, names or addresses."""
    person = Unverified(
        username="SENTINEL",
        email="SENTINEL@example.org",
        display_name="SENTINEL",
        given_name="SENTINEL",
        family_name="SENTINEL",
    )
    identity = Identity(
        provider="clever",
        tenant="district-1",
        subject="SENTINEL",
        sourced_id="SENTINEL",
        legacy_id="SENTINEL",
        roles_raw=("SENTINEL",),
        groups=frozenset({"SENTINEL"}),
        unverified=person,
    )
    shown = [
        identity,
        LoginStart(url="https://x/?state=SENTINEL", pending=PENDING),
        RestartLogin(url="https://x/?state=SENTINEL", pending=PENDING),
    ]
    assert "SENTINEL" not in repr(shown)
    assert "SENTINEL" not in str(attrs.asdict(identity)["tenant"])


def test_an_identity_has_one_key() -> None:
    """An identity is known again by provider, tenant and subject, whatever else it says."""
    identity = Identity(provider="clever", tenant="district-1", subject="u-1")
    assert (identity.key, str(identity.source)) == (
        ("clever", "district-1", "u-1"),
        "clever:district-1",
    )
