"""Memory stays flat, however long a file is."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

from edlink.oneroster.csv import OneRosterCsv

Make = Callable[..., Path]
Open = Callable[..., OneRosterCsv]


def peak(client: OneRosterCsv) -> int:
    tracemalloc.start()
    try:
        for _ in client.users():
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_walk_of_users(make_zip: Make, open_csv: Open) -> None:
    """Walking three times as many users, with their roles, needs no more memory."""
    peaks = []
    for count in (3_000, 9_000):
        users = "".join(f"u{n},Given,Family\n" for n in range(count))
        roles = "".join(f"u{n},primary,student,s\n" for n in range(count))
        changes = {
            "users.csv": "sourcedId,givenName,familyName\n" + users,
            "roles.csv": "userSourcedId,roleType,role,orgSourcedId\n" + roles,
        }
        peaks.append(peak(open_csv(make_zip(changes, v12=True, name=f"{count}.zip"))))
    assert peaks[1] < 1.5 * peaks[0]
