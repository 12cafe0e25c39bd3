"""What the dashboards are made of: one panel each of a few kinds, laid out in rows, in two languages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grafana_foundation_sdk.builders import bargauge, common, dashboard, stat, table, timeseries
from grafana_foundation_sdk.builders import prometheus as prom
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import dashboard as model

PROMETHEUS = model.DataSourceRef(type_val="prometheus", uid="callcenter-prometheus")
POSTGRES = model.DataSourceRef(type_val="postgres", uid="callcenter-postgres")
WIDTH = 24
RED, YELLOW, GREEN = "red", "#EAB839", "green"

Words = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Column:
    """How a column of a table is shown: its heading, its unit, what a click opens (`{}` is its value)."""

    heading: str
    unit: str | None = None
    link: str | None = None
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel: what it shows, in which unit, and what to do about it.

    `asks` are PromQL expressions by legend, or `sql` is one statement. `steps` are thresholds: (from, colour).
    """

    kind: str
    title: str
    todo: str
    unit: str
    asks: Mapping[str, str] = field(default_factory=dict)
    sql: str | None = None
    columns: Mapping[str, Column] = field(default_factory=dict)
    steps: Sequence[tuple[float | None, str]] = ()
    width: int = 12
    height: int = 8
    lowest: float | None = 0
    highest: float | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice at the top of a dashboard; all, several or one of what the query gives."""

    name: str
    label: str
    promql: str | None = None
    sql: str | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard: rows of panels from top to bottom, each row 24 columns wide."""

    uid: str
    title: str
    about: str
    rows: Sequence[Sequence[Panel]]
    variables: Sequence[Variable] = ()
    since: str = "now-6h"
    refresh: str = "30s"
    breaches: bool = True


class SqlQuery:
    """A statement for the PostgreSQL source, as Grafana stores it; the SDK has no builder for it."""

    def __init__(self, sql: str, ref: str = "A") -> None:
        self._sql = sql
        self._ref = ref

    def build(self) -> "SqlQuery":
        """Itself: builders are asked for what they build."""
        return self

    def dataquery_variant(self) -> str:
        """What kind of query the SDK takes it for."""
        return "dataquery"

    def to_json(self) -> dict[str, object]:
        """The query as JSON."""
        return {
            "datasource": POSTGRES,
            "editorMode": "code",
            "format": "table",
            "rawQuery": True,
            "rawSql": self._sql,
            "refId": self._ref,
        }


def _thresholds(steps: Sequence[tuple[float | None, str]]) -> dashboard.ThresholdsConfig:
    whole = steps or ((None, "text"),)
    return (
        dashboard.ThresholdsConfig()
        .mode(model.ThresholdsMode.ABSOLUTE)
        .steps([model.Threshold(value=value, color=colour) for value, colour in whole])
    )


def _asked(panel: Panel, made: Any, words: Words) -> Any:
    """The panel with its queries: now for a figure, over time for lines."""
    if panel.sql is not None:
        return made.datasource(POSTGRES).with_target(SqlQuery(panel.sql))
    made = made.datasource(PROMETHEUS)
    for ref, (legend, expr) in zip("ABCDEFGH", panel.asks.items(), strict=False):
        query = prom.Dataquery().datasource(PROMETHEUS).expr(expr).ref_id(ref)
        query = query.legend_format(legend if legend.startswith("{{") else words(legend))
        made = made.with_target(query.range() if panel.kind == "lines" else query.instant())
    return made


def _lines(panel: Panel) -> Any:
    made = timeseries.Panel().fill_opacity(10).line_width(2).show_points(shapes.VisibilityMode.NEVER)
    made = made.legend(
        common.VizLegendOptions()
        .show_legend(True)
        .display_mode(shapes.LegendDisplayMode.LIST)
        .placement(shapes.LegendPlacement.BOTTOM)
    )
    if panel.steps:
        style = common.GraphThresholdsStyleConfig().mode(shapes.GraphTresholdsStyleMode.DASHED)
        made = made.thresholds_style(style)
    return made


def _figure(made: Any) -> Any:
    return made.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))


def _table(panel: Panel, words: Words, service: str) -> Any:
    made = table.Panel().show_header(True)
    for name, column in panel.columns.items():
        properties = [model.DynamicConfigValue(id_val="displayName", value=words(column.heading))]
        if column.unit:
            properties.append(model.DynamicConfigValue(id_val="unit", value=column.unit))
        if column.width:
            properties.append(model.DynamicConfigValue(id_val="custom.width", value=column.width))
        if column.link:
            url = service + column.link.format("${__value.raw}")
            link = {"title": words("Open in Callcenter"), "url": url, "targetBlank": True}
            properties.append(model.DynamicConfigValue(id_val="links", value=[link]))
        made = made.override_by_name(name, properties)
    return made


