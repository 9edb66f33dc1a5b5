"""How two rosters differ, without a person in the answer."""

from edlink.roster import Roster


def differences(roster: Roster, expected: Roster) -> dict[str, int]:
    """Return how many records differ, by collection; counts alone, never values."""
    found = {}
    for name in [*roster.counts(), "tombstones"]:
        ours, theirs = (
            {record.sourced_id: record for record in getattr(r, name)} for r in (roster, expected)
        )
        wrong = len(getattr(roster, name)) - len(getattr(expected, name))
        wrong += sum(theirs.get(key) != record for key, record in ours.items())
        if wrong:
            found[name] = wrong
    return found
