"""What closing a client does to who still waits in it, whichever provider it speaks to."""

import threading
from typing import Any

import pytest
import requests
from tests.contract.doors import DOORS, Door

from edlink import RosterSource
from edlink._http import ExactAdapter
from edlink.errors import ConfigError


class Busy(ExactAdapter):
    """Moves bytes as always, but that each list is to be asked for again in a while."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()

    def send(
        self,
        request: requests.PreparedRequest,
        *args: Any,  # noqa: ANN401 - requests' own
        **options: Any,  # noqa: ANN401 - requests' own
    ) -> requests.Response:
        """Return the answer; of one that refuses, with a pause that the deadline still allows."""
        answer = super().send(request, *args, **options)
        if answer.status_code == requests.codes.too_many_requests:
            answer.headers["Retry-After"] = "50"
            self.asked.set()
        return answer


def _pull(client: RosterSource, ended: list[str]) -> None:
    try:
        client.pull_roster()
    except ConfigError as error:
        ended.append(error.code)


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_closing_ends_the_pauses_of_a_pull(door: Door) -> None:
    """A pull that was told to wait ends at once, and keeps no process alive."""
    busy, ended = Busy(), list[str]()
    with door.open("rate_limited_for_long", people=60, adapter=busy, clock=None) as (_, client):
        pulling = threading.Thread(target=_pull, args=(client, ended), daemon=True)
        pulling.start()
        assert busy.asked.wait(20)
        client.close()
        pulling.join(20)
    assert ended == ["EDL-CONF-016"]
