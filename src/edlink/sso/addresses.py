"""Which addresses a login may talk to, come back to, or send a person on to."""

from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from edlink.errors import ConfigError

_MAX_RETURN_TO = 2048

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_safe_url(url: str) -> bool:
    """
    Return whether an address is https, or http on loopback, and plain enough to compare.

    User names, fragments, spaces, backslashes and control characters are refused.
    """
    if not url.isascii() or any(c.isspace() or c == "\\" or ord(c) < 32 for c in url):  # noqa: PLR2004 - the first printable character
        return False
    parts = _split(url)
    if parts is None or not parts.hostname or parts.fragment or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def require_safe_url(url: str, *, name: str) -> str:
    """
    Return an address that a login was configured with.

    Raises:
        ConfigError: EDL-CONF-050 when it is not https (loopback may be http).
    """
    if not is_safe_url(url):
        fix = "Give the full https address; http is for loopback only."
        raise ConfigError("EDL-CONF-050", f"{name} is not a safe address", fix=fix)
    return url


def origin(url: str) -> str:
    """Return scheme, host and port of an address, with the scheme's own port left out."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    named = f"[{host}]" if ":" in host else host
    standard = {"https": 443, "http": 80}.get(parts.scheme)
    port = "" if parts.port in (None, standard) else f":{parts.port}"
    return f"{parts.scheme}://{named}{port}"


def safe_return_to(
    target: str | None, *, default: str = "/", allowed_origins: Collection[str] = ()
) -> str:
    r"""
    Return where to send a person after the login: a local path, or an address on the allow-list.

    Anything else gives the default: other sites, ``//host``, ``/\host``, ``javascript:``, text
    with control characters, and more than 2,048 characters, which no cookie would keep.

    Args:
        target: What the browser, or a provider's RelayState, asked for.
        default: Where to go instead.
        allowed_origins: Origins such as ``https://app.example.org``, exact.

    >>> safe_return_to("/today?week=3")
    '/today?week=3'
    >>> safe_return_to("//evil.example.org")
    '/'
    """
    if not target or len(target) > _MAX_RETURN_TO:
        return default
    if "\\" in target or any(ord(c) < 33 or ord(c) == 127 for c in target):  # noqa: PLR2004 - space and the control characters
        return default
    if target.startswith("/"):
        return default if target.startswith("//") else target
    if is_safe_url(target) and origin(target) in allowed_origins:
        return target
    return default


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # an impossible port is only noticed here
    except ValueError:
        return None
    return parts
