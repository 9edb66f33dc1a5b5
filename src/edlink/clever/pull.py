"""One full pull: a chain of pages for each collection and role, side by side."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import attrs

from edlink._http.progress import one_by_one
from edlink.clever.convert import convert_row
from edlink.clever.endpoints import Endpoint
from edlink.clever.pages import PROVIDER, Page
from edlink.clever.reading import ConvertSettings, unreadable
from edlink.clever.versions import Chain, Version
from edlink.clever.walk import Walker
from edlink.coverage import Issue
from edlink.errors import (
    AuthError,
    IncompletePullError,
    NotFoundError,
    PermissionDeniedError,
    ProviderError,
)
from edlink.model import Record
from edlink.roster import Progress
from edlink.vocabulary import CoverageState

#: Why a chain that brought no rows is withheld.
EMPTY = "empty"


@attrs.define(kw_only=True)
class ChainResult:
    """
    What came of one chain.

    Attributes:
        chain: Which.
        is_promised: Whether the token's scopes are known, and open it.
        records: The records of its rows.
        issues: Rows set aside, and fields that could not be read.
        received: Rows that came, each once.
        repeated: Rows that came once more.
        reported: Rows Clever said there were, or None.
        state: What can be said of what did not come.
        reason: Why it is any other than complete: an error's code, or one word.
    """

    chain: Chain
    is_promised: bool = False
    records: list[Record] = attrs.field(factory=list, repr=False)
    issues: list[Issue] = attrs.field(factory=list)
    received: int = 0
    repeated: int = 0
    reported: int | None = None
    state: CoverageState = CoverageState.complete
    reason: str | None = None

    def add(self, page: Page, settings: ConvertSettings) -> None:
        """Take in a page."""
        self.issues += page.issues
        self.received += page.received - page.repeated
        self.repeated += page.repeated
        for row in page.rows:
            converted = convert_row(self.chain.collection, row, settings)
            self.records += converted.records
            if converted.unreadable:
                self.issues.append(unreadable(self.chain.kinds[0], row["id"], converted.unreadable))


@attrs.frozen(kw_only=True)
class Puller:
    """
    Walks chains.

    Attributes:
        walker: Reads pages.
        version: The version spoken.
        settings: How rows become records.
        scopes: The token's scopes, or None where they are not known.
        concurrency: Chains at once.
        verify_counts: Whether to ask for each collection's count and compare.
        expects_contacts: Whether a district without one contact is more likely not to share them.
    """

    walker: Walker
    version: Version
    settings: ConvertSettings
    scopes: frozenset[str] | None
    concurrency: int
    verify_counts: bool
    expects_contacts: bool

    def run(
        self, chains: Sequence[Chain], *, allow_partial: bool, progress: Progress | None
    ) -> list[ChainResult]:
        """
        Return what came of each chain, in their order.

        Raises:
            IncompletePullError: EDL-PULL-010 rows came twice, and no count says that all came.
            ProviderError: As ``Walker.pages`` says, for the first chain that failed; with
                ``allow_partial`` only for refused credentials.
        """
        stop = threading.Event()
        report = one_by_one(progress)
        with ThreadPoolExecutor(max_workers=self.concurrency) as threads:
            futures = [
                threads.submit(self._walk, chain, stop, report, allow_partial=allow_partial)
                for chain in chains
            ]
            try:
                return [future.result() for future in futures]
            finally:
                stop.set()

    def _walk(
        self, chain: Chain, stop: threading.Event, report: Progress, *, allow_partial: bool
    ) -> ChainResult:
        result = ChainResult(chain=chain, is_promised=self.promises(chain))
        if not self.opens(chain):
            return _withheld(result, "not_in_token_scopes")
        try:
            self._read(result, stop, report)
        except (PermissionDeniedError, NotFoundError) as error:
            return _withheld(result, error.code)
        except ProviderError as error:
            if allow_partial and not isinstance(error, AuthError):
                return ChainResult(chain=chain, state=CoverageState.failed, reason=error.code)
            stop.set()
            raise
        if result.received == 0 and not self.believes_empty(chain):
            return _withheld(result, EMPTY)
        return result

    def _read(self, result: ChainResult, stop: threading.Event, report: Progress) -> None:
        endpoint = endpoint_of(result.chain)
        if self.verify_counts and self.version.has_counts:
            result.reported = self.walker.count(endpoint)
        for page in self.walker.pages(endpoint):
            if stop.is_set():
                return
            result.add(page, self.settings)
            report(result.chain.name, result.received, result.reported)
        if result.repeated and result.reported is None:
            # A row that came twice may have pushed out another that never came.
            raise IncompletePullError(
                "EDL-PULL-010",
                f"{result.repeated} rows of {result.chain.name} came more than once",
                provider=PROVIDER,
                endpoint=endpoint.label,
                retryable=True,
            )

    def opens(self, chain: Chain) -> bool:
        """Return whether the token's scopes open a chain, as far as they are known."""
        return self.scopes is None or is_open(chain, self.scopes)

    def believes_empty(self, chain: Chain) -> bool:
        """Return whether no rows at all mean that there are none."""
        is_expected = chain.role != "contact" or self.expects_contacts
        return not (chain.is_never_empty and is_expected)

    def promises(self, chain: Chain) -> bool:
        """Return whether the token's scopes are known, and open a chain."""
        return self.scopes is not None and is_open(chain, self.scopes)


def is_open(chain: Chain, scopes: frozenset[str]) -> bool:
    """Return whether a token's scopes open a chain; ``read:sis`` is the old word for all."""
    return chain.scope is None or chain.scope in scopes or "read:sis" in scopes


def endpoint_of(chain: Chain) -> Endpoint:
    """Return where a chain's rows lie."""
    path = f"/{chain.collection}"
    return Endpoint(path=path, template=path, params=chain.params, collection=chain.collection)


def is_short(result: ChainResult) -> bool:
    """Return whether a chain brought fewer rows than Clever said there are."""
    is_read = result.state is CoverageState.complete
    return is_read and result.reported is not None and result.received < result.reported


def mark_short(results: Sequence[ChainResult]) -> Sequence[ChainResult]:
    """Return the results; those that are short say so."""
    for result in filter(is_short, results):
        result.state, result.reason = CoverageState.failed, "EDL-PULL-001"
    return results


def _withheld(result: ChainResult, reason: str) -> ChainResult:
    result.state, result.reason = CoverageState.withheld, reason
    return result
