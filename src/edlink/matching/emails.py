"""
E-mail addresses and telephone numbers as keys.

Case is forgiven in the whole address.  "+tag" and dots are not: they are separate mailboxes in
many systems, and parents use "+child1" deliberately.
"""

import re
from collections.abc import Mapping

import attrs

from edlink.matching.normalize import normal_form, strict_form

_PLACEHOLDER_DOMAINS = frozenset({"none.com", "none.none", "noemail.com", "na.com", "test.com"})
_USUAL = re.compile(r"[a-z0-9._+-]+@([a-z0-9-]+(?:\.[a-z0-9-]+)+)")
_SHORTEST_PHONE = 7
_NORTH_AMERICAN = 11


def _copy(aliases: Mapping[str, str]) -> Mapping[str, str]:
    return dict(aliases)


@attrs.frozen(kw_only=True)
class EmailPolicy:
    """
    How addresses are compared.

    ``domain_aliases`` maps a domain to the one it stands for, such as ``students.example.org`` to
    ``example.org``; only a host can know that.
    """

    domain_aliases: Mapping[str, str] = attrs.field(factory=dict, converter=_copy)


@attrs.frozen(kw_only=True)
class EmailKey:
    """
    An address as a key, or why there is none.

    ``problem`` is ``empty``, ``shape`` (not one "@", no dot, white space), ``domain`` (not a
    domain name) or ``placeholder``.
    """

    value: str | None = attrs.field(default=None, repr=False)
    problem: str | None = None


_NO_POLICY = EmailPolicy()


def normalize_email(text: str | None, policy: EmailPolicy = _NO_POLICY) -> EmailKey:
    """
    Return the key of an address.

    >>> normalize_email(" Ana+School@Example.ORG ").value
    'ana+school@example.org'
    >>> normalize_email("none@none.com").problem
    'placeholder'
    """
    cleaned = strict_form(text or "")
    if not cleaned:
        return EmailKey(problem="empty")
    local, _, domain = cleaned.partition("@")
    if not local or "@" in domain or "." not in domain.strip(".") or len(cleaned.split()) > 1:
        return EmailKey(problem="shape")
    ascii_domain = _ascii(domain)
    if ascii_domain is None:
        return EmailKey(problem="domain")
    if ascii_domain in _PLACEHOLDER_DOMAINS:
        return EmailKey(problem="placeholder")
    return EmailKey(value=f"{local}@{policy.domain_aliases.get(ascii_domain, ascii_domain)}")


def email_key(text: str, policy: EmailPolicy) -> str | None:
    """Return the value of ``normalize_email``; quick where only the case can differ."""
    usual = _USUAL.fullmatch(text) or _USUAL.fullmatch(text.lower())
    if usual and usual[1] not in _PLACEHOLDER_DOMAINS and usual[1] not in policy.domain_aliases:
        return usual[0]
    return normalize_email(text, policy).value


def normalize_phone(text: str | None) -> str | None:
    """
    Return the digits of a telephone number without the North American 1, or None.

    >>> normalize_phone("+1 (555) 010-0199")
    '5550100199'
    """
    digits = "".join(c for c in normal_form("NFKC", text or "") if c in "0123456789")
    if len(digits) == _NORTH_AMERICAN and digits[0] == "1":
        digits = digits[1:]
    return digits if len(digits) >= _SHORTEST_PHONE and len(set(digits)) > 1 else None


def _ascii(domain: str) -> str | None:
    """Return the domain as IDNA writes it (RFC 3490), or None where it cannot be one."""
    domain = domain.removesuffix(".")
    if domain.isascii():
        return None if ".." in domain or domain.startswith(".") else domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
