"""The program `reconciler`."""

from __future__ import annotations

import sys

from reconciler.cli.app import app
from reconciler.cli.declared import authoring, looking, operating, upkeep  # noqa: F401 - each adds its verbs
from reconciler.cli.output import complain, hand_over
from reconciler.model.errors import ReconcilerError


def main() -> None:
    """Run the program; errors that a person can act on end it with one message, not a traceback."""
    try:
        app()
    except ReconcilerError as error:
        place = f"{error.place}: " if error.place else ""
        complain(f"error: {place}{error.message}")
        if error.hint:
            complain(f"hint: {error.hint}")
        sys.exit(1)
    except KeyboardInterrupt:
        complain("interrupted")
        sys.exit(130)
    finally:
        hand_over()


if __name__ == "__main__":
    main()
