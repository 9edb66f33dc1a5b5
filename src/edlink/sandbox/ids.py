"""Sourced ids: they sort in the order of places, say nothing of a person, and lead back."""

import attrs

_MASK = 2**64 - 1


def mix(*numbers: int) -> int:
    """Return 64 well-mixed bits of some numbers (the finisher of SplitMix64, applied in turn)."""
    state = 0x9E3779B97F4A7C15
    for number in numbers:
        state = (state ^ (number & _MASK)) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ state >> 27) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state


@attrs.frozen
class Ids:
    """
    The sourced ids of a district.

    Orgs and sessions have ids of digits only, as many systems do; ids of classes hold a slash, so
    that a client which does not encode a path segment is found out.
    """

    seed: int

    def org(self, place: int) -> str:
        """Return the id of the org at a place."""
        return f"{10_000 + place}{self._tail(1, place) % 900 + 100}"

    def session(self, place: int) -> str:
        """Return the id of the academic session at a place."""
        return f"{70 + place}{self._tail(2, place) % 900 + 100}"

    def course(self, place: int) -> str:
        """Return the id of the course at a place."""
        return f"K-{place:03d}-{self._tail(3, place):03x}"

    def class_(self, place: int) -> str:
        """Return the id of the class at a place."""
        return f"{place:07d}/{self._tail(4, place):03x}"

    def user(self, place: int) -> str:
        """Return the id of the user at a place."""
        return f"u{place:07d}{self._tail(5, place):03x}"

    @staticmethod
    def user_place(sourced_id: str) -> int:
        """Return the place that is in the id of one of this district's users, unchecked."""
        return int(sourced_id[1:8])

    def enrollment(self, place: int) -> str:
        """Return the id of the enrollment at a place."""
        return f"e{place:08d}{self._tail(6, place):03x}"

    def _tail(self, kind: int, place: int) -> int:
        return ((self.seed * 31 + place) * 2_654_435_761 + kind * 40_503 >> 7) % 4096
