"""Schools of a roster against schools of a host: ids link, names only suggest."""

from collections.abc import Callable, Iterable

import attrs

from edlink.matching.exact import Keyed, KeyRule, match_by_keys
from edlink.matching.ids import EXACT, clean_id, id_transform
from edlink.matching.normalize import normalize_name
from edlink.matching.report import MatchReport, NearMiss, StoredLink
from edlink.model import Org
from edlink.roster import Roster
from edlink.vocabulary import IdentifierType

#: From the surest to the least sure; a school's number is its id in the SIS.
_RULES = (
    ("sis_id", (IdentifierType.sis_id, IdentifierType.school_number)),
    ("state_id", (IdentifierType.state_id,)),
    ("nces_id", (IdentifierType.nces_id,)),
)


def match_orgs(
    incoming: Roster | Iterable[Org],
    existing: Iterable[Org],
    *,
    links: Iterable[StoredLink] = (),
    id_rule: str = EXACT,
) -> MatchReport:
    """
    Return which schools are the same; ``nearest`` holds those that only a name suggests.

    Args:
        incoming: A roster, or its orgs.
        existing: The host's, with its refs as sourced ids.
        links: The pairs that the host has kept; those that name a school twice are a conflict.
        id_rule: The rule for SIS ids that the host has accepted from ``learn_id_rule``.

    Raises:
        ConfigError: EDL-CONF-081 for an id rule that does not exist; EDL-CONF-085 when two schools
            of one side have one sourced id.
    """
    sides = [
        [Keyed(ref=org.sourced_id, record=org) for org in side]
        for side in (incoming.orgs if isinstance(incoming, Roster) else incoming, existing)
    ]
    mend = id_transform(id_rule)
    rules = [
        KeyRule(name=name, field=name, keys=_reader(types, mend if name == "sis_id" else str))
        for name, types in _RULES
    ]
    report = match_by_keys("org", sides[0], sides[1], rules, links)
    left, right = ({keyed.ref: keyed.record for keyed in side} for side in sides)
    return attrs.evolve(report, nearest=tuple(_by_name(report, left, right)))


def _reader(
    types: tuple[IdentifierType, ...], mend: Callable[[str], str]
) -> Callable[[Org], Iterable[str]]:
    def keys(org: Org) -> Iterable[str]:
        for identifier in org.identifiers:
            if identifier.type in types and (value := clean_id(identifier.value)):
                yield f"{org.type} {mend(value)}"

    return keys


def _by_name(
    report: MatchReport, left: dict[str, Org], right: dict[str, Org]
) -> Iterable[NearMiss]:
    """Yield the schools left over that alone have a name on either side."""
    named: tuple[dict[str, list[str]], dict[str, list[str]]] = ({}, {})
    for found, refs, orgs in (
        (named[0], report.new, left),
        (named[1], report.unmatched_existing, right),
    ):
        for ref in refs:
            name = normalize_name(orgs[ref].name).folded
            if name:
                found.setdefault(f"{orgs[ref].type} {name}", []).append(ref)
    for key, some in sorted(named[0].items(), key=lambda item: item[1]):
        others = named[1].get(key, [])
        if len(some) == 1 and len(others) == 1:
            yield NearMiss(
                incoming=some[0], existing=others[0], kind="org", weight=0.0, differs=("sis_id",)
            )
