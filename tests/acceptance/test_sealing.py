"""A month from breach to seal through HTTP: exemptions by two people, credits, the seal, amendments, and verify."""

import hashlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callcenter.services.verify import check

TERMS_MORE = """
  month_fee: {amount: 20000, currency: CNY}
  credits:
    - {commitment: restore, below: 95%, credit: 5%}
    - {commitment: restore, below: 60%, credit: 10%}
  cap: 8%
alerts:
"""
MONTH = "month=2026-03"


@pytest.fixture
async def march(hotline: Any, terms: str) -> Any:
    """A contract with credits; three faults in March: one kept, one restored late, one never."""
    source = terms.replace("\nalerts:\n", TERMS_MORE).replace("HF-1", "HF-2")
    source = source.replace(
        "within: {1: 5m, default: 10m}",
        "credit: {amount: 100, currency: CNY, per: breach}, within: {1: 5m, default: 10m}",
    )
    await hotline.put_contract(source, "HF-2")
    hotline.tickets = [(await hotline.ring(contract="HF-2"))["ticket"]["number"] for _ in range(3)]
    for number in hotline.tickets:
        await hotline.write(number, {"type": "responded"})
    hotline.clock.move(hours=1)
    await hotline.write(hotline.tickets[0], {"type": "restored"})
    hotline.clock.move(hours=5)
    await hotline.write(hotline.tickets[1], {"type": "restored"})
    return hotline


async def compliance(hotline: Any) -> Any:
    return await hotline.get(f"/contracts/HF-2/compliance?{MONTH}", role="contract_manager")


def row_of(report: Any, commitment: str) -> Any:
    return next(row for row in report["by_commitment"] if row["commitment"] == commitment)


async def ask(hotline: Any, number: int, *, role: str = "supervisor", expect: int = 201) -> Any:
    body = {"ticket": number, "commitment": "restore", "reason": "customer", "evidence": "the gate was locked"}
    return await hotline.post("/contracts/HF-2/exemptions", body, role=role, expect=expect)


async def decide(hotline: Any, id: int, *, role: str, expect: int = 200, approve: bool = True) -> Any:
    path = f"/contracts/HF-2/exemptions/{id}/decision"
    return await hotline.post(path, {"approve": approve}, role=role, expect=expect)


async def test_an_exemption_takes_two_people(march: Any) -> None:
    before = row_of(await compliance(march), "restore")
    assert (before["met"], before["breached"], before["compliance"], before["net"]) == (1, 2, 33.3, 33.3)
    asked = await ask(march, march.tickets[1])
    assert (asked["state"], asked["asked_by"]) == ("asked", "supervisor")
    assert row_of(await compliance(march), "restore")["net"] == 33.3  # asking changes nothing
    await decide(march, asked["id"], role="supervisor", expect=403)
    await ask(march, march.tickets[1], role="admin", expect=409)
    decided = await decide(march, asked["id"], role="contract_manager")
    assert (decided["state"], decided["decided_by"]) == ("approved", "contract_manager")
    await decide(march, asked["id"], role="admin", expect=409, approve=False)
    after = row_of(await compliance(march), "restore")
    assert (after["exempt"], after["compliance"], after["net"]) == (1, 33.3, 50.0)
    report = await compliance(march)
    told = {
        one["ticket"]: (one["responsible"], one["exempt"])
        for one in report["breaches"]
        if one["commitment"] == "restore"
    }
    assert told == {march.tickets[1]: ("customer", "customer"), march.tickets[2]: ("us", None)}


async def test_a_refused_exemption_counts_for_nothing_and_may_be_asked_again(march: Any) -> None:
    asked = await ask(march, march.tickets[1])
    await decide(march, asked["id"], role="contract_manager", approve=False)
    assert row_of(await compliance(march), "restore")["exempt"] == 0
    await ask(march, march.tickets[1])


async def test_what_is_no_breach_cannot_be_taken_out(march: Any) -> None:
    refused = await march.refused(
        "/contracts/HF-2/exemptions",
        {"ticket": march.tickets[0], "commitment": "restore", "reason": "customer", "evidence": "x"},
        role="supervisor",
    )
    assert refused.pointers == ["/commitment"]


async def test_whose_doing_a_breach_was(march: Any) -> None:
    body = {"ticket": march.tickets[2], "commitment": "restore", "party": "third_party", "cause": "power cut"}
    await march.ask("PUT", "/contracts/HF-2/responsibility", json=body, role="supervisor", expect=200)
    found = {one["ticket"]: one for one in (await compliance(march))["breaches"] if one["commitment"] == "restore"}
    assert (found[march.tickets[2]]["responsible"], found[march.tickets[2]]["cause"]) == ("third_party", "power cut")


