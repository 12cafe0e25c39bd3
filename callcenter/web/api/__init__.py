"""The JSON API: one list of routes."""

from callcenter.web.api import (
    alerts,
    calls,
    contracts,
    cti,
    deliveries,
    desk,
    duty,
    files,
    intake,
    reports,
    resources,
    stream,
    tickets,
    tokens,
)
from callcenter.web.route import Route

ROUTES: list[Route] = [
    *calls.ROUTES,
    *tickets.ROUTES,
    *files.ROUTES,
    *desk.ROUTES,
    *contracts.ROUTES,
    *reports.ROUTES,
    *alerts.ROUTES,
    *deliveries.ROUTES,
    *duty.ROUTES,
    *resources.ROUTES,
    *tokens.ROUTES,
    *stream.ROUTES,
    *cti.ROUTES,
    *intake.ROUTES,
]
