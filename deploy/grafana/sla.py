"""SLA live: what will break next, what is broken, who has it."""

from panels import GREEN, RED, YELLOW, Board, Column, Panel, Variable

CONTRACT = "(k.code = any (array[${contract:sqlstring}]::text[]))"
REGION = "(coalesce(t.region, '-') = any (array[${region:sqlstring}]::text[]))"
OPEN = f"""from clocks c
join tickets t on t.number = c.ticket
join contracts k on k.id = c.contract
left join accounts a on a.id = t.account
left join users u on u.login = t.assignee
where c.stopped_at is null and c.due_at is not null and not c.void and {CONTRACT} and {REGION}"""
COLUMNS = {
    "ticket": Column("Ticket", "string", "/tickets/{}", 90),
    "commitment": Column("Promise"),
    "contract": Column("Contract"),
    "customer": Column("Customer"),
    "severity": Column("Severity", width=80),
    "region": Column("Region"),
    "due": Column("Due", "dateTimeFromNow"),
    "person": Column("Person"),
    "title": Column("What"),
}
SHOWN = """select t.number as ticket, c.commitment, c.due_at as due, k.code as contract, a.name as customer, t.severity,
       t.region, coalesce(u.name, t.assignee, '-') as person, t.title"""
NEXT = f"{SHOWN}\n{OPEN} and c.due_at >= now()\norder by c.due_at, t.severity nulls last\nlimit 30"
MISSED = f"{SHOWN}\n{OPEN} and c.due_at < now()\norder by t.severity nulls last, c.due_at\nlimit 30"
WHO = f"""select coalesce(u.name, t.assignee, '-') as person,
       count(*) filter (where c.due_at < now()) as overdue,
       count(*) filter (where c.due_at >= now() and c.due_at < now() + interval '1 hour') as hour,
       count(*) filter (where c.due_at >= now() + interval '1 hour' and c.due_at < now() + interval '4 hours') as hours,
       count(*) as all
{OPEN}
group by 1
order by overdue desc, hour desc, hours desc
limit 20"""
AHEAD = f"""select date_trunc('hour', c.due_at) as hour, count(*) as deadlines,
       count(*) filter (where t.severity in (1, 2)) as grave,
       count(*) filter (where t.assignee is null) as nobody
{OPEN} and c.due_at >= now() and c.due_at < now() + interval '12 hours'
group by 1
order by 1"""


def clocks(state: str, more: str = "") -> str:
    """How many clocks are in a state; every host says the same."""
    return f'sum(sla:clocks_open:count{{state="{state}"{more}}}) or vector(0)'


STATS = (
    Panel(
        "stat", "Next deadline in", "Less than the way there: ring up who has it; the table below says who.", "s",
        {"left": "min(sla:next_deadline:seconds)"}, steps=((None, RED), (600, YELLOW), (3600, GREEN)), width=4, height=4,
        lowest=None,
    ),
    Panel(
        "stat", "Missed and open, severity 1 and 2", "Deal with these first; begin with severity 1.", "short",
        {"missed": clocks("breached", ', severity=~"1|2"')}, steps=((None, GREEN), (1, RED)), width=4, height=4,
    ),
    Panel(
        "stat", "Missed and open, all", "One cause or too few people? Compare the tickets in the table.", "short",
        {"missed": clocks("breached")}, steps=((None, GREEN), (1, YELLOW), (10, RED)), width=4, height=4,
    ),
    Panel(
        "stat", "Running", "The load ahead. Growing all day: tomorrow's misses.", "short", {"running": clocks("running")},
        width=4, height=4,
    ),
    Panel(
        "stat", "Paused", "Ask those we wait for; a pause that is over but not ended hides a deadline.", "short",
        {"paused": clocks("paused")}, width=4, height=4,
    ),
    Panel(
        "stat", "Longest without acknowledgement", "Above ten minutes: ring up whom it was sent to, then their superior.",
        "s", {"unheard": 'max(alerts_firing_oldest_seconds{job="callcenter", kind=~"breach|overdue"})'},
        steps=((None, GREEN), (300, YELLOW), (600, RED)), width=4, height=4,
    ),
)  # fmt: skip
TABLES = (
    Panel(
        "table", "What will break next", "From the top: is somebody on it, will it be in time? If not, move it or call help.",
        "short", sql=NEXT, columns=COLUMNS, width=24, height=11,
    ),
    Panel(
        "table", "Missed and still open", "Tell the customer what happens; enter what was done and not written down.",
        "short", sql=MISSED, columns=COLUMNS, width=24, height=9,
    ),
    Panel(
        "table", "Who has deadlines", "Move tickets from who has too many in the next hour.", "short", sql=WHO,
        columns={
            "person": Column("Person"), "overdue": Column("Missed"), "hour": Column("Within 1 h"),
            "hours": Column("Within 4 h"), "all": Column("Open"),
        },
    ),
    Panel(
        "table", "Deadlines of the next 12 hours", "An hour with more deadlines than people: call somebody in before it.",
        "short", sql=AHEAD,
        columns={
            "hour": Column("Hour", "dateTimeAsLocal"), "deadlines": Column("Deadlines"),
            "grave": Column("Severity 1 and 2"), "nobody": Column("Nobody has"),
        },
    ),
)  # fmt: skip
LINES = (
    Panel(
        "lines", "Open clocks", "Missed ones that do not fall: nobody works them off.", "short",
        {
            "running": clocks("running"),
            "paused": clocks("paused"),
            "missed": clocks("breached"),
        },
    ),
    Panel(
        "lines", "Clocks that stopped, each hour", "A rising share of missed ones: see which promise in the table above.",
        "short",
        {
            "kept": 'sum(max by (commitment) (increase(sla_clocks_finished_total{job="callcenter", result="met"}[1h])))',
            "missed": 'sum(max by (commitment) (increase(sla_clocks_finished_total{job="callcenter", result="breached"}[1h])))',
        },
    ),
    Panel(
        "lines", "Alerts, each hour", "Many warnings that end in misses: warn earlier in the contract's ladder.", "short",
        {"{{kind}}": 'max by (kind) (increase(alerts_raised_total{job="callcenter"}[1h]))'},
    ),
    Panel(
        "lines", "Open tickets by severity", "Growing severity 1 or 2 needs people before its clocks say so.", "short",
        {"{{severity}}": 'sum by (severity) (max by (severity, kind) (callcenter_tickets_open{job="callcenter"}))'},
    ),
)  # fmt: skip

CONTRACTS = Variable("contract", "Contract", sql="select code from contracts order by code")
REGIONS = Variable(
    "region", "Region",
    sql="select '-' union select distinct region from tickets where state not in ('closed', 'cancelled') and region is not null",
)  # fmt: skip
BOARD = Board(
    "callcenter-sla", "SLA live", "What will break next, what is broken, who has it.",
    (STATS, TABLES[:1], TABLES[1:2], TABLES[2:], LINES[:2], LINES[2:]), (CONTRACTS, REGIONS), since="now-12h", refresh="15s",
)  # fmt: skip
