"""References that ask for one exact version, and stay with it when there is a new one."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from reconciler.model.desired import Desired
from reconciler.model.kinds import kind_of
from reconciler.model.manifests import Kind
from reconciler.model.versions import InvalidRangeError, Precedence, parse_range, parse_version, precedence
from reconciler.planning.named import references_of

_SHOWN = 5


class Pins:
    """The exact versions that manifests of a revision refer to."""

    def __init__(self, desired: Desired) -> None:
        self._pinning: dict[tuple[Kind, str, Precedence], dict[str, None]] = {}
        for manifest in desired.manifests.values():
            for used in references_of(manifest):
                version = _exact(used.reference.wanted) if used.reference.name else None
                if version is not None:
                    key = (used.kind, used.reference.name or "", version)
                    self._pinning.setdefault(key, {})[f"{kind_of(manifest)} {manifest.name}"] = None

    def left(self, kind: Kind, name: str, versions: Collection[str]) -> Iterator[str]:
        """Who pins one of the versions, in a line for each version."""
        for version in sorted(versions, key=lambda text: precedence(parse_version(text))):
            pinning = list(self._pinning.get((kind, name, precedence(parse_version(version))), ()))
            if pinning:
                more = f" and {len(pinning) - _SHOWN} more" if len(pinning) > _SHOWN else ""
                verb = "pins" if len(pinning) == 1 else "pin"
                kind_of_one, _, name_of_one = pinning[0].partition(" ")
                is_pipeline = len(pinning) == 1 and kind_of_one == Kind.PIPELINE
                upgrade = f"`reconciler upgrade {name_of_one if is_pipeline else '--all'}`"
                yield f"{', '.join(pinning[:_SHOWN])}{more} {verb} {version} ({upgrade} raises that)"


def _exact(wanted: str) -> Precedence | None:
    """The only version that is wanted, None where it is a range, `latest` or a label."""
    try:
        alternatives = parse_range(wanted).alternatives
    except InvalidRangeError:
        return None
    bounds = [bound for bounds in alternatives for bound in bounds]
    return bounds[0].bound if len(bounds) == 1 and bounds[0].operator == "=" else None
