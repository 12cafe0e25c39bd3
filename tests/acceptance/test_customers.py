"""The plain records: added, read, changed under their ETag, removed while nobody needs them."""

from typing import Any

import pytest

from callcenter.services.resources import RESOURCES


async def whole(hotline: Any, name: str) -> dict[str, Any]:
    """A record of each kind that can be stored."""
    account = (await hotline.get("/accounts?q=Anhui"))["items"][0]["id"]
    found: dict[str, dict[str, Any]] = {
        "accounts": {"name": "Second hospital", "grade": "A", "complaint": True, "remarks": "r"},
        "sites": {"account": account, "name": "Ward", "region": "city", "address": "1 Road"},
        "contacts": {"name": "Wang", "account": account, "phone": "139 1234 5678", "email": "w@example.org"},
        "assets": {"account": account, "serial": "SN1", "model": "M", "warranty_until": "2026-03-02"},
        "partners": {"name": "East Service", "regions": ["city"], "product_lines": ["switch"], "phone": "1"},
        "users": {"login": "new.user@x", "name": "New", "role": "agent", "locale": "zh-CN"},
        "teams": {"name": "Night", "members": ["agent", "engineer"]},
        "queues": {"name": "Second", "answer_within_s": 15, "service_level": "F1"},
        "rota": {"duty": "supervisor", "login": "supervisor", "from_at": "2026-03-02T00:00:00Z",
                 "until_at": "2026-03-02T08:00:00+08:00"},
        "travel_times": {"region": "city", "minutes": 40},
        "channels": {"name": "second", "kind": "journal"},
    }  # fmt: skip
    found["rota"]["until_at"] = "2026-03-02T16:00:00+08:00"
    return found[name]


@pytest.mark.parametrize("name", RESOURCES)
async def test_a_record_from_beginning_to_end(hotline: Any, name: str) -> None:
    given = await whole(hotline, name)
    made = await hotline.ask("POST", f"/{name}", json=given, role="admin", expect=201)
    path = made.headers["Location"]
    assert path == f"/api/v1/{name}/{made.body['id']}"
    assert made.etag == '"1"'
    for field, value in given.items():
        if field not in ("phone", "from_at", "until_at"):
            assert made.body[field] == value
    assert (await hotline.ask("GET", path, role="admin", expect=200)).body == made.body
    assert made.body in (await hotline.get(f"/{name}?limit=500", role="admin"))["items"]
    unknown = await hotline.ask("POST", f"/{name}", json={**given, "colour": 1}, role="admin", expect=422)
    assert unknown.pointers == ["/colour"]
    await hotline.ask("PATCH", path, json={}, role="admin", expect=428)
    same = await hotline.ask("PATCH", path, json=given, role="admin", headers={"If-Match": '"1"'}, expect=200)
    assert same.etag == '"2"'
    assert {**same.body, "version": 1, "updated_at": made.body["updated_at"]} == made.body
    await hotline.ask("PATCH", path, json={}, role="admin", headers={"If-Match": '"1"'}, expect=412)
    await hotline.ask("DELETE", path, role="admin", expect=428)
    await hotline.ask("DELETE", path, role="admin", headers={"If-Match": '"1"'}, expect=412)
    await hotline.ask("DELETE", path, role="admin", headers={"If-Match": '"2"'}, expect=204)
    await hotline.ask("GET", path, role="admin", expect=404)
    await hotline.ask("DELETE", path, role="admin", headers={"If-Match": '"2"'}, expect=404)


async def test_names_that_must_be_ones_own(hotline: Any) -> None:
    for name, field in (
        ("accounts", "name"),
        ("users", "login"),
        ("teams", "name"),
        ("queues", "name"),
        ("channels", "name"),
    ):
        given = await whole(hotline, name)
        await hotline.ask("POST", f"/{name}", json=given, role="admin", expect=201)
        taken = await hotline.ask("POST", f"/{name}", json=given, role="admin", expect=409)
        assert taken.pointers == [f"/{field}"]


async def test_what_is_still_used_stays(hotline: Any) -> None:
    account = (await hotline.get("/accounts?q=Anhui"))["items"][0]
    used = await hotline.ask(
        "DELETE", f"/accounts/{account['id']}", role="admin", headers={"If-Match": '"1"'}, expect=409
    )
    assert "used" in used.body["detail"]
    me = (await hotline.get("/users?login=admin", role="admin"))["items"][0]
    await hotline.ask("DELETE", f"/users/{me['id']}", role="admin", headers={"If-Match": '"1"'}, expect=409)


@pytest.mark.parametrize(
    ("name", "change", "pointer"),
    [
        ("sites", {"account": 99}, "/account"),
        ("contacts", {"site": 99}, "/site"),
        ("contacts", {"name": None}, "/name"),
        ("assets", {"warranty_until": "2026-02-30"}, "/warranty_until"),
        ("assets", {"warranty_until": "0000-01-01"}, "/warranty_until"),
        ("users", {"partner": 99}, "/partner"),
        ("users", {"role": "king"}, "/role"),
        ("users", {"login": "a b"}, "/login"),
        ("users", {"login": "a\n"}, "/login"),
        ("teams", {"members": ["nobody"]}, "/members"),
        ("queues", {"answer_within_s": 0}, "/answer_within_s"),
        ("rota", {"login": "nobody"}, "/login"),
        ("rota", {"until_at": "2026-03-01T00:00:00Z"}, "/until_at"),
        ("rota", {"from_at": "2026-03-02T00:00:00"}, "/from_at"),
        ("rota", {"until_at": "9999-12-31T23:59:59-14:00"}, "/until_at"),
        ("channels", {"kind": "pigeon"}, "/config"),
    ],
)
async def test_bad_records_name_their_field(hotline: Any, name: str, change: dict[str, Any], pointer: str) -> None:
    given = {**await whole(hotline, name), **change}
    refused = await hotline.ask("POST", f"/{name}", json=given, role="admin", expect=422)
    assert [one.rsplit("/0", 1)[0] for one in refused.pointers] == [pointer]


async def test_numbers_are_kept_as_told_and_as_dialled(hotline: Any) -> None:
    for told, kept in (("139 1234 5678", "+8613912345678"), ("+852 2123 4567", "+85221234567"), ("ext. 12", "ext. 12")):
        made = await hotline.post("/contacts", {"name": "W", "phone": told})
        assert (made["phone"], made["phone_raw"]) == (kept, told)
        headers = {"If-Match": '"1"'}
        other = await hotline.ask("PATCH", f"/contacts/{made['id']}", json={"name": "X"}, headers=headers, expect=200)
        assert (other.body["phone"], other.body["phone_raw"]) == (kept, told)
        gone = await hotline.ask(
            "PATCH", f"/contacts/{made['id']}", json={"phone": None}, headers={"If-Match": '"2"'}, expect=200
        )
        assert (gone.body["phone"], gone.body["phone_raw"]) == (None, None)


async def test_a_channels_secret_is_never_shown_and_survives_a_change(hotline: Any) -> None:
    config = {"url": "https://alerts.example.org/in", "secret": "whsec_" + "A" * 32}
    made = await hotline.ask(
        "POST", "/channels", json={"name": "hook", "kind": "webhook", "config": config}, role="admin"
    )
    assert made.status == 201, made.raw
    assert made.body["config"]["secret"] == "•••"
    path = made.headers["Location"]
    headers = {"If-Match": made.etag}
    await hotline.ask("PATCH", path, json={"config": made.body["config"]}, role="admin", headers=headers, expect=200)
    stored = await hotline.pool.fetchval("select config from channels where name = 'hook'")
    assert stored == config
