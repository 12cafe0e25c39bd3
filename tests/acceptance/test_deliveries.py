"""What left the house: its log, trying again, channels put to the test, and links to acknowledge by."""

from datetime import timedelta
from typing import Any

from alerts import link
from alerts.channels import Setup, open_channel
from alerts.dispatcher import Dispatcher
from alerts.reasons import Reason
from callcenter.services.deliveries import link_path
from callcenter.store.deliveries import DatabaseOutbox
from tests.stubs.receivers import PagerDutyStub, SlackStub
from tests.stubs.robots import DingTalkStub
from tests.stubs.server import running

BASE = "https://hotline.example"


async def _send(hotline: Any) -> None:
    """Everything that is ready now has been sent, as the service sends it."""
    async with hotline.pool.acquire() as conn:
        path = await link_path(conn, hotline.clock)
    setup = Setup(hotline.clock, BASE, None, path)
    outbox = DatabaseOutbox(hotline.pool, hotline.context.terms)
    dispatcher = Dispatcher(outbox, lambda kind, config: open_channel(kind, config, setup), hotline.clock, "test")
    try:
        await dispatcher.drain()
    finally:
        await dispatcher.stop()


async def _channel(hotline: Any, kind: str, **config: Any) -> int:
    body = {"name": f"a {kind}", "kind": kind, "config": {"allow_private": True, **config}}
    return int((await hotline.post("/channels", body, role="admin"))["id"])


async def _breached(hotline: Any) -> int:
    """The number of a ticket whose promise to respond is broken and alerted."""
    number = int((await hotline.ring())["ticket"]["number"])
    for _ in range(12):
        hotline.clock.move(seconds=30)
        await hotline.look()
    return number


async def _alert(hotline: Any, number: int) -> dict[str, Any]:
    """The newest alert of the promise to respond."""
    found: dict[str, Any] = (await hotline.get(f"/alerts?ticket={number}&commitment=response"))["items"][0]
    return found


async def _link(hotline: Any, alert: int, login: str, **later: float) -> str:
    async with hotline.pool.acquire() as conn:
        made = (await link_path(conn, hotline.clock))(alert, login)
    hotline.clock.move(**later)
    return str(hotline.server.make_url(made))


async def test_keys_of_channels_are_never_shown_and_survive_a_change(hotline: Any) -> None:
    channel = await _channel(hotline, "dingtalk", url="https://oapi.example/robot/send?access_token=abc", secret="SECx")
    reply = await hotline.ask("GET", f"/channels/{channel}", role="admin", expect=200)
    assert (reply.body["config"]["url"], reply.body["config"]["secret"]) == ("•••", "•••")
    config = {**reply.body["config"], "keyword": "hotline"}
    headers = {"If-Match": reply.etag}
    await hotline.ask(
        "PATCH", f"/channels/{channel}", role="admin", expect=200, headers=headers, json={"config": config}
    )
    stored = await hotline.pool.fetchval("select config from channels where id = $1", channel)
    assert stored["url"].endswith("access_token=abc")
    assert (stored["secret"], stored["keyword"]) == ("SECx", "hotline")


async def test_a_channel_put_to_the_test_says_what_came_of_it(hotline: Any) -> None:
    async with running(SlackStub()) as stub:
        channel = await _channel(hotline, "slack", url=stub.url)
        answer = await hotline.post(f"/channels/{channel}/test", role="admin", expect=200)
        assert answer == {"ok": True, "reason": None, "detail": None}
        assert "Test of this channel" in stub.taken[0]["text"]
        stub.word = (404, "no_service")
        answer = await hotline.post(f"/channels/{channel}/test", role="admin", expect=200)
        assert (answer["ok"], answer["reason"]) == (False, "bad_config")
        assert "no_service" in answer["detail"]
    await hotline.refused("/channels/999/test", None, role="admin", expect=404)


