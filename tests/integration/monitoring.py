"""Real programs that watch the service, as Debian packages them: found, started on the loopback, asked over HTTP."""

import json
import os
import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from callcenter.now import system_now

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus"
ALERTMANAGER = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
_PACKAGES = {"amtool": "prometheus-alertmanager", "prometheus-alertmanager": "prometheus-alertmanager"}


def tool(name: str) -> str:
    """The path of a program; without it the test is skipped, and fails where a machine should have it (CI)."""
    found = shutil.which(name)
    if found is None:
        said = f"{name} is not installed (Debian: apt-get install {_PACKAGES.get(name, 'prometheus')})"
        if os.environ.get("CI"):  # noqa: TID251 of the tests, not of the service
            pytest.fail(said)
        pytest.skip(said)
    return found


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def until(condition: Callable[[], object], what: str, seconds: float = 100) -> None:
    """Waits for a condition, at most so long; the failure says what did not come true."""
    for _ in range(int(seconds * 5)):
        if condition():
            return
        threading.Event().wait(0.2)
    pytest.fail(f"not within {seconds:g} s: {what}")


def answer(url: str, body: Any = None, **headers: str) -> Any:
    """The JSON of an answer; a refusal fails the test."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.loads(response.read() or b"null")
    except urllib.error.HTTPError as refused:
        with refused:
            pytest.fail(f"{url}: {refused.code} {refused.read().decode()}")


def answers(url: str) -> bool:
    """Whether anybody answers there, and well."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


class Prometheus:
    """A running server, asked over HTTP."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"

    def get(self, path: str, **given: str) -> Any:
        """The `data` of an answer; a refusal (a query that does not parse) fails the test."""
        return answer(f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(given)}")["data"]

    def series(self, expr: str) -> list[dict[str, Any]]:
        """The series a query gives now."""
        return list(self.get("query", query=expr, time=str(system_now().timestamp()))["result"])

    def over(self, expr: str, start: datetime, end: datetime, step: timedelta) -> list[dict[str, Any]]:
        """The series a query gives over a time."""
        span = {"start": str(start.timestamp()), "end": str(end.timestamp()), "step": str(step.total_seconds())}
        return list(self.get("query_range", query=expr, **span)["result"])

    def value(self, expr: str) -> float | None:
        """The number a query gives now; None where it gives none, a failure where it gives several."""
        found = self.series(expr)
        assert len(found) <= 1, f"{expr}: {found}"
        return float(found[0]["value"][1]) if found else None

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        return {one["labels"]["alertname"] for one in self.get("alerts")["alerts"] if one["state"] == "firing"}


@contextmanager
def running(folder: Path, name: str, *arguments: str) -> Iterator[None]:
    """The program runs until the block is left; what it says is in the folder."""
    command = [tool(name), *arguments]
    with (
        (folder / f"{name}.log").open("a") as said,
        subprocess.Popen(command, stdout=said, stderr=said, cwd=folder) as process,
    ):
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def prometheus(folder: Path, config: dict[str, Any], port: int | None = None) -> Iterator[Prometheus]:
    """A Prometheus on this configuration, its data in the folder, answering until the block is left."""
    server = Prometheus(port or free_port())
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    arguments = (
        f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={server.address}", "--log.level=warn", "--storage.tsdb.retention.time=30d",
    )  # fmt: skip
    with running(folder, "prometheus", *arguments):
        until(lambda: answers(f"http://{server.address}/-/ready"), "Prometheus answers")
        yield server


class Alertmanager:
    """A running Alertmanager, asked over HTTP."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"

    def alerts(self, name: str) -> list[dict[str, Any]]:
        """The alerts of that name it knows, each with its labels and whether it is held back, and by what."""
        every: list[dict[str, Any]] = answer(f"http://{self.address}/api/v2/alerts")
        return [one for one in every if one["labels"]["alertname"] == name]

    def state(self, name: str) -> str | None:
        """`active`, or `suppressed` where inhibition holds it back; None where it knows of no such alert."""
        return next((str(one["status"]["state"]) for one in self.alerts(name)), None)


@contextmanager
def alertmanager(folder: Path, config: dict[str, Any]) -> Iterator[Alertmanager]:
    """An Alertmanager on this configuration, its data in the folder, answering until the block is left."""
    server = Alertmanager(free_port())
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(config))
    arguments = (
        f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={server.address}", "--cluster.listen-address=", "--log.level=warn",
    )  # fmt: skip
    with running(folder, "prometheus-alertmanager", *arguments):
        until(lambda: answers(f"http://{server.address}/-/ready"), "Alertmanager answers")
        yield server
