"""
How one request reaches the wire: the exact target, and nothing of it in a log.

urllib3 rewrites what it is asked for (upper-cases ``%2f``, resolves dots) and
prints it at DEBUG level. An identifier that arrives percent-encoded must go out
as it came, and must not be printed. So urllib3 is given a placeholder, which is
what it logs, puts into its exceptions and normalizes; the connection writes the
exact target instead, at the moment it writes the request line.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from edlink.errors import ConfigError

_PLACEHOLDER = "/-"
_target: ContextVar[str] = ContextVar("edlink_exact_target")


class _StrictResponse(HTTPResponse):
    """
    An answer whose header lines were all understood.

    The standard library takes a header that breaks off for the end of all headers, and
    urllib3 prints what it could not read. Either way the answer is not the one sent.
    """

    def begin(self) -> None:
        super().begin()
        if self.msg.defects:
            raise HTTPException


class _Exact:
    """Writes the exact target where urllib3 believes the placeholder to be written."""

    def putrequest(
        self,
        method: str,
        url: str,  # noqa: ARG002 - the placeholder
        skip_host: bool = False,  # noqa: FBT002 - http.client's own signature
        skip_accept_encoding: bool = False,  # noqa: FBT002 - http.client's own signature
    ) -> None:
        super().putrequest(method, _target.get(), skip_host, skip_accept_encoding)  # type: ignore[misc] # of the connection


class _ExactConnection(_Exact, HTTPConnection):
    response_class = _StrictResponse


class _ExactTlsConnection(_Exact, HTTPSConnection):
    response_class = _StrictResponse


class _ExactPool(HTTPConnectionPool):
    ConnectionCls = _ExactConnection


class _ExactTlsPool(HTTPSConnectionPool):
    ConnectionCls = _ExactTlsConnection


_POOLS = {"http": _ExactPool, "https": _ExactTlsPool}


class ExactAdapter(HTTPAdapter):
    """
    A requests adapter that sends a prepared request's URL byte for byte.

    It never retries: the transport does that, above signing. Subclass it to add a
    client certificate or a private trust store.
    """

    def init_poolmanager(
        self,
        connections: int,
        maxsize: int,
        block: bool = False,  # noqa: FBT002 - requests' own signature
        **pool_kwargs: Any,  # noqa: ANN401 - the same
    ) -> None:
        """Nothing; direct connections send exact targets from here on."""
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - untyped in requests
        """
        The manager for connections through a proxy, which send exact targets too.

        Raises:
            ConfigError: The proxy speaks SOCKS, whose connections are not ours.
        """
        if proxy.lower().startswith("socks"):
            raise ConfigError(
                "EDL-CONF-018",
                "The environment names a SOCKS proxy",
                fix="Use an HTTP proxy (HTTPS_PROXY), or add the host to NO_PROXY.",
            )
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def request_url(
        self,
        request: requests.PreparedRequest,
        proxies: Mapping[str, str] | None,  # noqa: ARG002 - https goes through a tunnel, loopback directly
    ) -> str:
        """The placeholder that stands for the target above the connection."""
        parts = urlsplit(request.url or "")
        target = parts.path or "/"
        _target.set(f"{target}?{parts.query}" if parts.query else target)
        return _PLACEHOLDER
