"""What a set-up doctor looks at before the first person signs in with SAML."""

from datetime import UTC, datetime

from edlink.errors import LoginError
from edlink.report import Finding
from edlink.sso.saml.flow import Metadata
from edlink.sso.saml.metadata import IdpMetadata
from edlink.sso.saml.sources import FixedMetadata
from edlink.vocabulary import Severity

#: Days before the end of a certificate, or of a kept document, from which the doctor warns.
_WARN_DAYS = 30


def metadata_findings(metadata: Metadata, now: float) -> tuple[Finding, ...]:
    """
    Return whether the identity provider's metadata can be had now, and how long they are good.

    Args:
        metadata: Looked at anew where they have an address.
        now: Seconds since the epoch.
    """
    problem = metadata.problem(now)
    try:
        found = metadata.current(now)
    except LoginError as error:
        return (_unusable(error, problem),)
    stale = () if problem is None else (_stale(problem),)
    # Metadata that are renewed at their address may well be published for a few days only.
    ending = _end_finding(found, now) if stale or isinstance(metadata, FixedMetadata) else ()
    return (*stale, *ending, _certificate_finding(found, now))


def _unusable(error: LoginError, problem: str | None) -> Finding:
    return Finding(
        code="EDL-CHECK-906",
        severity=Severity.error,
        title="The district's IDP metadata cannot be used",
        evidence={"error": error.code} | ({} if problem is None else {"problem": problem}),
        fix=error.fix or "Copy the IDP Metadata URL again from the provider's console.",
        who="district",
    )


def _stale(problem: str) -> Finding:
    return Finding(
        code="EDL-CHECK-911",
        severity=Severity.warning,
        title="The district's IDP metadata cannot be read again; the last good ones serve",
        evidence={"problem": problem},
        fix="Check the metadata address; another entity is taken only from a new configuration.",
        who="district",
    )


def _end_finding(found: IdpMetadata, now: float) -> tuple[Finding, ...]:
    """Return a warning when the document itself runs out soon, where it says when."""
    if found.valid_until is None or _days(found.valid_until, now) >= _WARN_DAYS:
        return ()
    finding = Finding(
        code="EDL-CHECK-912",
        severity=Severity.warning,
        title="The district's IDP metadata say themselves that they run out soon",
        evidence={"days": _days(found.valid_until, now)},
        fix="Use the metadata address, which is read daily; a kept copy must be renewed by hand.",
        who="district",
    )
    return (finding,)


def _certificate_finding(found: IdpMetadata, now: float) -> Finding:
    """Return how long the longest-lived of the provider's certificates is good."""
    longest = max(_days(end, now) for end in found.certificate_ends)
    if longest < 0:
        severity, title = Severity.error, "Every signing certificate of the district has expired"
    elif longest < _WARN_DAYS:
        severity, title = Severity.warning, "The district's signing certificate ends soon"
    else:
        severity, title = Severity.ok, "The district's IDP metadata and certificates are good"
    late = severity is not Severity.ok
    fix = "ClassLink renews certificates every summer: have the metadata address used, not a copy."
    return Finding(
        code="EDL-CHECK-907",
        severity=severity,
        title=title,
        evidence={"days": longest, "certificates": len(found.certificate_ends)},
        fix=fix if late else "",
        who="district" if late else "nobody",
    )


def _days(end: datetime, now: float) -> int:
    return (end - datetime.fromtimestamp(now, UTC)).days
