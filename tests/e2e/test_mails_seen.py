"""A mail that was not delivered is seen where somebody can act on it, in every language."""

from typing import Any

import pytest
from playwright.async_api import expect

from callcenter.services import mails, people
from callcenter.services.resources import User
from callcenter.store import mails as store
from callcenter.store import sealing
from tests.e2e.desk import PASSWORD, fault, hire, write

LANGUAGES = ("en", "zh-CN", "zh-TW")


async def _by_mail(house: Any) -> None:
    """There is an e-mail channel, and nobody at its port."""
    config = {"host": "127.0.0.1", "port": 9, "from": "desk@example.org"}
    await house.pool.execute(
        "insert into channels (name, kind, config, created_at, updated_at) values ('mail', 'email', $1, $2, $2)",
        config, house.clock(),
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
async def test_at_the_ticket_that_nobody_was_told(house: Any, language: str) -> None:
    said = {
        "en": "! message not delivered no address to write to",
        "zh-CN": "! 消息未送达 没有可用的联系地址",
        "zh-TW": "! 訊息未送達 沒有可用的聯絡地址",
    }[language]
    await hire(house)
    await _by_mail(house)
    await house.pool.execute("update users set email = 'chen@example.org' where login = 'chen'")
    await house.pool.execute("update users set locale = $1 where login = 'ma'", language)
    number = await fault(house, "No light on the switch")
    await write(house, number, {"type": "dispatched", "who": "chen"})
    await house.pool.execute("update users set email = null where login = 'chen'")
    await mails.send_due(house.pool, house.context, house.clock())
    window, page = await house.signed_in("ma")
    await page.goto(house.url(f"/tickets/{number}"))
    line = page.locator("#ticket-line li:has(.tag.late)")
    await expect(line).to_contain_text(said)
    assert window.faults == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_at_the_month_that_a_report_did_not_arrive(house: Any, language: str) -> None:
    head, said, waits = {
        "en": ("Mailed to", "not delivered no address to write to", "waits no connection"),
        "zh-CN": ("邮件收件人", "未送达 没有可用的联系地址", "待发送 连接不上"),
        "zh-TW": ("郵件收件者", "未送達 沒有可用的聯絡地址", "待送出 連線失敗"),
    }[language]
    await hire(house)
    await _by_mail(house)
    now = house.clock()
    async with house.pool.acquire() as conn:
        for login in ("fang", "gu"):
            user = User(login=login, name=login, role="contract_manager", email=f"{login}@example.org")
            await people.create(conn, user, PASSWORD, house.context.settings, now)
        contract = await conn.fetchval("select id from contracts where code = 'DESK-1'")
        await sealing.note_run(conn, contract, "2026-02", "done", None, now)
        await store.enqueue_report(conn, contract, "2026-02", now)
    await house.pool.execute("update users set email = null where login = 'fang'")
    await house.pool.execute("update users set locale = $1 where login = 'gu'", language)
    for _ in range(2):  # one that cannot be sent, one that meets no server
        await mails.send_due(house.pool, house.context, house.clock())
    window, page = await house.signed_in("gu")
    await page.goto(house.url("/reports/DESK-1/seal?month=2026-02"))
    table = page.locator("#main table.list")
    await expect(table.locator("th").nth(2)).to_have_text(head)
    cell = table.locator("tbody td").nth(2)
    await expect(cell).to_contain_text(f"fang {said}")
    await expect(cell).to_contain_text(f"gu {waits}")
    assert window.faults == []
