"""Edit distance and Jaro-Winkler similarity of two short texts, in plain Python."""

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
    if abs(len(a) - len(b)) > cutoff:
        return cutoff + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        last, before, row = before, row, [i]
        for j, right in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return min(row[-1], cutoff + 1)


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
    taken = [False] * len(b)
    left: list[str] = []
    for i, letter in enumerate(a):
        for j in range(max(0, i - window), min(len(b), i + window + 1)):
            if not taken[j] and b[j] == letter:
                taken[j] = True
                left.append(letter)
                break
    return left, [letter for letter, is_taken in zip(b, taken, strict=True) if is_taken]


def _common_prefix(a: str, b: str) -> int:
    for place, (x, y) in enumerate(zip(a[:_PREFIX], b[:_PREFIX], strict=False)):
        if x != y:
            return place
    return min(len(a), len(b), _PREFIX)
