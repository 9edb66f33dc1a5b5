"""Which version a package is, where its manifest does not say."""

import attrs

from edlink.oneroster.csv.dataset import DataSet
from edlink.oneroster.csv.layout import FILES, ROLES, CsvVersion
from edlink.oneroster.csv.limits import CsvLimits
from edlink.oneroster.csv.package import Package

_ONLY_1_2 = frozenset({"primaryOrgSourcedId", "userMasterIdentifier", "preferredGivenName"})


def to_data_set(
    package: Package, version: CsvVersion | None, limits: CsvLimits, *, keep_metadata: bool
) -> DataSet:
    """
    Return a package with the version it is to be read as.

    Args:
        package: The open package.
        version: What the host said, or None: then the manifest's, else as the columns tell.
        limits: What a file may hold.
        keep_metadata: Whether further columns are kept.

    Raises:
        ProviderError: A header, which tells the version, cannot be read.
    """
    manifest = package.manifest
    if version is None and manifest is not None:
        version = manifest.version
    data = DataSet(
        package=package,
        version=version or CsvVersion.v1_1,
        limits=limits,
        keep_metadata=keep_metadata,
    )
    return data if version else attrs.evolve(data, version=_detect(data))


def _detect(data: DataSet) -> CsvVersion:
    """Return 1.2 for its files and columns, 1.0 for its names, else 1.1."""
    if ROLES in data.package.members:
        return CsvVersion.v1_2
    found = CsvVersion.v1_1
    for name in FILES.values():
        if name not in data.package.members:
            continue
        with data.table(name) as table:
            if table.header.looks_1_0:
                found = CsvVersion.v1_0
            if name == "users" and _ONLY_1_2 & table.header.columns.keys():
                return CsvVersion.v1_2
    return found
