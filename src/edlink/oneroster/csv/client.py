"""OneRoster CSV packages as a roster source."""

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, cast

from edlink.coverage import Issue, Scope, Source
from edlink.errors import ConfigError
from edlink.model import AcademicSession, Class, Course, Demographics, Enrollment, Org, User
from edlink.oneroster.csv.check import check_data
from edlink.oneroster.csv.dataset import DataSet
from edlink.oneroster.csv.faults import PROVIDER
from edlink.oneroster.csv.layout import CsvVersion
from edlink.oneroster.csv.limits import CsvLimits
from edlink.oneroster.csv.package import open_package
from edlink.oneroster.csv.places import LocalPlace, Place
from edlink.oneroster.csv.pull import to_changes, to_roster
from edlink.oneroster.csv.version import to_data_set
from edlink.oneroster.csv.walk import Notes
from edlink.report import Finding
from edlink.roster import Progress, Roster
from edlink.state import ChangeSet, SyncState
from edlink.vocabulary import Kind

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://|.*::")

OnIssue = Callable[[Issue], None]


class OneRosterCsv:
    """
    A district's OneRoster CSV package, 1.0, 1.1 or 1.2.

    The package is a ZIP, a folder of CSV files, or a folder into which ZIPs or CSV files are
    dropped: then the newest complete one is read.  Each pull and each check looks for the newest
    anew; a walk reads the one that was opened last.

    A roster is made of bulk files only.  Where a file that is wanted is a delta, ``pull_roster``
    raises EDL-CSV-020; with ``allow_partial`` that kind's coverage is ``failed`` and the bulk
    files are read.  ``pull_changes`` takes each file as what its manifest says it is.

    A file that the manifest calls absent, or does not list, is not read, even if it is there:
    its kind is withheld, never empty.

    Example:
        >>> with OneRosterCsv("exports/", tenant="example-district") as district:  # doctest: +SKIP
        ...     roster = district.pull_roster()
    """

    def __init__(  # noqa: PLR0913 - one keyword per setting
        self,
        path: str | bytes | os.PathLike[str] | os.PathLike[bytes],
        *,
        tenant: str,
        version: str = "auto",
        keep_metadata: bool = False,
        limits: CsvLimits | None = None,
        settle: float = 1.0,
        min_age: float = 60.0,
        storage_options: Mapping[str, Any] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """
        Hold the settings; nothing is opened yet.

        Args:
            path: A ZIP or a folder; or a URL of either.  A URL needs ``edlink[remote]``, which
                brings ``sftp://host/folder``; others need a package of their own beside it, such
                as ``s3://bucket/folder`` s3fs.
            tenant: The district's own name among your tenants.
            version: ``1.0``, ``1.1``, ``1.2``, or ``auto``: the manifest's, else the columns'.
            keep_metadata: Whether further columns are kept in ``metadata``.
            limits: What a package may hold.
            settle: Seconds between two looks at the files' sizes; 0 looks once.
            min_age: Seconds since the last of a folder's bare CSV files was written, before they
                are read: nothing else shows that an upload has ended.  A ZIP shows it itself.
            storage_options: Settings of the URL's file system, such as ``username``; never shown.
            clock: Tells the time, in UTC.
            wait: Called with ``settle``.

        Raises:
            ConfigError: EDL-CONF-020 an unknown version, EDL-CONF-022 a URL without encryption.
        """
        self.source = Source(PROVIDER, tenant)
        self._path = os.fsdecode(path)
        self._is_url = isinstance(path, str | bytes) and _URL.match(self._path) is not None
        self._version = _version(version)
        self._keep_metadata = keep_metadata
        self._limits = limits or CsvLimits()
        self._settle = settle
        self._min_age = min_age
        self._options = dict(storage_options or {})
        self._clock = clock
        self._wait = wait
        self._place: Place | None = None
        self._data: DataSet | None = None
        if self._is_url:
            _require_encrypted(self._path)

    def __repr__(self) -> str:
        return f"OneRosterCsv({self.source})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the package and the connection; the next question opens the newest one anew."""
        if self._data is not None:
            self._data.package.close()
        if self._place is not None:
            self._place.close()
        self._data = self._place = None

    @property
    def version(self) -> str:
        """The package's version: ``1.0``, ``1.1`` or ``1.2``."""
        return str(self._open().version)

    def orgs(self, *, on_issue: OnIssue | None = None) -> Iterator[Org]:
        """
        Yield the orgs in their file's order, one row at a time, in bounded memory.

        Records marked deleted are among them, with that status, and so are repeated ids; only a
        pull sorts them out.  The same holds for the other typed methods.

        Args:
            on_issue: Called with each row, or part of one, that was set aside.

        Raises:
            NotFoundError: EDL-CSV-024 the package does not have the file.
            ProviderError: As ``pull_roster``; rows before the fault were yielded by then.
        """
        return cast("Iterator[Org]", self._walk(Kind.org, on_issue))

    def academic_sessions(self, *, on_issue: OnIssue | None = None) -> Iterator[AcademicSession]:
        """Yield the academic sessions; as ``orgs``."""
        return cast("Iterator[AcademicSession]", self._walk(Kind.academic_session, on_issue))

    def courses(self, *, on_issue: OnIssue | None = None) -> Iterator[Course]:
        """Yield the courses; as ``orgs``."""
        return cast("Iterator[Course]", self._walk(Kind.course, on_issue))

    def classes(self, *, on_issue: OnIssue | None = None) -> Iterator[Class]:
        """Yield the classes; as ``orgs``."""
        return cast("Iterator[Class]", self._walk(Kind.class_, on_issue))

    def users(self, *, on_issue: OnIssue | None = None) -> Iterator[User]:
        """
        Yield the users; as ``orgs``.

        For 1.2, roles.csv is first put into a temporary database on disk, without names.
        """
        return cast("Iterator[User]", self._walk(Kind.user, on_issue))

    def enrollments(self, *, on_issue: OnIssue | None = None) -> Iterator[Enrollment]:
        """Yield the enrollments; as ``orgs``."""
        return cast("Iterator[Enrollment]", self._walk(Kind.enrollment, on_issue))

    def demographics(self, *, on_issue: OnIssue | None = None) -> Iterator[Demographics]:
        """Yield the demographics; as ``orgs``."""
        return cast("Iterator[Demographics]", self._walk(Kind.demographics, on_issue))

    def pull_roster(
        self,
        scope: Scope | None = None,
        *,
        allow_partial: bool = False,
        progress: Progress | None = None,
    ) -> Roster:
        """
        Return one complete roster of a bulk package.

        Args:
            scope: What is wanted; everything by default.
            allow_partial: Whether a kind whose file cannot be read whole is left out, with its
                coverage ``failed``, where otherwise nothing is returned.
            progress: Told of the rows read.

        Raises:
            PayloadError: The package, or a file, is not what it should be (EDL-CSV-004 to 024).
            IncompletePullError: It is not whole; ``retryable`` when an upload may be under way.
                EDL-PULL-007 there is not one org or user, and ``allow_partial`` is False.
            ProviderError: It cannot be read.
        """
        return to_roster(
            self._open_newest(),
            source=self.source,
            scope=scope or Scope(),
            pulled_at=self._clock(),
            allow_partial=allow_partial,
            progress=progress,
        )

    def pull_changes(self, state: SyncState) -> ChangeSet:
        """
        Return what the package says has changed; removals too, as tombstones.

        A delta does not say since when: packages must be applied in their order, none left out.
        Links between people are not worked out; ``agent_ids`` of changed users say them.

        Args:
            state: What the host kept of its last sync.

        Raises:
            ConfigError: EDL-CONF-023 the state is another source's.
            ProviderError: As ``pull_roster``.
        """
        if state.source != self.source:
            raise ConfigError("EDL-CONF-023", "the sync state belongs to another source")
        return to_changes(self._open_newest(), state)

    def check_access(self, *, now: datetime | None = None) -> tuple[Finding, ...]:
        """
        Return what a first sync would meet; every file is read once, in bounded memory.

        Args:
            now: The time the data set's age is measured at, in UTC; by default the clock's.
        """
        return check_data(self._open_newest, now=now or self._clock())

    def _walk(self, kind: Kind, on_issue: OnIssue | None) -> Iterator[Any]:
        notes = Notes() if on_issue is None else Notes(on_issue=on_issue)
        yield from self._open().records(kind, notes)

    def _open_newest(self) -> DataSet:
        self.close()
        return self._open()

    def _open(self) -> DataSet:
        if self._data is None:
            self._place = self._place or self._find_place()
            package = open_package(
                self._place,
                self._limits,
                settle=self._settle,
                wait=self._wait,
                written_before=self._clock().timestamp() - self._min_age,
            )
            with ExitStack() as stack:
                stack.callback(package.close)
                self._data = to_data_set(
                    package, self._version, self._limits, keep_metadata=self._keep_metadata
                )
                stack.pop_all()
        return self._data

    def _find_place(self) -> Place:
        if self._is_url:
            from edlink.oneroster.csv.remote import RemotePlace  # noqa: PLC0415 - an extra

            return RemotePlace(self._path, self._options)
        return LocalPlace(Path(self._path))


def _require_encrypted(url: str) -> None:
    if url.lower().startswith(("http://", "ftp://")):
        message = "a package is read over encrypted connections only"
        raise ConfigError("EDL-CONF-022", message, fix="Use sftp://, s3:// or https://.")


def _version(word: str) -> CsvVersion | None:
    if word == "auto":
        return None
    if word not in list(CsvVersion):
        message = "version is none of auto, 1.0, 1.1 and 1.2"
        raise ConfigError("EDL-CONF-020", message)
    return CsvVersion(word)
