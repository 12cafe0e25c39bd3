"""Traces after OpenTelemetry: from the HTTP request over its statements to the pass, its alerts and each delivery.

Without its settings nothing of OpenTelemetry is imported, and nothing here is asked. OpenTelemetry's instrumentation of
aiohttp servers is not used: it writes down whole paths, and some of ours hold a secret (`/cti/{token}`, signed links).
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec
import structlog
from aiohttp import web

from alerts.engine import PassResult
from alerts.ports import Delivery
from callcenter.log import context
from callcenter.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

_log = structlog.get_logger("callcenter.tracing")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# Asked every few seconds by machines; they would bury the rest.
UNTRACED = ("/metrics", "/healthz", "/readyz")
OPENING = ("/api/v1/calls", "/api/v1/tickets")


class _Numbered(msgspec.Struct):
    number: int


class _Opened(msgspec.Struct):
    ticket: _Numbered | None = None
    number: int | None = None


class Traces:
    """Begins spans where the service begins to do something."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry import propagate, trace

        self._trace = trace
        self._propagate = propagate
        self._tracer = provider.get_tracer("callcenter", version("callcenter"))

    def middleware(self) -> Any:
        """A span around each request, named by its route; it goes on with the trace its sender began."""

        @web.middleware
        async def traced(request: web.Request, handler: Handler) -> web.StreamResponse:
            resource = request.match_info.route.resource
            route = resource.canonical if resource is not None else "unmatched"
            if route in UNTRACED:
                return await handler(request)
            attributes = {"http.request.method": request.method, "http.route": route, **_known()}
            with self._tracer.start_as_current_span(
                f"{request.method} {route}", self._propagate.extract(request.headers), self._trace.SpanKind.SERVER,
                attributes, record_exception=False,
            ) as span:  # fmt: skip
                response = await handler(request)
                self._answered(span, route, response)
                return response

        return traced

    def _answered(self, span: "Span", route: str, response: web.StreamResponse) -> None:
        span.set_attribute("http.response.status_code", response.status)
        if response.status >= 500:
            span.set_status(self._trace.StatusCode.ERROR)
        if response.status == 201 and route in OPENING and isinstance(response, web.Response):
            opened = msgspec.json.decode(bytes(response.body or b"{}"), type=_Opened)  # type: ignore[arg-type]
            number = opened.ticket.number if opened.ticket else opened.number if route == OPENING[1] else None
            if number is not None:
                span.set_attribute("callcenter.ticket", number)

    @contextmanager
    def engine_pass(self) -> Iterator[Callable[[PassResult], None]]:
        """A span around a pass that has something to judge; what came of it is noted on it."""
        with self._tracer.start_as_current_span("engine pass") as span:

            def note(result: PassResult) -> None:
                span.set_attributes({"callcenter.clocks": result.clocks, "callcenter.alerts": result.alerts})

            yield note

    @contextmanager
    def delivery(self, delivery: Delivery) -> Iterator[Callable[[str], None]]:
        """A span around one attempt, in the trace of the request or pass that wrote the delivery."""
        parent = self._propagate.extract({"traceparent": delivery.traceparent}) if delivery.traceparent else None
        attributes: dict[str, str | int] = {
            "callcenter.delivery": str(delivery.id),
            "callcenter.channel": delivery.kind,
            "callcenter.attempt": delivery.attempts,
            "callcenter.ticket": delivery.message.ticket,
        }
        name = f"deliver {delivery.kind}"
        with self._tracer.start_as_current_span(name, parent, self._trace.SpanKind.PRODUCER, attributes) as span:

            def note(result: str) -> None:
                span.set_attribute("callcenter.result", result)
                if result != "sent":
                    span.set_status(self._trace.StatusCode.ERROR)

            yield note

    async def carry(self, connection: asyncpg.Connection) -> None:
        """What is written on the connection from here on knows the span it is written in, or that there is none."""
        carrier: dict[str, str] = {}
        self._propagate.inject(carrier)
        await connection.execute(
            "select set_config('callcenter.traceparent', $1, false)", carrier.get("traceparent", "")
        )


def _known() -> dict[str, str | int]:
    """What log lines say of the request, as attributes."""
    told = context.get()
    known = told() if told is not None else {}
    return {f"callcenter.{name}": int(value) if name == "ticket" else value for name, value in known.items()}


@asynccontextmanager
async def traced(settings: Settings) -> AsyncIterator[Traces | None]:
    """Spans are recorded and exported until the block is left; None where they are not asked for, or cannot be."""
    exporter = _exporter(settings)
    if exporter is None:
        yield None
        return
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    with recorded() as (provider, traces):
        provider.add_span_processor(BatchSpanProcessor(exporter))
        try:
            yield traces
        finally:
            await asyncio.to_thread(provider.shutdown)


def _exporter(settings: Settings) -> "SpanExporter | None":
    if not wanted(settings):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import ConsoleSpanExporter
    except ImportError as error:
        _log.warning("no_traces", error=str(error), to_do="pip install 'callcenter[otel]'")
        return None
    return ConsoleSpanExporter(out=sys.stderr) if settings.traces_exporter == "console" else OTLPSpanExporter()


def wanted(settings: Settings) -> bool:
    """Whether the settings ask for traces."""
    if settings.tracing_disabled or settings.traces_exporter == "none":
        return False
    return any((settings.traces_exporter, settings.otlp_endpoint, settings.otlp_traces_endpoint))


@contextmanager
def recorded() -> Iterator[tuple["TracerProvider", Traces]]:
    """Requests, passes, deliveries and the statements within them are spans of the provider; others are none."""
    from opentelemetry.instrumentation.asyncpg import AsyncPGInstrumentor
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider

    ours = Resource({"service.name": "callcenter", "service.version": version("callcenter")})
    provider = TracerProvider(resource=ours.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
    provider.sampler = _beginning(provider.sampler)
    statements = AsyncPGInstrumentor()  # type: ignore[no-untyped-call]
    statements.instrument(tracer_provider=provider)
    try:
        yield provider, Traces(provider)
    finally:
        statements.uninstrument()


def _beginning(asked: Any) -> Any:
    """The sampler asked for, but a trace never begins with a statement: the alarm's looks would be most of them."""
    from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
    from opentelemetry.trace import SpanKind, get_current_span

    class Beginning(Sampler):
        def should_sample(
            self, parent_context: Any, trace_id: int, name: str, kind: Any = None, *rest: Any, **named: Any
        ) -> SamplingResult:
            if kind is SpanKind.CLIENT and not get_current_span(parent_context).get_span_context().is_valid:
                return SamplingResult(Decision.DROP)
            found: SamplingResult = asked.should_sample(parent_context, trace_id, name, kind, *rest, **named)
            return found

        def get_description(self) -> str:
            return f"Beginning({asked.get_description()})"

    return Beginning()