async def test_what_is_dead_is_found_in_the_log_and_tried_again(hotline: Any) -> None:
    async with running(DingTalkStub(hotline.clock)) as stub:
        await _channel(hotline, "dingtalk", url=stub.url, secret="SECwrong")
        await _breached(hotline)
        await _send(hotline)
        dead = (await hotline.get("/deliveries?state=dead&channel=a dingtalk", role="supervisor"))["items"]
        assert dead
        assert {(one["reason"], one["channel_kind"], one["attempts"]) for one in dead} == {
            ("bad_config", "dingtalk", 1)
        }
        assert (await hotline.get("/deliveries?state=dead&channel=journal", role="supervisor"))["items"] == []
        one = dead[0]
        assert (await hotline.get(f"/deliveries?alert={one['alert']}&state=dead", role="supervisor"))["items"] == [one]
        await hotline.pool.execute(
            "update channels set config = config || $1 where kind = 'dingtalk'", {"secret": stub.secret}
        )
        again = await hotline.post(f"/deliveries/{one['id']}/retry", role="supervisor", expect=200)
        assert (again["state"], again["attempts"]) == ("pending", 0)
        await _send(hotline)
        assert len(stub.taken) == 1
        shown = await hotline.get(f"/deliveries/{one['id']}", role="auditor")
        assert (shown["state"], shown["attempts"], shown["reason"]) == ("sent", 1, None)
        await hotline.refused(f"/deliveries/{one['id']}/retry", None, role="supervisor", expect=409)
        await hotline.refused(f"/deliveries/{one['id'][:-1]}/retry", None, role="supervisor", expect=404)


async def test_the_log_is_read_page_by_page(hotline: Any) -> None:
    for _ in range(3):
        await _breached(hotline)
    whole = (await hotline.get("/deliveries?limit=500", role="supervisor"))["items"]
    assert len(whole) >= 3
    paged, cursor = [], ""
    while True:
        page = await hotline.get(f"/deliveries?limit=2{cursor}", role="supervisor")
        paged += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert paged == whole


async def test_a_channel_that_does_not_answer_shows_it(hotline: Any) -> None:
    async with running(SlackStub()) as stub:
        channel = await _channel(hotline, "slack", url=stub.url, per_minute=600)
        state = await hotline.get(f"/channels/{channel}/state", role="supervisor")
        assert (state["state"], state["failures"], state["per_minute"]) == ("closed", 0, 600)
        stub.manner = "busy"
        await _breached(hotline)
        await _send(hotline)
        state = await hotline.get(f"/channels/{channel}/state", role="supervisor")
        assert (state["state"], state["reason"]) == ("held", Reason.RATE_LIMITED.value)
        assert state["taken_in_a_minute"] == 1


async def test_reading_the_page_of_a_link_acknowledges_nothing_and_its_button_does(hotline: Any) -> None:
    number = await _breached(hotline)
    alert = await _alert(hotline, number)
    url = await _link(hotline, alert["id"], "supervisor")
    for _ in range(3):
        async with hotline.session.get(url) as page:
            text = await page.text()
            assert (page.status, page.headers["Cache-Control"]) == (200, "no-store")
            assert '<form method="post"><button>Acknowledge</button></form>' in text
            assert f"ticket {number}" in text
    assert (await _alert(hotline, number))["state"] == "firing"
    for _ in range(2):
        async with hotline.session.post(url) as page:
            assert page.status == 200
            assert "Acknowledged by supervisor" in await page.text()
    now = await _alert(hotline, number)
    assert (now["state"], now["acknowledged_by"]) == ("acknowledged", "supervisor")
    entries = (await hotline.get(f"/tickets/{number}/events"))["items"]
    noted = [(one["by"], one["data"]["text"]) for one in entries if one["type"] == "noted"]
    assert noted == [("supervisor", f"alert {alert['id']} acknowledged by supervisor by link")]


