"""
Writes simulated pupils, twice with independent noise, from pseudopeople; runs in its own venv.

Usage: make_pupils.py OUT SEED_A SEED_B NOISE

Two CSV files, OUT/a.csv and OUT/b.csv, with id, given, family, birth_date (ISO where readable, else
as written), street.  The people are those whose true age is 5 to 18.
"""

import csv
import sys
from pathlib import Path

import pandas as pd
import pseudopeople as ps

YOUNGEST, OLDEST = 5, 18


def scaled(factor: float) -> dict[str, object]:
    """Return the census configuration with all cell noise multiplied, 5 % missing, none twice."""
    usual = ps.get_config()["decennial_census"]
    columns = {
        column: {
            kind: {"cell_probability": min(1.0, values["cell_probability"] * factor)}
            for kind, values in kinds.items()
            if "cell_probability" in values
        }
        for column, kinds in usual["column_noise"].items()
    }
    rows = {
        "do_not_respond": {"row_probability": 0.05 if factor else 0.0},
        "duplicate_with_guardian": {
            "row_probability_in_households_under_18": 0.0,
            "row_probability_in_college_group_quarters_under_24": 0.0,
        },
    }
    return {"decennial_census": {"row_noise": rows, "column_noise": columns}}


def main(out: Path, seeds: tuple[int, int], noise: float) -> None:
    """Write both files."""
    out.mkdir(parents=True, exist_ok=True)
    truth = census(0, 0.0)
    ages = pd.to_numeric(truth["age"])
    pupils = set(truth.loc[ages.between(YOUNGEST, OLDEST), "simulant_id"])
    for name, seed in zip("ab", seeds, strict=True):
        found = census(seed, noise)
        rows = found[found["simulant_id"].isin(pupils)].drop_duplicates("simulant_id")
        with (out / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "given", "family", "birth_date", "street"])
            for row in rows.itertuples():
                street = f"{text(row.street_number)} {text(row.street_name)}".strip()
                day = iso(text(row.date_of_birth))
                writer.writerow(
                    [row.simulant_id, text(row.first_name), text(row.last_name), day, street]
                )


def census(seed: int, noise: float) -> pd.DataFrame:
    """Return one simulated census."""
    return ps.generate_decennial_census(seed=seed, year=2020, config=scaled(noise))


def text(value: object) -> str:
    """Return a cell as text; nothing where it is missing."""
    return "" if pd.isna(value) else str(value)


def iso(day: str) -> str:
    """Return MM/DD/YYYY as YYYY-MM-DD, anything else as it is."""
    parts = day.split("/")
    return "-".join((parts[2], parts[0], parts[1])) if len(parts) == 3 else day  # noqa: PLR2004


if __name__ == "__main__":
    main(Path(sys.argv[1]), (int(sys.argv[2]), int(sys.argv[3])), float(sys.argv[4]))
