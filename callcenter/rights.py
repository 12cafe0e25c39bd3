"""Who may do what: the one table of roles and rights.

A right is `thing.verb`. The partner role sees its own tickets only; `services.tickets.visible` holds that line.
"""

from typing import Final

ROLES: Final = (
    "agent",
    "dispatcher",
    "engineer",
    "partner",
    "follow_up",
    "supervisor",
    "contract_manager",
    "admin",
    "auditor",
    "wallboard",
    "integration",
)

_DESK = frozenset({"agent", "dispatcher", "follow_up", "supervisor", "contract_manager", "admin"})
_FIELD = frozenset({"engineer", "partner"})
_READERS = _DESK | {"engineer", "auditor"}
_LEADS = frozenset({"supervisor", "admin"})

RIGHTS: Final[dict[str, frozenset[str]]] = {
    "calls.log": _DESK | {"integration"},
    "calls.read": _READERS,
    "calls.move": _DESK,
    "tickets.open": _DESK | {"integration", "engineer"},
    "tickets.read": _READERS | {"partner", "integration"},
    "tickets.change": _DESK | {"engineer"},
    "entries.write": _DESK | _FIELD | {"integration"},
    "files.read": _READERS | {"partner"},
    "files.write": _DESK | _FIELD | {"integration"},
    "promise.ask": _READERS | {"integration"},
    "lookup.ask": _DESK | {"engineer", "integration"},
    "contracts.read": _READERS,
    "contracts.write": frozenset({"contract_manager", "admin"}),
    "compliance.read": _READERS - {"engineer", "agent"},
    "exemptions.ask": frozenset({"dispatcher", "supervisor", "contract_manager", "admin"}),
    "exemptions.decide": frozenset({"supervisor", "contract_manager", "admin"}),
    "credits.confirm": frozenset({"contract_manager", "admin"}),
    "months.seal": frozenset({"contract_manager", "admin"}),
    "evidence.write": frozenset({"contract_manager", "admin"}),
    "customers.read": _READERS | {"integration"},
    "customers.write": _DESK | {"integration"},
    "staff.read": _READERS,
    "staff.write": _LEADS,
    "users.read": _LEADS | {"auditor", "dispatcher"},
    "users.write": frozenset({"admin"}),
    "channels.read": _LEADS | {"auditor"},
    "channels.write": frozenset({"admin"}),
    "deliveries.read": _LEADS | {"dispatcher", "contract_manager", "auditor"},
    "deliveries.retry": _LEADS,
    "alerts.read": _READERS | {"wallboard", "partner"},
    "alerts.acknowledge": _DESK | _FIELD,
    "board.read": _READERS | {"wallboard"},
    "phones.read": _DESK | {"engineer", "integration"},
    "telephone.tell": frozenset({"integration"}),
    "self.read": frozenset(ROLES),
}


def may(role: str, right: str) -> bool:
    """True when the role holds the right."""
    return role in RIGHTS[right]
