"""The daemon's log: one line for each thing that happened, for a person or for a program to read."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.cli.output import LogFormat, LogLevel, escaped, harmless
from reconciler.log_facts import noted
from reconciler.model.redaction import Redaction

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

log = logging.getLogger("reconciler")
_TALKATIVE = ("apscheduler", "git", "docker", "urllib3", "watchdog", "asyncio", "fsspec")
_FIRST = ("time", "level", "event", "source", "revision", "pipeline", "run", "step")


def begin_log(form: LogFormat, level: LogLevel, redaction: Redaction) -> None:
    """Have everything that this process logs come in this format, on the standard error output."""
    import structlog

    pre: list[Processor] = [structlog.stdlib.add_log_level, _add_facts, _add_time]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=pre,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                lambda _logger, _name, event: _redacted(event, redaction),
                _json if form is LogFormat.JSON else _console(),
            ],
        )
    )
    root = logging.getLogger()
    for other in list(root.handlers):
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    threading.excepthook = _log_end_of_thread


def _add_facts(_logger: Any, _name: str, event: EventDict) -> EventDict:
    return {**noted(), **event}


def _add_time(_logger: Any, _name: str, event: EventDict) -> EventDict:
    """When it was logged, which is not quite when it is written."""
    record: logging.LogRecord = event["_record"]
    moment = datetime.fromtimestamp(record.created, UTC)
    return {**event, "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")}


def _redacted(event: MutableMapping[str, Any], redaction: Redaction) -> EventDict:
    shown = {name: value if isinstance(value, int | float) else redaction(str(value)) for name, value in event.items()}
    return {name: shown[name] for name in (*_FIRST, *shown) if name in shown}


def _json(_logger: Any, _name: str, event: Mapping[str, Any]) -> str:
    import structlog

    return escaped(str(structlog.processors.JSONRenderer(ensure_ascii=False)(None, "", dict(event))))


def _console() -> Processor:
    """Lines for a person. What others have written in them cannot move the cursor."""
    import structlog

    render = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), timestamp_key="time", pad_event_to=0, pad_level=False, sort_keys=False
    )

    def line(logger: Any, name: str, event: EventDict) -> str:
        shown = {key: harmless(str(value)) for key, value in event.items()}
        if "exception" in event:
            shown["exception"] = "\n".join(harmless(each) for each in str(event["exception"]).split("\n"))
        return str(render(logger, name, shown))

    return line


def _log_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_type is SystemExit or ended.exc_value is None:
        return
    name = ended.thread.name if ended.thread is not None else "unknown"
    log.critical("the thread `%s` ended", name, exc_info=ended.exc_value)
