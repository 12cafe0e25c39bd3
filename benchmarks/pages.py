"""How long does the service work on each page of the console, with 100,000 tickets stored and 1,000 of them open?

The database is filled with two years of tickets of twenty customers, each with a call, seven entries and three clocks;
those of today are open and their clocks run, some are overdue and alerted about. The service and a bare aiohttp and
Jinja page run each in a process of their own; an admin signs in and asks every page in turn, A B A B. `work` is the
processor time of the service and its database connections, which others on the machine do not lengthen (Linux).

    python benchmarks/pages.py [--tickets 100000] [--open 1000] [--times 30] [--only /next ...] [--profile]
"""

import argparse
import asyncio
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp
import jinja2
import uvloop
from aiohttp import web

from callcenter.app import listening
from callcenter.services import contracts, finding, people
from callcenter.services.context import Context
from callcenter.services.resources import User
from callcenter.services.types import Actor
from callcenter.settings import Settings
from callcenter.store.embedded import EmbeddedPostgres
from callcenter.store.migrate import migrate
from callcenter.store.pool import connect, open_pool
from callcenter.web.app import build

NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)
CUSTOMERS, PASSWORD = 20, "correct horse battery"
PAGE_LIMIT, QUICK_LIMIT = 150, 50
TERMS = """
contract: BENCH-{n}
title: After-sales service {n}
customer: 第{n}医院
valid: {{from: 2024-01-01, until: 2027-12-31}}
timezone: Asia/Shanghai
regions: {{city: 合肥市, province: 省内其他地区}}
severities: {{1: {{name: 严重故障}}, 2: {{name: 主要故障}}, 3: {{name: 一般故障}}}}
grading: [{{when: {{impact: down}}, severity: 1}}, {{when: {{impact: severe}}, severity: 2}}, {{otherwise: 3}}]
calendars: {{always: 24x7, office: {{week: {{mon-fri: "09:00-12:00 13:30-18:00"}}, holidays: CN}}}}
commitments:
  - {{name: response, clause: "4.9", starts: reported, stops: responded, within: 10m, calendar: always}}
  - {{name: on_site, clause: "4.10", starts: reported, stops: arrived, cancels: resolved, within: {{city: 2h, province: 8h}}, calendar: always}}
  - {{name: restore, clause: "4.11", starts: reported, stops: [restored, resolved], within: 12h, calendar: office}}
alerts: {{ladder: [{{at: 80%, notify: [assignee]}}, {{at: breach, notify: [supervisor]}}]}}
reporting: {{target: {{response: 98%, on_site: 95%, restore: 95%}}}}
"""
RECORDS = """
insert into accounts (name, created_at, updated_at) select '淮河机械厂 ' || n, $1, $1 from generate_series(1, 2000) n;
insert into sites (account, name, region, created_at, updated_at)
    select a.id, '院区 ' || n, case when n % 2 = 0 then 'city' else 'province' end, $1, $1 from accounts a, generate_series(1, 5) n;
insert into contacts (account, name, phone, created_at, updated_at)
    select a.id, '王晓 ' || n, '+86138' || lpad((a.id * 10 + n)::text, 8, '0'), $1, $1 from accounts a, generate_series(0, 9) n;
insert into assets (account, site, serial, model, created_at, updated_at)
    select s.account, s.id, 'SN-' || s.id || '-' || n, 'S8505', $1, $1 from sites s, generate_series(1, 5) n where s.account <= 21;
insert into users (login, name, role, created_at, updated_at) select 'eng' || n, 'Engineer ' || n, 'engineer', $1, $1 from generate_series(0, 49) n;
insert into queues (name, created_at, updated_at) values ('hotline', $1, $1);
"""
# Tickets $1 to $2 of $3, the newest $4 of them open; $5 is now. Old ones lie evenly in two years, open ones in nine hours.
FILL = """
with drawn as (
    select n, n >= $3::int - $4::int as open, 1 + n % 20 as nth, 1 + n % 3 as severity,
           case when n % 4 = 0 then 'province' else 'city' end as region,
           case when n >= $3::int - $4::int then $5::timestamptz - ($3::int - n) * interval '9 hours' / $4::int
                else $5::timestamptz - interval '1 day' - ($3::int - n) * (interval '729 days' / $3::int) end as at
    from generate_series($1::int, $2::int) n
), made as (
    insert into tickets (contract, contract_version, account, site, contact, asset, caller, title, kind, severity, region, state,
                         assignee, reported_at, entries, head, created_at, updated_at)
    select k.id, v.id, k.account, (select min(id) from sites where account = k.account) + n % 5,
           (select min(id) from contacts where account = k.account) + n % 10,
           case when n % 3 = 0 then (select min(id) from assets where account = k.account) + n % 25 end,
           '+86138' || lpad((k.account * 10 + n % 10)::text, 8, '0'), '无法上网 ' || n, 'fault', severity, region,
           case when open then (array['new', 'assigned', 'in_progress', 'waiting'])[1 + n % 4] when n % 300 = 0 then 'resolved' else 'closed' end,
           case when not open or n % 4 > 0 then 'eng' || n % 50 end, at, case when open then 4 when n % 300 = 0 then 7 else 8 end, '\\x00', at, at
    from drawn join contracts k on k.code = 'BENCH-' || nth join contract_versions v on v.contract = k.id
    returning number, contract, contact, caller, severity, region, state, assignee, reported_at as at, entries
), rung as (
    insert into calls (ticket, queue, contact, caller, direction, received_at, queued_at, answered_at, ended_at, outcome, agent, created_at)
    select number, 1, contact, caller, 'in', at, at, at + number % 40 * interval '1 second', at + interval '4 minutes', 'answered',
           'agent' || number % 50, at from made
), told as (
    insert into entries (ticket, seq, type, occurred_at, recorded_at, by, data, hash)
    select number, e.seq, e.type, at + e.after, at + e.after, coalesce(assignee, 'admin'), case e.type
             when 'reported' then json_build_object('channel', 'phone', 'kind', 'fault', 'region', region)
             when 'graded' then json_build_object('severity', severity)
             when 'assigned' then json_build_object('to', coalesce(assignee, 'eng1'))
             when 'promised' then json_build_object('text', '回电告知进展', 'until', at + interval '11 hours')
             else '{}' end, '\\x00'
    from made cross join (values (1, 'reported', interval '0', 0), (2, 'registered', '20 seconds', 0), (3, 'graded', '30 seconds', 0),
        (4, 'assigned', '40 seconds', 2), (4, 'promised', '40 seconds', 1), (5, 'responded', '5 minutes', 2), (6, 'arrived', '1 hour', 2),
        (7, 'resolved', '3 hours', 2), (8, 'closed', '1 day', 2)) e (seq, type, after, kind)
    where e.seq <= entries and (e.kind = 0 or (e.kind = 1) = (entries = 4 and number % 10 = 0))
), ticking as (
    insert into clocks (ticket, contract, commitment, cycle, owner, state, severity, region, promised, promised_s, calendar, started_at,
        due_at, stopped_at, breached_at, used_s, paused_s, ladder_from, assessed_at)
    select number, contract, p.name, 1, 'customer',
           case when broken then 'breached' when entries = 4 then case when at + p.within < $5 then 'breached' else 'running' end else 'met' end,
           severity, region, p.within::text, extract(epoch from p.within), p.calendar, at, at + p.within,
           case when entries > 4 then at + p.within * case when broken then 1.5 else 0.5 end end,
           case when broken or entries = 4 and at + p.within < $5 then at + p.within end, 60, 0, at, at
    from made
    cross join (values ('response', interval '10 minutes', 'always', 0), ('on_site', '8 hours', 'always', 1), ('restore', '12 hours', 'office', 2))
        p (name, within, calendar, nth)
    cross join lateral (select entries > 4 and number % 36 / 12 = p.nth and number % 4 = 0 as broken) b
    returning id, ticket, due_at, breached_at, stopped_at
)
insert into alerts (clock, ticket, step, deadline_version, kind, notify, fires_at, due_at, recorded_at, state)
select id, ticket, 1, 1, 'breach', '{supervisor}', due_at, due_at, due_at, case when stopped_at is null then 'firing' else 'resolved' end
from ticking where breached_at is not null
"""
MISSED = """
insert into calls (queue, caller, direction, received_at, queued_at, ended_at, wait_s, outcome, created_at)
select 1, '+86139' || lpad(n::text, 8, '0'), 'in', at, at, at + interval '30 seconds', 30, 'abandoned', at
from (select n, $1::timestamptz - n * interval '7 minutes' as at from generate_series(1, 2000) n) drawn
"""


