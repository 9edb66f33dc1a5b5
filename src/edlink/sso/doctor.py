"""What a set-up doctor looks at before the first person signs in; shared by every login."""

from collections.abc import Collection, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from edlink.errors import LoginError
from edlink.report import Finding
from edlink.sso.addresses import origin
from edlink.sso.claims import text, texts
from edlink.sso.code_flow import CodeFlow, request_url
from edlink.sso.sender import Sender
from edlink.vocabulary import Severity

if TYPE_CHECKING:  # the SAML logins are looked at without the library of the keys
    from edlink.sso.keys import KeySet

#: Clocks further apart than this make logins fail, in seconds.
_MAX_DRIFT = 60

#: The state and nonce of a request that is only made to see whether it is taken.
_NOBODY = "edlink-check-login"

#: With these a provider says that it does not know the app, its address, or the page asked for.
_REFUSALS = frozenset({400, 401, 404, 422})

#: What a provider may send back instead of a code (RFC 6749, 4.1.2.1); anything else is free text.
_ERRORS = frozenset(
    {
        "invalid_request",
        "unauthorized_client",
        "access_denied",
        "unsupported_response_type",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
    }
)


def redirect_finding(redirect_uri: str, *, where: str) -> Finding:
    """Return the address to register, and where the provider's screen wants it."""
    local = redirect_uri.startswith("http:")
    return Finding(
        code="EDL-CHECK-901",
        severity=Severity.warning if local else Severity.info,
        title="The redirect address is on loopback: good for trying out only"
        if local
        else "The redirect address must be registered, character for character",
        evidence={"redirect_uri": redirect_uri},
        fix=f"Copy it to: {where}",
        who="partner",
    )


def key_findings(keys: "KeySet") -> tuple[Finding, ...]:
    """Return whether the provider's discovery document and signing keys can be used."""
    try:
        found = keys.refresh()
    except LoginError as error:
        problem = Finding(
            code="EDL-CHECK-902",
            severity=Severity.error,
            title="The provider's discovery document or signing keys cannot be used",
            evidence={"error": error.code},
            fix=error.fix or "Check the configured address and that the host may reach it.",
            who="developer",
        )
        return (problem,)
    return (
        Finding(
            code="EDL-CHECK-903",
            severity=Severity.ok,
            title="The provider's discovery document and signing keys are good",
            evidence={"keys": len(found.keys)},
        ),
    )


def openid_findings(keys: "KeySet", flow: CodeFlow) -> tuple[Finding, ...]:
    """Return everything that a provider's discovery document can say of a login's set-up."""
    urls = {"authorization_endpoint": flow.authorize_url, "token_endpoint": flow.token_url}
    document = _discovered(keys)
    return (
        *key_findings(keys),
        *_scope_findings(document, flow.scopes),
        *_endpoint_findings(document, urls),
    )


def _discovered(keys: "KeySet") -> Mapping[str, Any]:
    """Return the discovery document, empty where it cannot be read: ``key_findings`` says that."""
    try:
        return keys.discovery()
    except LoginError:
        return {}


def _scope_findings(document: Mapping[str, Any], wanted: tuple[str, ...]) -> tuple[Finding, ...]:
    """Return whether the provider offers the scopes the login asks for, where it lists its own."""
    offered = texts(document.get("scopes_supported"))
    missing = [scope for scope in wanted if scope not in offered]
    if not offered or not missing:
        return ()
    finding = Finding(
        code="EDL-CHECK-905",
        severity=Severity.error,
        title="The provider does not offer every scope the login asks for",
        evidence={"missing": " ".join(missing)},
        fix="Have the scopes switched on for this app.",
        who="partner",
    )
    return (finding,)


