"""Contracts, promises and the month's figures, through HTTP."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import yaml

YAML = {"Content-Type": "application/yaml"}


def changed(source: str, *pairs: tuple[str, str]) -> str:
    """The contract with these texts replaced."""
    for old, new in pairs:
        assert old in source
        source = source.replace(old, new)
    return source


async def test_the_same_content_changes_nothing_and_other_content_is_refused(hotline: Any, terms: str) -> None:
    again = await hotline.put_contract("# a comment\n" + terms, "HF-1", expect=200)
    assert again.body == {"contract": "HF-1", "version": 1, "created": False}
    refused = await hotline.put_contract(changed(terms, ("1: 5m", "1: 6m")), "HF-1", expect=409)
    assert refused.pointers == ["/version"]
    assert await hotline.count("contract_versions") == 1


async def test_json_is_the_same_content(hotline: Any, terms: str) -> None:
    data = yaml.load(terms, yaml.BaseLoader)
    whole = json.loads(json.dumps(data))
    reply = await hotline.ask("PUT", "/contracts/HF-1", json=whole, role="admin")
    assert reply.status in (200, 422), reply.raw  # figures as texts may not be read, but never stored as something else
    assert await hotline.count("contract_versions") == 1


async def test_a_ticket_keeps_the_version_in_force_when_it_was_reported(hotline: Any, moving: Any, terms: str) -> None:
    tomorrow = changed(
        terms, ("version: 1", "version: 2"), ("effective: 2026-01-01", "effective: 2026-03-03"), ("1: 5m", "1: 3m")
    )
    await hotline.put_contract(tomorrow, "HF-1")
    old = (await hotline.ring())["ticket"]["number"]
    assert (await hotline.clock_of(old, "response"))["promised_s"] == 300
    moving.move(hours=15)  # midnight in Shanghai
    new = (await hotline.ring())["ticket"]["number"]
    assert (await hotline.clock_of(new, "response"))["promised_s"] == 180
    await hotline.write(old, {"type": "graded", "severity": 2}, {"type": "graded", "severity": 1})
    assert (await hotline.clock_of(old, "response"))["promised_s"] == 300
    shown = await hotline.get("/contracts/HF-1")
    assert [one["version"] for one in shown["versions"]] == [1, 2]
    assert (await hotline.get("/contracts"))["items"][0]["contract"] == "HF-1"
    await hotline.put_contract(changed(terms, ("1: 5m", "1: 4m")), "HF-1", expect=409)


async def test_the_file_comes_back_as_it_was_given(hotline: Any, terms: str) -> None:
    reply = await hotline.ask("GET", "/contracts/HF-1", headers={"Accept": "application/yaml"}, expect=200)
    assert reply.raw.decode() == terms


async def test_a_file_under_another_address(hotline: Any, terms: str) -> None:
    refused = await hotline.put_contract(terms, "OTHER", expect=422)
    assert refused.pointers == ["/contract"]
    await hotline.ask("GET", "/contracts/OTHER", expect=404)


async def test_the_check_names_line_and_key_and_stores_nothing(hotline: Any, terms: str) -> None:
    bad = changed(terms, ("calendar: always}", "calendar: never}"), ("within: 2h", "within: 2 hours"))
    found = await hotline.ask("POST", "/contracts/check", data=bad, headers=YAML, expect=200)
    assert found.body["ok"] is False
    assert all(one["line"] and one["message"] for one in found.body["findings"])
    assert (await hotline.ask("POST", "/contracts/check", data=terms, headers=YAML, expect=200)).body["ok"] is True
    refused = await hotline.put_contract(bad, "HF-1", expect=422)
    assert len(refused.pointers) >= 2
    assert all("line" in fault["detail"] for fault in refused.body["errors"])


async def test_the_promise_is_what_the_call_then_gets(hotline: Any) -> None:
    for fault in (
        {"region": "city", "facts": {"impact": "down"}},
        {"region": "province", "facts": {"impact": "severe"}},
        {"region": "city", "severity": 2},
        {"kind": "complaint", "facts": {"impact": "none"}},
        {"region": "city", "facts": {"impact": "down", "liability": "customer"}},
    ):
        told = await hotline.post("/promise", {"contract": "HF-1", **fault}, expect=200)
        given = {"region": None, "facts": None, **fault}
        logged = await hotline.ring(**given)
        assert logged["clocks"] == told["clocks"]
        assert logged["ticket"]["severity"] == told["severity"]
    assert await hotline.count("tickets") == 5


async def test_a_promise_nobody_made(hotline: Any) -> None:
    for body, pointer in (
        ({"contract": "NO", "region": "city"}, "/contract"),
        ({"contract": "HF-1", "region": "moon"}, "/region"),
        ({"contract": "HF-1", "region": "city", "reported_at": "2025-06-01T00:00:00Z"}, "/contract"),
        ({"contract": "HF-1", "region": "city", "facts": {"impact": "sad"}}, "/facts"),
        ({"contract": "HF-1", "region": "city", "facts": {"mood": "sad"}}, "/facts"),
        ({"contract": "HF-1", "region": "city", "severity": 0}, "/severity"),
        ({"contract": "HF-1"}, "/region"),
    ):
        assert (await hotline.refused("/promise", body)).pointers == [pointer], body


async def test_the_months_figures(hotline: Any, moving: Any) -> None:
    kept, broken = [(await hotline.ring())["ticket"]["number"] for _ in range(2)]
    await hotline.write(kept, {"type": "responded"}, {"type": "resolved"})
    moving.move(minutes=6)
    await hotline.write(broken, {"type": "responded"})
    report = await hotline.get("/contracts/HF-1/compliance?month=2026-03")
    response = next(one for one in report["rows"] if one["commitment"] == "response")
    assert {name: response[name] for name in ("severity", "due", "met", "breached", "compliance", "target")} == {
        "severity": 1, "due": 2, "met": 1, "breached": 1, "compliance": 50.0, "target": 98.0,
    }  # fmt: skip
    assert (await hotline.get("/contracts/HF-1/compliance"))["month"] == "2026-03"
    for month in ("2026-13", "2026-3", "0000-01", "9999-12", "2026-03\n", "٢٠٢٦-03"):
        refused = await hotline.ask("GET", "/contracts/HF-1/compliance", params={"month": month}, expect=422)
        assert refused.pointers == ["?month"]
    await hotline.ask("GET", "/contracts/NO/compliance", expect=404)


async def test_what_a_contract_covers(hotline: Any) -> None:
    account = await hotline.post("/accounts", {"name": "Second hospital"})
    site = await hotline.post("/sites", {"account": account["id"], "name": "Ward", "region": "city"})
    await hotline.post(
        "/contacts", {"name": "Li", "account": account["id"], "site": site["id"], "phone": "13800138000"}
    )
    assert (await hotline.ring(contract=None, caller="13800138000"))["clocks"] == []
    body = {"accounts": [account["id"]], "sites": [site["id"]]}
    shown = await hotline.ask("PUT", "/contracts/HF-1/coverage", json=body, role="admin", expect=200)
    assert shown.body["covers_sites"] == [site["id"]]
    assert len((await hotline.ring(contract=None, caller="13800138000"))["clocks"]) == 3
    bad = await hotline.ask("PUT", "/contracts/HF-1/coverage", json={"queues": [99]}, role="admin", expect=422)
    assert bad.pointers == ["/queues"]


BOMB = "a: &a [x,x]\n" + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)},*{chr(97 + i)}]\n" for i in range(24))


CHANGES = (
    ("HF-1", '"HF\\0"'),
    ("HF-1", '"\\ud800"'),
    ("HF-1", "x" * 5_000),
    ("Anhui public health", "y" * 50_000),
    ("version: 1", "version: 99999999999999999999"),
    ("version: 1", "version: .inf"),
    ("version: 1", "version: 1\nversion: 1"),
    ("2026-01-01, until: 2026-12-31", "0001-01-01, until: 9999-12-31"),
    ("effective: 2026-01-01", "effective: 2026-02-30"),
    ("Asia/Shanghai", "../../etc/passwd"),
    ("Asia/Shanghai", "Mars/Olympus"),
    ("within: 2h", "within: 99999999999999999999h"),
)
SOURCES = (
    "", "null", "[]", "5", "a: [", "a: b: c", "\t", "%YAML 9.9\n---\n", "a: 1\n---\nb: 2", BOMB, "a: &x\n  <<: *x",
    "!!python/object/apply:os.system [ls]", "contract: !!binary aGk=", "{" * 100_000, "[" * 100_000, "- " * 50_000,
    "x" * 1_000_000, "x: y\n" * 20_000, "x: y\n" * 200_000, "? " * 50_000,
)  # fmt: skip


async def test_files_that_are_no_contracts(hotline: Any, terms: str) -> None:
    for source in (*SOURCES, *(changed(terms, change) for change in CHANGES)):
        reply = await hotline.ask("PUT", "/contracts/HF-9", data=source.encode(), headers=YAML, role="admin")
        assert reply.status in (400, 413, 422), (source[:60], reply.status)
        assert reply.headers["Content-Type"].startswith("application/problem+json")
        assert len(reply.raw) < 100_000, source[:60]
        checked = await hotline.ask("POST", "/contracts/check", data=source.encode(), headers=YAML)
        assert checked.status in (200, 400, 413, 422)
    for raw in (b"\xff\xfe", b"\xe4\xb8", b"\x00", b"contract: \xff"):
        assert (await hotline.ask("PUT", "/contracts/HF-9", data=raw, headers=YAML, role="admin")).status in (400, 422)
    assert await hotline.count("contracts") == 1
    assert await hotline.count("accounts") == 1


async def test_a_code_or_customer_no_table_can_hold(hotline: Any, terms: str) -> None:
    for change in CHANGES[:4]:
        path = f"/contracts/{quote(yaml.safe_load(change[1]) if change[0] == 'HF-1' else 'HF-1', errors='replace')}"
        source = changed(terms, change, ("version: 1", "version: 2"))
        reply = await hotline.ask("PUT", path, data=source.encode(), headers=YAML, role="admin")
        assert reply.status in (400, 404, 422), change[1][:20]
    assert await hotline.count("accounts") == 1


async def test_a_contract_whose_dates_reach_the_ends_of_time(hotline: Any, moving: Any, terms: str) -> None:
    far = changed(terms, ("HF-1", "HF-9"), ("2026-01-01, until: 2026-12-31", "1970-01-02, until: 9000-12-31"))
    reply = await hotline.ask("PUT", "/contracts/HF-9", data=far, headers=YAML, role="admin")
    assert reply.status in (201, 422)
    if reply.status == 201:
        await hotline.ring(contract="HF-9")
    assert moving.now + timedelta() == moving.now