async def fill(dsn: str, tickets: int, open_: int) -> None:
    """The database has customers, people, contracts and that many tickets."""
    conn = await connect(dsn)
    await migrate(conn)
    us = Actor("bench", "admin")
    for nth in range(1, CUSTOMERS + 1):
        await contracts.put(conn, None, TERMS.format(n=nth), us, NOW)
    for statement in RECORDS.strip().split(";\n"):
        await conn.execute(statement.rstrip(";\n"), NOW)
    for first in range(0, tickets, 20_000):
        last = min(first + 20_000, tickets) - 1
        await conn.execute(FILL, first, last, tickets, open_, NOW, timeout=900)
    await conn.execute(MISSED, NOW)
    await people.create(conn, User(login="boss", name="Boss", role="admin", locale="zh-CN"), PASSWORD, Settings(), NOW)
    while await conn.fetchval("select exists (select from finding_due)"):
        await finding.find(conn, "w", us)
    await conn.execute("vacuum analyze", timeout=900)
    await conn.close()


def bare() -> web.Application:
    """aiohttp and a Jinja table of fifty rows; nothing else."""
    rows = "<table>{% for one in rows %}<tr><td>{{ one.number }}</td><td>{{ one.title }}</td></tr>{% endfor %}</table>"
    template = jinja2.Environment(autoescape=True).from_string(f"<!doctype html><title>{{{{ title }}}}</title>{rows}")
    shown = [{"number": number, "title": f"无法上网 {number}"} for number in range(50)]

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=template.render(title="Bare", rows=shown), content_type="text/html")

    app = web.Application()
    app.router.add_get("/bare", page)
    return app


