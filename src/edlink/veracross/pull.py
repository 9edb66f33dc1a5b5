"""One full pull: every list that the scopes open, read side by side, as one Roster."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

import attrs

from edlink._http.progress import one_by_one
from edlink.coverage import Scope, Source
from edlink.errors import IncompletePullError, ProviderError
from edlink.roster import Progress, Roster
from edlink.veracross.assemble import Results, assemble
from edlink.veracross.endpoints import ENDPOINTS, Endpoint
from edlink.veracross.pages import Listing, Walker
from edlink.veracross.token import PROVIDER
from edlink.vocabulary import CoverageState, Kind

T = TypeVar("T")

#: Lists that say a thing of each kind; a list is read when any of its kinds is wanted.
NEEDED_FOR: Mapping[str, tuple[Kind, ...]] = {
    "students": (Kind.user, Kind.demographics, Kind.relationship, Kind.org),
    "parents": (Kind.user,),
    "staff_faculty": (Kind.user, Kind.org, Kind.demographics),
    "relationships": (Kind.relationship,),
    "academics/config/grading_periods": (Kind.academic_session,),
    "academics/classes": (
        Kind.class_,
        Kind.course,
        Kind.enrollment,
        Kind.academic_session,
        Kind.org,
        Kind.user,
    ),
    "academics/enrollments": (Kind.enrollment,),
    "academics/permissions": (Kind.enrollment, Kind.user),
    "academics/class_schedules": (Kind.class_,),
    "households": (Kind.user,),
    "contact_info": (Kind.user,),
}

#: How a list says that the school has not opened it; a redirect, or a client that gets no token,
#: is another matter.
_REFUSALS = frozenset({"EDL-HTTP-002", "EDL-HTTP-003", "EDL-HTTP-004"})

_FEW = 5


@attrs.frozen(kw_only=True)
class Puller:
    """
    Reads lists.

    Attributes:
        walker: Reads pages.
        source: Provider and tenant.
        route: The school's route, its org's id.
        scopes: What the token was asked for.
        school_year: The only school year wanted, as Veracross numbers it, or None for all.
        concurrency: Lists at once.
        filters: Further parameters of lists, by name.
    """

    walker: Walker
    source: Source
    route: str
    scopes: frozenset[str]
    school_year: int | None
    concurrency: int
    filters: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)

    def open_endpoints(self) -> tuple[Endpoint[Any], ...]:
        """Return the lists that the scopes open."""
        return tuple(e for e in ENDPOINTS if e.scope in self.scopes)

    def params(self, endpoint: Endpoint[Any]) -> list[tuple[str, str]]:
        """Return a list's filters, the school year among them where it takes one."""
        filters: dict[str, str | int | bool] = dict(self.filters.get(endpoint.name, {}))
        if self.school_year is not None and "school_year" in endpoint.takes:
            filters["school_year"] = self.school_year
        return endpoint.params(filters)

    def pull(
        self,
        scope: Scope,
        *,
        pulled_at: datetime,
        allow_partial: bool,
        progress: Progress | None,
    ) -> Roster:
        """Return the roster; raises as ``VeracrossClient.pull_roster`` says."""
        wanted = [
            endpoint
            for endpoint in self.open_endpoints()
            if any(map(scope.wants_kind, NEEDED_FOR[endpoint.name]))
        ]
        results = self._run(wanted, progress, allow_partial=allow_partial)
        if not allow_partial:
            _refuse(results, scope)
        return assemble(
            results, source=self.source, route=self.route, scope=scope, pulled_at=pulled_at
        )

    def _run(
        self,
        endpoints: Sequence[Endpoint[Any]],
        progress: Progress | None,
        *,
        allow_partial: bool,
    ) -> Results:
        report = one_by_one(progress)
        stop = threading.Event()
        read: dict[str, Listing[Any]] = {}
        faults: dict[str, ProviderError] = {}
        with ThreadPoolExecutor(max_workers=self.concurrency) as threads:
            futures = {
                endpoint.name: threads.submit(self._read, endpoint, report, stop)
                for endpoint in endpoints
            }
            for name, future in futures.items():
                try:
                    read[name] = future.result()
                except ProviderError as error:
                    if not (allow_partial or is_withheld(error)):
                        stop.set()
                        raise
                    faults[name] = error
        if faults and not read:
            raise next(iter(faults.values()))
        return Results(listings=read, faults={n: _judge(e) for n, e in faults.items()})

    def _read(self, endpoint: Endpoint[T], report: Progress, stop: threading.Event) -> Listing[T]:
        if stop.is_set():
            return Listing(endpoint=endpoint)
        params = self.params(endpoint)
        return self.walker.read(
            endpoint, params, on_page=lambda rows: report(endpoint.name, rows, None)
        )


def is_withheld(error: ProviderError) -> bool:
    """
    Return whether a first page was refused for want of a scope.

    Veracross answers 401 to that, as it does to a dead token; but a new token was tried first, so
    where other lists can be read, the scope it is.
    """
    return error.code in _REFUSALS


def _judge(error: ProviderError) -> tuple[CoverageState, str]:
    state = CoverageState.withheld if is_withheld(error) else CoverageState.failed
    return state, error.code


def _refuse(results: Results, scope: Scope) -> None:
    """Raise for a pull that looks whole and is not."""
    for name, listing in results.listings.items():
        lost = sum(issue.set_aside for issue in listing.issues)
        if lost > max(_FEW, listing.received // 100):
            message = f"{lost} of {listing.received} rows of {name} cannot be read"
            raise _incomplete("EDL-PULL-008", message)
    if scope.wants_kind(Kind.user) and not any(map(results.rows, _PEOPLE)):
        fix = "A school administrator with OAuth_App_Admin opens the scopes of the application."
        raise _incomplete("EDL-PULL-007", "there is not one user", fix=fix)


_PEOPLE = ("students", "parents", "staff_faculty")


def _incomplete(code: str, message: str, *, fix: str = "") -> IncompletePullError:
    return IncompletePullError(
        code, message, provider=PROVIDER, endpoint="pull_roster", fix=fix, retryable=not fix
    )
