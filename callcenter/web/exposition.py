"""The text of the metrics page, in both formats that Prometheus asks for.

prometheus_client's own escapes every name and label anew, letter by letter, which is most of what a page of thousands
of lines costs. Ours are known beforehand; the beginning of a line is put together once.
"""

from collections.abc import Iterable, Mapping, Sequence

from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_HELP_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n"})


class Exposition:
    """Writes pages, and remembers how lines begin."""

    def __init__(self) -> None:
        self._beginnings: dict[tuple[str, ...], str] = {}

    def write(
        self, metrics: Iterable[Metric], *, openmetrics: bool, more: Mapping[str, Iterable[str]] | None = None
    ) -> bytes:
        """The page: OpenMetrics 1.0, or the older text format; `more` are lines beside a metric's own, by its name."""
        lines: list[str] = []
        for metric in metrics:
            name = metric.name
            if metric.type == "counter" and not openmetrics:
                name += "_total"
            told = metric.documentation.translate(_ESCAPED if openmetrics else _HELP_ESCAPED)
            lines.append(f"# HELP {name} {told}\n# TYPE {name} {metric.type}\n")
            lines += [f"{self._beginning(one)} {floatToGoString(one.value)}\n" for one in metric.samples]  # type: ignore[no-untyped-call]
            if more is not None:
                lines += more.get(metric.name, ())
        if openmetrics:
            lines.append("# EOF\n")
        return "".join(lines).encode()

    def empty_histogram(self, name: str, labels: Mapping[str, str], bounds: Sequence[float]) -> str:
        """The lines of a histogram in which nothing was measured yet."""
        edges = [str(floatToGoString(bound)) for bound in (*bounds, float("inf"))]  # type: ignore[no-untyped-call]
        whole = [Sample(f"{name}_bucket", {**labels, "le": edge}, 0) for edge in edges]
        whole += [Sample(f"{name}_count", dict(labels), 0), Sample(f"{name}_sum", dict(labels), 0)]
        return "".join(f"{self._beginning(one)} 0.0\n" for one in whole)

    def _beginning(self, sample: Sample) -> str:
        key = (sample.name, *sample.labels, *sample.labels.values())
        found = self._beginnings.get(key)
        if found is None:
            labels = ",".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in sorted(sample.labels.items()))
            found = self._beginnings[key] = f"{sample.name}{{{labels}}}" if labels else sample.name
        return found
