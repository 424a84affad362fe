"""What all forges have in common: one comment of ours, whoever else is about to write it too."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property

from reconciler.forges.base import Comment
from reconciler.forges.bodies import fitting, is_same, marked
from reconciler.forges.client import Client
from reconciler.forges.errors import ForgeError, ForgeGoneError, NotFoundError, TokenRefusedError
from reconciler.forges.settings import ForgeSettings
from reconciler.model.problems import Problem

MOST_PROBLEMS = 1000  # that are shown beside their lines; nobody reads more


class RestForge(ABC):
    """The part of a `Forge` that is written once; the rest are the words of each."""

    longest_body: int
    is_folding = True

    def __init__(self, settings: ForgeSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    @abstractmethod
    def comments(self, number: int) -> tuple[Comment, ...]: ...

    @abstractmethod
    def delete_comment(self, number: int, comment: int) -> None: ...

    @abstractmethod
    def _create(self, number: int, body: str) -> Comment:
        """Write a comment, in one attempt."""

    @abstractmethod
    def _update(self, number: int, comment: int, body: str) -> Comment: ...

    @abstractmethod
    def _whoami(self) -> str:
        """As whom the token speaks."""

    def _marked(self, marker: str) -> str:
        """The line that a comment is known by, as this forge does not show it."""
        return marked(marker)

    def upsert_comment(self, number: int, marker: str, body: str) -> Comment:
        """See `Forge`.

        Whoever writes a comment looks again for one that another wrote meanwhile; of two the younger one goes, so that
        all who write agree which one stays.
        """
        line = self._marked(marker)
        text = fitting(f"{line}\n\n{body}", self.longest_body)
        attempts = self._client.retries.attempts
        for attempt in range(1, attempts + 1):
            ours = self._ours(number, line)
            if not ours:
                try:
                    created = self._create(number, text)
                except ForgeGoneError:  # it may have been written all the same, which the next look shows
                    if attempt == attempts:
                        raise
                    self._client.retries.pause(attempt)
                    continue
                ours = self._ours(number, line, created)
            for younger in ours[1:]:
                self.delete_comment(number, younger.id)
            kept = ours[0]
            if is_same(kept.body, text):
                return kept
            try:
                return self._update(number, kept.id, text)
            except NotFoundError:  # somebody took it away just now
                continue
        raise ForgeError(f"the comment on {number} is taken away as soon as it is written", place=self._client.place)

    def annotate(self, commit: str, name: str, summary: str, problems: Sequence[Problem]) -> int:  # noqa: ARG002
        """See `Forge`; for forges that show no problems beside their lines."""
        return 0

    def _ours(self, number: int, line: str, *created: Comment) -> list[Comment]:
        """Our comments that bear a marker, the oldest first; one that was just created may not be listed yet."""
        listed = (each for each in self.comments(number) if each.author == self.user and _first_line(each.body) == line)
        found = {each.id: each for each in (*created, *listed)}
        return sorted(found.values(), key=lambda each: (each.created, each.id))

    @cached_property
    def user(self) -> str:
        """Whose comments are ours.

        Raises:
            ForgeError: the forge does not say.
        """
        if self._settings.user:
            return self._settings.user
        try:
            user = self._whoami()
        except (TokenRefusedError, NotFoundError) as error:
            raise TokenRefusedError(error.message, hint=_HINT) from error
        if not user:
            raise ForgeError("the forge does not say as whom the token speaks", place=self._client.place, hint=_HINT)
        return user


_HINT = "set RECONCILER_FORGE_USER to the user whose comments are to be kept up to date"


def _first_line(body: str) -> str:
    return body.lstrip().partition("\n")[0].strip()
