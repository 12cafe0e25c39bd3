"""Who may do what: every route asked by every role, and by nobody."""

from typing import Any

import pytest

from callcenter.rights import RIGHTS, ROLES, may
from callcenter.web.api import ROUTES
from callcenter.web.route import Route

EVERYTHING = set(ROLES)


def address(route: Route) -> str:
    """The route's path with something in place of its parameters."""
    path = route.path.replace("{delivery}", "00000000-0000-0000-0000-000000000007")
    return (
        path.replace("{code}", "HF-1")
        .replace("{number}", "7")
        .replace("{id}", "7")
        .replace("{file}", "7")
        .replace("{token}", "none")
    )


def named(method: str, path: str) -> Route:
    return next(route for route in ROUTES if (route.method, route.path) == (method, f"/api/v1{path}"))


async def test_each_role_is_refused_exactly_where_it_has_no_right(hotline: Any) -> None:
    wrong = []
    for route in (one for one in ROUTES if not (one.streams or one.public or one.keyed)):
        for role in ROLES:
            reply = await hotline.ask(route.method, address(route), role=role)
            if (reply.status == 403) == may(role, route.right) or reply.status >= 500:
                wrong.append((route.method, route.path, role, reply.status))
    assert wrong == []


async def test_nobody_gets_in_without_a_token(hotline: Any) -> None:
    for route in (one for one in ROUTES if not one.public):
        for given in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Basic YTpi"},
            {"Authorization": "Bearer"},
        ):
            reply = await hotline.ask(route.method, address(route), role=None, headers=given, expect=401)
            assert reply.headers["WWW-Authenticate"] == "Bearer"


# The service's description in words, written down a second time by hand.
ALLOWED = {
    ("POST", "/calls"): {"agent", "dispatcher", "follow_up", "supervisor", "contract_manager", "admin", "integration"},
    ("GET", "/calls"): EVERYTHING - {"partner", "wallboard", "integration"},
    ("GET", "/tickets"): EVERYTHING - {"wallboard"},
    ("POST", "/tickets/{number}/events"): EVERYTHING - {"auditor", "wallboard"},
    ("PUT", "/contracts/{code}"): {"contract_manager", "admin"},
    ("GET", "/contracts/{code}/compliance"): EVERYTHING - {"agent", "engineer", "partner", "wallboard", "integration"},
    ("POST", "/users"): {"admin"},
    ("POST", "/channels"): {"admin"},
    ("POST", "/rota"): {"supervisor", "admin"},
    ("GET", "/alerts"): EVERYTHING - {"integration"},
    ("POST", "/alerts/{id}/acknowledge"): EVERYTHING - {"auditor", "wallboard", "integration"},
    ("GET", "/me"): EVERYTHING,
}


@pytest.mark.parametrize(("method", "path"), ALLOWED)
def test_the_table_says_what_the_description_says(method: str, path: str) -> None:
    assert {role for role in ROLES if may(role, named(method, path).right)} == ALLOWED[method, path]


def test_those_who_only_read_write_nothing() -> None:
    asking = {"/api/v1/promise", "/api/v1/contracts/check"}  # answered, nothing stored
    for role in ("auditor", "wallboard"):
        written = [
            one.path for one in ROUTES if one.method != "GET" and may(role, one.right) and one.path not in asking
        ]
        assert written == []


def test_every_right_is_asked_for_somewhere_or_belongs_to_the_console() -> None:
    asked = {route.right for route in ROUTES}
    assert set(RIGHTS) - asked <= {"phones.read", "board.read"}


