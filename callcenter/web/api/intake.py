"""Where machines report faults: Alertmanager's webhook, and equipment that calls in."""

import msgspec

from callcenter.services import intake as service
from callcenter.services.intake import MachineFault, MachineTaken, Taken, Webhook
from callcenter.web.route import Answer, Asked, Route


class AlertsTaken(msgspec.Struct, kw_only=True):
    """What came of each alert, in the order they were given."""

    items: list[Taken]


async def alertmanager(asked: Asked) -> AlertsTaken:
    """Takes Alertmanager's alerts."""
    return AlertsTaken(items=await service.take_alerts(asked.conn, asked.context, asked.body, asked.actor))


async def machine(asked: Asked) -> Answer:
    """Takes a machine's call."""
    taken = await service.take_machine(asked.conn, asked.context, asked.body, asked.actor)
    return Answer(taken, status=201 if taken.done == "opened" else 200)


ROUTES = [
    Route(
        "POST",
        "/intake/alertmanager",
        alertmanager,
        "tickets.open",
        "Take Alertmanager's webhook (version 4): one ticket a fingerprint, restored when resolved",
        AlertsTaken,
        body=Webhook,
    ),
    Route(
        "POST",
        "/intake/machine",
        machine,
        "tickets.open",
        "Take the call of a machine: one ticket a fault, restored when it has recovered",
        MachineTaken,
        body=MachineFault,
        status=201,
        also=(200,),
    ),
]
