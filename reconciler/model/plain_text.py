"""Text of other people's on one line, with nothing in it that a terminal or a page would obey."""

from __future__ import annotations

import unicodedata


def harmless(text: str) -> str:
    """Text on one line with all that a terminal would obey, and all that turns the direction of writing, spelt out.

    Names and lines of manifests are other people's: they must not be able to move the cursor or hide what they say.
    """
    if text.isprintable():
        return text
    return "".join(each if _is_harmless(each) else each.encode("unicode_escape").decode() for each in text)


def _is_harmless(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
