"""OneRoster 1.1 and 1.2 over REST; 1.0 to 1.2 as CSV in ``edlink.oneroster.csv``."""

from edlink._http.auth import ClientCredentials, OAuth1, StaticBearer
from edlink._http.collector import paused_gc
from edlink._http.transport import HttpSettings
from edlink.oneroster.client import OneRosterClient
from edlink.oneroster.endpoints import Query
from edlink.oneroster.servers import (
    AERIES,
    CLASSLINK,
    ED_FI,
    GENERIC,
    INFINITE_CAMPUS,
    POWERSCHOOL,
    SERVERS,
    SKYWARD,
    Server,
)

__all__ = [
    "AERIES",
    "CLASSLINK",
    "ED_FI",
    "GENERIC",
    "INFINITE_CAMPUS",
    "POWERSCHOOL",
    "SERVERS",
    "SKYWARD",
    "ClientCredentials",
    "HttpSettings",
    "OAuth1",
    "OneRosterClient",
    "Query",
    "Server",
    "StaticBearer",
    "paused_gc",
]
