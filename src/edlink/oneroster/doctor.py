"""
What a first sync would meet, asked before it: access, counts, gaps and how to mend them.

The doctor raises nothing for what a provider does: each such error becomes a finding.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from edlink._http.answers import answered_at
from edlink._http.exchange import Response
from edlink.coverage import CoverageEntry
from edlink.errors import NotFoundError, PermissionDeniedError, ProviderError
from edlink.oneroster import gaps, probe
from edlink.report import Fact, Finding
from edlink.roster import COLLECTIONS, Roster
from edlink.vocabulary import CoverageState, Kind, Severity

if TYPE_CHECKING:
    from edlink.oneroster.client import OneRosterClient

#: Seconds by which clocks may differ; signatures and tokens are refused a little later.
_MAX_SKEW = 120

#: What a server does that cannot be read, by the error's code, and the finding that says so.
_SHUT: Mapping[str, tuple[str, str]] = {
    "EDL-AUTH-001": ("EDL-CHECK-103", "refuses the credentials"),
    "EDL-AUTH-002": ("EDL-CHECK-101", "answers with no token"),
    "EDL-HTTP-001": ("EDL-CHECK-103", "sends us elsewhere, most likely to a login page"),
    "EDL-HTTP-002": ("EDL-CHECK-103", "refuses the credentials"),
    "EDL-HTTP-003": ("EDL-CHECK-103", "lets these credentials read nothing"),
    "EDL-HTTP-006": ("EDL-CHECK-101", "is busy and asks for a longer pause"),
    "EDL-HTTP-007": ("EDL-CHECK-101", "keeps failing on its side"),
    "EDL-HTTP-010": ("EDL-CHECK-101", "cannot be reached"),
    "EDL-HTTP-011": ("EDL-CHECK-101", "has a TLS certificate or handshake that is not accepted"),
    "EDL-HTTP-012": ("EDL-CHECK-101", "does not answer in time"),
}
_OTHERWISE = ("EDL-CHECK-101", "does not answer as it should")

#: Where the product's own screens say more than the error.
_TOPICS = {"EDL-HTTP-002": "credentials", "EDL-HTTP-003": "permission"}


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
        yield _answered(client, version, response)
        yield from _check_clock(client, answered_at(response.headers))


def _answered(client: "OneRosterClient", version: str, response: Response) -> Finding:
    """Return what a success is worth: a login page has that status as well."""
    if probe.looks_right(response.body, client.server):
        return _accepted(client, version)
    return _nothing_there(client, {"status": response.status})


def _accepted(client: "OneRosterClient", version: str) -> Finding:
    return Finding(
        code="EDL-CHECK-100",
        severity=Severity.ok,
        title=f"{client.server.title} answers and accepts the credentials",
        evidence={"version": version},
    )


def _shut(client: "OneRosterClient", error: ProviderError) -> Finding:
    if isinstance(error, NotFoundError):
        return _nothing_there(client, _evidence(error))
    code, does = _SHUT.get(error.code, _OTHERWISE)
    topic = _TOPICS.get(error.code)
    # Nothing but a token is asked for by POST.
    subject = "token endpoint" if error.endpoint.startswith("POST ") else "server"
    return Finding(
        code=code,
        severity=Severity.error,
        title=f"the {subject} {does}",
        evidence=_evidence(error),
        fix=error.fix if topic is None else client.server.fix(topic),
        who="partner" if code == "EDL-CHECK-103" else "developer",
    )


def _nothing_there(client: "OneRosterClient", evidence: Mapping[str, Fact]) -> Finding:
    return Finding(
        code="EDL-CHECK-102",
        severity=Severity.error,
        title="no OneRoster answers at this address",
        evidence=evidence,
        fix=client.server.fix("address"),
        who="developer",
    )


def _evidence(error: ProviderError) -> dict[str, Fact]:
    facts = {
        "error": error.code,
        "status": error.status,
        "provider_code": error.provider_code,
        "request_id": error.request_id,
    }
    return {name: fact for name, fact in facts.items() if fact is not None}


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
    optional = entry.kind is Kind.demographics
    severity = Severity.warning if optional else Severity.error
    evidence: dict[str, Fact] = {"records": count, "reason": entry.reason or ""}
    if entry.state is CoverageState.failed:
        return Finding(
            code="EDL-CHECK-107",
            severity=severity,
            title=f"{name} cannot be read whole",
            evidence=evidence,
            fix=f"Check again later; where it lasts, see {entry.reason} in edlink's list of errors",
            who="developer",
        )
    return Finding(
        code="EDL-CHECK-106",
        severity=severity,
        title=f"{name} are not shared",
        evidence=evidence,
        fix=client.server.fix("demographics" if optional else "permission"),
        who="district",
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
