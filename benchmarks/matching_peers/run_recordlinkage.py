"""
recordlinkage on two CSV files (or one) with id, given, family, birth_date; writes scored pairs.

Usage: run_recordlinkage.py OUT LEFT.csv [RIGHT.csv].  Jaro-Winkler of 0.85 or more for names,
Damerau-Levenshtein for the birth date, and its ECM classifier without labels.
"""

import csv
import sys

import pandas as pd
import recordlinkage as rl


def frame(path: str) -> pd.DataFrame:
    """Return a file's columns as text."""
    found = pd.read_csv(path, dtype=str, index_col="id").fillna("")
    found["year"] = found["birth_date"].str[:4]
    return found


def main(out: str, paths: list[str]) -> None:
    """Write id, id and probability of each pair compared."""
    frames = [frame(path) for path in paths]
    indexer = rl.Index()
    indexer.block("given")
    indexer.block("family")
    indexer.block("birth_date")
    pairs = indexer.index(*frames)
    compare = rl.Compare()
    compare.string("given", "given", method="jarowinkler", threshold=0.85)
    compare.string("family", "family", method="jarowinkler", threshold=0.85)
    compare.string("birth_date", "birth_date", method="damerau_levenshtein", threshold=0.74)
    vectors = compare.compute(pairs, *frames)
    ecm = rl.ECMClassifier()
    ecm.fit(vectors)
    scores = ecm.prob(vectors)
    with open(out, "w", newline="") as file:  # noqa: PTH123 - a script
        writer = csv.writer(file)
        for (left, right), score in scores.items():
            writer.writerow([left, right, score])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
