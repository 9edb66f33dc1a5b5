"""The doctor: what a first sync would meet at Clever, with fixes as Clever's screens name them."""

from collections import Counter
from collections.abc import Callable, Iterator

from edlink.clever.changes import EVENTS
from edlink.clever.districts import TROUBLED_STATES
from edlink.clever.endpoints import Endpoint
from edlink.clever.pages import Page
from edlink.clever.pull import Puller, endpoint_of, is_open
from edlink.clever.versions import Chain, Version
from edlink.clever.walk import Walker
from edlink.clever.wire import District
from edlink.errors import AuthError, NotFoundError, PermissionDeniedError, ProviderError
from edlink.report import Fact, Finding
from edlink.vocabulary import Severity

#: Rows of sections that are looked at to see how they hang on terms.
_SAMPLE = 1000

#: Terms that are named one by one.
_NAMED_TERMS = 12

#: What a district shares, by chain, as its sharing screen calls it.
_SHARED_AS = {
    "schools": "schools",
    "terms": "sections, whose terms come with them",
    "courses": "sections, whose courses come with them",
    "sections": "sections",
    "users:student": "students",
    "users:teacher": "teachers",
    "users:staff": "staff",
    "users:district_admin": "district admins",
    "users:contact": "student contacts",
}


#: What Clever does that does not answer, by the error's code.
_TROUBLES = {
    "EDL-HTTP-006": "is busy and asks for a longer pause",
    "EDL-HTTP-007": "keeps failing on its side",
    "EDL-HTTP-010": "cannot be reached",
    "EDL-HTTP-011": "has a TLS certificate or handshake that is not accepted",
    "EDL-HTTP-012": "does not answer in time",
}

#: What Clever answers where a version is not granted.
_NOT_GRANTED = frozenset({"EDL-HTTP-004", "EDL-HTTP-005"})


def check_access(
    version: Version, prepare: Callable[[], tuple[Puller, District]]
) -> tuple[Finding, ...]:
    """
    Return what a first sync would meet, in the order in which it should be mended.

    Args:
        version: The version spoken.
        prepare: Returns what a pull is made with and the token's district, or raises.
    """
    try:
        puller, district = prepare()
    except ProviderError as error:
        return (_unreachable(error, version),)
    walker, scopes = puller.walker, puller.scopes
    findings = [_token(scopes), _state(district)]
    findings += [_chain(walker, version, chain, scopes) for chain in version.chains]
    findings += _terms(walker)
    findings.append(_events(walker))
    return tuple(findings)


def _unreachable(error: ProviderError, version: Version) -> Finding:
    evidence: dict[str, Fact] = {"error": error.code}
    if error.code == "EDL-CLEVER-004":
        return Finding(
            code="EDL-CHECK-602",
            severity=Severity.error,
            title="The token is not of the district it is meant for",
            evidence=evidence,
            fix="Take the district's own token from Clever's list of tokens for your app.",
            who="developer",
        )
    if not isinstance(error, AuthError) and error.code != "EDL-CLEVER-005":
        return _silent(error, version, evidence)
    return Finding(
        code="EDL-CHECK-601",
        severity=Severity.error,
        title="Clever refuses the district's token",
        evidence=evidence,
        fix="The district authorizes the app again; then list its token anew and use that.",
        who="district",
    )


def _silent(error: ProviderError, version: Version, evidence: dict[str, Fact]) -> Finding:
    """Return why Clever gives no district, though it does not refuse the token."""
    title = f"Clever {_TROUBLES.get(error.code, 'does not answer as it should')}"
    fix = error.fix or "Check again later; report it to Clever if it lasts."
    if error.code in _NOT_GRANTED:
        title = f"Clever does not answer in version {version.name}"
        fix = "Try again later; version 3.1 may have to be granted by Clever, 3.0 need not."
    return Finding(
        code="EDL-CHECK-603",
        severity=Severity.error,
        title=title,
        evidence=evidence,
        fix=fix,
        who="partner",
    )


def _token(scopes: frozenset[str] | None) -> Finding:
    return Finding(
        code="EDL-CHECK-604",
        severity=Severity.ok,
        title="The token opens one district",
        evidence={"scopes": "not known" if scopes is None else len(scopes)},
    )


