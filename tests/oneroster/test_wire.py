"""What of a user and an org is read from shapes that only some servers send."""

import json
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from edlink._http.exchange import Response
from edlink._http.payload import Envelope, PageDecoder
from edlink.oneroster.wire import schema_of
from edlink.vocabulary import Kind, Role


def read(kind: Kind, row: dict[str, Any], version: str = "1.2") -> Any:  # noqa: ANN401 - any record
    """Return the one record of a page that holds one row and no oddity that sets it aside."""
    decoder: PageDecoder[Any] = PageDecoder(
        schema_of(kind, version),
        kind=kind,
        provider="invented",
        envelope=Envelope(keys=("rows",)),
        id_key="sourcedId",
    )
    body = json.dumps({"rows": [{"sourcedId": "x", **row}]}).encode()
    response = Response(status=200, headers=CaseInsensitiveDict(), body=body, endpoint="GET /rows")
    page = decoder.decode(response)
    assert not page.issues
    return page.rows[0]


@pytest.mark.parametrize("sent", ["", None])
def test_an_org_without_identifier_has_none(sent: str | None) -> None:
    """An empty identifier is no identifier."""
    assert read(Kind.org, {"identifier": sent}).identifiers == ()


def test_identifiers_without_a_value_are_left_out() -> None:
    """A list in which some are incomplete keeps the others."""
    sent = [{"type": "Fed", "identifier": "1"}, {"type": "SIS", "identifier": ""}, {"type": "LDAP"}]
    found = read(Kind.user, {"userIds": sent}).identifiers
    assert [(i.type_raw, i.value) for i in found] == [("Fed", "1")]


def test_a_number_as_identifier_is_its_text() -> None:
    """Numbers lose nothing and gain nothing."""
    found = read(Kind.user, {"userIds": {"type": "Fed", "identifier": 12345}}).identifiers
    assert [i.value for i in found] == ["12345"]


@pytest.mark.parametrize(
    "profiles",
    [
        [],
        None,
        ["odd"],
        [{"profileId": "p"}],
        [{"credentials": ["odd"]}],
        [{"credentials": [{"username": ""}]}],
    ],
)
def test_profiles_without_a_login_name_nobody(profiles: object) -> None:
    """Only a user name is read of them, and there may be none."""
    assert read(Kind.user, {"username": "", "userProfiles": profiles}).username is None


def test_the_first_profile_s_user_name_stands_in() -> None:
    """Where 1.2 leaves out the user name, a credential's is the login."""
    profiles = [{"credentials": []}, {"credentials": [{"username": "a.b"}, {"username": "c"}]}]
    assert read(Kind.user, {"userProfiles": profiles}).username == "a.b"


@pytest.mark.parametrize("sent", [None, [], {}])
def test_a_user_without_roles_has_none(sent: object) -> None:
    """Nothing is guessed from an empty list."""
    user = read(Kind.user, {"roles": sent})
    assert (user.roles, user.primary_org_id, user.primary_org_is_guess) == ((), None, False)


def test_a_single_role_object_is_a_list_of_one() -> None:
    """A server that does not wrap one role is understood."""
    role = {"roleType": "primary", "role": "teacher", "org": {"sourcedId": "s1"}}
    (found,) = read(Kind.user, {"roles": role}).roles
    assert (found.role, found.org_id, found.is_primary) == (Role.teacher, "s1", True)


def test_a_user_of_1_1_without_role_or_orgs_has_no_assignment() -> None:
    """Neither word nor org: no role, and no primary org to guess."""
    user = read(Kind.user, {}, "1.1")
    assert (user.roles, user.primary_org_id, user.primary_org_is_guess) == ((), None, False)


def test_identifiers_that_are_none_are_an_issue_and_the_user_stays() -> None:
    """A list of something else costs the field, not the person."""
    decoder: PageDecoder[Any] = PageDecoder(
        schema_of(Kind.user, "1.2"),
        kind=Kind.user,
        provider="invented",
        envelope=Envelope(keys=("rows",)),
        id_key="sourcedId",
    )
    body = json.dumps({"rows": [{"sourcedId": "x", "userIds": ["odd"]}]}).encode()
    response = Response(status=200, headers=CaseInsensitiveDict(), body=body, endpoint="GET /rows")
    page = decoder.decode(response)
    assert [(issue.fields, issue.set_aside) for issue in page.issues] == [(("userIds",), False)]
    assert page.rows[0].identifiers == ()
