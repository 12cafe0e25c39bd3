"""Hotline now: who waits, are we in time, who is overloaded."""

from panels import GREEN, RED, YELLOW, Board, Column, Panel, Variable

Q = 'job="callcenter", queue=~"$queue"'
WAITING = f"max by (queue) (callcenter_calls_waiting{{{Q}}})"
OLDEST = f"max by (queue) (callcenter_calls_waiting_oldest_seconds{{{Q}}})"


def grown(name: str, span: str, more: str = "") -> str:
    """How much a counter about the database grew by queue; every host says the same."""
    return f"max by (queue) (increase({name}{{{Q}{more}}}[{span}]))"


def quantile(share: str) -> str:
    """The time within which a share of the calls was answered."""
    buckets = grown("callcenter_call_wait_seconds_bucket", "30m", ', outcome="answered"')
    by_le = buckets.replace("max by (queue)", "max by (queue, le)")
    return f"histogram_quantile({share}, sum by (le) ({by_le}))"


PEOPLE = """select coalesce(u.name, t.assignee) as person,
       count(distinct t.number) as open,
       count(c.id) filter (where c.due_at < now()) as overdue,
       count(c.id) filter (where c.due_at >= now() and c.due_at < now() + interval '2 hours') as soon,
       min(c.due_at) filter (where c.due_at >= now()) as next
from tickets t
left join users u on u.login = t.assignee
left join clocks c on c.ticket = t.number and c.stopped_at is null and c.due_at is not null and not c.void
where t.state not in ('closed', 'cancelled') and t.assignee is not null
group by 1
order by overdue desc, soon desc, open desc
limit 20"""
UNTAKEN = """select t.number as ticket, t.title, t.severity, k.code as contract, t.reported_at as reported,
       min(c.due_at) as due
from tickets t
left join contracts k on k.id = t.contract
left join clocks c on c.ticket = t.number and c.stopped_at is null and c.due_at is not null and not c.void
where t.state = 'new'
group by t.number, t.title, t.severity, k.code, t.reported_at
order by due nulls last, t.severity nulls last, t.number
limit 20"""