async def test_a_link_acknowledges_all_that_its_message_named(hotline: Any) -> None:
    numbers = [await _breached(hotline) for _ in range(3)]
    first, *others = [(await _alert(hotline, number))["id"] for number in numbers]
    gather = """
        update deliveries c set state = 'gathered', carrier = h.id from deliveries h
        where h.alert = $1 and h.event = 'fire' and h.channel = c.channel and c.alert = any ($2) and c.event = 'fire'"""
    await hotline.pool.execute(gather, first, others)
    url = await _link(hotline, first, "supervisor")
    async with hotline.session.get(url) as page:
        assert "· +2</p>" in await page.text()
    async with hotline.session.post(url) as page:
        assert "Acknowledged by supervisor" in await page.text()
    assert [(await _alert(hotline, number))["acknowledged_by"] for number in numbers] == ["supervisor"] * 3


async def test_acknowledging_over_the_api_is_on_the_timeline_too(hotline: Any) -> None:
    number = await _breached(hotline)
    alert = await _alert(hotline, number)
    for _ in range(2):
        await hotline.post(f"/alerts/{alert['id']}/acknowledge", role="agent", expect=200)
    entries = (await hotline.get(f"/tickets/{number}/events"))["items"]
    noted = [(one["by"], one["data"]["text"]) for one in entries if one["type"] == "noted"]
    assert noted == [("agent", f"alert {alert['id']} acknowledged by agent")]


async def test_links_that_lead_nowhere(hotline: Any) -> None:
    number = await _breached(hotline)
    alert = await _alert(hotline, number)
    old = await _link(hotline, alert["id"], "supervisor", hours=72)
    assert timedelta(hours=72) == link.LIFE
    good = await _link(hotline, alert["id"], "supervisor")
    of_outsider = await _link(hotline, alert["id"], "outsider")
    of_nobody = await _link(hotline, alert["id"], "nobody")
    of_nothing = await _link(hotline, 999_999, "supervisor")
    forged = good[:-1] + ("A" if good[-1] != "A" else "B")
    for url, status in ((old, 410), (of_outsider, 404), (of_nobody, 404), (of_nothing, 404), (forged, 404)):
        for ask in (hotline.session.get, hotline.session.post):
            async with ask(url, headers={"Accept-Language": "zh-TW,zh"}) as page:
                assert page.status == status
                assert "連結" in await page.text()
    await hotline.pool.execute("update users set active = false where login = 'supervisor'")
    async with hotline.session.post(good) as page:
        assert page.status == 404
    assert (await _alert(hotline, number))["state"] == "firing"


async def test_the_page_speaks_the_persons_language_and_shows_titles_as_text(hotline: Any) -> None:
    await hotline.pool.execute("update users set locale = 'zh-CN' where login = 'supervisor'")
    number = (await hotline.ring(title="<script>alert(1)</script>"))["ticket"]["number"]
    hotline.clock.move(minutes=6)
    await hotline.look()
    url = await _link(hotline, (await _alert(hotline, number))["id"], "supervisor")
    async with hotline.session.get(url) as page:
        text = await page.text()
    assert "确认收到" in text
    assert "<script>" not in text


async def test_pagerduty_learns_that_somebody_has_it(hotline: Any) -> None:
    async with running(PagerDutyStub(hotline.clock)) as stub:
        await _channel(hotline, "pagerduty", url=stub.url, routing_key=stub.key)
        number = await _breached(hotline)
        await _send(hotline)
        assert set(stub.incidents.values()) == {"triggered"}
        alert = await _alert(hotline, number)
        await hotline.post(f"/alerts/{alert['id']}/acknowledge", role="agent", expect=200)
        await _send(hotline)
        assert stub.incidents[f"callcenter-{number}-response-1"] == "acknowledged"
        await hotline.write(number, {"type": "responded"})
        await _send(hotline)
        assert stub.incidents[f"callcenter-{number}-response-1"] == "resolved"
