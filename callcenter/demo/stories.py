"""What happens at the live hotline, one function a story.

A story takes a minute or two and ends with its ticket closed. Those told on the contract with promises in seconds show
what an alert goes through; the others are handled on the telephone, well within the figures of real contracts.
"""

import asyncio

from callcenter.demo.customers import CUSTOMERS, LIVE, OFFICE, PC_CARE, PUBLIC_HEALTH, Place
from callcenter.demo.hotline import Hotline

_PLACES = {customer.code: customer.places for customer in CUSTOMERS}
_CITY, _COUNTY = _PLACES[LIVE][:2], _PLACES[LIVE][2]


def _city(line: Hotline) -> Place:
    return line.random.choice(_CITY)


async def forgotten(line: Hotline) -> None:
    """Nobody phones back: a warning, a breach, word to the head of service until acknowledged; then the alerts end."""
    number = await line.call(_city(line), "Display wall is black", facts={"impact": "severe"})
    await line.write("dispatcher", number, {"type": "assigned", "to": "engineer"})
    await line.acknowledge("supervisor", number, "breach", within_s=60)
    await line.acknowledge("admin", number, "overdue", within_s=60)
    await asyncio.sleep(12)
    await line.write("engineer", number, {"type": "responded"}, {"type": "diagnosed", "text": "power supply"})
    await asyncio.sleep(15)
    await line.write("engineer", number, {"type": "restored"}, {"type": "resolved"})
    await _finish(line, number, score=5)


async def just_in_time(line: Hotline) -> None:
    """Warned, and still answered in time: the warning ends as met."""
    number = await line.call(_city(line), "Picture flickers", facts={"impact": "partial"})
    await line.write("dispatcher", number, {"type": "assigned", "to": "engineer"})
    await asyncio.sleep(14)
    await line.write("engineer", number, {"type": "responded"})
    await asyncio.sleep(25)
    await line.write("engineer", number, {"type": "resolved"})
    await _finish(line, number, score=8)


async def visit(line: Hotline) -> None:
    """Not solved by telephone: an engineer drives, arrives in time and has it signed for."""
    number = await line.call(_city(line), "Whole wall without signal", facts={"impact": "down"})
    await line.write("dispatcher", number, {"type": "assigned", "to": "engineer"})
    await asyncio.sleep(7)
    await line.write("engineer", number, {"type": "responded"}, {"type": "visit_requested"})
    await line.write("dispatcher", number, {"type": "dispatched"})
    await asyncio.sleep(8)
    await line.write("engineer", number, {"type": "departed"})
    await asyncio.sleep(30)
    await line.write("engineer", number, {"type": "arrived"})
    await asyncio.sleep(20)
    await line.write("engineer", number, {"type": "restored"}, {"type": "signed"}, {"type": "resolved"})
    await _finish(line, number, score=9)


async def late_visit(line: Hotline) -> None:
    """A partner answers at once and arrives too late."""
    number = await line.call(_COUNTY, "Projector does not start", facts={"impact": "down"})
    await line.write("dispatcher", number, {"type": "assigned", "to": "partner"})
    await asyncio.sleep(6)
    await line.write("partner", number, {"type": "responded"}, {"type": "visit_requested"})
    await line.write("partner", number, {"type": "departed"})
    await line.acknowledge("supervisor", number, "breach", within_s=120)
    await asyncio.sleep(6)
    await line.write("partner", number, {"type": "arrived"})
    await asyncio.sleep(10)
    await line.write("partner", number, {"type": "restored"}, {"type": "resolved"})
    await _finish(line, number, score=3)


async def waiting_for_customer(line: Hotline) -> None:
    """The clock stands still while the room is locked."""
    number = await line.call(_city(line), "One tile of the wall is dark", facts={"impact": "partial"})
    await line.write("dispatcher", number, {"type": "assigned", "to": "engineer"})
    await asyncio.sleep(5)
    await line.write("engineer", number, {"type": "responded"})
    await line.write("engineer", number, {"type": "paused", "reason": "waiting_customer"})
    await asyncio.sleep(35)
    await line.write("engineer", number, {"type": "resumed"})
    await asyncio.sleep(12)
    await line.write("engineer", number, {"type": "resolved"})
    await _finish(line, number, score=8)


async def not_solved(line: Hotline) -> None:
    """The follow-up call finds the fault still there and reopens the ticket."""
    number = await line.call(_city(line), "Sound drops out", facts={"impact": "severe"})
    await line.write("dispatcher", number, {"type": "assigned", "to": "engineer"})
    await asyncio.sleep(8)
    await line.write("engineer", number, {"type": "responded"}, {"type": "resolved"})
    await asyncio.sleep(10)
    await line.write("follow_up", number, {"type": "followed_up", "solved": False, "score": 2})
    await asyncio.sleep(15)
    await line.write("engineer", number, {"type": "resolved"})
    await _finish(line, number, score=7)


async def question(line: Hotline) -> None:
    """A question, answered in time."""
    number = await line.call(_COUNTY, "Which lamp fits the projector?", kind="question")
    await line.write("dispatcher", number, {"type": "assigned", "to": "engineer"})
    await asyncio.sleep(12)
    await line.write("engineer", number, {"type": "answered", "text": "model L3"}, {"type": "resolved"})
    await line.write("follow_up", number, {"type": "closed"})


async def public_health(line: Hotline) -> None:
    """A fault of the public-health network, solved remotely."""
    place = line.random.choice(_PLACES[PUBLIC_HEALTH])
    title = line.random.choice(("No connection to the centre", "Server answers slowly", "Reports do not arrive"))
    impact = line.random.choice(("severe", "partial", "partial"))
    number = await line.call(place, title, facts={"impact": impact, "liability": "ours"}, phase="warranty")
    await _by_telephone(line, number, "engineer")


async def office(line: Hotline) -> None:
    """A printer or a network at the office customer, solved on the telephone."""
    place = line.random.choice(_PLACES[OFFICE])
    number = await line.call(place, "Printer jams on every page", facts={"impact": "partial"}, category="printer")
    await _by_telephone(line, number, "engineer")


async def school(line: Hotline) -> None:
    """A school's computer, solved on the telephone."""
    place = line.random.choice(_PLACES[PC_CARE])
    number = await line.call(place, "Computer shows no desktop", facts={"impact": "down"}, category="hardware")
    await _by_telephone(line, number, "engineer")


async def abandoned(line: Hotline) -> None:
    """A caller who does not wait."""
    await line.hang_up(line.random.choice(_PLACES[PUBLIC_HEALTH]), line.random.uniform(6, 40))


async def _by_telephone(line: Hotline, number: int, to: str) -> None:
    await line.write("dispatcher", number, {"type": "assigned", "to": to})
    await asyncio.sleep(line.random.uniform(8, 20))
    await line.write(to, number, {"type": "responded"}, {"type": "diagnosed", "text": "remote session"})
    await asyncio.sleep(line.random.uniform(15, 40))
    await line.write(to, number, {"type": "restored"}, {"type": "resolved"})
    await _finish(line, number, score=9)


async def _finish(line: Hotline, number: int, score: int) -> None:
    await asyncio.sleep(5)
    await line.write("follow_up", number, {"type": "followed_up", "solved": True, "score": score}, {"type": "closed"})


OPENING = (forgotten, just_in_time)
STORIES = (
    forgotten, public_health, just_in_time, visit, office, forgotten, question, late_visit, abandoned, public_health,
    waiting_for_customer, school, not_solved,
)  # fmt: skip
