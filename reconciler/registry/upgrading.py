"""References in manifests made to choose higher versions: the files with other texts in the same layout."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.manifests.editing import set_scalar
from reconciler.manifests.places import Places
from reconciler.manifests.yaml_reader import read
from reconciler.model.desired import Settings
from reconciler.model.errors import UsageError
from reconciler.model.manifests import Kind
from reconciler.model.problems import Pointer
from reconciler.model.references import LATEST
from reconciler.model.upgrades import UpgradePolicy, is_higher, moved, raised
from reconciler.model.versions import is_label
from reconciler.planning.outdated import Pinned, version_of


@dataclass(frozen=True, slots=True)
class Edit:
    """A reference that is written otherwise.

    Attributes:
        pipelines: those that it belongs to.
        before: as written, without `azureml:`; likewise `after`.
    """

    file: str
    line: int
    kind: Kind
    name: str
    before: str
    after: str
    pipelines: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.before} → {self.after}"


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A reference that could choose a higher version and stays as it is."""

    file: str
    line: int
    reference: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reference} stays: {self.why}"


@dataclass
class Upgrade:
    """What becomes of references.

    Attributes:
        contents: the new contents of files, by path.
    """

    edits: list[Edit] = field(default_factory=list)
    left: list[LeftAlone] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)


def upgrade_of(
    rows: Iterable[Pinned], policy: UpgradePolicy, settings: Settings, content_of: Callable[[str], bytes]
) -> Upgrade:
    """The edits that make references choose what a policy allows; each place is edited once, whoever uses it.

    Args:
        content_of: the content of a file of the revision.
    """
    upgrade = Upgrade()
    places: dict[tuple[str, Pointer], tuple[Pinned, list[str]]] = {}
    for row in rows:
        for pointer in row.pointers:
            places.setdefault((row.file, pointer), (row, []))[1].append(row.pipeline)
    for (file, pointer), (row, pipelines) in places.items():
        wanted, why = _wanted(row, policy, settings)
        if wanted is None and not why:
            continue
        if file not in upgrade.contents:
            upgrade.contents[file] = content_of(file)
        _upgrade_place(upgrade, row, pointer, tuple(dict.fromkeys(pipelines)), wanted, why)
    edited = {edit.file for edit in upgrade.edits}
    upgrade.contents = {file: content for file, content in upgrade.contents.items() if file in edited}
    upgrade.edits.sort(key=lambda edit: (edit.file, edit.line))
    upgrade.left.sort(key=lambda left: (left.file, left.line))
    return upgrade


def _upgrade_place(
    upgrade: Upgrade, row: Pinned, pointer: Pointer, pipelines: tuple[str, ...], wanted: str | None, why: str
) -> None:
    file, text = row.file, row.reference.text
    content = upgrade.contents[file]
    scalar = _scalar(content, file, pointer, text)
    line, _ = Places(content).of(scalar or pointer)
    if wanted is None or scalar is None:
        told = why or "it does not stand there in one piece; change it by hand"
        upgrade.left.append(LeftAlone(file, line, row.reference.short, told))
        return
    end = len(text.rstrip())
    after = text[: end - len(row.reference.wanted)] + wanted + text[end:]
    try:
        upgrade.contents[file] = set_scalar(content, scalar, after, file)
    except UsageError as error:
        told = f"{error.message}; {error.hint}" if error.hint else error.message
        upgrade.left.append(LeftAlone(file, line, row.reference.short, told))
        return
    short = after.strip().removeprefix("azureml:")
    upgrade.edits.append(Edit(file, line, row.kind, row.name, row.reference.short, short, pipelines))


def _wanted(row: Pinned, policy: UpgradePolicy, settings: Settings) -> tuple[str | None, str]:
    """What is wanted from now on, None where it stays; and why, where there is a higher version."""
    wanted, now, within = row.reference.wanted, row.resolves_to, version_of(row.within)
    newest = version_of(row.newest) if policy is UpgradePolicy.LATEST else None
    target = newest if is_higher(newest, within) else within
    if target is None:
        return None, ""
    is_outdated = is_higher(target, now)
    if row.reference.registry is not None:
        why = "it names a registry of Azure ML; refer to the repository's own by name"
        return None, why if is_outdated else ""
    if wanted == LATEST or (row.kind, row.name, wanted) in settings.labels or is_label(wanted):
        return None, f"what `{wanted}` means stands in reconciler.yaml" if is_outdated else ""
    if target == within:
        return raised(wanted, target), ""
    return (None, row.broken) if row.broken else (moved(wanted, target), "")


def _scalar(content: bytes, file: str, pointer: Pointer, text: str) -> Pointer | None:
    """Where the text of a reference stands: at the pointer, or in the mapping there."""
    values = read(content, file).values
    value: object = next((value for value in values if isinstance(value, dict)), None)
    for part in pointer:
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        else:
            return None
    if value == text:
        return pointer
    if isinstance(value, Mapping):
        keys = ("path", "value", "default")
        return next(((*pointer, key) for key in keys if value.get(key) == text), None)
    return None
