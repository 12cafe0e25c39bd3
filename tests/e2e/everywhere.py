"""Every page of the console, with something on it: what tests that go everywhere go by."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from alerts.engine import run_pass
from callcenter.services import calls, contracts, people, resources, timeline
from callcenter.services.calls import CallTicket, LogCall
from callcenter.services.resources import RESOURCES, Asset, Contact, Partner, Queue, Rota, Site, Team, TravelTime, User
from callcenter.services.types import Actor
from callcenter.store.engine import ClockBook
from callcenter.web.pages import PAGES

OFFICE = Path(__file__).parents[2] / "examples" / "contracts" / "office-hours.yaml"
BOSS = "tang"
_US = Actor("tang", "admin", login="tang")

# Answers of a page's own scripts: parts of pages, files; they are seen where they belong.
PARTS = {
    "/rings", "/rings/{number}", "/find", "/coverage-customers", "/contracts/{code}/coverage", "/stream",
    "/reports/{code}/download", "/reports/{code}/evidence/filled", "/reports/{code}/seal/record",
    "/admin", "/admin/users/{number}/password", "/records/{kind}/new",
    "/records/{kind}/{number}/edit", "/tickets/{number}/acts/{act}", "/tickets/{number}/files/{file}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Somewhere:
    """A page by the address it is asked for, and what opens on it, if anything."""

    path: str
    opens: str | None = None

    @property
    def name(self) -> str:
        """A name for files."""
        bare = self.path.split("?")[0].strip("/").replace("/", "-") or "log"
        return bare + (f"-{self.opens.strip('#.').replace(' ', '-')}" if self.opens else "")


def addresses(ticket: int, account: int, code: str) -> list[Somewhere]:
    """Every page; fails where one was added that nobody says how to reach."""
    values = {"{number}": str(ticket), "{code}": code}
    found = []
    for page in PAGES:
        if page.method != "GET" or page.path in PARTS:
            continue
        path = page.path.replace("{number}", str(account)) if page.path == "/customers/{number}" else page.path
        for name, value in values.items():
            path = path.replace(name, value)
        assert "{" not in path, f"say how to reach {page.path}"
        found.append(Somewhere(path))
    return [
        *found,
        Somewhere("/wallboard"),
        Somewhere("/sign-in"),
        Somewhere("/customers?q=13"),
        Somewhere(f"/reports/{code}/behind?figure=due"),
        Somewhere(f"/customers/{account}", "#sites-add"),
        Somewhere("/customers", "#new-account"),
        Somewhere("/admin/users", "#users-add"),
        Somewhere("/admin/rota", "#rota-add"),
        Somewhere("/admin/channels", "#channels-add"),
        Somewhere(f"/contracts/{code}", "#coverage button"),
    ]


async def furnish(house: Any) -> tuple[int, int, str]:
    """A second contract with its customer, tickets, alerts, a rota; gives a ticket, the customer and the contract."""
    now = house.clock()
    async with house.pool.acquire() as conn:

        async def add(kind: str, record: Any) -> int:
            made = await resources.add(conn, RESOURCES[kind], record, house.context.settings, _US, now)
            return int(made.id)

        await add("users", User(login=BOSS, name="Tang Hua", role="admin", locale="zh-CN"))
        await people.set_password(conn, BOSS, "correct horse battery", now)
        await add("users", User(login="chen", name="Chen Gang", role="engineer", locale="zh-CN"))
        stored = await contracts.put(conn, None, OFFICE.read_text("utf-8"), _US, now)
        account = (await contracts.get(conn, stored.contract)).account
        site = await add("sites", Site(account=account, name="Huaihe head office", region="town"))
        await add("contacts", Contact(account=account, site=site, name="Qian Hui", phone="13955512345"))
        await add("assets", Asset(account=account, site=site, serial="HO-PR-0001", model="Printer P40"))
        await add("queues", Queue(name="hotline"))
        await add("partners", Partner(name="Anqing Networks", regions=["county"]))
        await add("teams", Team(name="city engineers", members=["chen"]))
        await add("travel_times", TravelTime(region="county", minutes=90))
        for duty, login in (("supervisor", "zhou"), ("dispatcher", BOSS)):
            await add("rota", Rota(duty=duty, login=login, from_at=now, until_at=now + timedelta(days=3)))
        ticket = 0
        for title in ("Printer jams on every page", "Network down in one room"):
            wanted = CallTicket(contract=stored.contract, region="town", title=title, facts={"impact": "down"})
            call = LogCall(caller="13955512345", queue="hotline", answered_at=now, outcome="answered", ticket=wanted)
            logged = await calls.log_call(conn, house.context, call, _US, now)
            assert logged.ticket is not None
            ticket = logged.ticket.number
        given = [{"type": "assigned", "to": "chen"}, {"type": "noted", "text": "The fuser is worn."}]
        await timeline.record(conn, house.context, ticket, given, _US)
    house.clock.ahead += timedelta(minutes=50)
    await run_pass(ClockBook(house.pool, house.context.terms), house.clock())
    return ticket, account, stored.contract
