"""A district as one version's JSON: pages and single records, below any vendor's address."""

import threading
from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import urlencode

import attrs

from edlink.sandbox.doors import Settings
from edlink.sandbox.exchange import Exchange, Reply, Request, json_reply
from edlink.sandbox.oneroster.endpoints import Catalog, Endpoint, match
from edlink.sandbox.oneroster.failures import failure
from edlink.sandbox.oneroster.query import BadQuery, Query, parse_fields, parse_query, sort_key
from edlink.sandbox.oneroster.views import views
from edlink.sandbox.oneroster.wire import Json, Wire
from edlink.vocabulary import Kind

#: Says why a request may not have an endpoint's data, or None where it may.
Refusal: TypeAlias = Callable[[Request, Endpoint], Reply | None]

PAGES_KEPT = 8


class RosterService:
    """
    The 41 endpoints behind an address and a check of credentials that a door gives.

    Args:
        settings: As the door's.
        base_url: Address that ``href`` values start with.
        habits: A last change to every record as JSON, for a vendor's ways.
    """

    def __init__(
        self, settings: Settings, base_url: str, habits: Callable[[Kind, Json], Json] | None = None
    ) -> None:
        self.version = settings.version
        self.views = views(settings.district, settings.version)
        self._district = settings.district
        self._faults = settings.faults
        self._host = settings.host
        self._catalog = Catalog(settings.district)
        self._writers = Wire(settings.version, base_url).writers()
        self._habits = habits
        self._narrowed = lru_cache(32)(self._narrow)
        self._pages: OrderedDict[tuple[str, int], Reply] = OrderedDict()
        self._pages_lock = threading.Lock()

    def locate(self, exchange: Exchange, path: str) -> None:
        """Tell an exchange which endpoint a path below the base address is."""
        found = match(path)
        if found is None:
            exchange.endpoint = "(unknown)"
            return
        endpoint = found[0]
        exchange.endpoint, exchange.kind = endpoint.template, endpoint.kind
        exchange.is_list, exchange.envelope = endpoint.is_list, endpoint.envelope

    def answer(self, exchange: Exchange, path: str, refusal: Refusal) -> Reply:
        """Return the answer to a request for a path below the base address."""
        if exchange.request.method != "GET":
            return failure(self.version, 405, "unsupported")
        found = match(path)
        if found is None:
            return failure(self.version, 404, "unknownobject")
        endpoint, ids = found
        return refusal(exchange.request, endpoint) or self._look_up(exchange, endpoint, ids)

    def _look_up(self, exchange: Exchange, endpoint: Endpoint, ids: tuple[str, ...]) -> Reply:
        places = self._catalog.look_up(endpoint, ids)
        if places is None:
            return failure(self.version, 404, "unknownobject")
        try:
            if endpoint.is_list:
                return self._page(exchange, endpoint, ids)
            return self._single(exchange, endpoint.kind, places[0])
        except BadQuery as bad:
            return failure(self.version, 400, bad.minor)

    def _single(self, exchange: Exchange, kind: Kind, place: int) -> Reply:
        fields = parse_fields(dict(exchange.request.params).get("fields"), kind, self.version)
        exchange.rows = [Query(fields=fields).project(self._row(kind, place))]
        exchange.total = 1
        self._faults.spoil(exchange)
        return json_reply({exchange.envelope: exchange.rows[0]} if exchange.rows else {})

    def _page(self, exchange: Exchange, endpoint: Endpoint, ids: tuple[str, ...]) -> Reply:
        target = exchange.request.target, self._district.revision
        quiet = not self._faults
        if quiet and target in self._pages:
            return attrs.evolve(self._pages[target])
        query = parse_query(exchange.request.params, endpoint.kind, self.version)
        anywhere = attrs.evolve(query, limit=1, offset=0, fields=None)
        places = self._narrowed(endpoint, ids, anywhere, self._district.revision)
        exchange.limit, exchange.offset, exchange.total = query.limit, query.offset, len(places)
        self._faults.turn(exchange)
        wanted = places[exchange.offset : exchange.offset + exchange.limit]
        exchange.rows = [query.project(self._row(endpoint.kind, place)) for place in wanted]
        self._faults.spoil(exchange)
        reply = json_reply({endpoint.envelope: exchange.rows}, X_Total_Count=str(exchange.total))
        reply.headers["Link"] = self._links(exchange)
        if quiet:
            self._keep(target, reply)
        return reply

    def _keep(self, target: tuple[str, int], reply: Reply) -> None:
        with self._pages_lock:
            self._pages[target] = attrs.evolve(reply)
            while len(self._pages) > PAGES_KEPT:
                self._pages.popitem(last=False)

    def _row(self, kind: Kind, place: int) -> Json:
        record: Any = self._district.collection(kind)[place]
        view = self.views.get(kind)
        row = self._writers[kind](view(record) if view else record)
        return self._habits(kind, row) if self._habits else row

    def _narrow(
        self, endpoint: Endpoint, ids: tuple[str, ...], query: Query, _: int
    ) -> Sequence[int]:
        """Return the places that pass a query's filter, in its order; its page is not looked at."""
        kind = endpoint.kind
        places = self._catalog.look_up(endpoint, ids) or ()
        if query.clauses:
            chosen = (place for place in places if query.selects(self._row(kind, place)))
            places = array("L", chosen)
        if query.sort and query.sort != "sourcedId":
            keys = {place: sort_key(self._row(kind, place), query.sort) for place in places}
            places = sorted(places, key=keys.__getitem__)
        return places[::-1] if query.sort and query.descending else places

    def _links(self, exchange: Exchange) -> str:
        request, limit, total = exchange.request, exchange.limit, exchange.total
        offsets = {"first": 0, "last": max(0, (total - 1) // limit * limit)}
        if exchange.offset + limit < total:
            offsets["next"] = exchange.offset + limit
        if exchange.offset:
            offsets["prev"] = max(0, exchange.offset - limit)
        kept = [pair for pair in request.params if pair[0] not in {"limit", "offset"}]
        links = []
        for rel, offset in offsets.items():
            query = urlencode([*kept, ("limit", limit), ("offset", offset)])
            links.append(f'<{self._host}{request.path}?{query}>; rel="{rel}"')
        return ", ".join(links)
