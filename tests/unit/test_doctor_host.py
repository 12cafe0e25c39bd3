"""The doctor on its own host: room, links, printing; and how its findings look in a terminal."""

import re
import shutil
from collections import namedtuple
from pathlib import Path

import click
import pytest

from callcenter.commands import checking
from callcenter.services import doctor_host as host
from callcenter.services.doctor_finding import Finding
from callcenter.settings import Settings

Usage = namedtuple("Usage", "total used free")
GIB = 2**30


@pytest.mark.parametrize(("free", "level"), [(GIB // 5, "fail"), (GIB, "warn"), (2 * GIB, "ok"), (900 * GIB, "ok")])
def test_room_on_the_disk(monkeypatch: pytest.MonkeyPatch, free: int, level: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1000 * GIB, 0, free))
    said = host.room(Path("data"))
    assert (said.level, said.to_do is None) == (level, level == "ok")


@pytest.mark.parametrize(
    ("address", "level", "told"),
    [
        (None, "warn", "messages carry none"),
        ("http://localhost:8080", "warn", "opens on this host alone"),
        ("https://127.0.0.1", "warn", "opens on this host alone"),
        ("http://desk.example", "warn", "is not encrypted"),
        ("https://desk.example/callcenter", "ok", "https://desk.example/callcenter"),
    ],
)
def test_links_of_messages_lead_to_people(address: str | None, level: str, told: str) -> None:
    said = host.links(Settings(base_url=address))
    assert (said.level, told in said.detail) == (level, True)


async def test_printing_needs_pango_and_chinese_letters() -> None:
    def without_pango() -> bytes:
        raise OSError("cannot load library 'libpango-1.0-0'")

    missing = await host.printing(without_pango)
    assert (missing.level, "libpango" in str(missing.to_do)) == ("warn", True)
    boxes = await host.printing(lambda: b"%PDF-1.7 beginbfchar <0001> <4e2d> endbfchar")
    assert (boxes.level, boxes.to_do) == ("warn", "install fonts-noto-cjk")
    assert (await host.printing(lambda: b"<0001> <4e2d> <0002> <6587>")).level == "ok"


async def test_a_page_is_drawn_as_the_check_reads_it() -> None:
    pytest.importorskip("weasyprint", reason="Pango is not installed", exc_type=OSError)
    drawn = host._drawn()
    assert drawn.startswith(b"%PDF")
    assert b"beginbfchar" in drawn, "which letters a font had is written in the open"


def test_a_terminal_shows_lines_that_fit_and_what_to_do_on_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = click.unstyle(checking._for_people(Finding("warn", "disk", "there is little left " * 3, "make room " * 5)))
    lines = text.splitlines()
    begins = [line[:9] for line in lines]
    assert (begins[0], begins.count("      -> "), begins[-1]) == ("warn  dis", 1, "         ")
    assert all(line.startswith(" " * 6) for line in lines[1:])
    assert max(map(len, lines)) <= 40
    assert click.unstyle(checking._for_people(Finding("ok", "disk", "much room"))) == "ok    disk: much room"


def test_every_line_of_the_doctor_is_in_the_documents() -> None:
    root = Path(__file__).parents[2]
    code = "".join(file.read_text("utf-8") for file in (root / "callcenter/services").glob("doctor*.py"))
    said = {name.split("{")[0].strip() for name in re.findall(r'Finding\("\w+", f?"([^"]+)"', code)} | {"calendar"}
    page = (root / "docs/operations.md").read_text("utf-8").split("| line | complains when |")[1].split("\n\n")[0]
    told = {name for row in re.findall(r"(?m)^\| ([^|]+?) \|", page) for name in row.split(", ")} - {"---"}
    assert said == told
