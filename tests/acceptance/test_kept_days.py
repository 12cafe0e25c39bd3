"""Days counted once and kept come to what a count of everything from the start comes to, whatever happened since."""

from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callcenter.services import call_days, day_counts, fault_days, kept_days
from callcenter.services.kept_days import Part

ZONE = ZoneInfo("Asia/Shanghai")
PARTS: tuple[Part[Any], ...] = (day_counts.CLOCKS, call_days.CALLS, fault_days.FAULTS)


def comparable(found: Any) -> Any:
    """Without the order in which the database gave its groups."""
    if isinstance(found, call_days.CallDay):
        slots = sorted((one.queue, one.slot, one.kind, one.n, sorted(one.waits.items())) for one in found.slots)
        return slots, {queue: sorted(map(str, numbers)) for queue, numbers in found.callers.items()}
    return found


def days_of(hotline: Any) -> list[datetime]:
    """Where the days since the test began start."""
    now = hotline.clock.now.astimezone(ZONE)
    first, today = date(2026, 3, 1), now.date() + timedelta(days=1)
    midnights = (datetime(day.year, day.month, day.day, tzinfo=ZONE) for day in (first, today))
    return kept_days.edges(*midnights, ZONE)


async def counted(hotline: Any) -> dict[str, list[Any]]:
    """What each part's days come to, counted from the start."""
    async with hotline.pool.acquire() as conn:
        contract = await conn.fetchval("select id from contracts where code = 'HF-1'")
        return {
            part.name: [
                comparable(day)
                for day in await part.count(
                    conn, 0 if part.name == "calls" else contract, days_of(hotline), hotline.clock.now
                )
            ]
            for part in PARTS
        }


async def compare(hotline: Any) -> int:
    """Each part's days are the same kept and counted again; gives how many are kept."""
    begins, again = days_of(hotline), await counted(hotline)
    async with hotline.pool.acquire() as conn:
        contract = await conn.fetchval("select id from contracts where code = 'HF-1'")
        for part in PARTS:
            kept = await kept_days.of(conn, part, 0 if part.name == "calls" else contract, begins, hotline.clock.now)
            for begin, one, two in zip(begins, kept, again[part.name], strict=False):
                assert comparable(one) == two, f"{part.name} of {begin.astimezone(ZONE).date()}"
        found: int = await conn.fetchval("select count(*) from counted_days")
        return found


class Desk:
    """People who do what comes to their minds, in any order and sometimes days late."""

    def __init__(self, hotline: Any, seed: int, units: list[int]) -> None:
        self.hotline, self.random, self.units = hotline, Random(seed), units
        self.tickets: list[int] = []
        self.calls: list[int] = []
        self.entries: dict[int, list[str]] = {}

    async def something(self) -> None:
        """One thing happens, and some time goes by."""
        deeds = [self.ring, self.ring, self.call_again, self.write, self.write, self.correct, self.move, self.join,
                 self.change, self.change]  # fmt: skip
        await self.random.choice(deeds if self.tickets else [self.ring])()
        self.hotline.clock.move(minutes=self.random.choice([1, 20, 200, 900]))
        if self.random.random() < 0.3:
            await self.hotline.look()

    def past(self) -> str:
        """Some time ago, mostly a little, sometimes days."""
        start = datetime(2026, 3, 2, 1, tzinfo=ZoneInfo("UTC"))
        back = timedelta(minutes=self.random.choice([0, 3, 50, 700, 3000]))
        at: datetime = max(start, self.hotline.clock.now - back)
        return at.isoformat()

    async def ring(self) -> None:
        at = self.past()
        body = {
            "caller": self.random.choice(["13912345678", "13912345679", "anonymous"]), "received_at": at, "queue": "q",
            "ticket": {"contract": self.random.choice(["HF-1", None]), "region": "city", "title": "No network",
                       "facts": {"impact": self.random.choice(["down", "severe"])}},
        }  # fmt: skip
        if self.random.random() < 0.5:
            body |= {"answered_at": at, "ended_at": at, "outcome": "answered"}
        body["ticket"] = {name: value for name, value in body["ticket"].items() if value is not None}
        made = await self.hotline.ask("POST", "/calls", json=body)
        assert made.status in (201, 422), made.raw
        if made.status == 201:
            self.tickets.append(made.body["ticket"]["number"])
            self.calls.append(made.body["call"]["id"])

    async def call_again(self) -> None:
        body = {
            "caller": "13912345678",
            "received_at": self.past(),
            "ticket": {"number": self.random.choice(self.tickets)},
        }
        made = await self.hotline.ask("POST", "/calls", json=body)
        if made.status == 201:
            self.calls.append(made.body["call"]["id"])

    async def write(self) -> None:
        number = self.random.choice(self.tickets)
        kinds = ["responded", "arrived", "restored", "resolved", "reopened", "closed", "arrived", "responded", "paused"]
        entry = {"type": self.random.choice(kinds), "occurred_at": self.past()}
        if entry["type"] == "paused":
            entry["reason"] = "waiting_customer"
        made = await self.hotline.ask("POST", f"/tickets/{number}/events", json=entry)
        if made.status == 201:
            self.entries.setdefault(number, []).append(made.body["entries"][0]["id"])

    async def correct(self) -> None:
        number = self.random.choice(list(self.entries) or self.tickets)
        entry = self.random.choice(self.entries.get(number, ["1"]))
        how = {"void": True} if self.random.random() < 0.5 else {"to": self.past()}
        body = {"type": "corrected", "entry": str(entry), "reason": "misread", **how}
        await self.hotline.ask("POST", f"/tickets/{number}/events", json=body)

    async def move(self) -> None:
        call, number = self.random.choice(self.calls), self.random.choice([*self.tickets, None])
        await self.hotline.ask("POST", f"/calls/{call}/move", json={"ticket": number})

    async def join(self) -> None:
        number, into = self.random.choice(self.tickets), self.random.choice(self.tickets)
        await self.hotline.ask("POST", f"/tickets/{number}/merge", json={"into": into})

    async def change(self) -> None:
        number = self.random.choice(self.tickets)
        etag = (await self.hotline.ask("GET", f"/tickets/{number}", expect=200)).etag
        change = {"asset": self.random.choice(self.units)} if self.random.random() < 0.7 else {"contract": "HF-1"}
        await self.hotline.ask("PATCH", f"/tickets/{number}", json=change, headers={"If-Match": etag})


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_kept_days_are_what_a_fresh_count_gives(hotline: Any, seed: int) -> None:
    account = (await hotline.get("/accounts?q=Anhui"))["items"][0]["id"]
    units = [
        (await hotline.post("/assets", {"account": account, "serial": serial}, role="admin"))["id"] for serial in "AB"
    ]
    desk = Desk(hotline, seed, units)
    kept = 0
    for _ in range(16):
        for _ in range(5):
            await desk.something()
        kept = max(kept, await compare(hotline))
    assert kept > 9, "nothing was kept"
    assert len(desk.entries) > 3, "nothing was written"
    assert await hotline.pool.fetchval("select count(*) from calls where ticket is not null") > 5


