"""A whole district over real HTTP, signed in every way: the roster equals the truth."""

import pytest
from requests.auth import AuthBase

from edlink import sandbox
from edlink.oneroster import ClientCredentials, HttpSettings, OAuth1, OneRosterClient
from edlink.roster import COLLECTIONS
from edlink.sandbox import Sandbox
from edlink.vocabulary import Kind

SCOPES = {
    version: tuple(
        f"https://purl.imsglobal.org/spec/or/v{version.replace('.', 'p')}/scope/{name}.readonly"
        for name in ("roster-core", "roster", "roster-demographics")
    )
    for version in ("1.1", "1.2")
}


def auth_of(district: Sandbox, version: str, auth: str) -> AuthBase:
    """Return how a client signs in at a sandbox."""
    if auth == "oauth1":
        return OAuth1(district.key, district.secret)
    token_url = str(district.token_url)
    return ClientCredentials(token_url, district.client_id, district.client_secret, SCOPES[version])


@pytest.mark.parametrize(
    ("version", "auth"), [("1.1", "oauth2"), ("1.1", "oauth1"), ("1.2", "oauth2")]
)
def test_the_roster_equals_the_truth(version: str, auth: str) -> None:
    """Every record of every kind arrives as it is, in order, and nothing else does."""
    with (
        sandbox.start(people=300, version=version, auth=auth) as district,
        OneRosterClient(
            district.base_url,
            auth=auth_of(district, version, auth),
            settings=HttpSettings(rate=0),
            page_size=100,
        ) as client,
    ):
        roster = client.pull_roster()
        for name in COLLECTIONS.values():
            assert getattr(roster, name) == getattr(district.truth, name), name
        assert roster.tombstones == district.truth.tombstones
        assert roster.coverage.is_complete(Kind.user)


def test_a_token_that_expires_in_mid_pull_is_renewed() -> None:
    """A token that the server forgets costs one more request and no rows."""
    with sandbox.start(people=300, version="1.2") as district:
        client = OneRosterClient(
            district.base_url,
            auth=auth_of(district, "1.2", "oauth2"),
            settings=HttpSettings(rate=0),
            page_size=100,
        )
        with client:
            expire = iter([district.expire_tokens])
            roster = client.pull_roster(progress=lambda *_: next(expire, lambda: None)())
            assert roster.users == district.truth.users
