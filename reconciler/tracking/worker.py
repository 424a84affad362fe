"""The child process in which MLflow lives: `python -m reconciler.tracking.worker --uri URI [--artifact-root DIR]`.

Requests come in by standard input and answers leave by standard output; it ends when its input does.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from reconciler.model.errors import TrackingError
from reconciler.tracking.protocol import Answer, error_as_json, read_request, write_answer
from reconciler.tracking.store.open_store import open_store


def main() -> None:
    """Answer requests until there are no more."""
    arguments = _arguments()
    requests, answers = _take_the_pipes()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["MLFLOW_TRACKING_URI"] = arguments.uri
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    serve(requests, answers, arguments.uri, arguments.artifact_root)


def serve(requests: Iterable[bytes], answers: BinaryIO, uri: str, artifact_root: Path | None) -> None:
    """Answer each line with one line."""
    store = None
    for line in requests:
        request = read_request(line)
        try:
            if store is None:
                store = open_store(uri, artifact_root)
            answer = Answer(request.number, store.carry_out(request))
        except TrackingError as error:
            answer = Answer(request.number, error=error_as_json(error))
        answers.write(write_answer(answer))
        answers.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--uri", required=True)
    parser.add_argument("--artifact-root", type=Path)
    return parser.parse_args()


def _take_the_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep our standard input and output to ourselves: what MLflow prints goes to the log."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    os.dup2(2, 1)
    return requests, answers


if __name__ == "__main__":
    main()
