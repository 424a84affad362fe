"""Hashes of content: the one way in which values become digests."""

from __future__ import annotations

import hashlib
import json

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(value: object) -> str:
    """JSON with sorted keys and no blanks: equal values give equal text.

    Raises:
        TypeError: the value is not made of JSON's types.
        ValueError: the value holds NaN or an infinity.
    """
    return _ENCODER.encode(value)


def digest_of(value: object) -> str:
    """SHA-256 of the canonical JSON, 64 hexadecimal characters."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def short(digest: str) -> str:
    """The first twelve characters, enough to tell digests apart on a screen."""
    return digest.rpartition(":")[2][:12]
