"""References in manifests made to choose higher versions: the files with other texts in the same layout."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.manifests.editing import set_scalar, set_scalars
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
    """A reference, or the version of its file, that is written otherwise.

    Attributes:
        kind: None for the version of the file itself, which has to follow.
        pipelines: those that it belongs to.
        before: as written, without `azureml:`; likewise `after`.
    """

    file: str
    line: int
    kind: Kind | None
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
    rows: Iterable[Pinned],
    policy: UpgradePolicy,
    settings: Settings,
    content_of: Callable[[str], bytes],
    version_of_edited: Callable[[str], str | None],
) -> Upgrade:
    """The edits that make references choose what a policy allows; each place is edited once, whoever uses it.

    Args:
        content_of: the content of a file of the revision.
        version_of_edited: the version that a file needs once it is edited, None where its own may stay.
    """
    places: dict[str, dict[Pointer, _Place]] = {}
    for row in rows:
        wanted, why = _wanted(row, policy, settings)
        for pointer in row.pointers if wanted is not None or why else ():
            place = places.setdefault(row.file, {}).setdefault(pointer, _Place(row, wanted, why, {}))
            place.pipelines[row.pipeline] = None
    upgrade = Upgrade()
    for file in sorted(places):
        _upgrade_file(upgrade, file, content_of(file), places[file])
    for file in upgrade.contents:
        version = version_of_edited(file)
        if version is not None:
            _raise_version(upgrade, file, version)
    upgrade.edits.sort(key=lambda edit: (edit.file, edit.line))
    return upgrade


@dataclass(frozen=True, slots=True)
class _Place:
    """A reference in one place, what is wanted there from now on, or why it stays, and whose it is."""

    row: Pinned
    wanted: str | None
    why: str
    pipelines: dict[str, None]

    @property
    def text(self) -> str:
        """The reference with what is wanted from now on."""
        text = self.row.reference.text
        end = len(text.rstrip())
        return text[: end - len(self.row.reference.wanted)] + (self.wanted or "") + text[end:]


def _upgrade_file(upgrade: Upgrade, file: str, content: bytes, places: Mapping[Pointer, _Place]) -> None:
    document = next((value for value in read(content, file).values if isinstance(value, dict)), None)
    lines = Places(content)
    edits: dict[Pointer, Edit] = {}
    texts: dict[Pointer, str] = {}
    for pointer, place in places.items():
        reference = place.row.reference
        scalar = _scalar(document, pointer, reference.text)
        line, _ = lines.of(scalar or pointer)
        if place.wanted is None or scalar is None:
            why = place.why or "it does not stand there in one piece; change it by hand"
            upgrade.left.append(LeftAlone(file, line, reference.short, why))
            continue
        texts[scalar] = place.text
        after = place.text.strip().removeprefix("azureml:")
        named = (place.row.kind, place.row.name, reference.short)
        edits[scalar] = Edit(file, line, *named, after, tuple(place.pipelines))
    content, hindrances = _edited(content, texts, file)
    for pointer, why in hindrances.items():
        hindered = edits.pop(pointer)
        upgrade.left.append(LeftAlone(file, hindered.line, hindered.before, why))
    if edits:
        upgrade.contents[file] = content
    upgrade.edits.extend(sorted(edits.values(), key=lambda edit: edit.line))
    upgrade.left.sort(key=lambda left: (left.file, left.line))


def _raise_version(upgrade: Upgrade, file: str, version: str) -> None:
    """A version never changes what it means: a manifest that was released and is edited gets another one."""
    content = upgrade.contents[file]
    document = next(value for value in read(content, file).values if isinstance(value, dict))
    line, _ = Places(content).of(("version",))
    edits = [edit for edit in upgrade.edits if edit.file == file]
    pipelines = tuple(dict.fromkeys(name for edit in edits for name in edit.pipelines))
    before, after = f"version: {document['version']}", f"version: {version}"
    try:
        upgrade.contents[file] = set_scalar(content, ("version",), version, file)
    except UsageError as error:
        upgrade.left.append(LeftAlone(file, line, before, error.message))
        return
    upgrade.edits.append(Edit(file, line, None, "", before, after, pipelines))


def _edited(content: bytes, texts: Mapping[Pointer, str], file: str) -> tuple[bytes, dict[Pointer, str]]:
    """The content with other texts, and why some of them cannot be written."""
    try:
        return set_scalars(content, texts, file), {}
    except UsageError:
        hindrances: dict[Pointer, str] = {}
    for pointer, text in texts.items():
        try:
            content = set_scalar(content, pointer, text, file)
        except UsageError as error:
            hindrances[pointer] = f"{error.message}; {error.hint}" if error.hint else error.message
    return content, hindrances


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


def _scalar(document: object, pointer: Pointer, text: str) -> Pointer | None:
    """Where the text of a reference stands: at the pointer, or in the mapping there."""
    value = document
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
