"""People of a roster against people of a host: who is whom, by rules that never guess."""

from collections.abc import Container, Iterable, Mapping, Sequence

import attrs

from edlink.matching.addresses import Addresses
from edlink.matching.climb import Climb, Ledger, Open
from edlink.matching.ladder import LADDER, STORED, Rule, Side
from edlink.matching.meeting import Pair, untangle
from edlink.matching.open_groups import close_groups, find_claims
from edlink.matching.people import Person, PersonKind, people_of
from edlink.matching.reading import Reader
from edlink.matching.refs import require_distinct
from edlink.matching.report import MatchReport, OpenGroup, SharedValue, StoredLink
from edlink.matching.rules import MatchRules
from edlink.matching.same_human import find_same_humans
from edlink.matching.tenants import Part, part_of
from edlink.roster import Roster

_DEFAULTS = MatchRules()

#: Reasons of groups that contradict nothing.
_AMBIGUOUS = frozenset({"shared_key", "likely"})


def match_people(  # noqa: PLR0913 - each is one fact that only the host knows
    incoming: Roster | Iterable[Person],
    existing: Roster | Iterable[Person],
    *,
    links: Iterable[StoredLink] = (),
    rules: MatchRules = _DEFAULTS,
    tenant: str | None = None,
    org_links: Mapping[str, str] | None = None,
) -> MatchReport:
    """
    Return which incoming and existing people are the same, and what is left to a person.

    Nothing is guessed: a key that several have decides nothing, and names or ids that contradict
    stop a rule.  The result does not depend on the order of the inputs.

    Args:
        incoming: A roster, or its people.
        existing: The host's people; those of another tenant are matched with nobody.
        links: The pairs that the host has kept; they outrank every rule.  A host record whose
            stored partner did not come is matched like any other; its link says what it re-keys.
        rules: What the host has set.
        tenant: The tenant of records that name none; by default the incoming roster's.
        org_links: The host's ref of each incoming org.  Students with one name and birth date at
            orgs that are known to differ are not linked.

    Raises:
        ConfigError: EDL-CONF-085 when two records of one side have one ref.
    """
    if tenant is None and isinstance(incoming, Roster):
        tenant = incoming.source.tenant
    left, right = _people(incoming), _people(existing)
    reader = Reader(rules, org_links)
    ledger = Ledger(
        left=Side(people=left, reader=reader),
        right=Side(people=right, reader=reader),
    )
    run = _Run(ledger=ledger, tenant=tenant or "")
    run.keep_stored(tuple(links))
    run.climb()
    return run.report()


def _people(side: Roster | Iterable[Person]) -> Sequence[Person]:
    people = people_of(side) if isinstance(side, Roster) else tuple(side)
    require_distinct([person.ref for person in people])
    return people


