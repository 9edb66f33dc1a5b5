"""OneRoster CSV 1.0, 1.1 and 1.2: packages read as a roster source, and rosters written."""

from edlink.oneroster.csv.client import OneRosterCsv
from edlink.oneroster.csv.limits import CsvLimits
from edlink.oneroster.csv.write import Written, write_csv

__all__ = ["CsvLimits", "OneRosterCsv", "Written", "write_csv"]
