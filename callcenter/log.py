"""Log lines: JSON for machines, plain text for a terminal; never a whole request."""

import logging
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

import structlog

# What every line says of where it was written; asked only when one is, as most requests write none.
context: ContextVar[Callable[[], Mapping[str, str]] | None] = ContextVar("context", default=None)


def with_context(_: Any, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The line with its context; what it says itself stays."""
    told = context.get()
    return line if told is None else {**told(), **line}


def with_span(_: Any, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The line with the span it was written in; nobody has imported OpenTelemetry where there is none."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is not None:
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            return {**line, "trace_id": f"{span.trace_id:032x}", "span_id": f"{span.span_id:016x}"}
    return line


def configure(level: str, *, machine: bool) -> None:
    """Afterwards every log line of this process goes to standard error, as JSON when `machine`."""
    rendering: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if machine
        else [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback, colors=False)]
    )
    structlog.configure(
        processors=[
            with_context,
            with_span,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *rendering,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