async def test_credits_are_proposed_capped_and_confirmed(march: Any) -> None:
    found = (await march.get(f"/contracts/HF-2/credits?{MONTH}", role="contract_manager"))["credits"]
    lines = {one["line"]: (one["amount"], one["state"]) for one in found["lines"]}
    # 33.3 % restored in time is below both bands: the deeper applies alone, 10 % of 20,000; the cap is 8 %
    assert lines == {"band:restore": ("2000.00", "proposed")}
    assert found["sums"] == [
        {"currency": "CNY", "before_cap": "2000.00", "cap": "1600.00", "amount": "1600.00", "confirmed": "0.00"}
    ]
    word = {"month": "2026-03", "lines": [{"line": "band:restore", "decision": "confirmed", "amount": "1.00"}]}
    await march.post("/contracts/HF-2/credits", word, role="contract_manager", expect=409)
    await march.post("/contracts/HF-2/credits", {"month": "2026-03"}, role="supervisor", expect=403)
    said = (await march.post("/contracts/HF-2/credits", {"month": "2026-03"}, role="contract_manager", expect=200))[
        "credits"
    ]
    assert [(one["state"], one["by"]) for one in said["lines"]] == [("confirmed", "contract_manager")]
    assert said["sums"][0]["confirmed"] == "1600.00"
    # what was confirmed at another amount is a proposal again
    for number in march.tickets[1:]:
        await decide(march, (await ask(march, number))["id"], role="contract_manager")
    again = (await march.get(f"/contracts/HF-2/credits?{MONTH}", role="contract_manager"))["credits"]
    assert (again["lines"], again["sums"]) == ([], [])


async def test_the_forecast_says_what_more_breaches_cost(march: Any) -> None:
    await march.ring(contract="HF-2")
    steps = (await march.get(f"/contracts/HF-2/credits?{MONTH}", role="contract_manager"))["credits"]["forecast"]
    # the band's credit is capped already: an answer that comes late costs nothing on top
    assert steps == []
    for number in march.tickets[1:]:
        await decide(march, (await ask(march, number))["id"], role="contract_manager")
    steps = (await march.get(f"/contracts/HF-2/credits?{MONTH}", role="contract_manager"))["credits"]["forecast"]
    assert {one["commitment"]: (one["more"], one["extra"]) for one in steps} == {
        "response": (1, "100.00"),
        "restore": (1, "1600.00"),
    }


async def seal(hotline: Any, expect: int = 201) -> Any:
    return await hotline.post("/contracts/HF-2/seal", {"month": "2026-03"}, role="contract_manager", expect=expect)


async def raw(hotline: Any, form: str, language: str = "en") -> bytes:
    path = f"/contracts/HF-2/compliance?{MONTH}&format={form}&lang={language}"
    content: bytes = (await hotline.ask("GET", path, role="contract_manager", expect=200)).raw
    return content


async def differences(hotline: Any) -> list[str]:
    async with hotline.pool.acquire() as conn:
        return [str(one) async for page in check(conn, hotline.context, hotline.clock.now) for one in page.differences]


async def test_a_running_month_is_not_sealed(march: Any) -> None:
    await seal(march, expect=409)


