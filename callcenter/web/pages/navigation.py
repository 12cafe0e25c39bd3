"""The pages of the rail, for those who may see them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callcenter.web.pages.page import Look


def N_(text: str) -> str:
    """Marks a text for the catalogues; it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Item:
    """A page of the rail; `key` follows G on the keyboard."""

    path: str
    label: str
    right: str
    key: str
    here: bool = False


ITEMS = (
    Item("/", N_("Log a call"), "calls.log", "c"),
    Item("/next", N_("Next"), "tickets.read", "n"),
    Item("/tickets", N_("Tickets"), "tickets.read", "t"),
    Item("/jobs", N_("My jobs"), "entries.write", "j"),
    Item("/follow-ups", N_("Follow-ups"), "calls.log", "f"),
    Item("/customers", N_("Customers"), "customers.read", "u"),
    Item("/contracts", N_("Contracts"), "contracts.read", "o"),
    Item("/reports", N_("Reports"), "compliance.read", "r"),
    Item("/alerts", N_("Alerts"), "alerts.read", "a"),
    Item("/wallboard", N_("Wallboard"), "board.read", "w"),
    Item("/admin", N_("Admin"), "users.read", "m"),
)


def navigation(look: "Look") -> list[Item]:
    """The rail as this person sees it."""
    path = look.http.path
    found = []
    for item in ITEMS:
        if look.may(item.right):
            here = path == item.path or (item.path != "/" and path.startswith(item.path + "/"))
            found.append(Item(item.path, item.label, item.right, item.key, here))
    return found