async def test_numbers_are_hidden_from_those_who_do_not_need_them(hotline: Any) -> None:
    logged = await hotline.ring()
    number, call = logged["ticket"]["number"], logged["call"]["id"]
    contact = await hotline.post("/contacts", {"name": "Wang", "phone": "13912345678"})
    await hotline.write(number, {"type": "assigned", "to": "partner"})
    for path in ("/tickets", f"/tickets/{number}", f"/tickets/{number}/calls", "/calls", f"/calls/{call}",
                 "/contacts", f"/contacts/{contact['id']}"):  # fmt: skip
        assert b"13912345678" in (await hotline.ask("GET", path, expect=200)).raw
        hidden = await hotline.ask("GET", path, role="auditor", expect=200)
        assert b"12345" not in hidden.raw, path
        assert b"678" in hidden.raw, path
    written = await hotline.write(number, {"type": "noted", "text": "a"}, role="partner")
    assert "12345" not in str(written)


async def test_numbers_are_not_found_piece_by_piece(hotline: Any) -> None:
    await hotline.ring()
    await hotline.post("/contacts", {"name": "Wang", "phone": "13912345678"})
    for path in ("/tickets?q=1234", "/contacts?q=1234"):
        assert len((await hotline.get(path))["items"]) == 1
        assert (await hotline.get(path, role="auditor"))["items"] == []
    assert len((await hotline.get("/tickets?q=network", role="auditor"))["items"]) == 1


async def test_a_partner_sees_own_tickets_only(hotline: Any) -> None:
    mine, other = [(await hotline.ring())["ticket"]["number"] for _ in range(2)]
    await hotline.write(mine, {"type": "assigned", "to": "partner"})
    await hotline.write(other, {"type": "assigned", "to": "outsider"})
    assert [one["number"] for one in (await hotline.get("/tickets", role="partner"))["items"]] == [mine]
    await hotline.get(f"/tickets/{mine}", role="partner")
    for path in ("", "/events", "/clocks", "/links", "/files"):
        await hotline.ask("GET", f"/tickets/{other}{path}", role="partner", expect=404)
    await hotline.refused(f"/tickets/{other}/events", {"type": "noted", "text": "a"}, role="partner", expect=404)
    await hotline.ask("POST", f"/tickets/{other}/files", data=b"x", role="partner", expect=404)
    await hotline.write(mine, {"type": "arrived"}, role="partner")
    for entry in ({"type": "assigned", "to": "outsider"}, {"type": "graded", "severity": 4},
                  {"type": "corrected", "entry": "1", "void": True}):  # fmt: skip
        await hotline.refused(f"/tickets/{mine}/events", entry, role="partner", expect=403)
    assert (await hotline.get(f"/tickets/{mine}"))["assignee"] == "partner"


async def test_a_partner_sees_and_acknowledges_own_alerts_only(hotline: Any, moving: Any) -> None:
    mine, other = [(await hotline.ring())["ticket"]["number"] for _ in range(2)]
    await hotline.write(mine, {"type": "assigned", "to": "partner"})
    moving.move(minutes=3)
    await hotline.look()
    seen = (await hotline.get("/alerts", role="partner"))["items"]
    assert {one["ticket"] for one in seen} == {mine}
    foreign = (await hotline.get(f"/alerts?ticket={other}"))["items"][0]["id"]
    await hotline.ask("GET", f"/alerts/{foreign}", role="partner", expect=404)
    await hotline.refused(f"/alerts/{foreign}/acknowledge", None, role="partner", expect=404)


async def test_a_token_that_is_over(hotline: Any, moving: Any) -> None:
    await hotline.pool.execute("update tokens set expires_at = $1 where role = 'agent'", moving.move(hours=1))
    moving.move(seconds=-1)
    await hotline.get("/me", role="agent")
    moving.move(seconds=10)
    await hotline.ask("GET", "/me", role="agent", expect=401)
    await hotline.pool.execute("update tokens set revoked_at = $1 where role = 'engineer'", moving.now)
    await hotline.ask("GET", "/me", role="engineer", expect=401)
    await hotline.pool.execute("update users set active = false where login = 'supervisor'")
    await hotline.ask("GET", "/me", role="supervisor", expect=401)
