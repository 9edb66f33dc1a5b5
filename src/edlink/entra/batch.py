"""
Up to twenty GETs in one POST (``$batch``), for the many short lists of schools and classes.

Answers come in any order, and a good outer answer can hide bad inner ones.  A batch is only a
shorter way: whatever did not come well is asked for again, one by one, by the transport that knows
how to wait.  Source: Microsoft Graph, JSON batching.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import attrs
import requests
from requests.adapters import BaseAdapter
from requests.auth import AuthBase

from edlink._http.adapter import ExactAdapter
from edlink._http.address import encode_query, is_loopback
from edlink._http.answers import is_success
from edlink._http.exchange import (
    Failure,
    Limits,
    Response,
    exchange,
    new_session,
    read_environment,
)
from edlink._http.limits import Clock
from edlink._http.transport import HttpSettings
from edlink.entra.endpoints import Endpoint
from edlink.entra.pages import HEADERS, Listing, Walker

T = TypeVar("T")

MOST = 20
_LABEL = "POST /$batch"


@attrs.frozen(kw_only=True)
class Batcher:
    """
    Reads many lists of one kind.

    Attributes:
        walker: Reads what a batch does not bring, and further pages.
        auth: Signs the POST.
        settings: Patience and size.
        clock: For the deadline.
        adapter: Replaces the way bytes move.
    """

    walker: Walker
    auth: AuthBase
    settings: HttpSettings
    clock: Clock
    adapter: BaseAdapter | None = None

    def read(
        self, endpoint: Endpoint[T], ids: Sequence[str]
    ) -> Iterator[tuple[str, Callable[[], Listing[T]]]]:
        """
        Yield each id with what returns its list or raises as ``Walker.read``, in order.

        Args:
            endpoint: A list whose path has one ``{}``.
            ids: What stands for it.
        """
        for start in range(0, len(ids), MOST):
            chunk = ids[start : start + MOST]
            answers = self._ask(endpoint, chunk) if len(chunk) > 1 else {}
            for place, one in enumerate(chunk):
                yield one, partial(self.walker.read, endpoint, one, first=answers.get(str(place)))

    def _ask(self, endpoint: Endpoint[Any], ids: Sequence[str]) -> Mapping[str, Response]:
        """Return the good answers of one batch by place."""
        query = encode_query(endpoint.params)
        wanted = [
            {
                "id": str(place),
                "method": "GET",
                "url": f"{endpoint.at(one)}?{query}",
                "headers": HEADERS,
            }
            for place, one in enumerate(ids)
        ]
        outcome = self._post({"requests": wanted})
        if isinstance(outcome, Failure) or not is_success(outcome):
            return {}
        return {
            key: Response(
                status=200, headers={}, body=json.dumps(body).encode(), endpoint=endpoint.label
            )
            for key, body in _good(outcome.body)
        }

    def _post(self, body: Mapping[str, Any]) -> Response | Failure:
        session = new_session(self.adapter or ExactAdapter())
        url = f"{self.walker.base_url}/$batch"
        request = requests.PreparedRequest()
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "Content-Type": "application/json",
            "User-Agent": self.settings.user_agent,
        }
        request.prepare(method="POST", url=url, headers=headers, data=json.dumps(body))
        request.url = url  # after prepare(), which would encode the dollar sign
        try:
            return exchange(
                session,
                self.auth(request),
                limits=Limits(
                    connect=self.settings.connect_timeout,
                    read=self.settings.read_timeout,
                    until=self.clock.monotonic() + self.settings.deadline,
                    max_body=self.settings.max_body,
                ),
                clock=self.clock,
                endpoint=_LABEL,
                environment=read_environment(session, url, direct=is_loopback(url)),
            )
        finally:
            session.close()


def _good(body: bytes) -> Iterator[tuple[str, Any]]:
    """Yield id and body of the inner answers that are lists."""
    try:
        answers = json.loads(body)["responses"]
    except (ValueError, KeyError, TypeError):
        return
    for answer in answers if isinstance(answers, list) else ():
        match answer:
            case {"id": key, "status": 200, "body": {"value": [*_]} as found}:
                yield str(key), found
