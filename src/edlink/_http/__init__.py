"""How bytes move: it knows requests, and knows no provider."""

from edlink._http.adapter import ExactAdapter
from edlink._http.auth import ClientCredentials, OAuth1, StaticBearer
from edlink._http.exchange import Response
from edlink._http.limits import Clock, SystemClock, reset_header
from edlink._http.transport import HttpSettings, Refreshable, Transport

__all__ = [
    "ClientCredentials",
    "Clock",
    "ExactAdapter",
    "HttpSettings",
    "OAuth1",
    "Refreshable",
    "Response",
    "StaticBearer",
    "SystemClock",
    "Transport",
    "reset_header",
]
