import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import attrs
import pytest
from tests.sso.saml_idp import Idp, encode, set_to
from tests.sso.saml_login import accepted, refused, saml_flow

from edlink.errors import ReplayedError
from edlink.sso import RestartLogin


class DownStore:
    """A replay store whose server is gone."""

    def add_once(self, key: str, expires_at: int) -> bool:
        """Raise what a database driver might."""
        message = f"SIS-1001 {key} {expires_at}"
        raise ConnectionError(message)


@pytest.mark.parametrize("asked", [True, False])
def test_the_same_response_is_accepted_once(*, asked: bool) -> None:
    """A response counts once, also in a fresh wrapper, also where no request is used up with it."""
    flow = saml_flow(unsolicited="accept")
    pending = flow.begin().pending if asked else None
    root = Idp().tree("" if pending is None else pending.request_id)
    accepted(flow, encode(root), pending)
    assert refused(flow, encode(root), pending) == "EDL-LOGIN-005"
    set_to(".", "ID", "_another")(root)
    assert refused(flow, encode(root), pending) == "EDL-LOGIN-005"


def test_a_request_is_answered_once() -> None:
    """A second, different response to the same request is refused."""
    flow = saml_flow()
    pending = flow.begin().pending
    accepted(flow, Idp().respond(pending.request_id), pending)
    assert refused(flow, Idp().respond(pending.request_id), pending) == "EDL-LOGIN-005"


def test_of_parallel_posts_one_is_accepted() -> None:
    """Of six equal posts at the same moment exactly one is accepted."""
    flow = saml_flow()
    pending = flow.begin().pending
    field = Idp().respond(pending.request_id)
    barrier = Barrier(6)

    def post(_: int) -> bool:
        barrier.wait()
        try:
            flow.complete({"SAMLResponse": field}, pending)
        except ReplayedError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(post, range(6))) == 1


def test_a_store_that_is_down_refuses() -> None:
    """Without the replay store nobody signs in, and its error is not quoted."""
    flow = saml_flow(replay_store=DownStore())
    pending = flow.begin().pending
    assert refused(flow, Idp().respond(pending.request_id), pending) == "EDL-LOGIN-006"


def test_a_response_is_remembered_as_long_as_it_could_be_used() -> None:
    """A response is remembered past its window and the largest difference of clocks."""
    kept: list[int] = []

    class Recording:
        def add_once(self, key: str, expires_at: int) -> bool:
            kept.append(expires_at)
            return bool(key)

    flow = saml_flow(replay_store=Recording(), skew=180)
    pending = flow.begin().pending
    accepted(flow, Idp().respond(pending.request_id), pending)
    assert min(kept) >= time.time() + 300 + 180 - 5


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"provider": "clever"}, "EDL-LOGIN-004"),
        ({"redirect_uri": "https://app.example.org/other"}, "EDL-LOGIN-004"),
        ({"expires_at": 1}, "EDL-LOGIN-014"),
    ],
)
def test_a_pending_login_of_another_kind_is_refused(change: dict[str, str], code: str) -> None:
    """A pending login of another provider or address, or an expired one, is refused."""
    flow = saml_flow()
    pending = flow.begin().pending
    field = Idp().respond(pending.request_id)
    assert refused(flow, field, attrs.evolve(pending, **change)) == code  # type: ignore[arg-type]


def test_an_unsolicited_response_can_restart() -> None:
    """Where a connection says so, a tile's response is dropped and a login of ours begun."""
    flow = saml_flow(unsolicited="restart")
    again = flow.complete({"SAMLResponse": Idp().respond("")}, None)
    assert isinstance(again, RestartLogin)
    assert again.pending.restarted
    field = Idp().respond(again.pending.request_id)
    assert accepted(flow, field, again.pending).name_id == "person-1"


def test_a_restart_does_not_go_round() -> None:
    """The answer to a restart that finds no pending login is refused, not restarted again."""
    flow = saml_flow(unsolicited="restart")
    again = flow.complete({"SAMLResponse": Idp().respond("")}, None)
    form = {"SAMLResponse": Idp().respond("x"), "RelayState": again.pending.state}  # type: ignore[union-attr]
    with pytest.raises(Exception, match="EDL-LOGIN-002"):
        flow.complete(form, None)


def test_hostile_relay_state_leads_nowhere() -> None:
    """RelayState is not part of what is accepted: only the pending login says where to go."""
    flow = saml_flow()
    start = flow.begin("/today")
    form = {
        "SAMLResponse": Idp().respond(start.pending.request_id),
        "RelayState": "https://evil.example.org",
    }
    found = flow.complete(form, start.pending)
    assert "evil" not in repr(found)
    assert start.pending.return_to == "/today"
