"""
Splink 5 on two CSV files (or one) with id, given, family, birth_date; writes scored pairs.

Usage: run_splink.py OUT LEFT.csv [RIGHT.csv].  Its own comparisons with term frequencies, u from
two million pairs, EM on two blocks, prior from exact matches, as its guides do it.
"""

import csv
import sys

import pyarrow as pa
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

COLUMNS = ("id", "given", "family", "birth_date")


def table(path: str) -> pa.Table:
    """Return a file's columns as text, empty cells as nulls."""
    with open(path, newline="") as file:  # noqa: PTH123 - a script
        rows = list(csv.DictReader(file))
    data = {c: pa.array([row[c] or None for row in rows], pa.string()) for c in COLUMNS}
    return pa.table({"unique_id": data.pop("id"), **data})


def main(out: str, paths: list[str]) -> None:
    """Write id, id and match weight of each pair above -10 bits."""
    api = DuckDBAPI()
    names = ("a_left", "b_right")
    frames = [
        api.register(table(path), dataset_display_name=name)
        for path, name in zip(paths, names, strict=False)
    ]
    settings = SettingsCreator(
        link_type="link_only" if len(paths) > 1 else "dedupe_only",
        comparisons=[
            cl.NameComparison("given").configure(term_frequency_adjustments=True),
            cl.NameComparison("family").configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison("birth_date", input_is_string=True),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("given", "family"),
            block_on("birth_date"),
            block_on("given", "substr(birth_date, 1, 4)"),
            block_on("family", "substr(birth_date, 1, 4)"),
            block_on("given", "substr(birth_date, 6, 5)"),
            block_on("family", "substr(birth_date, 6, 5)"),
            block_on("substr(given, 1, 3)", "substr(family, 1, 3)"),
            "l.given = r.family AND l.family = r.given",
            block_on("given", "substr(family, 1, 2)"),
            block_on("family", "substr(given, 1, 2)"),
        ],
    )
    linker = Linker(frames if len(frames) > 1 else frames[0], settings, log_level="ERROR")
    exact = [block_on("given", "family", "birth_date")]
    linker.training.estimate_probability_two_random_records_match(exact, recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for block in (block_on("birth_date"), block_on("given", "family")):
        linker.training.estimate_parameters_using_expectation_maximisation(block)
    pairs = linker.inference.predict(threshold_match_weight=-10).as_record_list()
    with open(out, "w", newline="") as file:  # noqa: PTH123 - a script
        writer = csv.writer(file)
        for pair in pairs:
            writer.writerow([pair["unique_id_l"], pair["unique_id_r"], pair["match_weight"]])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
