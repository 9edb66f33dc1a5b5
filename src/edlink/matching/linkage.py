"""
The ``linkage`` extra: Splink for more than 100,000 people that no rule linked.

Splink only finds and weighs candidates, in DuckDB and with our fixed weights: nothing is learned
from the data, and nothing is decided.  Its pairs go through the same gates and the same one-to-one
step as any others: ``suggest_matches(..., pairs=weigh_with_splink(...))``.
"""

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from math import log2
from typing import Any

from edlink.matching.people import Person, PersonKind
from edlink.matching.reading import Reader
from edlink.matching.rules import MatchRules
from edlink.matching.score import ScoredPair

_RULES = MatchRules()

#: How often fields of one person agree so (m), and of two people taken at random (u).
_NAME_LEVELS = (
    ("{0}_l = {0}_r", 0.85, 0.01),
    ("damerau_levenshtein({0}_l, {0}_r) = 1 AND length({0}_l) >= 4", 0.06, 0.0008),
    ("jaro_winkler_similarity({0}_l, {0}_r) >= 0.92", 0.03, 0.002),
    ("jaro_winkler_similarity({0}_l, {0}_r) >= 0.85", 0.02, 0.007),
    ("ELSE", 0.04, 0.98),
)
_DAY_LEVELS = (
    ("day_l = day_r", 0.87, 0.00025),
    ("day_l = concat(day_r[1:5], day_r[9:10], '-', day_r[6:7])", 0.02, 0.00016),
    ("damerau_levenshtein(day_l, day_r) = 1", 0.05, 0.0016),
    ("damerau_levenshtein(day_l, day_r) = 2", 0.03, 0.015),
    ("ELSE", 0.03, 0.983),
)

_BLOCKS = (
    "l.day = r.day",
    "l.given = r.given AND l.family = r.family",
    "l.family = r.given AND l.given = r.family",
    "l.given = r.given AND l.day[1:7] = r.day[1:7]",
    "l.family = r.family AND l.day[1:4] = r.day[1:4]",
    "l.given[1:3] = r.given[1:3] AND l.family[1:3] = r.family[1:3] AND l.day[6:10] = r.day[6:10]",
    "l.given[1:3] = r.given[1:3] AND l.family[1:3] = r.family[1:3] AND l.day[1:4] = r.day[1:4]",
)


def weigh_with_splink(
    left: Iterable[Person],
    right: Iterable[Person],
    *,
    rules: MatchRules = _RULES,
    least: float = 0.0,
) -> tuple[ScoredPair, ...]:
    """
    Return candidate pairs of each kind with their bits, best first.

    Args:
        left: Incoming people, no two with one ref.
        right: Existing people, no two with one ref.
        rules: What the host has set.
        least: Bits beyond chance that a pair needs to be returned.

    Raises:
        ImportError: The ``linkage`` extra is not installed.
    """
    libraries = _libraries()
    reader = Reader(rules)
    sides = [sorted(side, key=lambda person: person.ref) for side in (left, right)]
    found: list[ScoredPair] = []
    for kind in PersonKind:
        rows = [[_row(p, reader) for p in side if p.kind is kind] for side in sides]
        if all(rows):
            found += _weigh(libraries, rows, least)
    return tuple(sorted(found, key=lambda pair: (-pair.weight, pair.left, pair.right)))


def _libraries() -> tuple[Any, Any]:
    """Return Splink, and pyarrow, which comes with it."""
    try:
        return import_module("splink"), import_module("pyarrow")
    except ImportError:
        message = "weighing with Splink needs the linkage extra: pip install 'edlink[linkage]'"
        raise ImportError(message) from None


def _row(person: Person, reader: Reader) -> dict[str, str | None]:
    names = reader.names(person)
    return {
        "unique_id": person.ref,
        "given": names.given[0].folded if names.given else None,
        "family": names.family[0].folded if names.family else None,
        "day": reader.day(person) or None,
    }


def _weigh(
    libraries: tuple[Any, Any], sides: Sequence[Sequence[Any]], least: float
) -> Iterable[ScoredPair]:
    splink, arrow = libraries
    left, right = sides
    chance = 1 / max(len(left), len(right), 2)
    database = splink.DuckDBAPI()
    frames = [
        database.register(
            arrow.Table.from_pylist(rows, schema=_schema(arrow)), dataset_display_name=name
        )
        for rows, name in ((left, "a_left"), (right, "b_right"))
    ]
    linker = splink.Linker(frames, _settings(splink, chance), log_level="ERROR")
    pairs = linker.inference.predict(threshold_match_weight=least)
    prior = log2(chance / (1 - chance))
    for pair in pairs.as_record_list():
        yield ScoredPair(
            left=pair["unique_id_l"],
            right=pair["unique_id_r"],
            weight=round(pair["match_weight"] - prior, 6),
        )


def _schema(arrow: Any) -> Any:  # noqa: ANN401 - a module without types
    return arrow.schema([(n, arrow.string()) for n in ("unique_id", "given", "family", "day")])


def _settings(splink: Any, chance: float) -> Any:  # noqa: ANN401 - a module without types
    return splink.SettingsCreator(
        link_type="link_only",
        probability_two_random_records_match=chance,
        comparisons=[
            _comparison("given", _NAME_LEVELS, by_frequency=True),
            _comparison("family", _NAME_LEVELS, by_frequency=True),
            _comparison("day", _DAY_LEVELS, by_frequency=False),
        ],
        blocking_rules_to_generate_predictions=[{"blocking_rule": rule} for rule in _BLOCKS],
        retain_matching_columns=False,
    )


def _comparison(
    column: str, levels: Sequence[tuple[str, float, float]], *, by_frequency: bool
) -> Mapping[str, Any]:
    absent = f"{column}_l IS NULL OR {column}_r IS NULL"
    found: list[dict[str, Any]] = [
        {"sql_condition": absent, "label_for_charts": "absent", "is_null_level": True}
    ]
    for condition, same, chance in levels:
        level = {
            "sql_condition": condition.format(column),
            "label_for_charts": condition,
            "m_probability": same,
            "u_probability": chance,
        }
        if by_frequency and condition == levels[0][0]:
            level |= {"tf_adjustment_column": column, "tf_adjustment_weight": 1.0}
        found.append(level)
    return {"output_column_name": column, "comparison_levels": found}
