"""`callcenter demo` as somebody meets it: it says one line, shows what an alert goes through, and leaves nothing."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callcenter.demo.customers import CUSTOMERS, source
from callcenter.demo.history import DAYS, write_past
from callcenter.now import system_now
from callcenter.rights import ROLES
from callcenter.services.history import TicketLine, Version, judge_ticket, read_line
from callcenter.services.import_calls import CallLine, judge_call
from callcenter.store.embedded_host import alive
from sla.contract import read

ROOT = Path(__file__).parents[2]
ZONE = ZoneInfo("Asia/Shanghai")
READY_S, WATCHED_S, ENDED_S = 60, 120, 30


class Demo:
    """A demo process with a temporary folder and a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.temporary, self.data = folder / "tmp", folder / "data"
        self.temporary.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CALLCENTER_")}  # noqa: TID251
        self.process = subprocess.Popen(
            [sys.executable, "-m", "callcenter", "demo", "--json", "--port", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
            env={**kept, "TMPDIR": str(self.temporary), "CALLCENTER_DATA": str(self.data)},
        )  # fmt: skip
        self.said: dict[str, Any] = {}
        self.started = system_now()

    def ready(self) -> None:
        """It has said its line."""
        assert self.process.stdout is not None
        started = time.monotonic()
        line = self.process.stdout.readline()
        assert line, f"the demo ended before it was ready: {self.rest()[1]}"
        assert time.monotonic() - started < READY_S
        self.said = json.loads(line)

    def rest(self) -> tuple[str, str]:
        """What it says until it has ended, within half a minute."""
        return self.process.communicate(timeout=ENDED_S)

    def journal(self) -> Iterator[dict[str, Any]]:
        """Its log, line by line, for two minutes at most."""
        assert self.process.stderr is not None
        until = time.monotonic() + WATCHED_S
        while time.monotonic() < until and (line := self.process.stderr.readline()):
            yield json.loads(line)

    def server(self) -> dict[str, Any]:
        """What the embedded server says of itself."""
        (named,) = self.temporary.glob("callcenter-demo-*/data/embedded.json")
        told: dict[str, Any] = json.loads(named.read_bytes())
        return told

    def ask(self, path: str, role: str, body: object = None) -> Any:
        """The JSON answer of the API, or the text of another page."""
        url = self.said["url"] + (path if path.startswith("/") else f"/api/v1/{path}")
        headers = {"Authorization": f"Bearer {self.said['tokens'][role]}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body is not None else None
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as answer:
            content = answer.read().decode()
            return json.loads(content) if "json" in answer.headers["Content-Type"] else content

    def end(self) -> None:
        """It has ended, one way or another."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.rest()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.rest()
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo that is ready."""
    demo = Demo(tmp_path_factory.mktemp("demo"))
    try:
        demo.ready()
        yield demo
    finally:
        demo.end()


@pytest.fixture
def starting(tmp_path: Path) -> Iterator[Demo]:
    """A demo of this test's own, just started."""
    demo = Demo(tmp_path)
    yield demo
    demo.end()


def instant(text: str) -> datetime:
    """The instant of an answer."""
    return datetime.fromisoformat(text)


def until(true: Callable[[], object]) -> None:
    """Returns when it is true; fails where it is not within half a minute."""
    for _ in range(ENDED_S * 50):
        if true():
            return
        threading.Event().wait(0.02)
    pytest.fail("it did not come true")


@pytest.mark.parametrize("day", ["2026-11-22", "2027-02-08", "2031-01-01", "2036-02-29"])
def test_contracts_and_past_fit_whatever_day_it_is(day: str) -> None:
    """Every line of the made-up past can be stored under the contracts as the demo stores them that day."""
    now = datetime.fromisoformat(f"{day}T03:20:00+08:00")
    versions: dict[str, list[Version]] = {}
    for customer in CUSTOMERS:
        terms = read(source(customer, now.date()))
        assert terms.valid_from <= (now - timedelta(days=DAYS)).date() <= now.date() <= terms.valid_until
        days = (terms.effective, terms.valid_from, terms.valid_until)
        versions[terms.code] = [Version(1, 1, 1, *days, ZoneInfo(terms.timezone), terms)]
    past = write_past(now)
    lines = [read_line(line) for line in past.lines]
    tickets = [
        judge_ticket(number, one, versions, now) for number, one in enumerate(lines) if isinstance(one, TicketLine)
    ]
    calls = [judge_call(number, one, now) for number, one in enumerate(lines) if isinstance(one, CallLine)]
    assert len(tickets) > 200
    assert len(calls) > 200
    assert all(one.at > now for one in past.coming)
    assert write_past(now).lines == past.lines
    assert {one.ref for one in past.coming} <= {one.ticket.ref for one in tickets}


def test_one_line_names_a_sign_in_and_a_working_token_for_every_role(running: Demo) -> None:
    assert set(running.said) == {"url", "users", "tokens"}
    assert [user["role"] for user in running.said["users"]] == list(ROLES)
    assert all(len(user["password"]) >= 8 and user["login"] for user in running.said["users"])
    assert {role: running.ask("me", role)["role"] for role in ROLES} == {role: role for role in ROLES}


def test_the_past_is_there_and_nobody_is_alerted_about_it(running: Demo) -> None:
    codes = {one["contract"] for one in running.ask("contracts", "auditor")["items"]}
    assert {"HF-2026-PH", "OFFICE-2026", "PC-CARE-2026"} <= codes
    last_month = system_now().astimezone(ZONE).replace(day=1) - timedelta(days=1)
    month = running.ask(f"contracts/HF-2026-PH/compliance?month={last_month:%Y-%m}", "contract_manager")
    response = [row for row in month["rows"] if row["commitment"] == "response"]
    assert sum(row["due"] for row in response) > 20
    assert sum(row["breached"] for row in response) < sum(row["met"] for row in response)
    assert len(running.ask("tickets?q=DEMO-&limit=200", "supervisor")["items"]) == 200
    assert all(instant(one["fires_at"]) >= running.started for one in running.ask("alerts", "auditor")["items"])


def test_a_caller_at_three_in_the_morning_is_told_the_next_opening(running: Demo) -> None:
    """The working week has no night: the answer lies behind the opening at half past eight."""
    three = system_now().astimezone(ZONE).replace(hour=3, minute=0, second=0, microsecond=0) - timedelta(days=1)
    fault = {"contract": "OFFICE-2026", "region": "town", "facts": {"impact": "partial"}}
    promised = running.ask("promise", "agent", {**fault, "reported_at": three.isoformat()})
    (response,) = [clock for clock in promised["clocks"] if clock["commitment"] == "response"]
    due = datetime.fromisoformat(response["due_at"]).astimezone(ZONE)
    assert due > three
    assert (due.hour, due.minute) in ((10, 30), (11, 0))  # two hours after opening, on Saturdays from nine o'clock


def test_a_known_number_opens_a_covered_ticket(running: Demo) -> None:
    card = running.ask("lookup?phone=055165550111", "agent")
    assert card["account"]["name"] == "Anhui public health"
    assert card["assets"]
    assert card["last_calls"]


def test_a_warning_a_breach_an_acknowledgement_and_an_end_can_be_watched(running: Demo) -> None:
    """In the journal, through the API and as metrics, within two minutes."""
    wanted = {("alert.fire", "warning"), ("alert.fire", "breach"), ("alert.resolve", "breach")}
    told: set[tuple[str, str]] = set()
    acknowledged = acknowledged_metric = ended = False
    for line in running.journal():
        if line["event"] == "alert":
            told.add((line["type"], line["data"]["kind"]))
            assert instant(line["data"]["fires_at"]) >= running.started
        alerts = running.ask("alerts", "wallboard")["items"]
        acknowledged |= any(one["state"] == "acknowledged" for one in alerts)
        acknowledged_metric |= metric(running, 'alerts_unsettled{kind="breach",state="acknowledged"}') > 0
        over = [one for one in alerts if one["kind"] == "breach" and one["state"] == "resolved"]
        ended |= any(one["acknowledged_by"] == "supervisor" for one in over)
        if acknowledged and acknowledged_metric and ended and wanted <= told:
            break
    assert wanted <= told
    assert acknowledged
    assert acknowledged_metric
    assert ended
    assert {one["kind"] for one in alerts} >= {"warning", "breach"}
    for kind in ("warning", "breach"):
        assert metric(running, f'alerts_raised_total{{kind="{kind}"}}') > 0


def metric(running: Demo, name: str) -> float:
    """The value of a sample on the scrape page."""
    page: str = running.ask("/metrics", "admin")
    found = re.search(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)
    assert found is not None, f"no {name} on the page"
    return float(found[1])


@pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("curl")), reason="the commands of the documents need bash and curl"
)
@pytest.mark.parametrize("document", ["README.md", "README.zh-CN.md", "docs/first-call.md"])
def test_every_command_of_the_documents_works(running: Demo, tmp_path: Path, document: str) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / document).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert blocks
    (tmp_path / ".curlrc").write_text("fail-with-body\nshow-error\n")  # a refusal ends the script
    tokens = {role.upper(): running.said["tokens"][role] for role in ("agent", "engineer", "supervisor")}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)], cwd=tmp_path, capture_output=True, text=True, timeout=90,
        env={"PATH": os.defpath, "HOME": str(tmp_path), "HOTLINE": running.said["url"], **tokens},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert {entry.name for entry in tmp_path.iterdir()} == {".curlrc"}


def test_ctrl_c_leaves_nothing(starting: Demo) -> None:
    starting.ready()
    server = starting.server()
    assert alive(server["server"])
    starting.process.send_signal(signal.SIGINT)
    said, log = starting.rest()
    assert starting.process.returncode == 0, log
    assert said == ""
    assert not alive(server["server"])
    assert not Path(server["run_folder"]).exists()
    assert not list(starting.temporary.iterdir())
    assert not starting.data.exists()


def test_a_demo_stopped_before_it_is_ready_leaves_nothing(starting: Demo) -> None:
    until(lambda: list(starting.temporary.glob("callcenter-demo-*/data/postgres")))
    starting.process.send_signal(signal.SIGTERM)
    said, log = starting.rest()
    assert starting.process.returncode == 0, log
    assert said == ""
    assert not list(starting.temporary.iterdir())


def test_kill_leaves_no_server(starting: Demo) -> None:
    starting.ready()
    server = starting.server()
    starting.process.kill()
    starting.rest()
    until(lambda: not alive(server["server"]))
