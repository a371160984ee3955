"""A database → what SQLite itself finds wrong with it, one sentence each."""

from __future__ import annotations

import sqlite3
from collections import Counter


def damages(connection: sqlite3.Connection) -> list[str]:
    """Pages and indexes that do not fit together."""
    said = [row[0] for row in connection.execute("PRAGMA integrity_check(10)")]
    return [f"SQLite reports: {' '.join(str(one).split())}." for one in said if one != "ok"]


def losses(connection: sqlite3.Connection) -> list[str]:
    """Rows that refer to what is not there."""
    lost = Counter((row[0], row[2]) for row in connection.execute("PRAGMA foreign_key_check"))
    return [
        f"{number} rows of {table} refer to {other} that are not there."
        for (table, other), number in sorted(lost.items())
    ]
