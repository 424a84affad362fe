"""`demo`: the life of an ML repository, played for real."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from reconciler.cli.engine_choice import check_engine
from reconciler.cli.output import say
from reconciler.demo.acts import ACTS
from reconciler.demo.stage import Stage

_ROWS, _QUICK_ROWS = 20_000, 2_000


def play(folder: Path | None, is_quick: bool, engine: str) -> int:
    """Play all acts in a folder, and end by saying how to look at what they left."""
    check_engine(engine)
    chosen = folder.resolve() if folder else Path(tempfile.mkdtemp(prefix="reconciler-demo-"))
    chosen.mkdir(parents=True, exist_ok=True)
    say(f"workspace  {chosen}")
    stage = Stage(chosen, _QUICK_ROWS if is_quick else _ROWS, engine)
    started = time.monotonic()
    try:
        for number, act in enumerate(ACTS, start=1):
            begun = time.monotonic()
            say(f"\n=== {number}. {act.title} ===")
            act.play(stage)
            say(f"act {number} took {time.monotonic() - begun:.1f} s")
    finally:
        stage.close()
    _say_how_to_look(stage, time.monotonic() - started)
    return 0


def _say_how_to_look(stage: Stage, seconds: float) -> None:
    state = stage.state_folder
    say(f"\nplayed in {seconds:.0f} s; the daemon is stopped. Look at what it left:")
    say(f"  reconciler get --state {state.root}")
    say(f"  reconciler runs --state {state.root}")
    say(f"  reconciler trace lending_club --state {state.root}")
    say(f"  mlflow ui --backend-store-uri {state.mlflow_uri}")
    say("Or go on where it stopped: start the daemon, mend the manifest, push.")
    say(f"  reconciler daemon --source {stage.folder / 'origin.git'} --state {state.root}")
