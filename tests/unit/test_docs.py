"""The documents against the code: what is there is documented, what is documented is there, links lead somewhere."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest

from callcenter.__main__ import main
from callcenter.settings import _OTHERS, Settings, SettingsError, read_settings, variable
from callcenter.web.api import ROUTES
from callcenter.web.openapi import document

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.glob("*.md")), *sorted(ROOT.glob("*.md"))]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def text(name: str) -> str:
    """The page of that name, from the root."""
    return (ROOT / name).read_text("utf-8")


def rows(page: str) -> list[list[str]]:
    """The rows of all tables of a page, cell by cell; heads and rules left out."""
    found = re.findall(r"^\|(.*)\|$", re.sub(r"^\|.*\|\n\|[-| ]+\|$", "", page, flags=re.MULTILINE), re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for row in found]


def section(page: str, heading: str) -> str:
    """What stands under a heading of the second level."""
    return re.split(r"^## ", page.split(f"## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def _written(default: object) -> str:
    if default is None:
        return "none"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_every_setting_is_documented_with_its_default_and_nothing_else_is() -> None:
    documented = {row[0].strip("`"): row[1] for row in rows(text("docs/configuration.md"))}
    assert documented == {variable(one.name): _written(one.default) for one in msgspec.structs.fields(Settings)}


def test_what_is_said_of_bad_settings_is_what_is_said() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"CALLCENTER_PORT": "x", "CALLCENTER_PORTT": "1"})
    shown = "".join(f"setting: {line}\n" for line in refused.value.problems)
    assert f"```text\n{shown}```" in text("docs/configuration.md")
    assert all(f"`{name}`" in text("docs/configuration.md") for name in _OTHERS)


def test_variables_that_pages_name_are_settings() -> None:
    known = {variable(one.name) for one in msgspec.structs.fields(Settings)} | _OTHERS
    for page in PAGES:
        named = set(re.findall(r"\b(CALLCENTER_[A-Z_]+)\b", page.read_text("utf-8")))
        bad = {"CALLCENTER_PORTT"}  # the example of an unknown one
        assert {name.removesuffix("_FILE") for name in named - bad} - {"CALLCENTER_"} <= known, page.name


def _commands(command: click.Command, name: str) -> Iterator[str]:
    """The command and those below it, by the words one types."""
    if command.hidden:
        return
    if not isinstance(command, click.Group):
        yield name
        return
    context = click.Context(command)
    for word in command.list_commands(context):
        below = command.get_command(context, word)
        assert below is not None
        yield from _commands(below, f"{name} {word}".strip())


COMMANDS = list(_commands(main, ""))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_documents(command: str) -> None:
    named = re.compile(rf"(callcenter |`){command}\b")
    assert any(named.search(page.read_text("utf-8")) for page in PAGES)


def test_commands_that_pages_name_exist() -> None:
    first = {command.split()[0] for command in COMMANDS}
    for page in PAGES:
        for words in re.findall(r"(?:`| {4}|bin/)callcenter ([a-z].*)", page.read_text("utf-8")):
            assert re.match(r"[a-z]+", words)[0] in first, f"{page.name}: callcenter {words}"  # type: ignore[index]


def test_every_route_has_a_summary_in_the_document() -> None:
    paths = document(ROUTES)["paths"]
    told = {(method.upper(), path): one["summary"] for path, all_of in paths.items() for method, one in all_of.items()}
    assert set(told) == {(route.method, route.path) for route in ROUTES}
    assert [key for key, summary in told.items() if len(summary) < 8] == []


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/api/docs", "/api/openapi.json"])
def test_paths_beside_the_document_are_on_a_page(path: str) -> None:
    assert any(f"`{path}`" in page.read_text("utf-8") for page in DOCS.glob("*.md"))


def test_routes_that_pages_name_exist() -> None:
    known = {(route.method, re.sub(r"{\w+}", "{}", route.path)) for route in ROUTES}
    for page in PAGES:
        for method, path in re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/api/v1/[\w/{}-]+)", page.read_text("utf-8")):
            assert (method, re.sub(r"{\w+}", "{}", path)) in known, f"{page.name}: {method} {path}"


@pytest.mark.parametrize(
    ("heading", "packages"),
    [
        ("Runtime", PROJECT["dependencies"]),
        ("Development", PROJECT["optional-dependencies"]["dev"]),
        ("Benchmarks", PROJECT["optional-dependencies"]["bench"]),
        (
            "Optional",
            [name for extra in ("apprise", "deploy", "otel") for name in PROJECT["optional-dependencies"][extra]],
        ),
    ],
)
def test_each_dependency_has_its_reason_and_each_reason_its_dependency(heading: str, packages: list[str]) -> None:
    documented = rows(section(text("docs/dependencies.md"), heading))
    declared = [re.split(r"[<>=;!~\[ ]", name, maxsplit=1)[0] for name in packages]
    assert sorted(row[0].strip("`") for row in documented) == sorted(declared)
    assert all(len(row[1]) > 5 for row in documented)


def test_what_is_vendored_is_listed() -> None:
    vendored = {file.name for file in (ROOT / "callcenter" / "web" / "static").rglob("*.min.*")}
    assert {row[0].strip("`") for row in rows(section(text("docs/dependencies.md"), "In the tree"))} == vendored


def test_the_index_leads_to_every_page() -> None:
    index = text("docs/index.md")
    missing = [page.name for page in DOCS.glob("*.md") if page.name != "index.md" and f"({page.name})" not in index]
    assert missing == []


def test_the_changes_know_this_version() -> None:
    assert f"## {PROJECT['version']}" in text("CHANGELOG.md")


def test_log_lines_that_operators_are_told_of_are_written_somewhere() -> None:
    told = re.findall(r"log `(\w+)`", text("docs/operations.md"))
    code = "".join(file.read_text("utf-8") for name in ("callcenter", "alerts") for file in (ROOT / name).rglob("*.py"))
    assert len(told) >= 6
    assert [event for event in told if f'"{event}"' not in code] == []


def _anchors(page: Path) -> set[str]:
    """What GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not anchor or anchor in _anchors(file), target


SPEED = re.compile(r"\d\s?(k/s|/s|ms|µs|us|(per|a) second|times (as fast|faster|slower))\b")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_figure_about_speed_names_its_benchmark(page: Path) -> None:
    paragraphs = re.split(r"\n\s*\n", page.read_text("utf-8"))
    assert [one for one in paragraphs if SPEED.search(one) and "benchmarks/" not in one] == []


def test_benchmarks_that_pages_name_exist() -> None:
    for page in PAGES:
        for name in re.findall(r"benchmarks/\w+\.py", page.read_text("utf-8")):
            assert (ROOT / name).is_file(), f"{page.name}: {name}"