async def test_a_sealed_month_gives_the_same_bytes_ever_after(march: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    march.clock.move(days=40)
    sealed = await seal(march)
    assert (sealed["sealed_by"], sealed["amendments"], sealed["differences"]) == ("contract_manager", [], [])
    forms = [("json", "en"), ("csv", "en"), ("html", "zh-CN"), ("html", "zh-TW"), ("html", "en"), ("xlsx", "zh-CN")]
    first = {one: hashlib.sha256(await raw(march, *one)).hexdigest() for one in forms}
    march.clock.move(days=100)
    await march.write(march.tickets[2], {"type": "restored"})  # nothing the month's verdict depends on
    await march.pool.execute("delete from report_files")  # another machine, another zone: made from the seal alone
    monkeypatch.setenv("TZ", "America/St_Johns")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    time.tzset()
    try:
        assert {one: hashlib.sha256(await raw(march, *one)).hexdigest() for one in forms} == first
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (await seal(march))["amendments"] == []
    assert await differences(march) == []


async def test_a_correction_after_the_seal_is_an_amendment(march: Any) -> None:
    march.clock.move(days=40)
    await seal(march)
    before = await raw(march, "json")
    entries = (await march.get(f"/tickets/{march.tickets[1]}/events"))["items"]
    restored = next(one for one in entries if one["type"] == "restored")
    earlier = datetime(2026, 3, 2, 2, tzinfo=UTC).isoformat()
    correction = {"type": "corrected", "entry": str(restored["id"]), "to": earlier, "reason": "typed in late"}
    await march.write(march.tickets[1], correction)
    told = await differences(march)
    assert any("breached: sealed 2, recomputed 1" in one for one in told)
    assert any(f"ticket {march.tickets[1]}, restore/1: sealed breached, recomputed kept" in one for one in told)
    amended = (await seal(march))["amendments"]
    assert [(one["number"], one["by"]) for one in amended] == [(1, "contract_manager")]
    assert {"what": f"ticket {march.tickets[1]}, restore/1", "was": "breached", "now": "kept"} in amended[0]["changes"]
    assert await differences(march) == []  # what is recorded is no difference any more
    assert await raw(march, "json") == before  # the seal itself stays


async def test_verify_finds_what_was_changed_behind_a_seal(march: Any) -> None:
    march.clock.move(days=40)
    await seal(march)
    await march.pool.execute("alter table seals disable trigger seals_append_only")
    await march.pool.execute("update seals set figures = figures || convert_to(' ', 'UTF8')")
    assert [one for one in await differences(march) if "hash of the figures" in one]
    await march.pool.execute("update seals set figures = substr(figures, 1, length(figures) - 1)")
    assert await differences(march) == []
    await march.pool.execute("alter table entries disable trigger entries_append_only")
    await march.pool.execute(
        "update entries set hash = '\\x00' where ticket = $1 and type = 'restored'", march.tickets[1]
    )
    assert [one for one in await differences(march) if "input entries" in one]


async def test_seals_cannot_be_changed_or_deleted(march: Any) -> None:
    march.clock.move(days=40)
    await seal(march)
    for statement in ("update seals set sealed_by = 'x'", "delete from seals", "truncate seals cascade"):
        with pytest.raises(Exception, match="append-only"):
            await march.pool.execute(statement)


async def test_the_form_follows_the_query_else_accept(march: Any) -> None:
    path = f"/contracts/HF-2/compliance?{MONTH}"
    for accept, starts in (("text/csv", b"\xef\xbb\xbfcommitment,"), ("text/html", b"<!DOCTYPE html>"), ("*/*", b"{")):
        reply = await march.ask("GET", path, headers={"Accept": accept}, role="auditor", expect=200)
        assert reply.raw.startswith(starts), accept
    both = await march.ask("GET", f"{path}&format=json", headers={"Accept": "text/csv"}, role="auditor", expect=200)
    assert both.body["month"] == "2026-03"


async def test_the_hotline_by_contract_and_by_days(march: Any) -> None:
    queue = await march.post("/queues", {"name": "hotline", "short_abandon_s": 5}, role="admin")
    assert queue["answer_within_s"] == 20
    for wait, answered in ((3, True), (30, True), (2, False), (9, False)):
        start = datetime(2026, 3, 1, 8, tzinfo=UTC)
        ended = (start + timedelta(seconds=wait)).isoformat()
        call = {"queue": "hotline", "received_at": start.isoformat(), "answered_at" if answered else "ended_at": ended}
        await march.post("/calls", {**call, "outcome": "answered" if answered else "abandoned"})
    of_contract = await march.get(f"/contracts/HF-2/hotline?{MONTH}", role="supervisor")
    days = "/hotline?since=2026-03-01&until=2026-03-01&timezone=Asia/Shanghai&queue=hotline&each=half_hour"
    of_day = await march.get(days, role="supervisor")
    for found in (of_contract, of_day):
        total = found["queues"][0]
        assert (total["offered"], total["answered"], total["abandoned"], total["short"]) == (4, 2, 1, 1)
        assert (total["service_level"], total["formulas"]["F3"], total["answer_rate"]) == (33.3, 25.0, 50.0)
    assert [one["half_hour"] for one in of_contract["half_hours"]] == ["16:00"]
    assert [one["half_hour"] for one in of_day["half_hours"]] == ["2026-03-01T16:00"]
    for bad in ("timezone=Mars/Olympus", "until=2026-02-28", "until=2028-03-01", "since=2026-02-30"):
        query = dict(one.split("=") for one in ("since=2026-03-01", "until=2026-03-01", bad))
        await march.ask("GET", "/hotline", params=query, role="supervisor", expect=422)
    await march.ask("GET", "/hotline?since=2026-03-01&until=2026-03-01&queue=none", role="supervisor", expect=404)