def serve(kind: str, dsn: str, profile: bool, pipe: Connection) -> None:
    """A process that serves one of the two applications until told to stop."""
    import cProfile
    import pstats
    import socket

    async def run() -> None:
        pool = await open_pool(dsn, size=4)
        app = bare() if kind == "bare" else build(pool, Context(Settings(), lambda: NOW))
        sock = socket.create_server(("127.0.0.1", 0))
        async with listening(app, sock):
            pipe.send(sock.getsockname()[1])
            await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
        await pool.close()

    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    uvloop.run(run())
    profiler.disable()
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(45)
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(60)


class Asked:
    """A page or part of one: how it is asked for, what it may take in ms, how long each time took in seconds."""

    def __init__(self, path: str, form: dict[str, str] | None = None, limit: int = PAGE_LIMIT) -> None:
        self.path, self.form, self.limit = path, form, limit
        self.took: list[float] = []
        self.worked: list[float] = []

    def work(self) -> float:
        """The middle of the processor times, in ms."""
        return statistics.median(self.worked)

    def at(self, share: float) -> float:
        """That quantile, in ms."""
        return sorted(self.took)[min(len(self.took) - 1, int(len(self.took) * share))] * 1e3


def asked(newest: int) -> list[Asked]:
    """Every page of the console that people wait for, and what answers while they type."""
    caller = {"phone": "+8613800000015"}
    said = {"account": "1", "contract": "BENCH-1", "site": "1", "kind": "fault", "fact.impact": "down", "title": "x"}
    pages = (
        "/", "/next", "/next?whose=mine", "/next?far", "/tickets", "/tickets?state=all", "/tickets?state=all&q=99321",
        "/tickets?state=closed&contract=BENCH-3", f"/tickets/{newest}", f"/tickets/{newest}/report",
        f"/tickets/{newest}/job-sheet", "/jobs", f"/jobs/{newest}", "/follow-ups", f"/follow-ups/{newest}", "/customers",
        "/customers?q=王", "/customers/1", "/customers/21", "/contracts", "/contracts/BENCH-1", "/contracts/BENCH-1/edit",
        "/contracts/BENCH-1/changes", "/reports", "/reports/BENCH-1", "/reports/BENCH-1?month=2026-10",
        "/reports/BENCH-1/behind?figure=due", "/alerts", "/alerts?state=all", "/wallboard", "/wallboard/figures", "/me",
        "/admin/users", "/admin/rota", "/admin/calendars", "/admin/channels", "/admin/partners", "/admin/queues",
        "/admin/teams", "/admin/tokens",
    )  # fmt: skip
    quick = [Asked("/find?q=w", limit=QUICK_LIMIT), Asked("/find?q=王", limit=QUICK_LIMIT)]
    quick += [Asked(f"/find?all&q={text}", limit=QUICK_LIMIT) for text in ("淮河", "00015", "sn-12", str(newest))]
    quick += [Asked("/log/card", form, QUICK_LIMIT) for form in (caller, {"account": "1"}, {"phone": "+8613900000001"})]
    quick += [Asked("/log/promise", said, QUICK_LIMIT), Asked("/rings", limit=QUICK_LIMIT)]
    return [*map(Asked, pages), *quick]


def worked(pids: list[int]) -> float:
    """Seconds of processor time these processes have had."""
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids) / 1e9


