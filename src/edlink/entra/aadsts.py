"""
Microsoft's sign-in errors (AADSTS numbers) in plain words, with who can do something about them.

For showing only: Microsoft says that numbers and texts change and must not steer a program
(identity platform, error code reference).
"""

import re
from collections.abc import Mapping

_NUMBER = re.compile(r"\bAADSTS(\d{4,7})\b")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_USER, _ADMIN, _APP = "the person", "the school's administrator", "the app's maker"

_WORDS: Mapping[str, tuple[str, str]] = {
    "16000": (
        _USER,
        "Not an account of this school's directory. Sign out and pick the school account.",
    ),
    "50011": (
        _APP,
        "The callback address is not registered on the app registration, character for character.",
    ),
    "50020": (
        _ADMIN,
        "The account belongs to another organization, or is personal, and was not invited.",
    ),
    "50034": (_USER, "No such account in this directory (typing error or wrong school)."),
    "50053": (
        _ADMIN,
        "Account locked after too many failures, or the address it came from looks malicious.",
    ),
    "50055": (_USER, "Password expired."),
    "50057": (_ADMIN, "The account is disabled."),
    "50058": (_APP, "Nobody is signed in (normal answer to prompt=none)."),
    "50072": (_USER, "Second factor must be set up first."),
    "50074": (_USER, "Second factor was asked for and not passed."),
    "50076": (_USER, "Second factor is required now (policy or new place); start sign-in again."),
    "50079": (_USER, "Must register security information for the second factor."),
    "50105": (_ADMIN, "'Assignment required' is on and this person has not been given the app."),
    "50126": (_USER, "Wrong user name or password."),
    "50131": (
        _ADMIN,
        "Blocked by a Conditional Access decision (device state, suspicious activity, policy).",
    ),
    "50158": (_USER, "An outside security check was not completed."),
    "50173": (_USER, "Sessions were revoked; sign in again."),
    "50194": (_APP, "Single-tenant app was sent to /common; use the tenant's own address."),
    "50196": (_APP, "The app repeats the same request; a sign-in loop or missing token cache."),
    "53000": (_USER, "Device is not compliant."),
    "53001": (_USER, "Device is not domain joined."),
    "53003": (_ADMIN, "A Conditional Access policy forbids this sign-in."),
    "53011": (_ADMIN, "Blocked for risk in the user's home directory."),
    "54005": (_APP, "The sign-in code was already used (double submit or Back button)."),
    "65001": (_ADMIN, "Nobody has consented to this app's permissions yet."),
    "65004": (_USER, "The user pressed No on the consent page."),
    "70008": (_USER, "Code or refresh token expired."),
    "70011": (_APP, "A requested scope is not valid."),
    "70043": (_USER, "Sign-in frequency policy: sign in again."),
    "90002": (_APP, "No such tenant (typing error or wrong national cloud)."),
    "90072": (_USER, "Outside account is not a guest of this directory."),
    "90094": (_ADMIN, "An administrator must consent."),
    "500011": (_APP, "The API asked for is not present in this tenant."),
    "500212": (_ADMIN, "The user's home organization forbids access to this one."),
    "500213": (_ADMIN, "This organization's cross-tenant policy forbids the user."),
    "501481": (_APP, "PKCE verifier does not fit the challenge (mixed-up or replayed flow)."),
    "530032": (_ADMIN, "A tenant security policy forbids this sign-in."),
    "650056": (_APP, "Permissions missing on the registration, or admin consent not given."),
    "700005": (_APP, "Code was issued by another tenant than the one asked to redeem it."),
    "700016": (
        _APP,
        "This client id does not exist in this tenant (wrong tenant id or wrong app id).",
    ),
    "700025": (
        _APP,
        "The redirect address is registered as public client, so no secret may be sent.",
    ),
    "700082": (_USER, "Refresh token expired from disuse."),
    "7000215": (
        _APP,
        "Wrong client secret (often the secret's id was pasted instead of its value).",
    ),
    "7000218": (_APP, "A secret or assertion is needed; the redirect is registered as Web."),
    "7000222": (_APP, "The client secret has expired."),
}


def number_in(description: object) -> str | None:
    """Return the AADSTS number in Microsoft's error text, or None."""
    found = _NUMBER.search(description) if isinstance(description, str) else None
    return found[1] if found else None


def explain(description: object, correlation_id: object = None) -> str:
    """
    Return what a person can do about a sign-in error; Microsoft's own text is never repeated.

    Args:
        description: Microsoft's ``error_description``, which may hold addresses.
        correlation_id: Microsoft's id of the attempt, shown where it is one.
    """
    number = number_in(description)
    if number is None:
        return ""
    who, say = _WORDS.get(number, (_ADMIN, "Look the number up in Microsoft's error reference."))
    trace = correlation_id if isinstance(correlation_id, str) else ""
    trace = f", correlation id {trace}" if _GUID.fullmatch(trace) else ""
    return f"{say} (AADSTS{number}, for {who}{trace})"
