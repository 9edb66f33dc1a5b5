import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
from tests.clever.conftest import FAST
from tests.clever.replay import TOKEN, Answer, Clever, Row, serve
from tests.clever.rows import RECORDED, small

from edlink.clever import CleverApp
from edlink.clever.app import DistrictToken
from edlink.errors import AuthError, NotFoundError, PayloadError
from edlink.vocabulary import CoverageState, Kind


def grant(district: str, token: str, created: str | None, *scopes: str) -> Row:
    owner = {"type": "district", "id": district}
    return {
        "id": "1",
        "created": created,
        "owner": owner,
        "access_token": token,
        "scopes": list(scopes),
    }


TOKENS = [
    grant("d2", "other", "2026-01-01T00:00:00.000Z", "read:students"),
    grant("d1", TOKEN, "2026-03-01T00:00:00.000Z", "read:students", "read:schools"),
    grant("d1", "older", "2026-02-01T00:00:00.000Z", "read:sis"),
    grant("d1", "undated", None, "read:sis"),
    grant("d3", "odd", "lately", "read:sis"),
    {"owner": {"type": "user", "id": "u1"}, "access_token": "a-person's"},
]


@pytest.fixture
def clever() -> Iterator[Clever]:
    with serve(Clever({**small(), "events": []}, tokens=TOKENS)) as running:
        yield running


@pytest.fixture
def app(clever: Clever) -> Iterator[CleverApp]:
    with CleverApp("client", "app-secret", base_url=clever.url, settings=FAST) as made:
        yield made


def test_districts_are_listed_with_their_newest_token(app: CleverApp) -> None:
    """Each district is listed once, with what its newest token opens; people's tokens are not."""
    assert [(d.district_id, d.created, sorted(d.scopes)) for d in app.districts()] == [
        ("d1", datetime(2026, 3, 1, tzinfo=UTC), ["read:schools", "read:students"]),
        ("d2", datetime(2026, 1, 1, tzinfo=UTC), ["read:students"]),
        ("d3", None, ["read:sis"]),
    ]


def test_a_districts_client_knows_its_scopes(clever: Clever, app: CleverApp) -> None:
    """What the token's scopes do not open is withheld."""
    with app.client("d1", base_url=clever.base_url) as client:
        roster = client.pull_roster()

    assert len(roster.users) == 3
    assert roster.coverage.state(Kind.class_) is CoverageState.withheld
    assert roster.coverage.state(Kind.relationship) is CoverageState.withheld


def test_a_district_that_did_not_authorize_the_app_is_not_found(app: CleverApp) -> None:
    """A district without a token is named as such."""
    with pytest.raises(NotFoundError, match="EDL-CLEVER-005"):
        app.client("d9")


def test_a_refused_token_is_looked_up_again(clever: Clever, app: CleverApp) -> None:
    """A token that was reset is replaced by the newest one, once."""
    with app.client("d1", base_url=clever.base_url) as client:
        clever.token = "reset"
        clever.tokens = [grant("d1", "reset", "2026-04-01T00:00:00.000Z", "read:sis")]

        assert client.district().sourced_id == "d1"


def test_a_token_that_stays_refused_is_an_auth_error(clever: Clever, app: CleverApp) -> None:
    """Where the newest token is the one refused, the error is returned."""
    with app.client("d1", base_url=clever.base_url) as client:
        clever.token = "reset"
        with pytest.raises(AuthError):
            client.district()


def test_a_token_that_was_renewed_meanwhile_is_not_looked_up(
    clever: Clever, app: CleverApp
) -> None:
    """Of many requests that are refused together, one looks for the new token."""
    auth = DistrictToken(app, app.grant("d1"))
    rejected = requests.Request("GET", clever.base_url).prepare()
    rejected.headers["Authorization"] = "Bearer the-token-before"

    assert auth.refresh(rejected) is True
    assert clever.asked == []


def test_wrong_app_credentials_are_an_auth_error(clever: Clever, app: CleverApp) -> None:
    """Clever refuses a wrong id or secret."""
    clever.tokens = None
    with pytest.raises(AuthError, match="EDL-HTTP-002"):
        app.districts()


@pytest.mark.parametrize(
    "answer", [Answer(200, b"<html>"), Answer.json([]), Answer.json({"data": [{"id": "1"}]})]
)
def test_what_is_no_list_of_tokens_is_an_error(
    clever: Clever, app: CleverApp, answer: Answer
) -> None:
    """HTML or another shape is no app without districts."""
    clever.fault = lambda _, __: answer
    with pytest.raises(PayloadError, match="EDL-CLEVER-006"):
        app.districts()


def test_the_recorded_list_is_read(clever: Clever, app: CleverApp) -> None:
    """Clever's own example of the list is understood."""
    path = RECORDED / "oauth-tokens-mock.json"
    if not path.exists():
        pytest.skip(f"needs {path}")
    clever.tokens = json.loads(path.read_bytes())["data"]
    (district,) = app.districts()

    assert len(district.scopes) == 10


def test_nothing_shows_a_secret(clever: Clever, app: CleverApp) -> None:
    """Reprs of the app, its districts, grants and clients hold no token."""
    with app.client("d1", base_url=clever.base_url) as client:
        text = repr((app, app.districts(), app.grant("d1"), client, client._transport._auth))

    assert TOKEN not in text
    assert "app-secret" not in text