async def opened(hotline: Any, **ticket: Any) -> int:
    """A fault whose call was answered, some hours old."""
    number: int = (await hotline.ring(**ticket))["ticket"]["number"]
    hotline.clock.move(hours=2)
    return number


async def reopened(hotline: Any, number: int) -> str:
    """It was restored and reopened; the entry that reopened it."""
    await hotline.write(number, {"type": "restored"})
    entry: str = (await hotline.write(number, {"type": "reopened"}))["entries"][0]["id"]
    return entry


async def changed(hotline: Any, number: int, change: dict[str, Any]) -> None:
    etag = (await hotline.ask("GET", f"/tickets/{number}", expect=200)).etag
    await hotline.ask("PATCH", f"/tickets/{number}", json=change, headers={"If-Match": etag}, expect=200)


async def unit(hotline: Any) -> int:
    account = (await hotline.get("/accounts?q=Anhui"))["items"][0]["id"]
    found: int = (await hotline.post("/assets", {"account": account, "serial": "A"}, role="admin"))["id"]
    return found


DEEDS = {
    "a late end": lambda desk, one, two, entry, asset: desk.write(one, {"type": "restored"}),
    "a cycle taken away": lambda desk, one, two, entry, asset: desk.write(
        one, {"type": "corrected", "entry": entry, "void": True, "reason": "wrong ticket"}
    ),
    "a contract attached": lambda desk, one, two, entry, asset: changed(desk, two, {"contract": "HF-1"}),
    "another call": lambda desk, one, two, entry, asset: desk.post(
        "/calls", {"caller": "13912345678", "ticket": {"number": one}}
    ),
    "a call moved": lambda desk, one, two, entry, asset: desk.post("/calls/1/move", {"ticket": two}, expect=200),
    "tickets joined": lambda desk, one, two, entry, asset: desk.post(
        f"/tickets/{two}/merge", {"into": one}, expect=200
    ),
    "an arrival told late": lambda desk, one, two, entry, asset: desk.write(
        one, {"type": "arrived", "occurred_at": (desk.clock.now - timedelta(hours=71)).isoformat()}
    ),
    "a unit named": lambda desk, one, two, entry, asset: changed(desk, one, {"asset": asset}),
}


@pytest.mark.parametrize("deed", DEEDS)
async def test_one_late_deed_is_counted(hotline: Any, deed: str) -> None:
    asset = await unit(hotline)
    one, two = await opened(hotline), await opened(hotline, contract=None)
    entry, three = await reopened(hotline, one), await opened(hotline)
    await changed(hotline, three, {"asset": asset})
    hotline.clock.move(days=3)
    assert await compare(hotline) > 0
    before = await hotline.pool.fetchval("select count(*) from day_marks")
    await DEEDS[deed](hotline, one, two, entry, asset)
    assert await hotline.pool.fetchval("select count(*) from day_marks") > before
    await compare(hotline)
