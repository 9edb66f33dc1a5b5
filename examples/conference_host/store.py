"""The host's SQLite file: what it keeps besides the school's records."""

import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

SCHEMA = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS account (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    person TEXT,
    says TEXT NOT NULL DEFAULT '',
    UNIQUE (provider, tenant, subject)
);
CREATE TABLE IF NOT EXISTS child (
    account INTEGER NOT NULL REFERENCES account,
    student TEXT NOT NULL,
    person TEXT,
    PRIMARY KEY (account, student)
);
CREATE TABLE IF NOT EXISTS claim (
    id TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    account INTEGER NOT NULL REFERENCES account,
    public TEXT NOT NULL,
    reason TEXT NOT NULL,
    fix TEXT NOT NULL,
    student TEXT
);
CREATE TABLE IF NOT EXISTS report (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    event TEXT NOT NULL,
    value TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS used_answer (key TEXT PRIMARY KEY, expires_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS wrong_code (at REAL NOT NULL, network TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pending_login (
    browser TEXT NOT NULL,
    state TEXT NOT NULL,
    value TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (browser, state)
);
CREATE TABLE IF NOT EXISTS attempt (
    at REAL NOT NULL,
    tenant TEXT NOT NULL,
    actor TEXT NOT NULL,
    child TEXT NOT NULL,
    network TEXT,
    is_linked INTEGER NOT NULL,
    failed INTEGER NOT NULL DEFAULT 0
);
"""


@attrs.frozen(kw_only=True)
class Account:
    """
    Somebody who has signed in.

    Attributes:
        id: The host's own.
        key: The identity's.
        person: The ref of the host's record of them, if the last sign-in was known.
        says: Who they are by what the provider said, which nobody has checked.
    """

    id: int
    key: tuple[str, str, str] = attrs.field(repr=False)
    person: str | None = None
    says: str = attrs.field(default="", repr=False)


class Store:
    """
    One SQLite file.

    People are kept by the host's refs, which outlive a change of the source's ids.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        Path(path).touch(mode=0o600)  # it holds credentials and children's names
        with self.connect() as db:
            db.executescript(SCHEMA)

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection whose work is one transaction."""
        with closing(sqlite3.connect(self.path, isolation_level=None, timeout=10)) as db:
            db.row_factory = sqlite3.Row
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.rollback()
                raise
            db.commit()

    # Settings

    def get(self, name: str) -> Any:  # noqa: ANN401 - whatever JSON was kept
        """Return what was kept under a name, or None."""
        with self.connect() as db:
            row = db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row["value"])

    def keep(self, name: str, value: Any) -> None:  # noqa: ANN401 - any JSON
        """Keep a JSON value under a name; None forgets it."""
        with self.connect() as db:
            if value is None:
                db.execute("DELETE FROM setting WHERE name = ?", (name,))
            else:
                db.execute("REPLACE INTO setting VALUES (?, ?)", (name, json.dumps(value)))

    def secret(self, name: str) -> bytes:
        """Return 32 random bytes, made when they are first asked for."""
        with self.connect() as db:
            made = json.dumps(secrets.token_hex(32))
            db.execute("INSERT OR IGNORE INTO setting VALUES (?, ?)", (name, made))
            row = db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return bytes.fromhex(json.loads(row["value"]))

    # How syncs ended

    def add_report(self, event: str, report: Any) -> None:  # noqa: ANN401 - any JSON
        """Keep how a sync ended; only the last ones are."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        with self.connect() as db:
            db.execute(
                "INSERT INTO report (at, event, value) VALUES (?, ?, ?)",
                (at, event, json.dumps(report)),
            )
            db.execute("DELETE FROM report WHERE id <= (SELECT MAX(id) FROM report) - 20")

    def reports(self) -> list[dict[str, Any]]:
        """Return how syncs ended, the latest first."""
        with self.connect() as db:
            rows = db.execute("SELECT at, event, value FROM report ORDER BY id DESC").fetchall()
        return [{**dict(row), "value": json.loads(row["value"])} for row in rows]

    # Accounts and their children

    def accounts(self) -> dict[int, Account]:
        """Return everyone who has signed in, by account id."""
        with self.connect() as db:
            rows = db.execute("SELECT * FROM account ORDER BY id").fetchall()
        return {row["id"]: _account(row) for row in rows}

    def account(self, key: tuple[str, str, str], person: str | None, says: str = "") -> Account:
        """Return the account of an identity's key, made or brought up to date."""
        with self.connect() as db:
            row = db.execute(
                "INSERT INTO account (provider, tenant, subject, person, says)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
                " SET person = excluded.person, says = excluded.says"
                " RETURNING *",
                (*key, person, says),
            ).fetchone()
        return _account(row)

    def add_child(self, account: int, student: str, person: str | None = None) -> None:
        """Link an account to a student, as the person whom the roster knows, or as nobody."""
        with self.connect() as db:
            db.execute("REPLACE INTO child VALUES (?, ?, ?)", (account, student, person))

    def children(self, account: int) -> dict[str, str | None]:
        """Return the students of an account, each with the person as whom they were linked."""
        with self.connect() as db:
            rows = db.execute(
                "SELECT student, child.person FROM child JOIN account ON account.id = account"
                " WHERE account = ? AND (child.person IS NULL OR child.person = account.person)",
                (account,),
            ).fetchall()
        return {row["student"]: row["person"] for row in rows}

    # Claims

    def add_claim(self, claim: dict[str, Any]) -> None:
        """Keep how a claim ended."""
        with self.connect() as db:
            db.execute(
                "INSERT INTO claim VALUES (:id, :at, :account, :public, :reason, :fix, :student)",
                claim,
            )

    def claims(self) -> list[dict[str, Any]]:
        """Return the claims, the latest first."""
        with self.connect() as db:
            rows = db.execute("SELECT * FROM claim ORDER BY at DESC, rowid DESC").fetchall()
        return [dict(row) for row in rows]

    def settle_claim(self, claim: str) -> None:
        """Keep that a claim has the school's word."""
        with self.connect() as db:
            db.execute(
                "UPDATE claim SET public = 'verified', reason = 'approved_by_school', fix = ''"
                " WHERE id = ?",
                (claim,),
            )


def is_in_use(db: sqlite3.Connection, ref: str) -> bool:
    """Return whether an account, a child, a claim or a decision of staff refers to a record."""
    row = db.execute(
        "SELECT EXISTS (SELECT 1 FROM account WHERE person = ?1)"
        " OR EXISTS (SELECT 1 FROM child WHERE student = ?1)"
        " OR EXISTS (SELECT 1 FROM claim WHERE student = ?1)"
        " OR EXISTS (SELECT 1 FROM setting, json_each(setting.value, '$.entries') AS entry"
        " WHERE name = 'overrides' AND json_extract(entry.value, '$.ref') = ?1)",
        (ref,),
    ).fetchone()
    return bool(row[0])


def _account(row: sqlite3.Row) -> Account:
    key = (row["provider"], row["tenant"], row["subject"])
    return Account(id=row["id"], key=key, person=row["person"], says=row["says"])
