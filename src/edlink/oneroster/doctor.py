"""
What a first sync would meet, asked before it: access, counts, gaps and how to mend them.

The doctor raises nothing for what a provider does: each such error becomes a finding.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from edlink._http.answers import answered_at
from edlink.coverage import CoverageEntry
from edlink.errors import AuthError, NotFoundError, PermissionDeniedError, ProviderError
from edlink.oneroster import gaps
from edlink.report import Finding
from edlink.roster import COLLECTIONS, Roster
from edlink.vocabulary import CoverageState, Kind, Severity

if TYPE_CHECKING:
    from edlink.oneroster.client import OneRosterClient

#: Seconds by which clocks may differ; signatures and tokens are refused a little later.
_MAX_SKEW = 120


def check_access(client: "OneRosterClient") -> tuple[Finding, ...]:
    """Return findings on access, then on each collection, then on what the records lack."""
    findings = list(_check_door(client))
    if any(finding.severity is Severity.error for finding in findings):
        return tuple(findings)
    try:
        roster = client.pull_roster(allow_partial=True)
    except ProviderError as error:
        return (*findings, _pull_fails(client, error))
    findings += _check_collections(client, roster)
    findings += gaps.find_gaps(roster, client.server, today=client.now().date())
    return tuple(findings)


def _check_door(client: "OneRosterClient") -> Iterator[Finding]:
    try:
        version = client.version
    except ProviderError as error:
        yield _shut(client, error)
        yield from _check_clock(client, error.answered_at)
        return
    try:
        response = client.get("/orgs", "/orgs", [("limit", "1"), ("offset", "0")])
    except PermissionDeniedError as error:
        # The credentials are good; the collections say below what they may not read.
        yield _accepted(client, version)
        yield from _check_clock(client, error.answered_at)
    except ProviderError as error:
        yield _shut(client, error)
        yield from _check_clock(client, error.answered_at)
    else:
        yield _accepted(client, version)
        yield from _check_clock(client, answered_at(response.headers))


def _accepted(client: "OneRosterClient", version: str) -> Finding:
    return Finding(
        code="EDL-CHECK-100",
        severity=Severity.ok,
        title=f"{client.server.title} answers and accepts the credentials",
        evidence={"version": version},
    )


def _shut(client: "OneRosterClient", error: ProviderError) -> Finding:
    code, title, topic, who = (
        "EDL-CHECK-101",
        "the server cannot be reached",
        "address",
        "developer",
    )
    if isinstance(error, AuthError):
        code, title = "EDL-CHECK-103", "the server refuses the credentials"
        topic, who = "credentials", "partner"
        if isinstance(error, PermissionDeniedError):
            title, topic = "the server lets these credentials read nothing", "permission"
    elif isinstance(error, NotFoundError):
        code, title = "EDL-CHECK-102", "no OneRoster answers at this address"
    return Finding(
        code=code,
        severity=Severity.error,
        title=title,
        evidence={"error": error.code, "status": error.status or 0},
        fix=client.server.fix(topic),
        who=who,
    )


def _check_clock(client: "OneRosterClient", theirs: datetime | None) -> Iterator[Finding]:
    if theirs is None:
        return
    skew = round(abs((client.now() - theirs).total_seconds()))
    fine = skew <= _MAX_SKEW
    yield Finding(
        code="EDL-CHECK-104",
        severity=Severity.ok if fine else Severity.error,
        title="the clocks agree" if fine else "this machine's clock and the server's differ",
        evidence={"seconds": skew},
        fix="" if fine else client.server.fix("clock"),
        who="nobody" if fine else "developer",
    )


def _check_collections(client: "OneRosterClient", roster: Roster) -> Iterator[Finding]:
    for entry in roster.coverage.entries:
        if entry.kind is not Kind.relationship:
            yield _collection(client, entry, len(roster.records(entry.kind)))


def _collection(client: "OneRosterClient", entry: CoverageEntry, count: int) -> Finding:
    name = COLLECTIONS[entry.kind]
    if entry.state is CoverageState.complete:
        return Finding(
            code="EDL-CHECK-105",
            severity=Severity.ok,
            title=f"{name} can be read",
            evidence={"records": count},
        )
    withheld = entry.state is CoverageState.withheld
    topic = "demographics" if entry.kind is Kind.demographics else "permission"
    optional = entry.kind is Kind.demographics
    return Finding(
        code="EDL-CHECK-106" if withheld else "EDL-CHECK-107",
        severity=Severity.warning if optional else Severity.error,
        title=f"{name} are not shared" if withheld else f"{name} cannot be read whole",
        evidence={"records": count, "reason": entry.reason or ""},
        fix=client.server.fix(topic),
        who="district" if withheld else "partner",
    )


def _pull_fails(client: "OneRosterClient", error: ProviderError) -> Finding:
    return Finding(
        code="EDL-CHECK-108",
        severity=Severity.error,
        title="the collections cannot be read in one state",
        evidence={"error": error.code},
        fix=error.fix or client.server.fix("permission"),
        who="district",
    )
