"""Loads manifests with Microsoft's client, which has an environment of its own: JSON in, JSON out, no network.

Reads `[[kind, path], …]` from the standard input and writes what the client has against each, "" for nothing.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
import warnings
from collections.abc import Callable
from typing import Any

_NO_COMPUTE = "Compute not set"  # that may be left out here: steps run on the engine


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    loaders = _loaders()
    said = io.StringIO()  # the client prints what it thinks is of interest
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        refused = [_refusal(loaders[kind], path) for kind, path in json.load(sys.stdin)]
    json.dump(refused, sys.stdout)


def _loaders() -> dict[str, Callable[[str], Any]]:
    from azure.ai.ml import load_component, load_compute, load_data, load_environment, load_job, load_model
    from azure.ai.ml.entities._load_functions import load_schedule  # not exported any more, still what its CLI uses

    return {
        "component": load_component,
        "environment": load_environment,
        "data": load_data,
        "pipeline": load_job,
        "schedule": load_schedule,
        "model": load_model,
        "compute": load_compute,
    }


def _refusal(load: Callable[[str], Any], path: str) -> str:
    """Why the client does not take a file: when it reads it, or when it looks at it before it is sent."""
    try:
        entity = load(path)
        if not hasattr(entity, "_validate"):
            return ""
        messages = entity._validate(raise_error=False).error_messages
    except Exception as error:  # of any of a dozen kinds
        return f"{type(error).__name__}: {error}"
    refused = {place: said for place, said in messages.items() if said != _NO_COMPUTE}
    return json.dumps(refused) if refused else ""


if __name__ == "__main__":
    main()
