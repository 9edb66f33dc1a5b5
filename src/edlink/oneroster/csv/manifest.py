"""manifest.csv: the version, and whether each file is absent, bulk or delta."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import attrs

from edlink.oneroster.csv.faults import refused
from edlink.oneroster.csv.layout import MANIFEST, OFFICIAL, CsvVersion
from edlink.oneroster.csv.records import read_records

_MAX_CHARS = 16_384
_MAX_PROPERTIES = 1_000
_WIDTH = 2


class Mode(StrEnum):
    """What a file of a package is."""

    absent = "absent"
    bulk = "bulk"
    delta = "delta"


@attrs.frozen(kw_only=True)
class Manifest:
    """
    What a package says of itself.

    Attributes:
        version: The OneRoster version.
        modes: What each listed file is, by its name without ending.
        system: The name of the system that wrote it, or None.
    """

    version: CsvVersion
    modes: Mapping[str, Mode]
    system: str | None = None


def read_manifest(chunks: Iterable[bytes]) -> Manifest:
    """
    Return the manifest that a file holds.

    Names and words are read blind to case, and a star that a producer copied from the standard's
    table into a name is dropped.  A property without a value counts as not written.

    Raises:
        PayloadError: EDL-CSV-011 it is no manifest, EDL-CSV-012 a version that is not known,
            EDL-CSV-013 to 016 it is no CSV.
    """
    properties: dict[str, str] = {}
    for number, record in enumerate(read_records(chunks, file=MANIFEST, max_chars=_MAX_CHARS)):
        if number > _MAX_PROPERTIES or len(record) < _WIDTH:
            raise refused("EDL-CSV-011", f"row {number + 1} is no property and value", MANIFEST)
        name, value = record[0].strip().rstrip("*").lower(), record[1].strip()
        if value and properties.setdefault(name, value) != value:
            raise refused("EDL-CSV-011", f"row {number + 1} says otherwise than before", MANIFEST)
    version = read_version(properties.get("oneroster.version", ""))
    if version is None:
        message = "oneroster.version is none of 1.0, 1.1 and 1.2"
        raise refused("EDL-CSV-012", message, MANIFEST)
    return Manifest(
        version=version,
        modes=_modes(properties),
        system=properties.get("source.systemname"),
    )


def read_version(text: str) -> CsvVersion | None:
    """Return the version of texts such as ``1``, ``1.1`` and ``1.2.1``, or None."""
    parts = (text.strip().lower().removeprefix("v") + ".0").split(".")
    return next((v for v in CsvVersion if v == ".".join(parts[:2])), None)


def _modes(properties: Mapping[str, str]) -> dict[str, Mode]:
    modes: dict[str, Mode] = {}
    for name, value in properties.items():
        prefix, _, file = name.partition(".")
        official = OFFICIAL.get(f"{file}.csv")
        if prefix != "file" or official is None:
            continue
        if value.lower() not in list(Mode):
            message = f"{official} is neither absent, bulk nor delta"
            raise refused("EDL-CSV-011", message, MANIFEST)
        modes[official.removesuffix(".csv")] = Mode(value.lower())
    return modes
