"""Closing a month at its pages: exemptions by two people, credits, evaluation forms, the seal, the report's forms."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import expect

from callcenter.reports.words import LANGUAGES
from callcenter.services import contracts, people
from callcenter.services.report_forms import MEDIA
from callcenter.services.resources import User
from callcenter.services.types import Actor
from tests.e2e.desk import PASSWORD, TERMS, fault, hire, write

FORM = Path(__file__).parents[2] / "examples" / "evidence" / "service-evaluation.yaml"
_CREDIT = "calendar: always, credit: {amount: 100, currency: CNY, per: breach}}"
_MONTH = "/reports/DESK-1/{}?month=2026-03"


async def _broken(house: Any) -> int:
    """A response an hour late, in a month that is over; two managers of contracts, pages in English."""
    await hire(house)
    costly = TERMS.replace("version: 1", "version: 2")
    costly = costly.replace("default: 10m}, calendar: always}", "default: 10m}, " + _CREDIT, 1)
    costly = costly.replace("title: Desk", "title: Desk\nversion: 2", 1)
    async with house.pool.acquire() as conn:
        await contracts.put(conn, "DESK-1", costly, Actor("setup", "admin"), house.clock())
        for login in ("gu", "fang"):
            user = User(login=login, name=f"{login.title()} Ren", role="contract_manager", locale="en")
            await people.create(conn, user, PASSWORD, house.context.settings, house.clock())
    number = await fault(house, "No light on the switch", ago=70)
    await write(house, number, {"type": "responded"}, {"type": "restored"}, {"type": "resolved"})
    house.clock.ahead += timedelta(days=35)
    return number


async def test_one_asks_for_an_exemption_and_another_one_decides(house: Any) -> None:
    number = await _broken(house)
    asker, page = await house.signed_in("gu")
    await page.goto(house.url(_MONTH.format("breaches")))
    row = page.locator(f"#main tr:has-text('#{number}')").filter(has_text="response")
    await row.get_by_role("link", name=f"Exempt or explain #{number}").click()
    await page.select_option("#party", "third_party")
    await page.fill("#cause", "a digger")
    await page.locator("form[action$=responsibility] button").click()
    await expect(page.locator("#main")).to_contain_text("a third party's doing")
    await page.get_by_role("link", name=f"Exempt or explain #{number}").first.click()
    await page.select_option("#reason", "force_majeure")
    await page.fill("#evidence", "The storm of that day, see the weather bureau's notice.")
    await page.locator("form[action$=exemptions] button.primary").click()
    await expect(page.locator("#asked")).to_contain_text("somebody else decides")
    assert await page.locator("#asked button").count() == 0
    decider, other = await house.signed_in("fang")
    await other.goto(house.url(_MONTH.format("breaches")))
    await other.fill("#asked [name=remark]", "seen")
    await other.locator("#asked button[value=yes]").click()
    await expect(other.locator("#asked")).to_contain_text("approved")
    await expect(other.locator("#main")).to_contain_text("taken out")
    row = await house.pool.fetchrow("select asked_by, decided_by, state, remark from exemptions")
    assert tuple(row) == ("gu", "fang", "approved", "seen")
    assert asker.faults == decider.faults == []


async def test_credits_are_confirmed_or_waived_with_a_reason(house: Any) -> None:
    await _broken(house)
    _, page = await house.signed_in("gu")
    await page.goto(house.url(_MONTH.format("credits")))
    await expect(page.locator("#main")).to_contain_text("100.00")
    await page.locator("button[value=waived]").first.click()
    await expect(page.locator("#main [role=alert]")).to_contain_text("Fill this in.")
    await page.locator("[name=reason]").first.fill("settled otherwise")
    await page.locator("button[value=waived]").first.click()
    await expect(page.locator("#main .tag.hold")).to_have_text("waived")
    row = await house.pool.fetchrow("select decision, reason, by from credit_decisions")
    assert tuple(row) == ("waived", "settled otherwise", "gu")
    _, seen = await house.signed_in("ma")
    await seen.goto(house.url(_MONTH.format("credits")))
    assert await seen.locator("#main form.deciding").count() == 0


async def test_a_form_is_stored_and_points_are_given(house: Any) -> None:
    await _broken(house)
    window, page = await house.signed_in("gu")
    await page.goto(house.url(_MONTH.format("evidence")))
    await page.set_input_files("#file", FORM)
    await page.get_by_role("button", name="Store").click()
    await page.wait_for_selector("#main form.deciding")
    first = page.locator("#main form.deciding").first
    await first.locator("[name=points]").fill("1.5")
    await first.locator("button").click()
    await expect(page.locator("#main table b").first).to_have_text("1.5")
    assert float(await house.pool.fetchval("select points from evidence_points")) == 1.5
    assert window.faults == []


async def test_a_month_is_sealed_and_what_is_corrected_later_is_an_amendment(house: Any) -> None:
    number = await _broken(house)
    window, page = await house.signed_in("gu")
    await page.goto(house.url(_MONTH.format("seal")))
    await page.check("[name=sure]")
    await page.get_by_role("button", name="Seal the month").click()
    await expect(page.locator("#main")).to_contain_text("Nothing has changed since.")
    entry = await house.pool.fetchval("select seq from entries where ticket = $1 and type = 'responded'", number)
    at = await house.pool.fetchval("select reported_at from tickets where number = $1", number)
    moved = {"type": "corrected", "entry": str(entry), "to": (at + timedelta(minutes=2)).isoformat(), "reason": "log"}
    await write(house, number, moved)
    await page.goto(house.url(_MONTH.format("seal")))
    await expect(page.locator("#main")).to_contain_text("Corrected since, and not recorded yet")
    await page.check("[name=sure]")
    await page.get_by_role("button", name="Record the amendment").click()
    await expect(page.locator("#main")).to_contain_text("Amendment 1")
    await expect(page.locator("#main")).to_contain_text("Nothing has changed since.")
    assert await house.count("seals") == 2
    assert window.faults == []


async def test_a_running_month_cannot_be_sealed(house: Any) -> None:
    await _broken(house)
    house.clock.ahead -= timedelta(days=20)
    _, page = await house.signed_in("gu")
    await page.goto(house.url(_MONTH.format("seal")))
    await expect(page.locator("#main")).to_contain_text("The month runs until 2026-04-01 00:00")
    assert await page.locator("[name=sure]").count() == 0


async def test_the_report_is_there_in_every_form_and_language(house: Any) -> None:
    await _broken(house)
    _, page = await house.signed_in("gu")
    await page.goto(house.url("/reports/DESK-1?month=2026-03"))
    values = "all => all.map(one => one.value)"
    assert sorted(await page.eval_on_selector_all("#form-of option", values)) == sorted(MEDIA)
    assert await page.eval_on_selector_all("#language-of option", values) == list(LANGUAGES)
    for language in LANGUAGES:
        for form, media in MEDIA.items():
            asked = f"{_MONTH.format('download')}&form={form}&lang={language}&section=breaches"
            answer = await page.request.get(house.url(asked))
            assert answer.status == 200, asked
            assert answer.headers["content-type"].startswith(media)
            body = await answer.body()
            if form == "html":
                assert f'lang="{language}"'.encode() in body
            elif form == "csv":
                assert b"No light on the switch" in body
            else:
                assert body.startswith({"json": b"{", "xlsx": b"PK", "pdf": b"%PDF"}[form])
    for section in await page.eval_on_selector_all("#section-of option", values):
        answer = await page.request.get(house.url(f"{_MONTH.format('download')}&form=csv&section={section}"))
        assert answer.status == 200, section


async def test_the_running_month_says_what_is_at_risk_and_leads_to_it(house: Any) -> None:
    await hire(house)
    number = await fault(house, "No light on the switch", ago=70)
    await _manager(house)
    window, page = await house.signed_in("gu")
    await page.goto(house.url("/reports/DESK-1/now"))
    risky = page.locator(f"#standing tr:has-text('#{number}')")
    await expect(risky.first).to_contain_text("overdue")
    await page.locator("#standing a[href*='figure=open']").first.click()
    await expect(page.locator("#main tbody")).to_contain_text(f"#{number}")
    assert window.faults == []


async def _manager(house: Any) -> None:
    """There is a manager of contracts, pages in English."""
    async with house.pool.acquire() as conn:
        user = User(login="gu", name="Gu Ren", role="contract_manager", locale="en")
        await people.create(conn, user, PASSWORD, house.context.settings, house.clock())
