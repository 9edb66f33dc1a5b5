import sys
from datetime import date
from importlib.util import find_spec

import pytest

from edlink.matching import Person, PersonKind, suggest_matches, weigh_with_splink

has_splink = find_spec("splink") is not None


@pytest.mark.parametrize("library", ["splink", "pyarrow"])
def test_the_extra_is_named_where_it_is_missing(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Splink, or what comes with it, the error says what to install."""
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=r"needs the linkage extra: .*edlink\[linkage\]"):
        weigh_with_splink([], [])


def people(prefix: str) -> list[Person]:
    """Return twenty students with invented names, and a guardian."""
    names = ["Quentin", "Ottilie", "Ferdinand", "Wilhelmine", "Leopold"]
    families = ["Schletzbaum", "Muster", "Sample", "Pattern"]
    found = [
        Person(
            ref=f"{prefix}{n}",
            given_name=names[n % 5],
            family_name=families[n % 4],
            birth_date=date(2012, 1 + n % 12, 1 + n),
        )
        for n in range(20)
    ]
    return [*found, Person(ref=f"{prefix}g", kind=PersonKind.guardian, family_name="Muster")]


@pytest.mark.skipif(not has_splink, reason="needs the linkage extra: splink")
def test_splink_weighs_and_our_gates_decide() -> None:
    """Splink's pairs pass the same gates, and each person finds their own record."""
    left, right = people("a"), people("b")
    found = suggest_matches(left, right, pairs=weigh_with_splink(left, right))

    assert {(p.left[1:], p.right[1:]) for p in found.likely} == {
        (str(n), str(n)) for n in range(20)
    }
