import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
from tests.clever.conftest import FAST
from tests.clever.replay import TOKEN, Answer, Asked, Clever, Row, serve
from tests.clever.rows import RECORDED, small

from edlink.clever import CleverApp
from edlink.clever.app import DistrictToken
from edlink.coverage import Issue
from edlink.errors import AuthError, IncompletePullError, NotFoundError, PayloadError
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
    assert [(d.district_id, d.created, sorted(d.scopes or ())) for d in app.districts()] == [
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

    assert len(district.scopes or ()) == 10


def test_nothing_shows_a_secret(clever: Clever, app: CleverApp) -> None:
    """Reprs of the app, its districts, grants and clients hold no token."""
    with app.client("d1", base_url=clever.base_url) as client:
        text = repr((app, app.districts(), app.grant("d1"), client, client._transport._auth))

    assert TOKEN not in text
    assert "app-secret" not in text


ALL = ("read:students", "read:schools", "read:sections", "read:student_contacts", "read:teachers")


def test_scopes_are_read_anew_at_each_pull(clever: Clever, app: CleverApp) -> None:
    """A client that lives long sees that a district stopped to share contacts."""
    clever.tokens = [grant("d1", TOKEN, None, *ALL)]
    with app.client("d1", base_url=clever.base_url) as client:
        before = client.pull_roster()
        clever.tokens = [
            grant("d1", TOKEN, None, *(s for s in ALL if s != "read:student_contacts"))
        ]
        after = client.pull_roster()

    assert before.coverage.state(Kind.relationship) is CoverageState.complete
    entry = after.coverage.entry(Kind.relationship)
    assert entry is not None
    assert (entry.state, entry.reason) == (CoverageState.withheld, "not_in_token_scopes")


def test_a_client_outlives_its_app(clever: Clever, app: CleverApp) -> None:
    """Once the app is closed, its clients go on with the scopes that they know."""
    with app.client("d1", base_url=clever.base_url) as client:
        app.close()
        roster = client.pull_roster()

    assert roster.coverage.state(Kind.class_) is CoverageState.withheld


def test_scopes_that_clever_does_not_say_are_not_known(clever: Clever, app: CleverApp) -> None:
    """Null scopes are no scopes that open nothing."""
    clever.tokens = [grant("d1", TOKEN, None) | {"scopes": None}]
    with app.client("d1", base_url=clever.base_url) as client:
        roster = client.pull_roster()

    assert app.districts()[0].scopes is None
    assert roster.coverage.state(Kind.class_) is CoverageState.complete


def test_a_districts_client_takes_every_option(clever: Clever, app: CleverApp) -> None:
    """What a client can be told, a client of the app can be told."""
    told: list[Issue] = []
    clever.tokens = [grant("d1", TOKEN, None, *ALL)]
    clever.rows["courses"].append({"id": "c9", "name": {}})
    clever.rows["users"] = clever.rows["users"][:-2]  # the contacts
    with app.client(
        "d1",
        base_url=clever.base_url,
        page_size=1,
        verify_counts=False,
        expects_contacts=False,
        keep_metadata=True,
        on_issue=told.append,
    ) as client:
        list(client.courses())
        roster = client.pull_roster()

    assert [issue.reason for issue in told] == ["unreadable_field"]
    assert not any(asked.is_count for asked in clever.asked)
    assert {asked.params["limit"] for asked in clever.asked if "limit" in asked.params} == {"1"}
    assert any(user.metadata for user in roster.users)
    assert roster.coverage.is_complete(Kind.relationship)


def test_the_list_of_tokens_is_read_to_its_end(clever: Clever, app: CleverApp) -> None:
    """Districts on further pages are not missed; of a link only the place is taken."""
    pages = {
        None: ([TOKENS[0]], "https://elsewhere.example.org/x?starting_after=t1"),
        "t1": ([TOKENS[1]], "/oauth/tokens?starting_after=t2"),
        "t2": ([], "/oauth/tokens?starting_after=t3"),
    }

    def paged(asked: Asked, _: Answer) -> Answer:
        rows, uri = pages[asked.params.get("starting_after")]
        return Answer.json({"data": rows, "links": [{"rel": "next", "uri": uri}]})

    clever.fault = paged

    assert [d.district_id for d in app.districts()] == ["d1", "d2"]


@pytest.mark.parametrize("uri", ["/oauth/tokens", "/oauth/tokens?starting_after=t1"])
def test_a_list_of_tokens_that_does_not_lead_on_is_an_error(
    clever: Clever, app: CleverApp, uri: str
) -> None:
    """A next page without a place, or one that leads back, hides districts."""
    links = [{"rel": "next", "uri": uri}]
    clever.fault = lambda _, __: Answer.json({"data": TOKENS[:1], "links": links})
    with pytest.raises(IncompletePullError, match="EDL-PULL-002"):
        app.districts()


@pytest.mark.parametrize(
    "row",
    [
        {"owner": {"type": "district", "id": "d4"}, "access_token": None},
        {"owner": {"type": "district", "id": "d4"}},
        {"owner": {"type": "district"}, "access_token": "t"},
        {"access_token": "t"},
        "row",
    ],
)
def test_a_token_that_cannot_be_read_costs_only_itself(
    clever: Clever, app: CleverApp, row: object, caplog: pytest.LogCaptureFixture
) -> None:
    """The other districts are listed, and the log says that one was passed over."""
    clever.fault = lambda _, __: Answer.json({"data": [row, *TOKENS], "links": []})

    assert [d.district_id for d in app.districts()] == ["d1", "d2", "d3"]
    assert "1 of 6 tokens cannot be read; passed over" in caplog.messages
