"""The district behind a token: which one it is, and how it is doing."""

from collections.abc import Iterator
from typing import cast

from edlink.clever.endpoints import Endpoint
from edlink.clever.pages import PROVIDER, Row
from edlink.clever.walk import Walker
from edlink.clever.wire import District
from edlink.coverage import RosterWarning
from edlink.errors import AuthError
from edlink.vocabulary import Kind, Severity

_DISTRICTS = Endpoint(path="/districts", template="/districts", collection="districts")

#: Clever's words for a district whose data may be old or unfinished.
TROUBLED_STATES = {
    "error": "Clever could not sync the district",
    "pending": "the district's sync is not finished",
    "paused": "the district's sync is paused and its data are frozen",
}


def read_district(walker: Walker) -> list[Row]:
    """Return the districts that the token opens; there should be one."""
    return [row for page in walker.pages(_DISTRICTS) for row in page.rows]


def require_district(rows: list[Row], wanted: str | None) -> District:
    """
    Return the one district there is.

    Raises:
        AuthError: EDL-CLEVER-004 for none, several, or another than the one wanted.
    """
    if len(rows) == 1 and wanted in (None, rows[0]["id"]):
        return cast("District", rows[0])
    message = "the token does not open exactly the district it is meant for"
    fix = "Use the district's own token, as CleverApp lists it."
    raise AuthError(
        "EDL-CLEVER-004", message, provider=PROVIDER, endpoint=_DISTRICTS.label, fix=fix
    )


def state_warnings(row: District) -> Iterator[RosterWarning]:
    """Yield a warning where Clever says that the district's data may be old or unfinished."""
    state = row.get("state") or ""
    if state in TROUBLED_STATES:
        yield RosterWarning(
            code="EDL-WARN-602",
            message=TROUBLED_STATES[state],
            kind=Kind.org,
            ids=(row["id"],),
            severity=Severity.warning if state == "paused" else Severity.error,
        )