STATS = (
    Panel(
        "stat", "Callers waiting", "Above the people free: move somebody to the queue that waits.", "short",
        {"waiting": f"sum({WAITING})"}, steps=((None, GREEN), (3, YELLOW), (8, RED)), width=4, height=4,
    ),
    Panel(
        "stat", "Longest wait now", "Past a minute: answer this call before any other work.", "s",
        {"longest": f"max({OLDEST})"}, steps=((None, GREEN), (20, YELLOW), (60, RED)), width=4, height=4,
    ),
    Panel(
        "stat", "Answered in time, worst queue", "Below 80 %: move people to this queue; see the panel by queue.",
        "percentunit", {"in time": 'min(callcenter:service_level:ratio30m{queue=~"$queue"})'},
        steps=((None, RED), (0.8, YELLOW), (0.9, GREEN)), width=4, height=4, highest=1,
    ),
    Panel(
        "stat", "Gave up, last 30 minutes", "Call them back: they are in the console's list of call-backs.", "short",
        {"gave up": f"sum({grown('callcenter_calls_abandoned_total', '30m')})"},
        steps=((None, GREEN), (3, YELLOW), (10, RED)), width=4, height=4,
    ),
    Panel(
        "stat", "Since the telephone was heard", "Long at a busy hour: ring the hotline from outside, it may be down.", "s",
        {"silent for": 'time() - max(callcenter_telephony_last_event_timestamp_seconds{job="callcenter"})'},
        width=4, height=4,
    ),
    Panel(
        "stat", "Tickets opened, last 30 minutes", "A jump is a storm: look for one cause and link the tickets.",
        "short", {"opened": 'sum(max by (severity, kind) (increase(callcenter_tickets_opened_total{job="callcenter"}[30m])))'},
        width=4, height=4,
    ),
)  # fmt: skip
LINES = (
    Panel(
        "lines", "Waiting by queue", "One queue alone waits: move people there. All wait: call people in.", "short",
        {"{{queue}}": WAITING},
    ),
    Panel(
        "lines", "Answered in time by queue, last 30 minutes",
        "Below the line for long: change the plan for these hours. Formula F3: in time over answered and given up.",
        "percentunit", {"{{queue}}": 'callcenter:service_level:ratio30m{queue=~"$queue"}'},
        steps=((None, RED), (0.8, GREEN)), highest=1,
    ),
    Panel(
        "lines", "Calls, and the same hour a week ago",
        "Far above last week: a fault many customers have, or an outage; put an announcement before the queue.", "short",
        {
            "last 30 minutes": f"sum({grown('callcenter_calls_offered_total', '30m')})",
            "a week ago": f"sum({grown('callcenter_calls_offered_total', '30m offset 1w').replace('[30m offset 1w]', '[30m] offset 1w')})",
        },
    ),
    Panel(
        "lines", "How long callers waited", "The tail grows before the middle: add one person when it does.", "s",
        {"half within": quantile("0.5"), "nine in ten within": quantile("0.9")},
    ),
    Panel(
        "lines", "Gave up by queue, each half hour", "Rises with the waits: people are missing in these hours.", "short",
        {"{{queue}}": grown("callcenter_calls_abandoned_total", "30m")},
    ),
    Panel(
        "lines", "Time on a call, mean", "Rises: hard faults or a slow system; listen in, look at what they are about.",
        "s",
        {
            "{{queue}}": f"{grown('callcenter_call_handle_seconds_sum', '30m')}"
            f" / ({grown('callcenter_call_handle_seconds_count', '30m')} > 0)"
        },
    ),
)  # fmt: skip
PEOPLE_AT_WORK = (
    Panel(
        "lines", "People at work", "Callers wait and nobody is left over: call people in. Signed in: not on a call just now.",
        "short",
        {
            "on a call": 'max(callcenter_agents{job="callcenter", state="on_call"})',
            "signed in": 'max(callcenter_agents{job="callcenter", state="signed_in"})',
        },
        width=10,
    ),
    Panel(
        "lines", "On duty by the rota", "0 when somebody should be there: mend the rota; alerts go on to the next rung.",
        "short", {"{{duty}}": 'max by (duty) (callcenter_people_on_duty{job="callcenter"})'}, width=8,
    ),
    Panel(
        "stat", "Telephone system reports", "0: calls come in unseen or not at all. No data: none reports itself.", "short",
        {"reports": 'max(callcenter_telephony_connected{job="callcenter"})'},
        steps=((None, RED), (1, GREEN)), width=6, highest=1,
    ),
)  # fmt: skip
TABLES = (
    Panel(
        "table", "Who is overloaded", "Move tickets from who has deadlines missed or near to who has none.", "short",
        sql=PEOPLE,
        columns={
            "person": Column("Person"),
            "open": Column("Open"),
            "overdue": Column("Missed"),
            "soon": Column("Due in 2 h"),
            "next": Column("Next deadline", "dateTimeFromNow"),
        },
    ),
    Panel(
        "table", "Tickets nobody has", "Assign each, the nearest deadline first.", "short", sql=UNTAKEN,
        columns={
            "ticket": Column("Ticket", "string", "/tickets/{}", 90),
            "title": Column("What"),
            "severity": Column("Severity", width=80),
            "contract": Column("Contract"),
            "reported": Column("Reported", "dateTimeFromNow"),
            "due": Column("Due", "dateTimeFromNow"),
        },
    ),
)  # fmt: skip

BOARD = Board(
    "callcenter-hotline", "Hotline now", "Who waits, are we in time, who is overloaded.",
    (STATS, LINES[:2], PEOPLE_AT_WORK, TABLES, LINES[2:4], LINES[4:]),
    (Variable("queue", "Queue", 'label_values(callcenter_queue_answer_target_seconds{job="callcenter"}, queue)'),),
    refresh="15s", breaches=False,
)  # fmt: skip
