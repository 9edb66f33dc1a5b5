"""
Which addresses we talk to, and how a path and a query are written.

Sources: RFC 3986 (characters of a URL), RFC 5849 section 3.6 (a space is ``%20``).
"""

import contextlib
import ipaddress
import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlsplit

from edlink.errors import ConfigError

_PATH_CHARS = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*"
_QUERY_CHARS = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*"
_HOST = r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"

_URL = re.compile(rf"(https?)://{_HOST}(?:/{_PATH_CHARS})?(?:\?{_QUERY_CHARS})?", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_TARGET = re.compile(rf"/{_PATH_CHARS}(?:\?{_QUERY_CHARS})?")


def check_url(url: str, *, name: str, query: bool = False) -> str:
    """
    The same URL, byte for byte, when credentials may be sent to it.

    Args:
        url: An absolute address in ASCII, already percent-encoded.
        name: The setting it comes from, for messages.
        query: Whether the address may carry a query of its own.

    Raises:
        ConfigError: It is no URL, not https (http is for loopback only), or it
            carries user information, a query or a fragment.
    """
    # Looked for in the text, because parsers disagree about which part an odd URL's "@" is in.
    authority = url.partition("://")[2].partition("/")[0]
    if "@" in authority or "#" in url or ("?" in url and not query):
        raise ConfigError(
            "EDL-CONF-012",
            f"{name} carries user information, a query or a fragment",
            fix="Give the address alone, and the credentials through auth=.",
        )
    if not (_URL.fullmatch(url) and _has_valid_port(url)):
        raise ConfigError(
            "EDL-CONF-010",
            f"{name} is not an absolute URL in ASCII",
            fix="Write it as https://host/path, percent-encoded.",
        )
    if not url.lower().startswith("https://") and not is_loopback(url):
        raise ConfigError(
            "EDL-CONF-011",
            f"{name} is not https",
            fix="Use https; http is accepted for this machine's own addresses only.",
        )
    return url


def is_loopback(url: str) -> bool:
    """True when a checked URL leads to this machine itself."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_target(path: str) -> str:
    """
    The same path, byte for byte, when it stays below the base URL it will be appended to.

    Raises:
        ConfigError: It does not begin with a slash, holds a character that must be
            percent-encoded, or climbs with ``.`` or ``..`` segments.
    """
    segments = path.partition("?")[0].lower().replace("%2e", ".").split("/")
    if not _TARGET.fullmatch(path) or "." in segments or ".." in segments:
        raise ConfigError(
            "EDL-CONF-015",
            "A path or parameter cannot be written into a URL",
            fix="Percent-encode each identifier before it is put into a path.",
        )
    return path


def encode_query(params: Sequence[tuple[str, str]]) -> str:
    """
    The query without its question mark, in the order given: ``limit=10&filter=a%20b``.

    Everything but letters, digits and ``-._~`` is percent-encoded, which is what
    OAuth 1.0a signs.

    Raises:
        ConfigError: A value holds half of a surrogate pair.
    """
    with contextlib.suppress(UnicodeEncodeError):
        return "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in params)
    # Raised out here, because the error suppressed above holds the value.
    raise ConfigError(
        "EDL-CONF-015",
        "A path or parameter cannot be written into a URL",
        fix="Percent-encode each identifier before it is put into a path.",
    )


def check_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    """
    The same headers, when they can be sent as they are.

    Raises:
        ConfigError: A name or a value holds anything but printable ASCII.
    """
    for name, value in headers.items():
        if not (_HEADER_NAME.fullmatch(name) and value.isascii() and value.isprintable()):
            raise ConfigError(
                "EDL-CONF-019",
                "A request header cannot be sent",
                fix="Give names and values in printable ASCII.",
            )
    return headers


def _has_valid_port(url: str) -> bool:
    """True when the port is absent or from 1 to 65535."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False
