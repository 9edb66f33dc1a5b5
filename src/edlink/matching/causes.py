"""
Why people were not linked: each with the nearest candidate, and the causes that most share.

One accepted setting often mends most of them; it is named, never applied.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import attrs

from edlink.matching.id_rules import learn_id_rule
from edlink.matching.name_levels import NameLevel
from edlink.matching.people import Person, people_of
from edlink.matching.reading import Reader
from edlink.matching.report import Cause, MatchReport, NearMiss
from edlink.matching.rules import MatchRules
from edlink.matching.score import ScoredPair
from edlink.matching.suggest import SuggestionSettings, suggest_matches
from edlink.matching.tenants import Part, part_of, tenant_of_unnamed
from edlink.matching.vetoes import is_contradicted, names_agree
from edlink.roster import Roster

_RULES = MatchRules()

#: A nearest candidate may be weaker than a suggestion: it is shown beside what differs.
_NEAR = SuggestionSettings(floor=-3.0, margin=1.0)

_AGREE = frozenset({NameLevel.equal, NameLevel.folded, NameLevel.same_tokens})


def explain_unmatched(
    report: MatchReport,
    incoming: Roster | Iterable[Person],
    existing: Iterable[Person],
    *,
    rules: MatchRules = _RULES,
    tenant: str | None = None,
) -> MatchReport:
    """
    Return the report with the nearest candidate of each new person, and the causes grouped.

    Args:
        report: What ``match_people`` found.
        incoming: The same people it was given.
        existing: The same people it was given.
        rules: The same rules.
        tenant: The same tenant; by default the incoming roster's, else the only one that is named.
    """
    lefts = {p.ref: p for p in (people_of(incoming) if isinstance(incoming, Roster) else incoming)}
    rights = {person.ref: person for person in existing}
    if tenant is None:
        tenant = tenant_of_unnamed(lefts.values(), rights.values())
    left = [lefts[ref] for ref in report.new]
    right = [rights[ref] for ref in report.unmatched_existing]
    reader = Reader(rules)
    near = {pair.left: pair for pair in _suggested(left, right, rules, tenant)}
    by_local = _same_local_part(left, right, reader, tenant)
    pairs = {a: (lefts[a], rights[b], 0.0) for a, b in by_local.items()}
    pairs |= {ref: (lefts[ref], rights[p.right], p.weight) for ref, p in near.items()}
    nearest = tuple(
        NearMiss(
            incoming=a.ref,
            existing=b.ref,
            kind=a.kind,
            weight=weight,
            differs=_differs(reader, a, b),
        )
        for _, (a, b, weight) in sorted(pairs.items())
    )
    total = len(report.new)
    causes = [
        *_domain_causes(reader, lefts, rights, by_local, total),
        *_id_causes(reader, left, right, tenant),
        *_field_causes(nearest, total),
    ]
    ordered = sorted(causes, key=lambda cause: (-cause.count, cause.code, cause.title))
    return attrs.evolve(report, nearest=nearest, causes=tuple(ordered))


def _suggested(
    left: Sequence[Person], right: Sequence[Person], rules: MatchRules, tenant: str
) -> Iterable[ScoredPair]:
    found = suggest_matches(left, right, rules=rules, settings=_NEAR, tenant=tenant)
    for group in found.ambiguous:
        best: dict[str, ScoredPair] = {}
        for pair in group.pairs:
            best.setdefault(pair.left, pair)
        yield from (attrs.evolve(pair, weight=round(pair.weight, 2)) for pair in best.values())
    yield from (*found.likely, *found.possible)


def _differs(reader: Reader, a: Person, b: Person) -> tuple[str, ...]:
    """Return the fields in which two people differ, ids first."""
    found = []
    for field in ("sis_id", "state_id", "number"):
        left, right = reader.id_of(a, field), reader.id_of(b, field)
        if left is not None and right is not None and left != right:
            found.append(field)
    mails = set(reader.emails(a)), set(reader.emails(b))
    if all(mails) and mails[0].isdisjoint(mails[1]):
        found.append("emails")
    given, family = reader.name_levels(a, b)
    found += ["given_name"] if given not in _AGREE else []
    found += ["family_name"] if family not in _AGREE else []
    found += ["birth_date"] if reader.birth_dates(a, b) is not True else []
    found += ["org_refs"] if reader.orgs(a, b) == "differs" else []
    return tuple(found)


# Causes that one setting mends


def _same_local_part(
    left: Sequence[Person], right: Sequence[Person], reader: Reader, tenant: str
) -> Mapping[str, str]:
    """Return pairs who alone have what stands before the "@", and whose names agree."""
    sides = [_by_local_part(reader, side, tenant) for side in (left, right)]
    found = {}
    for key, some in sides[0].items():
        others = sides[1].get(key, [])
        if len(some) == 1 and len(others) == 1 and names_agree(reader, some[0], others[0]):
            found[some[0].ref] = others[0].ref
    return found


def _by_local_part(
    reader: Reader, people: Iterable[Person], tenant: str
) -> dict[tuple[Part, str], list[Person]]:
    found: dict[tuple[Part, str], list[Person]] = {}
    for person in people:
        for email in reader.emails(person)[:1]:
            key = part_of(person, tenant), email.partition("@")[0]
            found.setdefault(key, []).append(person)
    return found


#: People from whom on a mail domain is an organization's; of fewer it may be a family's own, which
#: no title may name.
_FEW = 5


def _domain_causes(
    reader: Reader,
    lefts: Mapping[str, Person],
    rights: Mapping[str, Person],
    pairs: Mapping[str, str],
    total: int,
) -> Iterable[Cause]:
    found: dict[tuple[str, str], list[str]] = {}
    for a, b in pairs.items():
        left, right = (reader.emails(p)[0].partition("@")[2] for p in (lefts[a], rights[b]))
        found.setdefault((left, right), []).append(a)
    for (left, right), refs in found.items():
        if len(refs) < _FEW:
            continue
        yield Cause(
            code="EDL-MATCH-001",
            title=f"{len(refs)} of {total} differ only in the mail domain: {left} for {right}",
            field="emails",
            count=len(refs),
            of=total,
            fix=f"EmailPolicy(domain_aliases={{{left!r}: {right!r}}})",
            incoming=tuple(sorted(refs)),
        )


def _id_causes(
    reader: Reader, left: Sequence[Person], right: Sequence[Person], tenant: str
) -> Iterable[Cause]:
    total = len(left)
    for field in ("sis_id", "state_id", "number"):
        proposals = learn_id_rule(
            [reader.id_of(person, field) for person in left],
            [reader.id_of(person, field) for person in right],
            contradicts=lambda i, j: (
                part_of(left[i], tenant) != part_of(right[j], tenant)
                or is_contradicted(reader, left[i], right[j])
            ),
        )
        for best in proposals[:1]:
            if best.contradictions < best.gain:
                yield Cause(
                    code="EDL-MATCH-002",
                    title=f"{best.gain} of {total} have a {field} that {best.rule} makes equal",
                    field=field,
                    count=best.gain,
                    of=total,
                    fix=f"MatchRules(id_rules={{{field!r}: {best.rule!r}}})",
                )


def _field_causes(nearest: Sequence[NearMiss], total: int) -> Iterable[Cause]:
    """Yield what single field most of those left over differ in."""
    refs: dict[str, list[str]] = {}
    counts = Counter(near.differs[0] for near in nearest if len(near.differs) == 1)
    for near in nearest:
        if len(near.differs) == 1:
            refs.setdefault(near.differs[0], []).append(near.incoming)
    for field, count in counts.items():
        yield Cause(
            code="EDL-MATCH-003",
            title=f"{count} of {total} differ from the nearest candidate only in {field}",
            field=field,
            count=count,
            of=total,
            incoming=tuple(refs[field]),
        )
