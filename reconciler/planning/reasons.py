"""Why a step must run: what differs between its definition now and that of the run before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.model.digests import canonical, short
from reconciler.model.steps import Definition, sweep_identity
from reconciler.model.sweeps import Sweep


def definition_reasons(old: Definition, new: Definition) -> list[str]:
    """The differences that can change the result, the chain of cause in each; empty where there are none."""
    reasons = []
    changed = component_changes(old, new)
    if changed:
        reasons.append(f"component {_versions(old, new)} · {', '.join(changed)}")
    if old.environment_digest != new.environment_digest:
        named = new.environment if old.environment == new.environment else f"{old.environment} → {new.environment}"
        reasons.append(
            f"environment {named} changed ({short(old.environment_digest)} → {short(new.environment_digest)})"
        )
    reasons.extend(_literal_changes(old, new))
    if old.variables != new.variables:
        reasons.append(
            f"environment variables changed: {', '.join(_differing(dict(old.variables), dict(new.variables)))}"
        )
    if _identity(old.sweep) != _identity(new.sweep):
        reasons.append(_sweep_change(old, new))
    return reasons


def component_changes(old: Definition, new: Definition) -> list[str]:
    """What changed in the component itself: files, command, ports."""
    changed = []
    if (old.code.tree if old.code else "") != (new.code.tree if new.code else ""):
        changed.append(f"{_files(old, new)} changed")
    if old.command != new.command:
        changed.append("command changed")
    changed.extend(_port_changes("output", dict(old.outputs), dict(new.outputs)))
    changed.extend(_port_changes("input", dict(old.ports), dict(new.ports)))
    return changed


def _versions(old: Definition, new: Definition) -> str:
    if old.component != new.component:
        return f"{_named(old)} → {_named(new)}"
    if old.version != new.version:
        return f"{new.component} {old.version or '(no version)'} → {new.version or '(no version)'}"
    return _named(new)


def _named(definition: Definition) -> str:
    return f"{definition.component} {definition.version}" if definition.version else definition.component


def _files(old: Definition, new: Definition) -> str:
    before = old.code.files if old.code else {}
    after = new.code.files if new.code else {}
    folder = new.code.path.rpartition("/")[2] if new.code else ""
    names = [f"{folder}/{name}" if folder else name for name in _differing(before, after)]
    if not names:
        return "code"
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more files" if len(names) > 3 else "")


def _literal_changes(old: Definition, new: Definition) -> Iterable[str]:
    before, after = dict(old.literals), dict(new.literals)
    # As written, since a program sees 1 and 1.0 as different texts.
    for name in _differing(_written(before), _written(after)):
        if name not in before:
            yield f"input {name} = {after[name]!r} is new"
        elif name not in after:
            yield f"input {name} is gone"
        else:
            yield f"input {name}: {before[name]!r} → {after[name]!r}"


def _sweep_change(old: Definition, new: Definition) -> str:
    if old.sweep is None or new.sweep is None:
        return "is now a sweep" if new.sweep else "is no sweep any more"
    changed = _differing(_written(dict(old.sweep.search_space)), _written(dict(new.sweep.search_space)))
    return f"search space changed: {', '.join(changed)}" if changed else "settings of the sweep changed"


def _identity(sweep: Sweep | None) -> str:
    return canonical(sweep_identity(sweep)) if sweep else ""


def _written(values: Mapping[str, object]) -> Mapping[str, str]:
    return {name: repr(value) for name, value in values.items()}


def _differing(old: Mapping[str, object], new: Mapping[str, object]) -> list[str]:
    return [name for name in dict.fromkeys([*new, *old]) if old.get(name) != new.get(name)]


def _port_changes(section: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterable[str]:
    for name in _differing(old, new):
        verb = "added" if name not in old else "removed" if name not in new else "retyped"
        yield f"{section} {name} {verb}"