def _state(district: District) -> Finding:
    state = district.get("state") or "not said"
    trouble = TROUBLED_STATES.get(state)
    evidence: dict[str, Fact] = {"state": state, "last_sync": district.get("last_sync") or "never"}
    pauses = {"from": district.get("pause_start"), "until": district.get("pause_end")}
    evidence |= {f"paused {word}": day for word, day in pauses.items() if day}
    return Finding(
        code="EDL-CHECK-605",
        severity=Severity.warning if trouble else Severity.ok,
        title=f"In Clever {trouble}" if trouble else "The district syncs with Clever",
        evidence=evidence,
        fix="In Clever's dashboard open Sync and settle what it shows there." if trouble else "",
        who="district" if trouble else "nobody",
    )


def _chain(
    walker: Walker, version: Version, chain: Chain, scopes: frozenset[str] | None
) -> Finding:
    """Return whether a collection is shared, and how much of it there is."""
    shared_as = _SHARED_AS[chain.name]
    evidence: dict[str, Fact] = {} if chain.scope is None else {"scope": chain.scope}
    fix = f"In Clever open the app's Sharing page, press Edit Sharing and share {shared_as}."
    severity, title = Severity.warning, f"Clever withholds {chain.name}"
    if scopes is None or is_open(chain, scopes):
        try:
            rows = _count(walker, version, endpoint_of(chain))
        except (PermissionDeniedError, NotFoundError) as error:
            evidence["error"] = error.code
        except ProviderError as error:
            return _failing(chain, error)
        else:
            evidence["rows"] = rows
            title = f"Clever shares {chain.name}"
            if rows == 0:
                title = f"Clever has no {chain.name} for this app"
            else:
                severity, fix = Severity.ok, ""
    if chain.name in ("schools", "sections", "users:student") and fix:
        severity = Severity.error
    who = "district" if fix else "nobody"
    return Finding(
        code="EDL-CHECK-606", severity=severity, title=title, evidence=evidence, fix=fix, who=who
    )


def _failing(chain: Chain, error: ProviderError) -> Finding:
    return Finding(
        code="EDL-CHECK-606",
        severity=Severity.error,
        title=f"Clever fails to give {chain.name}",
        evidence={"error": error.code},
        fix="Check again later; report it to Clever if it lasts.",
        who="partner",
    )


def _count(walker: Walker, version: Version, endpoint: Endpoint) -> int | str:
    """Return Clever's own count, or whether there are any."""
    count = walker.count(endpoint) if version.has_counts else None
    if count is not None:
        return count
    return "some" if walker.first(endpoint, rows=1).received else 0


def _terms(walker: Walker) -> Iterator[Finding]:
    """Yield how sections hang on terms, by a sample of them; nothing where they do not come."""
    terms = Endpoint(path="/terms", template="/terms", collection="terms")
    sections = Endpoint(path="/sections", template="/sections", collection="sections")
    try:
        known = walker.first(terms, rows=_SAMPLE)
        sample = walker.first(sections, rows=_SAMPLE)
    except ProviderError:
        return
    titles = {row["id"]: row.get("name") or "unnamed term" for row in known.rows}
    undated = sum(not (row.get("start_date") and row.get("end_date")) for row in known.rows)
    without = sum(row.get("term_id") not in titles for row in sample.rows)
    evidence: dict[str, Fact] = {
        "terms": known.received,
        "terms without dates": undated,
        "sections looked at": sample.received,
        "sections without term": without,
        **_per_term(sample, titles),
    }
    is_odd = bool(undated or without or not known.received)
    yield Finding(
        code="EDL-CHECK-607",
        severity=Severity.warning if is_odd else Severity.ok,
        title="Terms or sections lack dates" if is_odd else "Sections have terms with dates",
        evidence=evidence,
        fix="In the SIS or the sections file, give each section's term a name, start and end."
        if is_odd
        else "",
        who="district" if is_odd else "nobody",
    )


def _per_term(sample: Page, titles: dict[str, str]) -> dict[str, Fact]:
    counts = Counter(titles[t] for row in sample.rows if (t := row.get("term_id")) in titles)
    return {f"sections in {title}": n for title, n in counts.most_common(_NAMED_TERMS)}


def _events(walker: Walker) -> Finding:
    try:
        is_there = walker.newest(EVENTS).received > 0
    except (PermissionDeniedError, NotFoundError):
        is_there = False
    except ProviderError as error:
        return Finding(
            code="EDL-CHECK-608",
            severity=Severity.warning,
            title="Clever fails to give events",
            evidence={"error": error.code},
            fix="Check again later; report it to Clever if it lasts.",
            who="partner",
        )
    return Finding(
        code="EDL-CHECK-608",
        severity=Severity.ok if is_there else Severity.info,
        title="Events are there"
        if is_there
        else "There are no events, so changes cannot be followed",
        fix="" if is_there else "In Clever open Settings > Integrations and enable events.",
        who="nobody" if is_there else "partner",
    )
