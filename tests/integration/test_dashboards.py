"""The dashboards: written by their generator, laid out without overlap, and every query of every panel answers."""

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import jsonschema_rs
import pytest

from callcenter.now import system_now
from callcenter.services import contracts, new_ticket, timeline
from callcenter.services.context import Context
from callcenter.services.types import Actor
from callcenter.settings import Settings
from tests.integration.grafana_model import schema

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "deploy" / "grafana"
FILES = sorted((GRAFANA / "dashboards").rglob("*.json"))
BOARDS = {str(file.relative_to(GRAFANA / "dashboards")): json.loads(file.read_text("utf-8")) for file in FILES}
ENGLISH = {name: board for name, board in BOARDS.items() if name.startswith("en/")}


def panels(boards: dict[str, Any] = BOARDS) -> Iterator[Any]:
    """Every panel as a test parameter, named by its dashboard and title."""
    for name, board in boards.items():
        for panel in board["panels"]:
            yield pytest.param(panel, id=f"{Path(name).stem}: {panel['title']}")


def test_they_are_what_the_generator_writes(tmp_path: Path) -> None:
    if importlib.util.find_spec("grafana_foundation_sdk") is None:
        pytest.skip("grafana-foundation-sdk is not installed: pip install -e '.[deploy]'")
    subprocess.run([sys.executable, str(GRAFANA / "generate.py"), "--out", str(tmp_path)], check=True)
    written = {str(file.relative_to(tmp_path)): file.read_bytes() for file in tmp_path.rglob("*.json")}
    assert written == {name: (GRAFANA / "dashboards" / name).read_bytes() for name in BOARDS}


def _wrong(board: dict[str, Any]) -> list[str]:
    """What Grafana's model has against a dashboard, its panels' options and its fields' settings."""
    pytest.importorskip("grafana_foundation_sdk", reason="pip install -e '.[deploy]'")
    from grafana_foundation_sdk.models import bargauge, dashboard, stat, table, timeseries

    kinds: dict[str, Any] = {"bargauge": bargauge, "stat": stat, "table": table, "timeseries": timeseries}
    told = [(board, dashboard.Dashboard, board["title"])]
    for panel in board["panels"]:
        kind = kinds[panel["type"]]
        told.append((panel["options"], kind.Options, panel["title"]))
        custom = panel["fieldConfig"]["defaults"].get("custom")
        assert hasattr(kind, "FieldConfig") or not custom, panel["title"]
        if custom is not None and hasattr(kind, "FieldConfig"):
            told.append((custom, kind.FieldConfig, panel["title"]))
    return [
        f"{title}: {error.message}"
        for value, kind, title in told
        for error in jsonschema_rs.Draft7Validator(schema(kind)).iter_errors(value)
    ]


@pytest.mark.parametrize("name", BOARDS)
def test_it_is_what_grafanas_model_says(name: str) -> None:
    assert _wrong(BOARDS[name]) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("titel", "x"),
        ("title", 5),
        ("graphTooltip", 7),
        ("panels/0/gridPos/w", "12"),
        ("panels/0/colour", "red"),
        ("panels/0/targets/0/exp", "up"),
        ("panels/0/options/colorMode", "rainbow"),
        ("panels/0/fieldConfig/defaults/unti", "s"),
        ("panels/0/fieldConfig/defaults/thresholds/mode", "relative"),
        ("templating/list/0/type", "choice"),
    ],
)
def test_the_model_refuses_what_grafana_does_not_know(path: str, value: Any) -> None:
    board = json.loads(json.dumps(ENGLISH["en/callcenter-hotline.json"]))
    *steps, last = path.split("/")
    place = board
    for step in steps:
        place = place[int(step) if step.isdigit() else step]
    place[last] = value
    assert _wrong(board) != []


def test_there_are_five_in_two_languages() -> None:
    titles = [board["title"] for board in ENGLISH.values()]
    assert sorted(titles) == ["Contracts this month", "Field service", "Hotline now", "SLA live", "Service health"]
    assert len(BOARDS) == 10
    assert len({board["uid"] for board in BOARDS.values()}) == 10


