"""Whoever is sent to a customer is written to, and the ticket says whether the message left."""

import asyncio
from email import message_from_string
from email.policy import default
from typing import Any

from playwright.async_api import expect

from callcenter.services import mails
from tests.e2e.desk import fault, hire, write
from tests.unit.test_channels import SmtpServer


async def _by_mail(house: Any, port: int) -> None:
    """There is an e-mail channel that leads to the port, and two engineers have addresses."""
    config = {"host": "127.0.0.1", "port": port, "from": "desk@example.org"}
    await house.pool.execute(
        "insert into channels (name, kind, config, created_at, updated_at) values ('mail', 'email', $1, $2, $2)",
        config, house.clock(),
    )  # fmt: skip
    await house.pool.execute("update users set email = login || '@example.org' where login in ('chen', 'sun')")
    await house.pool.execute("update users set locale = 'zh-CN' where login = 'chen'")


async def test_the_engineer_is_told_where_to_go_and_the_ticket_says_so(house: Any) -> None:
    await hire(house)
    server = SmtpServer()
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        await _by_mail(house, listening.sockets[0].getsockname()[1])
        number = await fault(house, "No light on the switch")
        await write(house, number, {"type": "dispatched", "who": "chen"})
        _, page = await house.signed_in("ma")
        await page.goto(house.url(f"/tickets/{number}"))
        await expect(page.locator("#ticket-line .tag.hold")).to_have_text("message waits")
        for _ in range(2):  # a second time finds nothing to send
            await mails.send_due(house.pool, house.context, house.clock())
    mail = message_from_string(server.mails[0][1], policy=default)
    assert len(server.mails) == 1
    assert (mail["To"], mail["Subject"]) == ("chen@example.org", f"派工 #{number} No light on the switch")
    text = mail.get_content()
    assert "客户: 皖东商贸" in text
    assert "联系人: Qian Hui +865525550121" in text
    assert "截止时间: 2026-03-02 16:1" in text
    await page.reload()
    await expect(page.locator("#ticket-line .tag.ok")).to_have_text("✓ message sent")


async def test_what_does_not_leave_is_tried_again_and_given_up_at_last(house: Any) -> None:
    await hire(house)
    await _by_mail(house, 9)
    number = await fault(house, "No light on the switch")
    await write(house, number, {"type": "dispatched", "who": "sun"})
    await mails.send_due(house.pool, house.context, house.clock())
    row = await house.pool.fetchrow("select state, attempts, reason, next_try_at from mails")
    assert (row["state"], row["attempts"], row["reason"]) == ("pending", 1, "unreachable")
    await house.pool.execute("update users set active = false where login = 'sun'")
    await mails.send_due(house.pool, house.context, row["next_try_at"])
    assert await house.pool.fetchval("select state from mails") == "dead"
    _, page = await house.signed_in("ma")
    await page.goto(house.url(f"/tickets/{number}"))
    await expect(page.locator("#ticket-line .tag.late")).to_have_text("! message not delivered")


async def test_nobody_writes_to_himself_or_without_an_address(house: Any) -> None:
    await hire(house)
    await _by_mail(house, 9)
    await write(house, await fault(house, "Mine"), {"type": "dispatched", "who": "chen"}, by="chen", role="engineer")
    await write(house, await fault(house, "No address"), {"type": "dispatched", "who": "wu"})
    assert await house.count("mails") == 0
