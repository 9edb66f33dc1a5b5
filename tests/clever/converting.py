"""One row of the small district, converted."""

from typing import Any

from tests.clever.rows import small

from edlink.clever.convert import Converted, convert_row
from edlink.clever.reading import ConvertSettings
from edlink.clever.wire import Collection


def convert(
    collection: Collection, sourced_id: str, settings: ConvertSettings | None = None
) -> Converted:
    """Return what a row of the small district becomes."""
    row = next(row for row in small()[collection] if row["id"] == sourced_id)
    return convert_row(collection, row, settings or ConvertSettings())


def only(converted: Converted, kind: type[Any]) -> list[Any]:
    """Return the records of one kind."""
    return [record for record in converted.records if isinstance(record, kind)]
