"""The doctor: what a first sync would meet at Graph, permission by permission."""

from collections.abc import Iterator
from typing import Any

from edlink.entra import endpoints as at
from edlink.entra.endpoints import Endpoint
from edlink.entra.pull import Puller
from edlink.entra.token import GraphToken
from edlink.entra.wire import UserRow
from edlink.errors import (
    AuthError,
    ConfigError,
    NotFoundError,
    PermissionDeniedError,
    ProviderError,
)
from edlink.report import Finding
from edlink.vocabulary import Severity

#: What a tenant without education answers, where a property is missing that its lists filter by.
_NEVER_FILLED = "Request_UnsupportedQuery"

_GRANT = (
    "In the Microsoft Entra admin center, App registrations, API permissions: add the "
    "application permission {} (not the delegated one), then press Grant admin consent."
)


def check_access(puller: Puller, auth: GraphToken) -> tuple[Finding, ...]:
    """
    Return findings on the sign-in, then on each list, then on what a permission may hide.

    Args:
        puller: What a pull is made with.
        auth: What signs its requests.
    """
    try:
        auth.live()
    except (ConfigError, AuthError) as error:
        return (_refused(error),)
    except ProviderError as error:
        return (_unreachable(error),)
    signed_in = Finding(
        code="EDL-CHECK-801",
        severity=Severity.ok,
        title="Entra gives the app a token for this tenant",
        evidence={"tenant": puller.source.tenant},
    )
    lists = _education(puller) if puller.rules is None else _directory(puller)
    return (signed_in, *lists)


def _refused(error: ConfigError | AuthError) -> Finding:
    word = getattr(error, "provider_code", None)
    return Finding(
        code="EDL-CHECK-802",
        severity=Severity.error,
        title="Entra gives the app no token",
        evidence={"error": error.code, "word": word or ""},
        fix=error.fix,
        who="developer",
    )


def _unreachable(error: ProviderError) -> Finding:
    return Finding(
        code="EDL-CHECK-803",
        severity=Severity.error,
        title="Microsoft does not answer",
        evidence={"error": error.code, "status": error.status or 0},
        fix="Try again later, and check the network and the proxy.",
        who="developer",
    )


def _education(puller: Puller) -> Iterator[Finding]:
    for endpoint in (at.SCHOOLS, at.CLASSES, at.USERS):
        finding, rows = _look(puller, endpoint)
        yield finding
        if endpoint is at.USERS and rows:
            yield _hidden(rows)


def _directory(puller: Puller) -> Iterator[Finding]:
    for endpoint in (at.DIRECTORY_USERS, at.GROUPS):
        finding, _ = _look(puller, endpoint)
        yield finding
    for group in puller.rules.groups if puller.rules is not None else ():
        finding, _ = _look(puller, at.GROUP_MEMBERS, group)
        yield finding


def _look(puller: Puller, endpoint: Endpoint[Any], *ids: str) -> tuple[Finding, list[Any]]:
    """Return what the first page of a list says, and its rows."""
    walker = puller.walker
    try:
        response = walker.get(endpoint, endpoint.at(*ids), endpoint.params)
        rows = walker.decode(endpoint, response).rows
    except PermissionDeniedError as error:
        return _withheld(endpoint, error), []
    except NotFoundError as error:
        return _absent(endpoint, error), []
    except AuthError as error:
        return _withheld(endpoint, error), []
    except ProviderError as error:
        if error.provider_code == _NEVER_FILLED:
            return _absent(endpoint, error), []
        return _unreachable(error), []
    return _read(endpoint, len(rows)), rows


def _read(endpoint: Endpoint[Any], count: int) -> Finding:
    is_education = endpoint.permission == at.EDUCATION
    fix = (
        "School Data Sync fills these lists; without it read the directory: "
        "EntraClient(directory=Directory(...))."
        if is_education
        else "Check the ids of the groups, and whether the directory has such objects."
    )
    return Finding(
        code="EDL-CHECK-804",
        severity=Severity.ok if count else Severity.warning,
        title=f"{endpoint.name} can be read" if count else f"{endpoint.name} is empty",
        evidence={"rows on the first page": count},
        fix="" if count else fix,
        who="nobody" if count else "district",
    )


def _withheld(endpoint: Endpoint[Any], error: ProviderError) -> Finding:
    return Finding(
        code="EDL-CHECK-805",
        severity=Severity.error,
        title=f"the permission {endpoint.permission} is missing",
        evidence={
            "list": endpoint.name,
            "error": error.code,
            "word": error.provider_code or "",
        },
        fix=_GRANT.format(endpoint.permission),
        who="district",
    )


def _absent(endpoint: Endpoint[Any], error: ProviderError) -> Finding:
    return Finding(
        code="EDL-CHECK-806",
        severity=Severity.error,
        title=f"{endpoint.name} does not exist in this tenant",
        evidence={"error": error.code, "word": error.provider_code or ""},
        fix="The education resources need an education tenant in the global cloud; without one "
        "read the directory. A group's id may be mistyped.",
        who="district",
    )


def _hidden(rows: list[UserRow]) -> Finding:
    """Return whether a lesser permission keeps birth dates and contacts back."""
    students = [row for row in rows if row.primary_role == "student"]
    born = sum(row.birth_date is not None for row in students)
    linked = sum(bool(row.related_contacts) for row in students)
    fine = bool(born and linked) or not students
    return Finding(
        code="EDL-CHECK-807",
        severity=Severity.ok if fine else Severity.warning,
        title="students have birth dates and contacts"
        if fine
        else "birth dates or contacts of students are not there",
        evidence={"students": len(students), "birth dates": born, "contacts": linked},
        fix=""
        if fine
        else _GRANT.format(at.EDUCATION)
        + " Then see that School Data Sync is set to bring birth dates and contacts.",
        who="nobody" if fine else "district",
    )
