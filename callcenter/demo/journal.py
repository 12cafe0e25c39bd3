"""The demo's log as a person reads it: one short line for each thing that happens and each message that goes out."""

import logging
import sys
from typing import Any

import structlog

_REST = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback, colors=False)


def read_aloud(level: str) -> None:
    """Afterwards the log of this process goes to standard error in plain words."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper("%H:%M:%S", utc=False),
            _plain,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _plain(logger: Any, name: str, event: structlog.typing.EventDict) -> str:
    at = event.get("timestamp", "")
    match event.get("event"):
        case "hotline":
            ticket = f"{event['ticket']} " if event.get("ticket") else ""
            return f"{at}  {event['who']:<11}{ticket}{event['what']}"
        case "alert" if "data" in event:
            return f"{at}  {'ALERT':<11}{_alert(event['data'])}"
    rest: str = _REST(logger, name, event)
    return rest


def _alert(data: dict[str, Any]) -> str:
    due = data["due_local"][11:19]
    told = ", ".join(data["recipients"]) or "nobody"
    return f"{data['subject']}, {data['contract']}, due {due}, told: {told}"
