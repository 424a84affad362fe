"""What names of images were pinned to when they were first needed."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.state.database import Database


class ImagePins:
    """Pins by the name that manifests use; read once, for only this process adds to them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, str] | None = None

    def all(self) -> Mapping[str, str]:
        """`python@sha256:…` by `python:3.11-slim`; an image that is in no registry by its id."""
        if self._known is None:
            rows = self._database.rows("SELECT name, pinned FROM image_pins")
            self._known = {row["name"]: row["pinned"] for row in rows}
        return self._known

    def save(self, name: str, pinned: str) -> None:
        """Pin a name; one that is pinned already stays as it is."""
        self._database.execute("INSERT OR IGNORE INTO image_pins (name, pinned) VALUES (?, ?)", (name, pinned))
        self._known = None

    def forget(self) -> None:
        """Have every name resolved anew."""
        self._database.execute("DELETE FROM image_pins")
        self._known = None
