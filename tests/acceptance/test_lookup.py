"""The caller card: everything about a number while the phone still rings."""

from typing import Any

import pytest


@pytest.fixture
async def account(hotline: Any) -> int:
    """Wang of the customer of HF-1 has a number, a site and a switch."""
    found: int = (await hotline.get("/accounts?q=Anhui"))["items"][0]["id"]
    site = await hotline.post("/sites", {"account": found, "name": "Ward", "region": "city"})
    who = {"name": "Wang", "account": found, "site": site["id"], "phone": "139 1234 5678"}
    await hotline.post("/contacts", who)
    for serial, until in (("OLD", "2026-03-01"), ("TODAY", "2026-03-02"), ("BARE", None)):
        await hotline.post("/assets", {"account": found, "serial": serial, "site": site["id"], "warranty_until": until})
    return found


async def card(hotline: Any, phone: str = "13912345678") -> Any:
    return await hotline.get("/lookup", params={"phone": phone})


async def test_who_calls_and_what_they_are_covered_by(hotline: Any, account: int) -> None:
    for phone in ("13912345678", "+86 139 1234 5678", "008613912345678"):
        seen = await card(hotline, phone)
        assert seen["phone"] == "+8613912345678"
        assert seen["account"]["id"] == account
        assert [one["name"] for one in seen["contacts"]] == ["Wang"]
        assert [one["name"] for one in seen["sites"]] == ["Ward"]
        assert [(one["contract"], one["covered"]) for one in seen["contracts"]] == [("HF-1", True)]
        warranty = {one["serial"]: one["in_warranty"] for one in seen["assets"]}
        assert warranty == {"OLD": False, "TODAY": True, "BARE": False}


async def test_a_contract_that_is_over_is_shown_as_not_covered(hotline: Any, moving: Any, account: int) -> None:
    moving.now = moving.now.replace(year=2027)
    assert [one["covered"] for one in (await card(hotline))["contracts"]] == [False]
    assert (await card(hotline))["account"]["id"] == account


async def test_what_is_open_and_what_was_said(hotline: Any, account: int) -> None:
    number = (await hotline.ring(contract=None, region=None))["ticket"]["number"]
    for _ in range(2):
        await hotline.post("/calls", {"caller": "13912345678", "ticket": {"number": number}, "summary": "again"})
    await hotline.write(number, {"type": "promised", "what": "a part"}, {"type": "promised", "what": "a visit"})
    await hotline.write(number, {"type": "kept", "what": "a part"})
    seen = await card(hotline)
    assert seen["account"]["id"] == account
    assert [(one["number"], one["calls"]) for one in seen["open_tickets"]] == [(number, 3)]
    assert seen["calls_on_this_fault"] == 3
    assert seen["promises"] == {"made": 2, "kept": 1}
    assert len(seen["last_calls"]) == 3
    await hotline.write(number, {"type": "resolved"})
    assert (await card(hotline))["open_tickets"] == []


async def test_a_number_two_customers_share_names_neither(hotline: Any, account: int) -> None:
    other = await hotline.post("/accounts", {"name": "Other"})
    await hotline.post("/contacts", {"name": "Li", "account": other["id"], "phone": "13912345678"})
    seen = await card(hotline)
    assert (seen["ambiguous"], seen["account"], len(seen["contacts"])) == (True, None, 2)
    assert (await hotline.ring(contract=None, region=None))["ticket"]["account"] is None
    assert account


async def test_an_unknown_number(hotline: Any) -> None:
    for phone in ("13800138000", "anonymous", "0", "+", "*#06#", "9" * 60):
        seen = await card(hotline, phone)
        assert (seen["account"], seen["contacts"], seen["open_tickets"], seen["ambiguous"]) == (None, [], [], False)
