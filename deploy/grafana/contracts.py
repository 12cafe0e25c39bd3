"""Contracts this month: which contract is at risk, and what is left of it."""

from panels import GREEN, RED, YELLOW, Board, Column, Panel

from sla import CONTRACT, CONTRACTS

C = 'job="callcenter", contract=~"$contract"'
RATIO = f"max by (contract, commitment) (sla_month_compliance_ratio{{{C}}})"
TARGET = f"max by (contract, commitment) (sla_month_target_ratio{{{C}}})"
# Clocks whose deadline falls into the running month of the contract's zone, as the service itself counts them.
MONTH = f"""with months as (
    select k.id, k.code, v.title, v.valid_until,
           date_trunc('month', now() at time zone v.timezone) at time zone v.timezone as since,
           (date_trunc('month', now() at time zone v.timezone) + interval '1 month') at time zone v.timezone as until
    from contracts k
    join lateral (
        select v.title, v.valid_until, v.timezone from contract_versions v where v.contract = k.id order by v.version desc limit 1
    ) v on true
    where {CONTRACT}
), cases as (
    select m.code, c.ticket, c.commitment, c.severity, c.region, c.due_at,
           case when c.state <> 'running' then c.state when c.due_at < now() then 'breached' else 'open' end as result
    from months m
    join clocks c on c.contract = m.id and c.due_at >= m.since and c.due_at < m.until
    where not c.void and c.state in ('running', 'met', 'breached', 'cancelled')
)"""
KEPT = f"""{MONTH}
select code as contract, commitment,
       count(*) filter (where result = 'met') as met,
       count(*) filter (where result = 'breached') as breached,
       count(*) filter (where result = 'open') as open,
       count(*) filter (where result = 'met')::float8 / nullif(count(*) filter (where result in ('met', 'breached')), 0) as share
from cases
group by 1, 2
order by share nulls last, contract, commitment"""
MISSED = f"""{MONTH}
select x.ticket, x.code as contract, x.commitment, x.severity, x.region, x.due_at as due, t.state, t.title
from cases x
join tickets t on t.number = x.ticket
where x.result = 'breached'
order by x.due_at desc
limit 50"""
WHERE = f"""{MONTH}
select coalesce(severity::text, '-') as severity, coalesce(region, '-') as region,
       count(*) filter (where result = 'met') as met, count(*) filter (where result = 'breached') as breached,
       count(*) filter (where result = 'open') as open
from cases
group by 1, 2
order by breached desc, severity, region"""
ENDING = f"""{MONTH}
select code as contract, title, valid_until::timestamptz as ends from months
where valid_until < (now() + interval '90 days')::date
order by valid_until, code"""

STATS = (
    Panel(
        "stat", "Promises below target", "Open the table below; put these contracts' tickets first for the rest of the month.",
        "short",
        {"below": f"count({RATIO} < on (contract, commitment) {TARGET}) or vector(0)"},
        steps=((None, GREEN), (1, RED)), width=6, height=4,
    ),
    Panel(
        "stat", "Promises with no miss left", "One more miss and the target is lost: have a supervisor watch each open one.",
        "short",
        {"at the edge": 'count(sla:month_breaches_left:count{contract=~"$contract"} <= 0) or vector(0)'},
        steps=((None, GREEN), (1, YELLOW)), width=6, height=4,
    ),
    Panel(
        "stat", "Missed this month", "Read each: what the customer or force majeure caused may be exempted.", "short",
        {"missed": f'sum(max by (contract, commitment) (sla_month_clocks{{{C}, result="breached"}})) or vector(0)'},
        width=6, height=4,
    ),
    Panel(
        "stat", "Still open this month", "What may yet be kept or missed before the month ends.", "short",
        {"open": f'sum(max by (contract, commitment) (sla_month_clocks{{{C}, result="open"}})) or vector(0)'},
        width=6, height=4,
    ),
)  # fmt: skip
PANELS = (
    Panel(
        "table", "Kept so far, worst first", "Below target: tell the contract manager. Exemptions are not taken out here.",
        "short", sql=KEPT,
        columns={
            "contract": Column("Contract", link="/contracts/{}"), "commitment": Column("Promise"),
            "met": Column("Kept"), "breached": Column("Missed"), "open": Column("Open"),
            "share": Column("Share kept", "percentunit"),
        },
        height=10,
    ),
    Panel(
        "bars", "Misses left before the target is lost",
        "Zero or less: nothing may be missed any more, or the target is lost already.", "short",
        {"{{contract}} {{commitment}}": 'sla:month_breaches_left:count{contract=~"$contract"}'},
        steps=((None, RED), (0.5, YELLOW), (2.5, GREEN)), height=10, lowest=None,
    ),
    Panel(
        "table", "Missed this month", "Is the reason on the ticket? The month's report asks for each.", "short", sql=MISSED,
        columns={
            "ticket": Column("Ticket", "string", "/tickets/{}", 90), "contract": Column("Contract"),
            "commitment": Column("Promise"), "severity": Column("Severity", width=80), "region": Column("Region"),
            "due": Column("Was due", "dateTimeAsLocal"), "state": Column("State"), "title": Column("What"),
        },
        width=24, height=10,
    ),
    Panel(
        "lines", "Share kept over time", "Falls day by day: what changed? People, one site, one product.", "percentunit",
        {"{{contract}} {{commitment}}": RATIO}, highest=1,
    ),
    Panel(
        "lines", "Distance to the target", "Below zero: the target is missed as things stand.", "percentunit",
        {"{{contract}} {{commitment}}": f"{RATIO} - on (contract, commitment) {TARGET}"},
        steps=((None, RED), (0, GREEN)), lowest=None,
    ),
    Panel(
        "table", "By severity and region", "Misses gather in one region: people or stock are missing there.", "short",
        sql=WHERE,
        columns={
            "severity": Column("Severity"), "region": Column("Region"), "met": Column("Kept"),
            "breached": Column("Missed"), "open": Column("Open"),
        },
    ),
    Panel(
        "table", "Contracts that end within 90 days", "Renew it, or tell the desk: after the end there are no clocks.",
        "short", sql=ENDING,
        columns={
            "contract": Column("Contract", link="/contracts/{}"), "title": Column("Title"),
            "ends": Column("Ends", "dateTimeFromNow"),
        },
    ),
)  # fmt: skip

BOARD = Board(
    "callcenter-contracts", "Contracts this month", "Which contract is at risk, and what is left of it.",
    (STATS, PANELS[:2], PANELS[2:3], PANELS[3:5], PANELS[5:]), (CONTRACTS,), since="now-30d", refresh="5m",
)  # fmt: skip
