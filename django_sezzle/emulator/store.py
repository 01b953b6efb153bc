"""Where the emulator keeps its records: in memory, or in an SQLite file of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol


class Change(NamedTuple):
    """A document written, or removed when ``document`` is None."""

    kind: str
    key: str
    document: str | None


class Store(Protocol):
    """Keeps documents by kind and key, in the order in which they first came."""

    def load(self) -> Iterable[tuple[str, str, str]]:
        """Return every (kind, key, document), oldest first."""

    def apply(self, changes: Sequence[Change]) -> None:
        """Keep all changes, or none of them."""

    def close(self) -> None:
        """Let go of the file."""


class MemoryStore:
    """A store that ends with the process."""

    def __init__(self) -> None:
        self._documents: dict[tuple[str, str], str] = {}

    def load(self) -> list[tuple[str, str, str]]:
        """Return every (kind, key, document), oldest first."""
        return [(kind, key, document) for (kind, key), document in self._documents.items()]

    def apply(self, changes: Sequence[Change]) -> None:
        """Keep the changes."""
        for change in changes:
            if change.document is None:
                self._documents.pop((change.kind, change.key), None)
            else:
                self._documents[change.kind, change.key] = change.document

    def close(self) -> None:
        """Do nothing; there is no file."""


class SQLiteStore:
    """
    A store in one file, committed before the gateway answers.

    The file belongs to one emulator at a time: a second one is refused with
    ``sqlite3.OperationalError`` instead of overwriting the first one's records.
    """

    def __init__(self, path: str | Path) -> None:
        self._connection = sqlite3.connect(
            path, timeout=1, check_same_thread=False, isolation_level=None
        )
        try:
            self._prepare()
        except sqlite3.Error:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = NORMAL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS document ("
            " position INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,"
            " key TEXT NOT NULL, document TEXT NOT NULL, UNIQUE (kind, key))"
        )

    def load(self) -> list[tuple[str, str, str]]:
        """Return every (kind, key, document), oldest first."""
        rows = self._connection.execute(
            "SELECT kind, key, document FROM document ORDER BY position"
        )
        return list(rows)

    def apply(self, changes: Sequence[Change]) -> None:
        """Keep all changes in one transaction."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for change in changes:
                self._apply_one(change)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file, so that another emulator may open it."""
        self._connection.close()

    def _apply_one(self, change: Change) -> None:
        if change.document is None:
            self._connection.execute(
                "DELETE FROM document WHERE kind = ? AND key = ?", (change.kind, change.key)
            )
        else:
            self._connection.execute(
                "INSERT INTO document (kind, key, document) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, key) DO UPDATE SET document = excluded.document",
                change,
            )
