"""Nothing is fetched from elsewhere, and every page arrives light."""

from typing import Any
from urllib.parse import urlsplit

from tests.e2e.everywhere import BOSS, addresses, furnish

LIGHT = 150_000


async def test_no_page_asks_another_host_and_none_is_heavy(house: Any) -> None:
    places = addresses(*await furnish(house))
    ours = urlsplit(house.url("/")).netloc
    foreign: list[str] = []
    heavy: dict[str, int] = {}
    for place in places:
        window, page = await house.signed_in(BOSS)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))  # noqa: B023 this page's own list
        weights = await window.new_cdp_session(page)
        await weights.send("Network.enable")
        await weights.send("Network.setCacheDisabled", {"cacheDisabled": True})
        came: list[int] = []
        weights.on("Network.loadingFinished", lambda told: came.append(int(told["encodedDataLength"])))  # noqa: B023
        await page.goto(house.url(place.path))
        await page.wait_for_load_state("load")
        if sum(came) > LIGHT:
            heavy[place.path] = sum(came)
        assert sum(came) > 1_000, f"{place.path}: nothing was weighed"
        foreign += [url for url in asked if url.startswith("http") and urlsplit(url).netloc != ours]
        await window.close()
    assert foreign == []
    assert heavy == {}


async def test_files_are_kept_for_good_by_their_version_alone(house: Any) -> None:
    async with house.http.get(house.url("/sign-in")) as answer:
        page = await answer.text()
    address = page.split('href="/static/style.css?v=')[1].split('"')[0]
    async with house.http.get(house.url(f"/static/style.css?v={address}")) as answer:
        assert "immutable" in answer.headers["Cache-Control"]
    async with house.http.get(house.url("/static/style.css")) as answer:
        assert answer.headers["Cache-Control"] == "no-cache"


async def test_files_come_packed_and_only_from_their_folder(house: Any) -> None:
    async with house.http.get(house.url("/static/style.css"), headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        tag, whole = answer.headers["ETag"], await answer.text()
        assert "--surface" in whole
    async with house.http.get(house.url("/static/style.css"), headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304
    async with house.http.get(house.url("/static/style.css"), headers={"Accept-Encoding": "identity"}) as answer:
        assert "Content-Encoding" not in answer.headers
    for outside in ("..%2Ftemplates%2Fbase.html", "%2e%2e/pages/page.py", "nothing.css"):
        async with house.http.get(f"{house.url('/static/')}{outside}") as answer:
            assert answer.status == 404, outside
