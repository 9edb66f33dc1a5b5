"""
The cell ``userIds``: ``{LDAP:12},{Fed:23}``.

The standard has no escape for it.  A value may hold commas, single braces, quotes, colons and line
breaks; only ``},{`` inside a value, or a colon inside a type, cannot be told from the form itself.
"""

import re
from collections.abc import Iterable

from edlink.model import Identifier
from edlink.oneroster.values import read_identifier_type
from edlink.vocabulary import IdentifierType

_BETWEEN = re.compile(r"\}\s*,\s*\{")

#: The type written where the model has none of the provider's.
_TYPES = {
    IdentifierType.federal_id: "Fed",
    IdentifierType.state_id: "StateID",
    IdentifierType.sis_id: "SIS",
    IdentifierType.ldap: "LDAP",
}


def read_user_ids(text: object) -> tuple[Identifier, ...]:
    """Return the identifiers of a cell; text without braces is one identifier without a type."""
    cell = text.strip() if isinstance(text, str) else ""
    parts = [cell]
    if cell.startswith("{") and cell.endswith("}"):
        parts = _BETWEEN.split(cell[1:-1])
    found = []
    for part in parts:
        word, colon, value = part.partition(":") if part is not cell else ("", "", part)
        kind, value = (word, value) if colon else ("", word or value)
        if value.strip():
            raw = kind.strip() or None
            found.append(
                Identifier(type=read_identifier_type(raw), type_raw=raw, value=value.strip())
            )
    return tuple(found)


def write_user_ids(identifiers: Iterable[Identifier]) -> str:
    """Return the cell that ``read_user_ids`` reads."""
    return ",".join(
        f"{{{i.type_raw or _TYPES.get(i.type, str(i.type))}:{i.value}}}" for i in identifiers
    )
