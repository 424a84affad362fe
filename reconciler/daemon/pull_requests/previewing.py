"""What runs pull requests before they are merged, and where runs are shown, as their watch sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reconciler.daemon.requests import Answer
from reconciler.model.previews import AskedPreview


class Previewing(Protocol):
    """Any thread may ask; both block until the source has answered."""

    def preview(self, source: str, asked: AskedPreview) -> Answer: ...

    def end_preview(self, source: str, number: int) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the watch of pull requests works with.

    Attributes:
        tracking: the address of MLflow's pages, "" where no browser can reach them.
        sets_statuses: whether merge commits get the statuses of their runs from here, and not from a notification.
    """

    previewing: Previewing
    tracking: str = ""
    sets_statuses: bool = True