async def backends(dsn: str) -> list[int]:
    """The processes behind the service's database connections."""
    conn = await connect(dsn)
    rows = await conn.fetch(
        "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
    )
    await conn.close()
    return [row["pid"] for row in rows]


async def load(
    ports: dict[str, int], pids: dict[str, list[int]], wanted: list[Asked], plain: Asked, times: int
) -> None:
    """Every page was asked for that often, in turn with the bare one."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        ours = f"http://127.0.0.1:{ports['ours']}"
        await http.post(f"{ours}/sign-in", data={"login": "boss", "password": PASSWORD})
        for turn in range(times + 2):  # the first two are for warming up
            for one in wanted:
                for kind, place, base in (("bare", plain, f"http://127.0.0.1:{ports['bare']}"), ("ours", one, ours)):
                    spent, began = worked(pids[kind]), time.perf_counter()
                    method = "GET" if place.form is None else "POST"
                    async with http.request(method, base + place.path, data=place.form) as answer:
                        text = await answer.text()
                    took = time.perf_counter() - began
                    if answer.status != 200 or "/sign-in" in str(answer.url):
                        raise RuntimeError(f"{place.path}: {answer.status} {text[:2000]}")
                    if turn > 1:
                        place.took.append(took)
                        place.worked.append((worked(pids[kind]) - spent) * 1e3)


def told(wanted: list[Asked], plain: Asked) -> Iterator[str]:
    """The table, slowest first, and what is beyond its limit marked."""
    yield f"{'page':44} {'work ms':>8} {'p50 ms':>8} {'p95 ms':>8} {'limit':>6} {'x bare':>7}"
    yield f"{'bare aiohttp + Jinja':44} {plain.work():8.1f} {plain.at(0.5):8.1f} {plain.at(0.95):8.1f} {'':>6} {1:7.1f}"
    for one in sorted(wanted, key=lambda each: -each.at(0.95)):
        name = one.path + (" " + next(iter(one.form)) if one.form else "")
        over = " OVER" if one.at(0.95) > one.limit else ""
        ratio = one.at(0.5) / plain.at(0.5)
        yield f"{name:44} {one.work():8.1f} {one.at(0.5):8.1f} {one.at(0.95):8.1f} {one.limit:6} {ratio:7.1f}{over}"


def measure(dsn: str, newest: int, given: argparse.Namespace) -> int:
    """The table is printed; gives how many pages are beyond their limit."""
    spawn = multiprocessing.get_context("spawn")
    servers, ports, pids = {}, {}, {}
    for kind in ("bare", "ours"):
        here, there = spawn.Pipe()
        process = spawn.Process(target=serve, args=(kind, dsn, given.profile and kind == "ours", there), daemon=True)
        process.start()
        servers[kind], ports[kind] = (process, here), here.recv()
        pids[kind] = [process.pid or 0]
    pids["ours"] += uvloop.run(backends(dsn))
    plain, wanted = Asked("/bare"), asked(newest)
    if given.only:
        wanted = [one for one in wanted if one.path in given.only]
    uvloop.run(load(ports, pids, wanted, plain, given.times))
    for process, here in servers.values():
        here.send("stop")
        process.join()
    print("\n".join(told(wanted, plain)), flush=True)
    return sum(one.at(0.95) > one.limit for one in wanted)


def main() -> int:
    """Fills the database, asks for every page, prints the table; fails where one takes too long."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--tickets", type=int, default=100_000)
    arguments.add_argument("--open", type=int, default=1_000)
    arguments.add_argument("--times", type=int, default=30)
    arguments.add_argument("--only", nargs="+")
    arguments.add_argument("--keep", type=Path, help="a folder the database stays in, and is not filled twice")
    arguments.add_argument("--profile", action="store_true")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres.start_or_join(given.keep or Path(folder)) as server:
        began = time.perf_counter()
        if not (given.keep and uvloop.run(filled(server.dsn))):
            uvloop.run(fill(server.dsn, given.tickets, given.open))
            print(f"{given.tickets:,} tickets made in {time.perf_counter() - began:.0f} s", flush=True)
        return measure(server.dsn, 100_000 + given.tickets, given)


async def filled(dsn: str) -> bool:
    """True where the database was filled before; it is brought to the newest schema."""
    conn = await connect(dsn)
    known = await conn.fetchval("select to_regclass('tickets') is not null")
    if known:
        await migrate(conn)
    await conn.close()
    return bool(known)


if __name__ == "__main__":
    sys.exit(main())
