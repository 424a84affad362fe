"""What the content of a file in a store is called by, from what the store says of it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

Info = Mapping[str, Any]


def identity(url: str, info: Info) -> str | None:
    """A digest that differs where the content does; None where the store says too little for that."""
    checksum = _md5(info)
    if checksum:
        return f"md5:{checksum}"
    tag = str(info.get("ETag") or info.get("etag") or "")
    if tag and not tag.startswith("W/"):  # a weak one may stay the same while bytes change
        return f"etag:{_hashed(url, tag, str(info.get('size')))}"
    version = info.get("VersionId") or info.get("version_id") or info.get("generation")
    if version and version != "null":
        return f"version:{_hashed(url, str(version))}"
    return None


def stamp(info: Info) -> str | None:
    """What stays the same as long as the bytes do, as far as the store can tell; None where it says nothing."""
    changed = str(info.get("Last-Modified") or info.get("LastModified") or info.get("last_modified") or "")
    tag = str(info.get("ETag") or info.get("etag") or "")
    if not changed and not tag:
        return None
    return f"{info.get('size')}:{changed}:{tag}"


def size_of(info: Info) -> int | None:
    size = info.get("size")
    return int(size) if size is not None else None


def folder_digest(digests: Mapping[str, str]) -> str:
    """The digest of a folder from those of its files by path."""
    listed = "\0".join(f"{path}\0{digest}" for path, digest in sorted(digests.items()))
    return f"folder:{hashlib.sha256(listed.encode(errors='surrogateescape')).hexdigest()}"


def _md5(info: Info) -> str:
    settings = info.get("content_settings") or {}
    given = info.get("md5Hash") or info.get("Content-MD5") or _field(settings, "content_md5")
    if not given:
        return ""
    if isinstance(given, bytes | bytearray):
        return bytes(given).hex()
    try:
        decoded = base64.b64decode(str(given), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return decoded.hex() if len(decoded) == hashlib.md5(usedforsecurity=False).digest_size else ""


def _field(settings: Any, name: str) -> Any:
    return settings.get(name) if isinstance(settings, Mapping) else getattr(settings, name, None)


def _hashed(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
