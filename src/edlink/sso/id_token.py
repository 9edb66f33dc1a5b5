"""
OpenID Connect id tokens: signature, issuer, audience, times and nonce (Core 1.0, 3.1.3.7).

The algorithm is fixed by configuration and never taken from the token.  Every check is ours or
PyJWT's signature check; nothing is left to the library that fetched the token.
"""

import base64
import hmac
import math
import re
from collections.abc import Mapping
from typing import Any

import attrs

from edlink.errors import InvalidLoginError
from edlink.sso.claims import json_object
from edlink.sso.keys import KeySet, signed_payload

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_MAX_TOKEN = 64 * 1024

#: Header fields that bring a key, or a meaning, of the sender's choosing.
_FOREIGN_KEYS = ("jwk", "jku", "x5u", "x5c", "crit", "b64")

#: Longest difference between two clocks that is overlooked, in seconds.
LEEWAY = 60


@attrs.frozen(kw_only=True)
class TokenRules:
    """
    What an id token must be.

    Attributes:
        keys: The issuer's keys; also says how the issuer spells its name.
        client_id: The app's id, which the token must be for.
        algorithms: The accepted signature algorithms.
    """

    keys: KeySet
    client_id: str
    algorithms: tuple[str, ...] = ("RS256",)


def verify_id_token(
    token: str | None, rules: TokenRules, *, nonce: str, now: float
) -> dict[str, Any]:
    """
    Return the claims of an id token that holds.

    Args:
        token: The compact token, or None when none was sent.
        rules: What it must be.
        nonce: The nonce of the login, as sent on the wire.
        now: Seconds since the epoch.

    Raises:
        InvalidLoginError: EDL-LOGIN-022 to 029, by what does not hold.
        LoginError: EDL-LOGIN-010 to 012, 019, 020 and 021, the provider's keys cannot be read.
    """
    if not token:
        message = "the provider sent no id token"
        fix = "Ask the provider to switch OpenID Connect on for this app."
        raise InvalidLoginError("EDL-LOGIN-029", message, reason="not_set_up", fix=fix)
    header = _header(token)
    if header.get("alg") not in rules.algorithms:
        raise _refused("EDL-LOGIN-024", "the id token is signed in a way that is not accepted")
    if any(name in header for name in _FOREIGN_KEYS) or not _is_kid(header.get("kid")):
        raise _refused("EDL-LOGIN-023", "the id token's header is not acceptable")
    claims = _signed_claims(token, rules, header)
    _check_parties(claims, rules)
    _check_times(claims, now)
    if not _same(claims.get("nonce"), nonce):
        raise _refused("EDL-LOGIN-028", "the id token was not made for this login")
    return claims


def _signed_claims(token: str, rules: TokenRules, header: Mapping[str, Any]) -> dict[str, Any]:
    key = rules.keys.find(header.get("kid"))
    payload = signed_payload(token, key, rules.algorithms)
    if payload is None:
        raise _refused("EDL-LOGIN-025", "the id token's signature does not hold")
    claims = json_object(payload)
    if claims is None:
        raise _refused("EDL-LOGIN-023", "the id token is not a JSON object")
    return claims


def _check_parties(claims: Mapping[str, Any], rules: TokenRules) -> None:
    if claims.get("iss") != rules.keys.issuer:
        raise _refused("EDL-LOGIN-026", "the id token comes from another issuer")
    audience, party = claims.get("aud"), claims.get("azp", rules.client_id)
    listed = audience if isinstance(audience, list) else [audience]
    named = rules.client_id in listed and all(isinstance(entry, str) for entry in listed)
    if not named or party != rules.client_id or (len(listed) > 1 and "azp" not in claims):
        raise _refused("EDL-LOGIN-027", "the id token was made for another app")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise _refused("EDL-LOGIN-023", "the id token names no subject")


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    ends: Any = claims.get("exp")
    begins: Any = claims.get("iat")
    earliest: Any = claims.get("nbf", begins)
    begun = all(_is_number(moment) and moment < now + LEEWAY for moment in (begins, earliest))
    if not begun or not (_is_number(ends) and ends > now - LEEWAY):
        raise _refused("EDL-LOGIN-018", "the id token is expired, or not yet valid")


def _is_number(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return math.isfinite(value)


def _header(token: str) -> dict[str, Any]:
    header = None
    if len(token) <= _MAX_TOKEN and _COMPACT.fullmatch(token):
        head = token.partition(".")[0]
        try:
            header = json_object(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        except ValueError:
            header = None
    if header is None:
        raise _refused("EDL-LOGIN-023", "the id token is not a signed compact token")
    return header


def _is_kid(kid: object) -> bool:
    return kid is None or isinstance(kid, str)


def _same(found: object, expected: str) -> bool:
    return (
        isinstance(found, str)
        and bool(expected)
        and hmac.compare_digest(found.encode("utf-8", "surrogatepass"), expected.encode())
    )


def _refused(code: str, message: str) -> InvalidLoginError:
    return InvalidLoginError(code, message, reason="refused")
