"""Writes metrics as Prometheus reads them, in OpenMetrics or the text format.

prometheus_client writes the same in ten times the time, most of which goes into checking names; a scrape holds up every
other request of its worker for as long, and our names are checked by a test.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from math import isfinite

from prometheus_client.metrics_core import Metric

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"


def write(metrics: Iterable[Metric], accept: str) -> tuple[bytes, str]:
    """The page and its media type: OpenMetrics where the Accept header names it, else the text format."""
    openmetrics = any(one.split(";")[0].strip() == "application/openmetrics-text" for one in accept.split(","))
    lines = list(_lines(metrics, openmetrics))
    if openmetrics:
        lines.append("# EOF\n")
    return "".join(lines).encode(), OPENMETRICS if openmetrics else TEXT


def _lines(metrics: Iterable[Metric], openmetrics: bool) -> Iterator[str]:
    for metric in metrics:
        name = metric.name if openmetrics or metric.type != "counter" else f"{metric.name}_total"
        text = _escaped(metric.documentation)
        text = text if openmetrics else text.replace('\\"', '"')  # the older format knows no quotes here
        yield f"# HELP {name} {text}\n# TYPE {name} {metric.type}\n"
        for sample in metric.samples:
            yield f"{sample.name}{_labels(sample.labels)} {_number(sample.value)}\n"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join([f'{name}="{_escaped(value)}"' for name, value in labels.items()]) + "}"


@lru_cache(maxsize=4096)
def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    if isfinite(value):
        return repr(float(value))
    return "NaN" if value != value else "+Inf" if value > 0 else "-Inf"
