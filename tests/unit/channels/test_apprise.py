"""Channels through Apprise: what is refused, and that a thread that hangs holds up nobody."""

import asyncio
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from alerts.channels import check_channel, open_channel
from alerts.reasons import Reason, SendFailed

if TYPE_CHECKING:
    from tests.unit.channels.conftest import Bench


class FakeApprise:
    """Stands where the library would; notes the thread it was used on."""

    answer = True
    used: list[tuple[str, str, str]]
    gate: threading.Event

    def add(self, url: str) -> bool:
        return not url.startswith("nonsense")

    def notify(self, *, body: str, title: str) -> bool:
        self.gate.wait(5)
        self.used.append((threading.current_thread().name, title, body))
        return self.answer


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> type[FakeApprise]:
    class Used(FakeApprise):
        used: list[tuple[str, str, str]] = []  # noqa: RUF012 one a test
        gate = threading.Event()

    Used.gate.set()
    module = type(sys)("apprise")
    module.Apprise = Used  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "apprise", module)
    return Used


async def test_a_message_goes_out_on_a_thread_of_the_channels_own(bench: "Bench", library: type[FakeApprise]) -> None:
    channel = open_channel("apprise", {"url": "apprise://tgram://1:abc/2", "locale": "zh-CN"}, bench.setup)
    await channel.check()
    await channel.send(bench.message())
    await channel.close()
    ((thread, title, body),) = library.used
    assert thread.startswith("apprise")
    assert title.startswith("[即将超时] 工单 100001")
    assert "截止时间" in body


async def test_its_no_is_a_failure_that_may_pass(bench: "Bench", refused: Any, library: type[FakeApprise]) -> None:
    library.answer = False
    channel = open_channel("apprise", {"url": "tgram://1:abc/2"}, bench.setup)
    failure = await refused(channel, bench.message())
    await channel.close()
    assert failure.reason is Reason.UNAVAILABLE
    assert "abc" not in failure.detail


async def test_one_that_hangs_holds_up_neither_the_loop_nor_another_channel(
    bench: "Bench", library: type[FakeApprise]
) -> None:
    library.gate.clear()
    hanging = open_channel("apprise", {"url": "tgram://1:abc/2"}, bench.setup)
    tasks = [asyncio.create_task(hanging.send(bench.message())) for _ in range(10)]
    other = open_channel("apprise", {"url": "tgram://1:abc/3"}, bench.setup)
    await other.check()  # runs on a thread although all threads of the first are held
    assert library.used == []
    library.gate.set()
    await asyncio.gather(*tasks)
    for channel in (hanging, other):
        await channel.close()
    assert len(library.used) == 10


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("dingtalk://token", "kind dingtalk"),
        ("apprise://wecombot://key", "kind wecom"),
        ("feishu://token", "kind feishu"),
        ("JSON://localhost/x", "kind webhook"),
        ("apprise://host/token", "kind webhook"),
        ("file:///etc/passwd", "own machine"),
        ("syslog://x", "own machine"),
        ("no address", "url"),
    ],
)
async def test_what_is_refused(bench: "Bench", url: str, said: str) -> None:
    assert said in (await check_channel("apprise", {"url": url}, bench.setup) or "")


async def test_without_the_library_the_channel_says_what_to_install(
    bench: "Bench", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert "callcenter[apprise]" in (await check_channel("apprise", {"url": "tgram://1:abc/2"}, bench.setup) or "")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the library's own
async def test_the_library_itself_understands_and_refuses(bench: "Bench") -> None:
    pytest.importorskip("apprise", reason="the extra `apprise` is not installed")
    assert await check_channel("apprise", {"url": "ntfys://topic"}, bench.setup) is None
    channel = open_channel("apprise", {"url": "nonsense://x"}, bench.setup)
    with pytest.raises(SendFailed) as failure:
        await channel.send(bench.message())
    await channel.close()
    assert failure.value.reason is Reason.BAD_CONFIG
