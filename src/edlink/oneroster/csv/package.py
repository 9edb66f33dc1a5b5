"""
The newest complete package at a place: a ZIP, or the bare CSV files of a folder.

An upload may be under way.  A package is complete when its size stood still between two looks,
it is a whole ZIP or of files without an empty one that were written a while ago, and every file
is there that its manifest lists.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

import attrs

from edlink.coverage import RosterWarning
from edlink.errors import IncompletePullError
from edlink.oneroster.csv.archive import open_zip
from edlink.oneroster.csv.faults import refused, short
from edlink.oneroster.csv.layout import MANIFEST, OFFICIAL
from edlink.oneroster.csv.limits import CsvLimits
from edlink.oneroster.csv.manifest import Manifest, Mode, read_manifest
from edlink.oneroster.csv.member import Member
from edlink.oneroster.csv.places import Item, Place


@attrs.frozen(kw_only=True, eq=False)
class Package:
    """
    An open set of files.

    Attributes:
        members: The files by their name in the manifest, such as ``users``.
        manifest: What the package says of itself, or None without manifest.csv.
        warnings: What was tolerated.
        modified: When its newest file was written, or None where the place does not say.
        close: Closes it.
        require_unchanged: Raises EDL-CSV-007 when its files are not as they were.
    """

    members: Mapping[str, Member]
    manifest: Manifest | None
    warnings: tuple[RosterWarning, ...]
    modified: datetime | None
    close: Callable[[], None]
    require_unchanged: Callable[[], None]


@attrs.frozen
class _Candidate:
    """Files that make up one package: one ZIP, or CSV files."""

    items: tuple[Item, ...]
    is_zip: bool

    @property
    def modified(self) -> float:
        return max(item.modified for item in self.items)


def open_package(
    place: Place,
    limits: CsvLimits,
    *,
    settle: float,
    wait: Callable[[float], None],
    written_before: float,
) -> Package:
    """
    Return the newest complete package at a place.

    A newer package that is not complete is passed over, with a warning; one that is unsafe or no
    OneRoster raises.

    Args:
        place: Where to look.
        limits: What a package may hold.
        settle: Seconds between the two looks.
        wait: Called with the seconds.
        written_before: Bare files must not be younger, in seconds since 1970 UTC.

    Raises:
        IncompletePullError: EDL-CSV-008 no package is there; EDL-CSV-003, 007, 009, 010
            or 027, the newest one's fault, where none is complete.
        PayloadError: The newest one's content is refused.
        ProviderError: The place cannot be read.
    """
    before = set(place.look())
    if settle:
        wait(settle)
    now = place.look()
    faults: list[IncompletePullError] = []
    for candidate in _candidates(now, is_folder=place.is_folder):
        try:
            if not candidate.is_zip and candidate.modified > written_before:
                raise _young()
            package = _open(place, candidate, before, limits)
        except IncompletePullError as error:
            faults.append(error)
        else:
            return _with_faults(package, len(faults))
    if faults:
        raise faults[0]
    message = "no ZIP and no OneRoster CSV file is there"
    raise short("EDL-CSV-008", message, fix="Check the path, or wait for the first upload.")


def _candidates(items: Sequence[Item], *, is_folder: bool) -> list[_Candidate]:
    """Return the packages among files, the newest first."""
    if not is_folder:
        return [_Candidate(tuple(items), is_zip=True)]
    bare = tuple(item for item in items if item.name.lower() in OFFICIAL)
    found = [_Candidate((i,), is_zip=True) for i in items if i.name.lower().endswith(".zip")]
    if bare:
        found.append(_Candidate(bare, is_zip=False))
    return sorted(found, key=lambda candidate: candidate.modified, reverse=True)


def _open(place: Place, candidate: _Candidate, before: set[Item], limits: CsvLimits) -> Package:
    if not before.issuperset(candidate.items):
        raise _moving()
    with ExitStack() as stack:
        if candidate.is_zip:
            stream = stack.enter_context(place.open(candidate.items[0].name))
            archive, members = open_zip(stream, limits)
            stack.enter_context(archive)
        else:
            members = tuple(
                Member(name=item.name, size=item.size, open=partial(place.open, item.name))
                for item in candidate.items
            )
        named, warnings = _name(members)
        if sum(member.size for member in named.values()) > limits.max_total_bytes:
            message = f"the files are larger than {limits.max_total_bytes} bytes together"
            raise refused("EDL-CSV-005", message)
        manifest = _manifest(named, limits)
        _require_complete(named, manifest)
        modified = candidate.modified
        return Package(
            members=named,
            manifest=manifest,
            warnings=tuple(warnings),
            modified=datetime.fromtimestamp(modified, UTC) if modified else None,
            close=stack.pop_all().close,
            require_unchanged=partial(_require_unchanged, place, candidate),
        )


def _name(members: Sequence[Member]) -> tuple[dict[str, Member], list[RosterWarning]]:
    """Return the official files by name, and what was tolerated to find them."""
    found: dict[str, Member] = {}
    for member in members:
        official = OFFICIAL.get(member.name.lower())
        if official is None:
            continue
        if official in found:
            raise refused("EDL-CSV-006", "the file is there twice", official)
        found[official] = member
    folders = {member.folder for member in found.values()}
    if len(folders) > 1:
        raise refused("EDL-CSV-023", "the files are in more than one folder of the ZIP")
    warnings = []
    if folders - {""}:
        message = "the files are in a folder of the ZIP, not at its root"
        warnings.append(RosterWarning(code="EDL-WARN-301", message=message, count=len(found)))
    wrong = sum(member.name != official for official, member in found.items())
    if wrong:
        message = "file names differ from the standard's in upper and lower case"
        warnings.append(RosterWarning(code="EDL-WARN-302", message=message, count=wrong))
    return {name.removesuffix(".csv"): member for name, member in found.items()}, warnings


def _manifest(members: dict[str, Member], limits: CsvLimits) -> Manifest | None:
    member = members.pop("manifest", None)
    if member is None:
        return None
    if not member.size:
        raise short("EDL-CSV-010", "the file is empty", MANIFEST, retryable=True)
    return read_manifest(member.chunks(limits, file=MANIFEST))


def _require_complete(members: Mapping[str, Member], manifest: Manifest | None) -> None:
    if not members and manifest is None:
        raise short("EDL-CSV-008", "the package holds no OneRoster CSV file", retryable=True)
    modes = {} if manifest is None else manifest.modes
    for name, mode in modes.items():
        if mode is not Mode.absent and name not in members:
            message = f"the manifest lists the file as {mode}, but it is not there"
            raise short("EDL-CSV-009", message, f"{name}.csv", retryable=True)
    for name, member in members.items():
        if not member.size and modes.get(name, Mode.bulk) is not Mode.absent:
            message = "the file is empty, it has not even a header"
            raise short("EDL-CSV-010", message, f"{name}.csv", retryable=True)


def _require_unchanged(place: Place, candidate: _Candidate) -> None:
    if not set(place.look()).issuperset(candidate.items):
        raise _moving()


def _moving() -> IncompletePullError:
    message = "the files change: an upload is under way"
    return short("EDL-CSV-007", message, fix="Try again when it has ended.", retryable=True)


def _young() -> IncompletePullError:
    message = "the files were written just now: an upload may be under way"
    return short("EDL-CSV-027", message, fix="Try again later, or lower min_age.", retryable=True)


def _with_faults(package: Package, passed_over: int) -> Package:
    if not passed_over:
        return package
    message = "newer uploads are not complete, the newest complete one was read"
    warning = RosterWarning(code="EDL-WARN-306", message=message, count=passed_over)
    return attrs.evolve(package, warnings=(*package.warnings, warning))
