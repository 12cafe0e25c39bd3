"""Service health: is the machine itself well."""

from panels import GREEN, RED, YELLOW, Board, Panel, Variable

I = 'job="callcenter", instance=~"$instance"'  # noqa: E741
FAILED = ', status=~"5.."'
BAD_ABOVE = ((None, GREEN), (1, RED))


def rate(name: str, by: str = "", more: str = "") -> str:
    """What a counter of processes grows by in a second, added up over hosts."""
    grouped = f"sum by ({by})" if by else "sum"
    return f"{grouped} (rate({name}{{{I}{more}}}[5m]))"


def latency(share: str) -> str:
    """The time within which a share of the requests was answered."""
    return f"histogram_quantile({share}, {rate('callcenter_http_request_duration_seconds_bucket', 'le')})"


STATS = (
    Panel(
        "stat", "Database", "0: bring PostgreSQL back; the service goes on by itself.", "short",
        {"up": f"min(callcenter_database_up{{{I}}})"}, steps=((None, RED), (1, GREEN)), width=4, height=4, highest=1,
    ),
    Panel(
        "stat", "Since the engine looked", "Above a minute: restart the service on this host.", "s",
        {"{{instance}}": 'sla:engine_last_pass_age:seconds{instance=~"$instance"}'},
        steps=((None, GREEN), (10, YELLOW), (60, RED)), width=4, height=4,
    ),
    Panel(
        "stat", "Clocks looked at late by", "Above ten seconds: more workers, or a slow database.", "s",
        {"late": f"max(sla_engine_lag_seconds{{{I}}})"}, steps=((None, GREEN), (2, YELLOW), (10, RED)), width=4, height=4,
    ),
    Panel(
        "stat", "Oldest message not sent", "Above a minute: tell people another way and test the channel.", "s",
        {"{{channel}}": f"max by (channel) (alerts_outbox_oldest_seconds{{{I}}})"},
        steps=((None, GREEN), (20, YELLOW), (60, RED)), width=4, height=4,
    ),
    Panel(
        "stat", "Requests that fail", "Above one in twenty: which route, which status; then the log.", "percentunit",
        {"failing": "callcenter:http_errors:ratio5m"}, steps=((None, GREEN), (0.01, YELLOW), (0.05, RED)), width=4, height=4,
        highest=1,
    ),
    Panel(
        "stat", "Alerts that fire", "Open Alertmanager; each has its page of instructions.", "short",
        {"firing": 'count(ALERTS{alertstate="firing", severity!="none"}) or vector(0)'}, steps=BAD_ABOVE, width=4, height=4,
    ),
)  # fmt: skip
LINES = (
    Panel(
        "lines", "How late alerts were found", "A rise without an outage: too few workers.", "s",
        {
            "nine in ten within": 'histogram_quantile(0.9, max by (le) (rate(sla_alert_lateness_seconds_bucket{job="callcenter"}[30m])))',
            "99 in 100 within": 'histogram_quantile(0.99, max by (le) (rate(sla_alert_lateness_seconds_bucket{job="callcenter"}[30m])))',
        },
    ),
    Panel(
        "lines", "Clocks judged, each second", "The engine's load; nothing for long while clocks are open is a stall.", "cps",
        {"judged": rate("sla_engine_clocks_judged_total"), "put off": rate("sla_engine_clocks_set_aside_total")},
    ),
    Panel(
        "lines", "Messages that wait", "Growing: the channel fails or hangs; test it.", "short",
        {"{{channel}}": f"max by (channel) (alerts_outbox_deliveries{{{I}}})"},
    ),
    Panel(
        "lines", "Deliveries by result, each hour", "authentication, bad_config, gone: mend the channel. Others are tried again.",
        "short",
        {"{{channel}} {{result}}": f"sum by (channel, result) (increase(alerts_deliveries_total{{{I}}}[1h])) > 0"},
    ),
    Panel(
        "lines", "Requests by status", "5xx: read the log. 429: somebody asks too much.", "reqps",
        {"{{status}}": f"{rate('callcenter_http_requests_total', 'status')} > 0"},
    ),
    Panel(
        "lines", "Time to answer", "Slow everywhere: the database. Slow in one place: that route.", "s",
        {"half within": latency("0.5"), "99 in 100 within": latency("0.99")},
    ),
    Panel(
        "lines", "Busiest routes", "One route far above the others: a script that polls; ask its owner.", "reqps",
        {"{{method}} {{route}}": f"topk(8, {rate('callcenter_http_requests_total', 'method, route')} > 0)"},
    ),
    Panel(
        "lines", "Failing routes", "Find `unforeseen` in the log with the request id of the answer.", "reqps",
        {"{{method}} {{route}}": f"topk(8, {rate('callcenter_http_requests_total', 'method, route', FAILED)} > 0)"},
    ),
    Panel(
        "lines", "Database connections in use", "At the limit for long: slow queries, or raise the pool's size.", "percentunit",
        {
            "{{instance}}": f'max by (instance) (callcenter_database_connections{{{I}, state="in_use"}})'
            f" / on (instance) max by (instance) (callcenter_database_connections_limit{{{I}}})"
        },
        steps=((None, GREEN), (0.9, RED)), highest=1,
    ),
    Panel(
        "lines", "Reading the figures takes", "Above a second: vacuum the database, look at its disks.", "s",
        {"takes": f"max(callcenter_figures_read_seconds{{{I}}})"}, steps=((None, GREEN), (1, RED)),
    ),
    Panel(
        "lines", "Workers, and those that listen", "Fewer workers than started: they die, read the log.", "short",
        {
            "{{instance}} workers": f"max by (instance) (callcenter_workers{{{I}}})",
            "{{instance}} listening": f"max by (instance) (callcenter_database_listeners{{{I}}})",
        },
    ),
    Panel(
        "lines", "Clock of the host", "Beyond one second: mend the host's time service.", "s",
        {"{{instance}}": f"max by (instance) (callcenter_host_clock_skew_seconds{{{I}}})"},
        steps=((None, RED), (-1, GREEN), (1, RED)), lowest=None,
    ),
    Panel(
        "lines", "Processor time", "One core a worker at most: add workers or a host.", "percentunit",
        {"{{instance}}": rate("callcenter_process_cpu_seconds_total", "instance")},
    ),
    Panel(
        "lines", "Memory", "Growing for days: restart, and report it.", "bytes",
        {"{{instance}}": f"max by (instance) (callcenter_process_resident_memory_bytes{{{I}}})"},
    ),
)  # fmt: skip

BOARD = Board(
    "callcenter-service", "Service health", "Is the machine itself well.",
    (STATS, *(LINES[place : place + 2] for place in range(0, len(LINES), 2))),
    (Variable("instance", "Host", 'label_values(callcenter_database_up{job="callcenter"}, instance)'),), breaches=False,
)  # fmt: skip
