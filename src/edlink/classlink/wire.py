"""A row of ClassLink's ``/applications``: one district that shares with the partner's app."""

import attrs
from pydantic_core import CoreSchema

from edlink._http.payload import WireField, exact, read_with, record_schema, text


@attrs.frozen(kw_only=True)
class Application:
    """
    One row, as it is sent.

    ``oneroster_application_id`` arrives already percent-encoded and goes into addresses verbatim.
    ``bearer`` is None until the district has finished its set-up.
    """

    sourced_id: str
    tenant_id: str | None = None
    tenant_name: str | None = None
    tenant_status: str | None = None
    oneroster_application_id: str | None = None
    bearer: str | None = attrs.field(default=None, repr=False)
    enabled: str | None = None
    name: str | None = None
    version: str | None = None


def _read_word(value: object) -> str | None:
    """Return text or a number as text; anything else as if it were not sent."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).strip() or None if isinstance(value, str | int) else None


def application_schema() -> CoreSchema:
    """Return the schema of a row; every field but ``id`` may be missing or null."""
    words = (
        "tenant_id",
        "tenant_name",
        "tenant_status",
        "oneroster_application_id",
        "bearer",
        "name",
        "version",
    )
    fields = {word: WireField(word, text(_read_word)) for word in words}
    fields["sourced_id"] = WireField("id", exact(_read_id))
    fields["enabled"] = WireField("enabled", read_with(_read_word))
    return record_schema(Application, fields)


def _read_id(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    message = "not an id"
    raise ValueError(message)
