"""The doctor: what a first sync would meet at Veracross, scope by scope."""

from collections.abc import Iterator
from typing import Any

import attrs

from edlink import readers
from edlink.errors import AuthError, NotFoundError, ProviderError
from edlink.report import Finding
from edlink.veracross.endpoints import BASIC, FURTHER, STUDENTS, Endpoint
from edlink.veracross.pages import Walker
from edlink.veracross.pull import Puller
from edlink.veracross.token import SharedToken
from edlink.veracross.wire import PersonRow
from edlink.vocabulary import Severity

#: Rows of a list that are looked at.
_SAMPLE = 100

#: Percent of students with a birth date from which on nothing needs doing.
_GOOD = 90


def check_access(puller: Puller, auth: SharedToken) -> tuple[Finding, ...]:
    """
    Return findings on the credentials, then on each list, then on birth dates.

    Args:
        puller: What a pull is made with.
        auth: What signs its requests.
    """
    try:
        auth.live()
    except AuthError as error:
        return tuple(_refused(auth, error))
    except ProviderError as error:
        return (_unreachable(error),)
    return (_signed_in(puller), *_lists(puller))


def _signed_in(puller: Puller) -> Finding:
    return Finding(
        code="EDL-CHECK-701",
        severity=Severity.ok,
        title="Veracross gives a token, one of ten; clients with the same scopes share it",
        evidence={"scopes": len(puller.scopes)},
    )


def _refused(auth: SharedToken, error: ProviderError) -> Iterator[Finding]:
    """Yield each scope that keeps Veracross from giving a token, or that the client is unknown."""
    try:
        missing = [scope for scope in auth.grant.scopes if not auth.opens(scope)]
    except ProviderError as trouble:
        yield _unreachable(trouble)
        return
    if len(missing) == len(auth.grant.scopes):
        yield Finding(
            code="EDL-CHECK-702",
            severity=Severity.error,
            title="Veracross refuses the client, or the school has opened no scope for it",
            evidence={"error": error.code, "status": error.status or 0},
            fix="Compare route, client id and secret with the school's OAuth application; only a "
            "school user with the role OAuth_App_Admin sees and changes it.",
            who="district",
        )
        return
    for scope in missing:
        yield _closed(scope, {"error": error.code})


def _unreachable(error: ProviderError) -> Finding:
    return Finding(
        code="EDL-CHECK-703",
        severity=Severity.error,
        title="Veracross does not answer at this school's route",
        evidence={"error": error.code, "status": error.status or 0},
        fix="Check the school's route with the school, and try again later.",
        who="developer",
    )


def _closed(scope: str, evidence: dict[str, str | int | float]) -> Finding:
    return Finding(
        code="EDL-CHECK-704",
        severity=Severity.error,
        title=f"the scope {scope} is missing",
        evidence={"scope": scope, **evidence},
        fix="A school user with the role OAuth_App_Admin opens the OAuth application and adds "
        f"the scope {scope}.",
        who="district",
    )


def _lists(puller: Puller) -> Iterator[Finding]:
    """Yield what the first rows of each list say."""
    walker = attrs.evolve(puller.walker, page_size=_SAMPLE)
    for endpoint in puller.open_endpoints():
        try:
            rows = _sample(walker, puller, endpoint)
        except (AuthError, NotFoundError) as error:
            yield _closed(endpoint.scope, {"error": error.code})
        except ProviderError as error:
            yield _unreachable(error)
        else:
            yield _rows(endpoint, len(rows))
            if endpoint is STUDENTS:
                yield _birth_dates(rows)
    for endpoint in BASIC:
        if endpoint.scope not in puller.scopes:
            yield attrs.evolve(
                _closed(endpoint.scope, {"asked for": "no"}),
                severity=Severity.warning,
                who="developer",
            )
    for endpoint, what in FURTHER:
        if endpoint.scope not in puller.scopes:
            yield _not_asked(endpoint, what)


def _not_asked(endpoint: Endpoint[Any], what: str) -> Finding:
    return Finding(
        code="EDL-CHECK-707",
        severity=Severity.info,
        title=f"{what} are not asked for",
        evidence={"scope": endpoint.scope},
        fix=f"Where they are needed, let the school open the scope {endpoint.scope}, and add it to "
        "the client's scopes.",
        who="developer",
    )


def _sample(walker: Walker, puller: Puller, endpoint: Endpoint[Any]) -> list[Any]:
    page, _ = next(walker.pages(endpoint, puller.params(endpoint)))
    return page.rows


def _rows(endpoint: Endpoint[Any], count: int) -> Finding:
    return Finding(
        code="EDL-CHECK-705",
        severity=Severity.ok if count else Severity.warning,
        title=f"{endpoint.name} can be read" if count else f"{endpoint.name} is empty",
        evidence={"rows": f"{count} or more" if count == _SAMPLE else count},
        fix="" if count else "Ask the school whether the application may see these records.",
        who="nobody" if count else "district",
    )


def _birth_dates(students: list[PersonRow]) -> Finding:
    known = sum(readers.read_birth_date(row.birthday) is not None for row in students)
    share = round(100 * known / len(students)) if students else 0
    fine = share >= _GOOD
    return Finding(
        code="EDL-CHECK-706",
        severity=Severity.ok if fine else Severity.warning,
        title=f"{share} % of the students looked at have a full birth date",
        evidence={"students": len(students), "percent": share},
        fix="" if fine else "The school fills in the students' birthdays, with their year.",
        who="nobody" if fine else "district",
    )
