"""The office's pages in a real browser: records in place, conflicts told, contracts checked as they are typed."""

from typing import Any

from playwright.async_api import expect

from callcenter.services import resources
from callcenter.services.resources import RESOURCES
from callcenter.services.types import Actor
from tests.e2e.everywhere import BOSS, furnish

_OTHER = Actor("lin", "agent", login="lin")


async def test_a_customer_is_found_by_initials_by_phone_and_by_serial(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await page.goto(house.url("/customers"))
    for text, row in (("sfyy", "示范医院"), ("5500456", "示范医院"), ("8505", "示范医院"), ("肥西", "肥西实验中学")):
        await page.fill("#q", text)
        await expect(page.locator("#found tbody tr")).to_have_count(1)
        await expect(page.locator("#found tbody")).to_contain_text(row)
    await expect(page.locator("#found .tag.late")).to_have_text("Complaint running")


async def test_a_site_is_added_and_changed_in_place_with_the_keyboard(house: Any) -> None:
    window, page = await house.signed_in("zhao")
    await page.goto(house.url(f"/customers/{house.ids['hospital']}"))
    await page.focus("#sites-add")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#sites-new [name=name]:focus")
    await page.keyboard.type("South wing")
    await page.keyboard.press("Tab")
    await page.keyboard.type("city")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("td:text-is('South wing')")
    await page.wait_for_selector("#sites-add:focus")
    row = await house.pool.fetchrow("select id, region from sites where name = 'South wing'")
    assert row["region"] == "city"
    edit = f"#sites-{row['id']}-edit"
    await page.click(edit)
    await page.wait_for_selector(f"#sites-{row['id']} [name=name]:focus")
    await page.keyboard.press("Escape")
    await page.wait_for_selector(f"{edit}:focus")
    assert window.faults == []


async def test_what_is_missing_is_said_beside_the_field(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await page.goto(house.url(f"/customers/{house.ids['hospital']}"))
    await page.click("#assets-add")
    await page.wait_for_selector("#assets-new [name=serial]")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("#assets-new [name=serial][aria-invalid=true]:focus")
    await expect(page.locator("#assets-new .wrong")).to_have_text("Fill this in.")


async def test_two_people_change_one_contact_and_both_texts_survive(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    contact = house.ids["zhang"]
    await page.goto(house.url(f"/customers/{house.ids['hospital']}"))
    await page.click(f"#contacts-{contact}-edit")
    await page.fill(f"#contacts-{contact} [name=remarks]", "Call before eight")
    async with house.pool.acquire() as conn:
        kind = RESOURCES["contacts"]
        change = kind.change(remarks="Never on Mondays")
        await resources.change(conn, kind, contact, change, 1, house.context.settings, _OTHER, house.clock())
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector(f"#contacts-{contact} .say.risk")
    assert await page.input_value(f"#contacts-{contact} [name=remarks]") == "Call before eight"
    await expect(page.locator(f"#contacts-{contact} .theirs")).to_contain_text("Never on Mondays")
    assert await page.locator(f"#contacts-{contact} .theirs").count() == 1, "what did not change is not told"
    stored = "select remarks from contacts where id = $1"
    assert await house.pool.fetchval(stored, contact) == "Never on Mondays"
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector(f"#contacts-{contact} td:has-text('Call before eight')")
    assert await house.pool.fetchval(stored, contact) == "Call before eight"


async def test_a_contract_is_checked_while_it_is_typed_and_kept_until_it_is_stored(house: Any) -> None:
    await furnish(house)
    window, page = await house.signed_in(BOSS)
    address = house.url("/contracts/HF-1/edit")
    await page.goto(address)
    text = await page.input_value("#source")
    assert "version: 2" in text, "the next version's number is there already"
    wrong = text.replace("stops: arrived", "stops: arived")
    await page.fill("#source", wrong)
    await page.wait_for_selector("#checked .findings [data-line]")
    line = 1 + wrong[: wrong.index("arived")].count("\n")
    await expect(page.locator("#checked [data-line]")).to_have_attribute("data-line", str(line))
    await page.wait_for_selector(f".gutter .bad:text-is('! {line}')")
    await page.reload()
    assert await page.input_value("#source") == wrong, "nothing typed is lost"
    await page.fill("#source", text.replace("1: 40m", "1: 30m"))
    await page.wait_for_selector("#checked .tag.ok")
    await expect(page.locator("#checked .promises")).to_contain_text("30 分钟")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url(house.url("/contracts/HF-1"))
    assert (
        await house.pool.fetchval("select max(version) from contract_versions where title = 'Public-health network'")
        == 2
    )
    await page.goto(address)
    assert "version: 3" in await page.input_value("#source"), "what was stored is no draft any more"
    await page.goto(house.url("/contracts/HF-1/changes?version=2"))
    await expect(page.locator(".text .plus")).to_have_count(2)
    assert window.faults == []


async def test_each_figure_of_the_month_leads_to_as_many_tickets(house: Any) -> None:
    await furnish(house)
    _, page = await house.signed_in(BOSS)
    await page.goto(house.url("/reports/OFFICE-2026"))
    await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    links = await page.eval_on_selector_all(
        ".report td a", "all => all.map(one => [one.getAttribute('href'), Number(one.textContent)])"
    )
    assert len(links) > 4
    for address, figure in links:
        await page.goto(house.url(address))
        assert await page.locator("main tbody tr").count() == figure, address


async def test_a_token_is_shown_once_and_can_be_ended(house: Any) -> None:
    await furnish(house)
    _, page = await house.signed_in(BOSS)
    await page.goto(house.url("/admin/tokens"))
    await page.fill("[name=name]", "switchboard")
    await page.click("form.record button.primary")
    secret = await page.input_value("#secret")
    headers = {"Authorization": f"Bearer {secret}"}
    async with house.http.get(house.url("/api/v1/accounts"), headers=headers) as answer:
        assert answer.status == 200
    await page.goto(house.url("/admin/tokens"))
    assert secret not in await page.content()
    await page.locator("tr:has-text('switchboard') button").click()
    await page.wait_for_selector("tr:has-text('switchboard') .tag.hold")
    assert await house.pool.fetchval("select revoked_at from tokens where name = 'switchboard'") is not None


async def test_a_channel_is_set_up_by_its_form_and_tested(house: Any) -> None:
    await furnish(house)
    _, page = await house.signed_in(BOSS)
    await page.goto(house.url("/admin/channels"))
    await page.select_option("#kind", "webhook")
    await page.click("#channels-add")
    await page.fill("[name=name]", "dead end")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("form[data-record] [role=alert], form[data-record] .wrong")
    await page.fill("[name='config.url']", "http://127.0.0.1:9/nobody")
    await page.fill("[name='config.secret']", "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0IGhvdXNl")
    await page.check("[name='config.allow_private']")
    await page.keyboard.press("Control+Enter")
    row = page.locator("tbody tr:has-text('dead end')")
    await row.wait_for()
    await row.locator("button").first.click()
    await expect(row.locator(".tag.late")).to_be_visible()
    stored = await house.pool.fetchval("select config from channels where name = 'dead end'")
    assert stored["secret"] == "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0IGhvdXNl"
    await row.locator("button").last.click()
    assert await page.input_value("[name='config.secret']") == "•••"


async def test_a_turn_of_the_rota_has_its_hours(house: Any) -> None:
    await furnish(house)
    window, page = await house.signed_in(BOSS)
    await page.goto(house.url("/admin/rota"))
    await page.click("#rota-add")
    await page.fill("[name=duty]", "dispatcher")
    await page.select_option("[name=login]", "zhou")
    await page.fill("[name=from_at]", "2026-03-02T08:00")
    await page.fill("[name=until_at]", "2026-03-09T08:00")
    await page.fill("[name=hours]", "周一至周五: 夜里")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("form[data-record] .wrong").first).to_contain_text("不是时段")
    await page.fill("[name=hours]", "周一至周五：22:00-06:00\nholidays: CN")
    await page.keyboard.press("Control+Enter")
    row = page.locator("tbody tr:has-text('2026-03-09')").first
    await row.wait_for()
    stored = await house.pool.fetchval("select hours from rota where hours is not null")
    assert stored == {"week": {"mon-fri": "22:00-06:00"}, "holidays": ["CN"], "timezone": "Asia/Shanghai"}
    await row.locator("button").last.click()
    assert await page.input_value("[name=hours]") == "mon-fri: 22:00-06:00\nholidays: CN"
    assert window.faults == []


async def test_language_theme_and_keys_are_each_persons_own(house: Any) -> None:
    _, page = await house.signed_in("zhao")
    await page.goto(house.url("/me"))
    await page.check("[name=locale][value=zh-TW]", force=True)
    await page.check("[name=theme][value=dark]", force=True)
    await page.uncheck("[name=shortcuts]")
    await page.click("form[action='/me'] button")
    await page.wait_for_selector("html[lang=zh-TW][data-theme=dark] body[data-shortcuts=off]")
    await expect(page.locator(".rail")).to_contain_text("工單")


async def test_a_new_password_signs_other_browsers_out(house: Any) -> None:
    _, here = await house.signed_in("zhao")
    _, there = await house.signed_in("zhao")
    await here.goto(house.url("/me"))
    await here.fill("#old", "not this one")
    await here.fill("#new", "a longer secret")
    await here.click("form[action='/me/password'] button")
    await expect(here.locator("[role=alert]")).to_have_text("The present password is another one.")
    await here.fill("#old", "correct horse battery")
    await here.fill("#new", "a longer secret")
    await here.click("form[action='/me/password'] button")
    await here.wait_for_selector(".say.done")
    await there.goto(house.url("/customers"))
    assert "/sign-in" in there.url
    await here.goto(house.url("/customers"))
    assert "/sign-in" not in here.url


async def test_who_may_not_does_not_see_and_cannot(house: Any) -> None:
    await furnish(house)
    _, page = await house.signed_in("chen")
    await page.goto(house.url(f"/customers/{house.ids['hospital']}"))
    assert await page.locator("#sites-add").count() == 0
    for path in ("/records/sites/new?account=1", "/admin/users", "/contracts/HF-1/edit", "/reports/HF-1"):
        answer = await page.goto(house.url(path))
        assert answer.status == 403, path
    async with house.http.post(house.url("/records/sites"), data={"name": "x"}, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"][:8]) == (303, "/sign-in")