@pytest.mark.parametrize("name", BOARDS)
def test_no_two_panels_overlap_and_each_has_its_number(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARDS[name]["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}  # fmt: skip
        assert cells, panel["title"]
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    numbers = [panel["id"] for panel in BOARDS[name]["panels"]]
    assert len(set(numbers)) == len(numbers)
    assert min(numbers) >= 1


@pytest.mark.parametrize("panel", list(panels()))
def test_every_panel_has_a_title_a_unit_and_says_what_to_do(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert len(panel["description"]) > 8
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]
    assert panel["datasource"]["uid"] in ("callcenter-prometheus", "callcenter-postgres")


@pytest.mark.parametrize("name", ENGLISH)
def test_the_chinese_one_asks_the_same_in_chinese(name: str) -> None:
    english = ENGLISH[name]
    chinese = BOARDS[name.replace("en/", "zh/").replace(".json", "-zh.json")]
    for one, other in zip(english["panels"], chinese["panels"], strict=True):
        assert re.search(r"[\u4e00-\u9fff]", other["title"] + other["description"]), other["title"]
        for ours, theirs in zip(one["targets"], other["targets"], strict=True):
            assert ours.get("expr") == theirs.get("expr")
            assert ours.get("rawSql") == theirs.get("rawSql")


def test_variables_links_and_annotations_are_there() -> None:
    named = {variable["name"] for board in ENGLISH.values() for variable in board["templating"]["list"]}
    assert {"queue", "contract", "region"} <= named
    text = (GRAFANA / "dashboards" / "en" / "callcenter-sla.json").read_text("utf-8")
    assert "/tickets/${__value.raw}" in text
    marks = {mark["name"] for mark in ENGLISH["en/callcenter-sla.json"]["annotations"]["list"]}
    assert {"Deploys", "Missed deadlines"} <= marks
    for board in ENGLISH.values():
        used = set(re.findall(r"\$\{?(queue|contract|region|commitment|instance)\b", json.dumps(board["panels"])))
        assert used <= {variable["name"] for variable in board["templating"]["list"]}, board["title"]


# What Grafana makes of a statement before it is sent.
def _filled(sql: str, values: dict[str, list[str]], now: datetime) -> str:
    for name, given in values.items():
        sql = sql.replace(f"${{{name}:sqlstring}}", ",".join(f"'{one}'" for one in given))
    span = f"BETWEEN '{(now - timedelta(days=1)).isoformat()}' AND '{now.isoformat()}'"
    filled = re.sub(r"\$__timeFilter\(([\w.]+)\)", rf"\1 {span}", sql)
    assert "$" not in filled, filled
    return filled


TERMS = """
contract: HF-1
customer: Anhui public health
valid: {{from: 2020-01-01, until: {until}}}
timezone: Asia/Shanghai
regions: {{city: Hefei, province: elsewhere}}
severities: {{1: {{name: grave}}, 2: {{name: light}}}}
calendars: {{always: 24x7}}
commitments:
  - {{name: response, starts: reported, stops: responded, within: 10m, calendar: always}}
  - {{name: on_site, starts: reported, stops: arrived, within: 4h, calendar: always}}
  - {{name: restore, starts: reported, stops: restored, within: 8h, calendar: always}}
reporting: {{target: {{restore: 95%}}}}
"""
ACTOR = Actor("test", "admin")


async def _day(pool: asyncpg.Pool, now: datetime) -> None:
    """Tickets in every state a panel shows: missed, running, nobody's, on the road, on site twice, done."""
    context = Context(Settings(), system_now)
    async with pool.acquire() as conn:
        terms = TERMS.format(until=(now + timedelta(days=30)).date())
        await contracts.put(conn, "HF-1", terms, ACTOR, now)
        await conn.execute(
            "insert into users (login, name, role, created_at, updated_at)"
            " values ('wang', 'Wang Li', 'engineer', now(), now())"
        )

        async def ticket(hours: float, *entries: tuple[str, float, dict[str, Any]]) -> None:
            wanted = new_ticket.OpenTicket(
                contract="HF-1", title="No network", severity=1, severity_reason="said so", region="city",
                reported_at=now - timedelta(hours=hours),
            )  # fmt: skip
            opened = await new_ticket.open_without_call(conn, context, wanted, ACTOR, now)
            for kind, ago, data in entries:
                at = (now - timedelta(hours=ago)).isoformat()
                given = {"type": kind, "occurred_at": at, **data}
                await timeline.record(conn, context, opened.ticket.number, given, ACTOR)

        mine = ("assigned", 1.9, {"to": "wang"})
        await ticket(0.01)
        await ticket(2, mine, ("departed", 1.5, {}))
        await ticket(3, mine, ("dispatched", 1.5, {}))
        await ticket(2, mine, ("departed", 1.8, {}), ("arrived", 1, {}), ("arrived", 0.5, {}))
        await ticket(9, mine, ("departed", 1.8, {}), ("arrived", 1.2, {}), ("restored", 0.7, {}))
        await ticket(9, mine)


SQL = [
    pytest.param(panel["targets"][0]["rawSql"], panel, id=f"{Path(name).stem}: {panel['title']}")
    for name, board in ENGLISH.items()
    for panel in board["panels"]
    if "rawSql" in panel["targets"][0]
]


async def test_every_statement_answers_to_the_reader_alone(pool: asyncpg.Pool) -> None:
    now = system_now()
    await _day(pool, now)
    reader = (GRAFANA / "reader.sql").read_text("utf-8").replace(":password", "'reader'")
    async with pool.acquire() as conn:
        await conn.execute(reader)
        await conn.execute("set role grafana_reader")
        try:
            values = {"contract": ["HF-1"], "commitment": ["on_site"]}
            found = await conn.fetch(_variable("region"))
            values["region"] = sorted(row[0] for row in found)
            assert values["region"] == ["-", "city"]
            assert [row[0] for row in await conn.fetch(_variable("contract"))] == ["HF-1"]
            for sql, panel in (one.values for one in SQL):
                await _shows(conn, _filled(str(sql), values, now), panel)
            for board in ENGLISH.values():
                for mark in board["annotations"]["list"]:
                    if "rawSql" in mark.get("target", {}):
                        rows = await conn.fetch(_filled(mark["target"]["rawSql"], {}, now))
                        assert {"time", "text", "tags"} == set(rows[0].keys())
            for secret in ("select caller from tickets", "select data from entries", "select value from secrets",
                           "select config from channels", "select phone from users"):  # fmt: skip
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await conn.fetch(secret)
        finally:
            await conn.execute("reset role")


async def _shows(conn: Any, sql: str, panel: dict[str, Any]) -> None:
    rows = await conn.fetch(sql)
    assert rows, f"{panel['title']} shows nothing"
    named = {override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]}
    assert set(rows[0].keys()) == named, panel["title"]


def _variable(name: str) -> str:
    found = [one["query"] for board in ENGLISH.values() for one in board["templating"]["list"] if one["name"] == name]
    return str(found[0])


async def test_no_choice_and_an_empty_database_are_no_error(pool: asyncpg.Pool) -> None:
    values: dict[str, list[str]] = {"contract": [], "commitment": [], "region": []}
    async with pool.acquire() as conn:
        for sql, _ in (one.values for one in SQL):
            await conn.fetch(_filled(str(sql), values, system_now()))
