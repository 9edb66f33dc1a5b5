"""Edit distance and Jaro-Winkler similarity of two short texts, in plain Python."""

from collections import deque

#: Similarity above which a common beginning counts (Winkler 1990), and what each letter adds.
_BOOST_ABOVE = 0.7
_BOOST = 0.1
_PREFIX = 4


def osa_distance(a: str, b: str, cutoff: int = 3) -> int:
    """
    Return the number of letters put in, left out, replaced or swapped with their neighbor.

    Optimal string alignment: no part is edited twice.  Anything above ``cutoff`` is returned as
    ``cutoff + 1``.

    >>> osa_distance("jayden", "jaylen"), osa_distance("ana", "naa"), osa_distance("ana", "otto")
    (1, 1, 4)
    """
    far = cutoff + 1
    if abs(len(a) - len(b)) > cutoff:
        return far
    # Whoever strays further from the diagonal is too far away: a row is that band, with its middle
    # at ``cutoff``, and one place more at its end that stays far.
    last: list[int] = []
    before: list[int] = []
    row: list[int] = [*([far] * cutoff), *range(cutoff + 1), far]
    for i, left in enumerate(a, 1):
        last, before, row = before, row, [far] * (2 * cutoff + 2)
        if i <= cutoff:
            row[cutoff - i] = i
        for j in range(max(i - cutoff, 1), min(i + cutoff, len(b)) + 1):
            place = j - i + cutoff
            cost = min(
                before[place + 1] + 1, row[place - 1] + 1, before[place] + (left != b[j - 1])
            )
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == b[j - 1]:
                cost = min(cost, last[place] + 1)
            row[place] = cost
        if min(row) > cutoff and min(before) > cutoff:
            return far
    return min(row[len(b) - len(a) + cutoff], far)


def jaro_winkler(a: str, b: str) -> float:
    """
    Return how alike two texts are, from 0 to 1, with their common beginning counted more.

    >>> round(jaro_winkler("jayden", "jaylen"), 3)
    0.922
    """
    if not a or not b:
        return float(a == b)
    left, right = _matches(a, b)
    found = len(left)
    if not found:
        return 0.0
    swapped = sum(x != y for x, y in zip(left, right, strict=True)) // 2
    alike = (found / len(a) + found / len(b) + (found - swapped) / found) / 3.0
    if alike > _BOOST_ABOVE:
        alike += _common_prefix(a, b) * _BOOST * (1.0 - alike)
    return alike


def _matches(a: str, b: str) -> tuple[list[str], list[str]]:
    """Return the letters of each that the other has within half its length, in order."""
    window = max(max(len(a), len(b)) // 2 - 1, 0)
    free: dict[str, deque[int]] = {}
    for j, letter in enumerate(b):
        free.setdefault(letter, deque()).append(j)
    taken: list[int] = []
    left: list[str] = []
    for i, letter in enumerate(a):
        places = free.get(letter, ())
        # What one letter has left behind, those after it have left behind too.
        while places and places[0] < i - window:
            places.popleft()
        if places and places[0] <= i + window:
            taken.append(places.popleft())
            left.append(letter)
    return left, [b[j] for j in sorted(taken)]


def _common_prefix(a: str, b: str) -> int:
    for place, (x, y) in enumerate(zip(a[:_PREFIX], b[:_PREFIX], strict=False)):
        if x != y:
            return place
    return min(len(a), len(b), _PREFIX)