@attrs.define(kw_only=True)
class _Run:
    """One call: both sides, and what is known so far, as places in them."""

    ledger: Ledger
    tenant: str
    groups: list[OpenGroup] = attrs.field(factory=list)
    shared: list[SharedValue] = attrs.field(factory=list)
    stored: tuple[set[int], set[int]] = attrs.field(factory=lambda: (set(), set()))
    grouped: tuple[set[int], set[int]] = attrs.field(factory=lambda: (set(), set()))

    def keep_stored(self, links: Sequence[StoredLink]) -> None:
        """Take the host's pairs; those that name a record twice become a conflict."""
        if not links:
            return
        left = {person.ref: i for i, person in enumerate(self.ledger.left.people)}
        right = {person.ref: j for j, person in enumerate(self.ledger.right.people)}
        present: list[Pair] = []
        gone: list[tuple[str, int]] = []
        for link in links:
            i, j = left.get(link.incoming), right.get(link.existing)
            if i is not None and j is not None:
                present.append((i, j))
            elif j is not None:
                gone.append((link.incoming, j))
        self.stored[0].update(i for i, _ in present)
        self.stored[1].update(j for _, j in present)
        self.ledger.former = {j: incoming for incoming, j in sorted(gone)}
        single, tangled = untangle(present)
        for i, j in single:
            self.ledger.keep(i, j)
        self._close(
            Open(verdict="linked_twice", rule=STORED, left=tuple(some), right=tuple(others))
            for some, others in tangled
        )

    def climb(self) -> None:
        """Climb the ladder for each kind and tenant, students before their guardians."""
        lefts, rights = self._parts(self.ledger.left), self._parts(self.ledger.right)
        addresses = {
            tenant: Addresses(
                left=self.ledger.left,
                right=self.ledger.right,
                places=(_of_tenant(lefts, tenant), _of_tenant(rights, tenant)),
            )
            for _, tenant in lefts
        }
        for kind in PersonKind:
            if kind is PersonKind.guardian and (kind in {k for k, _ in rights}):
                self._number_children()
            for part in sorted(lefts):
                if part[0] is kind:
                    self._climb_part(kind, lefts[part], rights.get(part, []), addresses[part[1]])

    def report(self) -> MatchReport:
        """Return what was found, sorted by id."""
        ledger = self.ledger
        left, right = ledger.left.people, ledger.right.people
        groups = sorted(self.groups, key=lambda group: (group.incoming, group.existing))
        return MatchReport(
            linked=ledger.links(),
            new=_rest(left, ledger.mates, self.grouped[0]),
            unmatched_existing=_rest(right, ledger.taken, self.grouped[1]),
            ambiguous=tuple(group for group in groups if group.reason in _AMBIGUOUS),
            conflicts=tuple(group for group in groups if group.reason not in _AMBIGUOUS),
            shared=tuple(sorted(self.shared, key=lambda value: (value.kind, value.field))),
            same_human=find_same_humans(left, right, ledger.left.reader),
        )

    def _parts(self, side: Side) -> dict[Part, list[int]]:
        parts: dict[Part, list[int]] = {}
        last: Part | None = None
        for place, person in enumerate(side.people):
            part = part_of(person, self.tenant)
            if part != last:
                last, places = part, parts.setdefault(part, [])
            places.append(place)
        return parts

    def _number_children(self) -> None:
        """Give each child that is linked one number that both sides' guardians know it by."""
        left, right, mates = self.ledger.left, self.ledger.right, self.ledger.mates
        left.children = {left.people[i].ref: j for i, j in mates.items()}
        right.children = {right.people[j].ref: j for j in mates.values()}

    def _climb_part(
        self, kind: PersonKind, left: list[int], right: list[int], addresses: Addresses
    ) -> None:
        settings = self.ledger.left.reader.rules
        rules = [rule for rule in LADDER if kind in rule.kinds and settings.uses(rule.name)]
        climb = Climb(
            ledger=self.ledger, rules=rules, limit=settings.group_limit, addresses=addresses
        )
        climb.run(
            [i for i in left if i not in self.stored[0]],
            [j for j in right if j not in self.stored[1]],
        )
        self._close(climb.open)
        self.shared += [
            SharedValue(field=field, kind=kind, values=values, largest=largest)
            for field, (values, largest) in sorted(climb.shared.items())
        ]
        self._claim(rules, left, right)

    def _close(self, opens: Iterable[Open]) -> None:
        for group, left, right in close_groups(opens, self.ledger.left, self.ledger.right):
            self.groups.append(group)
            self.grouped[0].update(left)
            self.grouped[1].update(right)

    def _claim(self, rules: Sequence[Rule], left: Sequence[int], right: Sequence[int]) -> None:
        """Find who is left over although their key is held by someone linked with another."""
        sides = self.ledger.left, self.ledger.right
        linked: tuple[Container[int], Container[int]] = (self.ledger.mates, self.ledger.taken)
        for number, places in enumerate((left, right)):
            held, theirs_held = linked[number], linked[1 - number]
            settled = self.grouped[number] | self.stored[number]
            rest = [p for p in places if p not in held and p not in settled]
            if not rest:
                continue
            others = [p for p in (right, left)[number] if p in theirs_held]
            mine, theirs = sides[number], sides[1 - number]
            for place, group in find_claims(rules, mine, theirs, rest, others, flip=bool(number)):
                self.groups.append(group)
                self.grouped[number].add(place)


def _of_tenant(parts: Mapping[Part, list[int]], tenant: str) -> tuple[list[int], ...]:
    return tuple(places for (_, of), places in parts.items() if of == tenant)


def _rest(
    people: Sequence[Person], linked: Container[int], grouped: Container[int]
) -> tuple[str, ...]:
    places = [i for i in range(len(people)) if i not in linked and i not in grouped]
    return tuple(sorted(people[i].ref for i in places))