def _endpoint_findings(
    document: Mapping[str, Any], configured: Mapping[str, str]
) -> tuple[Finding, ...]:
    """
    Return which of the provider's addresses have moved.

    Args:
        document: The discovery document.
        configured: What the login uses, by the document's name for it.
    """
    moved = [name for name, url in configured.items() if document.get(name, url) != url]
    if not moved:
        return ()
    finding = Finding(
        code="EDL-CHECK-908",
        severity=Severity.error,
        title="The provider names other addresses than the login uses",
        evidence={"moved": " ".join(moved)},
        fix="Check the configured address; if it is right, edlink needs an update.",
        who="developer",
    )
    return (finding,)


def request_finding(  # noqa: PLR0913 - one keyword per part of the request
    sender: Sender,
    authorize_url: str,
    *,
    client_id: str,
    redirect_uri: str,
    scopes: Collection[str],
    pkce: bool,
) -> Finding:
    """
    Return whether the provider takes the app's own request: client id, redirect address, scopes.

    It is asked as by a browser that is not signed in.  State and challenge are fixed text: nobody
    can go on with this login, and no random value is left in a log of addresses.
    """
    url = request_url(
        authorize_url,
        client_id=client_id,
        redirect_uri=redirect_uri,
        scopes=scopes,
        state=_NOBODY,
        nonce=_NOBODY if "openid" in scopes else "",
        challenge="A" * 43 if pkce else "",
    )
    evidence = _refusal(sender, url, redirect_uri)
    if evidence is None:
        severity, title = Severity.warning, "The provider could not be asked whether it knows us"
    elif evidence:
        severity, title = Severity.error, "The provider refuses the app's own request"
    else:
        severity, title = Severity.ok, "The provider takes the app's own request"
    wrong = severity is Severity.error
    return Finding(
        code="EDL-CHECK-913",
        severity=severity,
        title=title,
        evidence=evidence or {},
        fix="Compare client id, redirect address and scopes with what is registered."
        if wrong
        else "",
        who="partner" if wrong else "nobody",
    )


def discovered_findings(
    keys: "KeySet", sender: Sender, *, client_id: str, redirect_uri: str, scopes: Collection[str]
) -> tuple[Finding, ...]:
    """Return ``key_findings``, after whether the request is taken where discovery sends it."""
    taken = request_finding(
        sender,
        text(_discovered(keys).get("authorization_endpoint")) or "",
        client_id=client_id,
        redirect_uri=redirect_uri,
        scopes=scopes,
        pkce=True,
    )
    return (taken, *key_findings(keys))


def _refusal(sender: Sender, url: str, redirect_uri: str) -> dict[str, str | int] | None:
    """Return how a request is refused, empty where it is not; None where nobody can tell."""
    try:
        answer = sender.probe(url, what="authorization page")
    except LoginError:
        return None
    if answer.status in _REFUSALS:
        return {"status": answer.status}
    target = answer.headers.get("location", "")
    if target.startswith(redirect_uri):
        sent = parse_qs(target.partition("#")[0].partition("?")[2])
        errors = sent.get("error", [])
        if "code" in sent and not errors:
            return {}
        return {"error": errors[0] if len(errors) == 1 and errors[0] in _ERRORS else "other"}
    return {} if answer.status < 400 else None  # noqa: PLR2004 - HTTP's errors


def clock_finding(sender: Sender, url: str, now: float) -> Finding:
    """Return whether this host's clock agrees with the provider's, by its ``Date`` header."""
    drift = _drift(sender, url, now)
    if drift is None:
        severity, title = Severity.warning, "The provider's clock could not be read"
    elif abs(drift) > _MAX_DRIFT:
        severity, title = Severity.error, "This host's clock differs from the provider's"
    else:
        severity, title = Severity.ok, "This host's clock agrees with the provider's"
    wrong = severity is Severity.error
    return Finding(
        code="EDL-CHECK-904",
        severity=severity,
        title=title,
        evidence={} if drift is None else {"seconds": round(drift)},
        fix="Keep the host's clock with NTP." if wrong else "",
        who="developer" if wrong else "nobody",
    )


def _drift(sender: Sender, url: str, now: float) -> float | None:
    try:
        answer = sender.probe(origin(url) + "/", what="clock")  # many a start page redirects
        return now - parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (LoginError, ValueError):
        return None
