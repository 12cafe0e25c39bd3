"""Lists are walked by cursor: everything once, in order, whatever is added meanwhile."""

from typing import Any

import pytest


async def walked(hotline: Any, path: str, limit: int, role: str = "admin") -> list[Any]:
    """Every item of a list, page by page."""
    items: list[Any] = []
    cursor: str | None = None
    while True:
        params = {"limit": str(limit), **({"cursor": cursor} if cursor else {})}
        page = await hotline.get(path, params=params, role=role)
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items
        assert len(page["items"]) == limit, "only the last page is short"


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 500])
async def test_all_calls_and_tickets_are_met_once(hotline: Any, limit: int) -> None:
    made = [(await hotline.ring())["ticket"]["number"] for _ in range(5)]
    assert [one["number"] for one in await walked(hotline, "/tickets", limit)] == made[::-1]
    calls = [one["id"] for one in await walked(hotline, "/calls", limit)]
    assert calls == sorted(calls, reverse=True)
    assert len(calls) == 5


async def test_records_contracts_and_alerts_are_met_once(hotline: Any, moving: Any, terms: str) -> None:
    for code in ("A-1", "Z-9", "合同-1"):
        await hotline.ask("PUT", f"/contracts/{code}", data=terms.replace("HF-1", code).encode(), role="admin",
                          headers={"Content-Type": "application/yaml"}, expect=201)  # fmt: skip
    codes = [one["contract"] for one in await walked(hotline, "/contracts", 1)]
    assert sorted(codes) == sorted(["A-1", "HF-1", "Z-9", "合同-1"])
    users = [one["id"] for one in await walked(hotline, "/users", 2)]
    assert users == sorted(set(users))
    assert len(users) == 12
    for _ in range(3):
        await hotline.ring()
    moving.move(hours=5)
    await hotline.look()
    alerts = [one["id"] for one in await walked(hotline, "/alerts", 2)]
    assert alerts == sorted(set(alerts), reverse=True)
    assert len(alerts) == await hotline.count("alerts")


async def test_what_comes_meanwhile_disturbs_nobody(hotline: Any) -> None:
    made = [(await hotline.ring())["ticket"]["number"] for _ in range(4)]
    first = await hotline.get("/tickets?limit=2")
    await hotline.ring()
    second = await hotline.get("/tickets", params={"limit": "2", "cursor": first["next"]})
    assert [one["number"] for one in first["items"] + second["items"]] == made[::-1]


async def test_filters_of_tickets(hotline: Any, moving: Any) -> None:
    grave = (await hotline.ring())["ticket"]["number"]
    light = (await hotline.ring(facts={"impact": "none"}, title="Paper jam 100%"))["ticket"]["number"]
    bare = (await hotline.ring(contract=None, region=None, facts=None))["ticket"]["number"]
    await hotline.write(light, {"type": "assigned", "to": "engineer"})
    await hotline.write(bare, {"type": "cancelled"})
    soon = (moving.now.replace(minute=6)).isoformat()
    for params, expected in (
        ({"state": "new"}, [grave]),
        ({"state": "assigned,cancelled"}, [bare, light]),
        ({"state": "open"}, [light, grave]),
        ({"severity": "1"}, [grave]),
        ({"contract": "HF-1"}, [light, grave]),
        ({"assignee": "engineer"}, [light]),
        ({"due_before": soon}, [grave]),
        ({"q": "paper JAM"}, [light]),
        ({"q": "100%"}, [light]),
        ({"q": "%"}, [light]),
        ({"q": "5678", "state": "new"}, [grave]),
        ({"ref": "none"}, []),
        ({"contract": "HF-1", "severity": "3", "limit": "1"}, [light]),
    ):
        assert [one["number"] for one in (await hotline.get("/tickets", params=params))["items"]] == expected, params


async def test_filters_of_calls_and_alerts(hotline: Any, moving: Any) -> None:
    number = (await hotline.ring())["ticket"]["number"]
    await hotline.post("/calls", {"caller": "13800138000"})
    for caller in ("13912345678", "+8613912345678", "139-1234-5678"):
        assert len((await hotline.get("/calls", params={"caller": caller}))["items"]) == 1
    moving.move(minutes=6)
    await hotline.look()
    for query, many in (("state=firing", 2), ("kind=breach", 1), (f"ticket={number}", 2), ("ticket=1", 0),
                        ("commitment=response", 2), ("contract=HF-1", 2), ("contract=X", 0)):  # fmt: skip
        assert len((await hotline.get(f"/alerts?{query}"))["items"]) == many, query


async def test_filters_of_records(hotline: Any) -> None:
    account = (await hotline.get("/accounts?q=anhui"))["items"][0]["id"]
    for name in ("Ward_1", "Ward%2", "Hall"):
        await hotline.post("/sites", {"account": account, "name": name})
    for query, many in (("q=ward", 2), ("q=_", 1), ("q=%25", 1), (f"account={account}", 3), ("account=99", 0)):
        assert len((await hotline.get(f"/sites?{query}"))["items"]) == many, query
