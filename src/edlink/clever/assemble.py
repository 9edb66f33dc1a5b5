"""What the chains of a pull brought, as one Roster with its warnings; pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from edlink.clever.coverage import to_coverage
from edlink.clever.pull import EMPTY, ChainResult
from edlink.coverage import Issue, RosterWarning, Scope, Source
from edlink.model import Record
from edlink.references import check_references
from edlink.roster import Roster
from edlink.scoping import apply_scope, wanted_types
from edlink.vocabulary import CoverageState

#: Ids that a warning names as examples.
_FEW = 5


def assemble(  # noqa: PLR0913 - one keyword per fact of a pull
    district: Sequence[Record],
    results: Sequence[ChainResult],
    *,
    source: Source,
    pulled_at: datetime,
    revision: str | None,
    scope: Scope,
    warnings: Iterable[RosterWarning] = (),
) -> Roster:
    """Return the roster of a pull; a person whom two chains brought is in it once."""
    found: dict[tuple[type, str], Record] = {}
    for record in (*district, *(record for result in results for record in result.records)):
        found.setdefault((type(record), record.sourced_id), record)
    issues = _distinct(issue for result in results for issue in result.issues)
    wanted = wanted_types(scope)
    roster = Roster.from_records(
        [record for record in found.values() if isinstance(record, wanted)],
        source=source,
        pulled_at=pulled_at,
        revision=revision,
        scope=scope,
        coverage=to_coverage(results, scope, district=source.tenant),
        issues=issues,
        warnings=(*warnings, *_withheld(results), *_set_aside(issues)),
    )
    return apply_scope(check_references(roster))


def _distinct(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Return issues once: a person in two roles is read by two chains."""
    return tuple({(i.kind, i.sourced_id or id(i), i.fields): i for i in issues}.values())


def _withheld(results: Sequence[ChainResult]) -> Iterator[RosterWarning]:
    for result in results:
        name, kind = result.chain.name, result.chain.kinds[-1]
        if result.reason == EMPTY:
            message = f"Clever lists nothing in {name}: there is nothing, or nothing is shared"
            yield RosterWarning(code="EDL-WARN-606", message=message, kind=kind)
        elif result.state is CoverageState.withheld:
            message = f"Clever does not share {name} with this token"
            yield RosterWarning(code="EDL-WARN-601", message=message, kind=kind)


def _set_aside(issues: Sequence[Issue]) -> Iterator[RosterWarning]:
    lost = [issue for issue in issues if issue.set_aside]
    if lost:
        yield RosterWarning(
            code="EDL-WARN-605",
            message="rows cannot be read; what they say of people and classes stays as it was",
            count=len(lost),
            ids=tuple(sorted({i.sourced_id for i in lost if i.sourced_id})[:_FEW]),
        )
