"""Field service: who is on the way, which visit will be late, how long ways and repairs take."""

from panels import GREEN, RED, YELLOW, Board, Column, Panel, Variable

from sla import COLUMNS, CONTRACT, CONTRACTS, OPEN, REGION, REGIONS, SHOWN

# Where people are by what was entered last; a correction of an entry is not looked at.
LAST = """with last as (
    select distinct on (e.ticket) e.ticket, e.type, e.occurred_at
    from entries e
    join tickets t on t.number = e.ticket
    where t.state not in ('closed', 'cancelled')
      and e.type in ('visit_requested', 'dispatched', 'departed', 'arrived', 'restored', 'resolved')
    order by e.ticket, e.occurred_at desc, e.seq desc
)"""
FROM = f"""from last l
join tickets t on t.number = l.ticket
join contracts k on k.id = t.contract
left join users u on u.login = t.assignee
where {CONTRACT} and {REGION}"""
PLACES = f"""{LAST}
select count(*) filter (where l.type in ('visit_requested', 'dispatched')) as to_go,
       count(*) filter (where l.type = 'departed') as on_the_way,
       count(*) filter (where l.type = 'arrived') as there
{FROM}"""
ROADS = f"""{LAST}
select t.number as ticket, l.type as step, l.occurred_at as since, k.code as contract, t.region, t.severity,
       coalesce(u.name, t.assignee, '-') as person, t.title
{FROM} and l.type in ('visit_requested', 'dispatched', 'departed', 'arrived')
order by l.occurred_at
limit 40"""
VISITS = (
    f"{SHOWN}\n{OPEN} and c.commitment = any (array[${{commitment:sqlstring}}]::text[])\norder by c.due_at\nlimit 30"
)
SPANS = """with visits as (
    select e.ticket, min(e.occurred_at) filter (where e.type = 'departed') as departed,
           min(e.occurred_at) filter (where e.type = 'arrived') as arrived,
           min(e.occurred_at) filter (where e.type in ('restored', 'resolved')) as restored,
           count(*) filter (where e.type = 'arrived') as times
    from entries e
    where e.type in ('departed', 'arrived', 'restored', 'resolved') and $__timeFilter(e.occurred_at)
    group by e.ticket
)"""
JOINED = f"from visits x join tickets t on t.number = x.ticket join contracts k on k.id = t.contract\nwhere {CONTRACT} and {REGION}"
TIMES = f"""{SPANS}
select coalesce(t.region, '-') as region, count(x.arrived) as visits,
       percentile_cont(0.5) within group (order by extract(epoch from x.arrived - x.departed)) as way,
       percentile_cont(0.9) within group (order by extract(epoch from x.arrived - x.departed)) as way_long,
       percentile_cont(0.5) within group (order by extract(epoch from x.restored - x.arrived)) as repair
{JOINED} and x.arrived is not null
group by 1
order by 1"""
AGAIN = f"""{SPANS}
select t.number as ticket, x.times as visits, t.state, k.code as contract, t.region,
       coalesce(t.assignee, '-') as person, t.title
{JOINED} and x.times > 1
order by x.times desc, t.number desc
limit 30"""
ENGINEERS = f"""select coalesce(u.name, t.assignee) as person, count(*) as open,
       count(*) filter (where t.severity in (1, 2)) as grave,
       count(*) filter (where t.state = 'waiting') as waiting,
       string_agg(distinct coalesce(t.region, '-'), ', ') as regions
from tickets t
join contracts k on k.id = t.contract
join users u on u.login = t.assignee and u.role in ('engineer', 'partner')
where t.state in ('new', 'assigned', 'in_progress', 'waiting') and {CONTRACT} and {REGION}
group by 1
order by open desc
limit 30"""

TICKET = Column("Ticket", "string", "/tickets/{}", 90)
PANELS = (
    Panel(
        "table", "Where people are", "More to go than people free: ask partners of the region.", "short", sql=PLACES,
        columns={"to_go": Column("To be driven"), "on_the_way": Column("On the way"), "there": Column("At the customer's")},
        width=8, height=5,
    ),
    Panel(
        "stat", "Next visit deadline in", "Less than the way there: ring up who goes.", "s",
        {"left": 'min(sla:next_deadline:seconds{commitment=~"$commitment"})'},
        steps=((None, RED), (1800, YELLOW), (7200, GREEN)), width=8, height=5, lowest=None,
    ),
    Panel(
        "stat", "Visits missed and open", "Tell the customer when somebody comes; enter arrivals that were not entered.",
        "short", {"missed": 'sum(sla:clocks_open:count{state="breached", commitment=~"$commitment"}) or vector(0)'},
        steps=((None, GREEN), (1, RED)), width=8, height=5,
    ),
    Panel(
        "table", "Visits by deadline", "From the top: who goes, is the way shorter than what is left?", "short",
        sql=VISITS, columns=COLUMNS, width=24, height=9,
    ),
    Panel(
        "table", "On the road and on site, longest first", "Long at one place: ring up, ask for help or parts.", "short",
        sql=ROADS,
        columns={
            "ticket": TICKET, "step": Column("Step"), "since": Column("Since", "dateTimeFromNow"),
            "contract": Column("Contract"), "region": Column("Region"), "severity": Column("Severity", width=80),
            "person": Column("Person"), "title": Column("What"),
        },
    ),
    Panel(
        "table", "Engineers' load", "Move work from who has most; those with many waiting need parts, not time.", "short",
        sql=ENGINEERS,
        columns={
            "person": Column("Person"), "open": Column("Open"), "grave": Column("Severity 1 and 2"),
            "waiting": Column("Waiting"), "regions": Column("Regions"),
        },
    ),
    Panel(
        "table", "Ways and repairs by region", "A way longer than travel times say: correct them, warnings depend on it.",
        "short", sql=TIMES,
        columns={
            "region": Column("Region"), "visits": Column("Visits"), "way": Column("Way, half within", "s"),
            "way_long": Column("Way, nine in ten within", "s"), "repair": Column("Repair, half within", "s"),
        },
    ),
    Panel(
        "table", "More than one visit", "Why a second time: parts, skill, diagnosis? Ask before sending a third.", "short",
        sql=AGAIN,
        columns={
            "ticket": TICKET, "visits": Column("Visits"), "state": Column("State"), "contract": Column("Contract"),
            "region": Column("Region"), "person": Column("Person"), "title": Column("What"),
        },
    ),
    Panel(
        "lines", "Visits: kept and missed, each day", "Misses on the same days: plan people for them.", "short",
        {
            "kept": 'sum(max by (commitment) (increase(sla_clocks_finished_total{job="callcenter", commitment=~"$commitment", result="met"}[1d])))',
            "missed": 'sum(max by (commitment) (increase(sla_clocks_finished_total{job="callcenter", commitment=~"$commitment", result="breached"}[1d])))',
        },
        width=24,
    ),
)  # fmt: skip

BOARD = Board(
    "callcenter-field", "Field service", "Who is on the way, which visit will be late, how long ways and repairs take.",
    (PANELS[:3], PANELS[3:4], PANELS[4:6], PANELS[6:8], PANELS[8:]),
    (
        CONTRACTS, REGIONS,
        Variable("commitment", "Promise", 'label_values(sla_clocks_open{job="callcenter"}, commitment)'),
    ),
    since="now-7d", refresh="1m",
)  # fmt: skip
