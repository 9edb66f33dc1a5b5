"""How much of a package is read before it is taken for an attack or a mistake."""

import attrs

from edlink.errors import ConfigError

GIB = 2**30


def _positive(_: object, field: "attrs.Attribute[int]", value: int) -> None:
    if value < 1:
        raise ConfigError("EDL-CONF-021", f"the limit {field.name} must be 1 or more")


@attrs.frozen(kw_only=True)
class CsvLimits:
    """
    Bounds of one package; what exceeds one is refused, never cut.

    Attributes:
        max_entries: Entries of a ZIP, folders and foreign files included.
        max_file_bytes: Bytes of one file once unpacked.
        max_total_bytes: Bytes of all files once unpacked.
        max_ratio: Unpacked bytes per packed byte, counted beyond the first 16 MiB of a file.
        max_record_chars: Characters of one row with its line breaks.  The csv module refuses
            cells above its own ``field_size_limit``, 131,072 unless the program changed it.
    """

    max_entries: int = attrs.field(default=1_000, validator=_positive)
    max_file_bytes: int = attrs.field(default=8 * GIB, validator=_positive)
    max_total_bytes: int = attrs.field(default=32 * GIB, validator=_positive)
    max_ratio: int = attrs.field(default=200, validator=_positive)
    max_record_chars: int = attrs.field(default=131_072, validator=_positive)