def _made(panel: Panel, words: Words, service: str) -> Any:
    if panel.kind == "lines":
        return _lines(panel)
    if panel.kind == "stat":
        return _figure(stat.Panel()).color_mode(shapes.BigValueColorMode.BACKGROUND_SOLID if panel.steps else "value")
    if panel.kind == "bars":
        return _figure(bargauge.Panel()).orientation(shapes.VizOrientation.HORIZONTAL)
    return _table(panel, words, service)


def _placed(panel: Panel, number: int, x: int, y: int, words: Words, service: str) -> Any:
    made = (
        _made(panel, words, service)
        .id(number)
        .title(words(panel.title))
        .description(words(panel.todo))
        .unit(panel.unit)
        .thresholds(_thresholds(panel.steps))
        .grid_pos(model.GridPos(h=panel.height, w=panel.width, x=x, y=y))
    )
    if panel.lowest is not None:
        made = made.min(panel.lowest)
    if panel.highest is not None:
        made = made.max(panel.highest)
    return _asked(panel, made, words)


def _variable(variable: Variable, words: Words) -> Any:
    made = dashboard.QueryVariable(variable.name).label(words(variable.label)).multi(True).include_all(True)
    made = made.refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(model.VariableSort.ALPHABETICAL_ASC)
    made = made.current(model.VariableOption(selected=True, text="All", value="$__all"))
    if variable.sql is not None:
        return made.datasource(POSTGRES).query(variable.sql)
    return made.datasource(PROMETHEUS).query({"query": variable.promql, "refId": variable.name})


BREACHES = """select breached_at as time, '#' || ticket || ' ' || commitment as text, 'severity ' || coalesce(severity::text, '-') as tags
from clocks
where breached_at is not null and not void and $__timeFilter(breached_at)
order by breached_at desc limit 200"""
VERSIONS = (
    'count by (version) (callcenter_build_info{job="callcenter"})'
    ' unless count by (version) (callcenter_build_info{job="callcenter"} offset 2m)'
)


class _SqlAnnotation(model.AnnotationTarget):
    """The statement of an annotation, as the PostgreSQL source takes it."""

    def __init__(self, sql: str) -> None:
        super().__init__()
        self._sql = sql

    def to_json(self) -> dict[str, object]:
        """The query as JSON."""
        return SqlQuery(self._sql, "Anno").to_json()


def _annotations(made: Any, board: Board, words: Words) -> Any:
    deploys = dashboard.AnnotationQuery().name(words("Deploys")).datasource(PROMETHEUS).enable(True)
    deploys = deploys.icon_color("blue").expr(VERSIONS)
    made = made.annotation(deploys)
    if board.breaches:
        missed = dashboard.AnnotationQuery().name(words("Missed deadlines")).datasource(POSTGRES).enable(True)
        made = made.annotation(missed.icon_color(RED).target(_Built(_SqlAnnotation(BREACHES))))
    return made


class _Built:
    """A builder of what is built already."""

    def __init__(self, made: Any) -> None:
        self._made = made

    def build(self) -> Any:
        """What it was given."""
        return self._made


def built(board: Board, words: Words, suffix: str, service: str) -> Any:
    """The dashboard as the SDK's model, in one language."""
    links = dashboard.DashboardLink(words("Callcenter dashboards")).type(model.DashboardLinkType.DASHBOARDS)
    made = (
        dashboard.Dashboard(words(board.title))
        .uid(board.uid + suffix)
        .description(words(board.about))
        .tags(["callcenter", f"callcenter{suffix}"] if suffix else ["callcenter", "callcenter-en"])
        .time(board.since, "now")
        .refresh(board.refresh)
        .timezone("browser")
        .readonly()
        .link(links.tags([f"callcenter{suffix or '-en'}"]).as_dropdown(True).include_vars(True).keep_time(True))
        .link(
            dashboard.DashboardLink(words("Open Callcenter"))
            .type(model.DashboardLinkType.LINK)
            .url(f"{service}/next")
            .target_blank(True)
        )
    )
    for variable in board.variables:
        made = made.with_variable(_variable(variable, words))
    made = _annotations(made, board, words)
    number = y = 0
    for row in board.rows:
        x = 0
        for panel in row:
            number += 1
            made = made.with_panel(_placed(panel, number, x, y, words, service))
            x += panel.width
        assert x <= WIDTH, f"{board.uid}: a row is {x} columns wide"
        y += max(panel.height for panel in row)
    return made.build()
