"""Everything else, through the library Apprise, which is installed only where it is wanted.

It blocks, and sleeps between messages: each channel has threads of its own. It tells no more than yes or no, and its
yes is not to be believed of the robots of DingTalk, WeCom and Feishu: these have channels of their own. It connects
wherever it likes, so what posts to any address is left to `webhook`, which looks where it connects.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from alerts.channels.post import PerMinute
from alerts.channels.setup import Setup
from alerts.message import Message, subject
from alerts.reasons import Reason, SendFailed
from alerts.words import Locale

_THREADS = 4
_OWN = {
    **dict.fromkeys(("dingtalk",), "dingtalk"),
    **dict.fromkeys(("wecombot", "wecom"), "wecom"),
    **dict.fromkeys(("feishu", "lark"), "feishu"),
    **dict.fromkeys(("json", "jsons", "xml", "xmls", "form", "forms", "apprise", "apprises"), "webhook"),
}
# what would act on the service's own machine
_LOCAL = frozenset({"dbus", "qt", "glib", "kde", "gnome", "macosx", "windows", "syslog", "file", "exec"})


class AppriseConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a channel through Apprise: `url` as Apprise writes it, `apprise://` in front of it or not."""

    url: Annotated[str, Meta(pattern="^(apprise://)?[A-Za-z0-9]+://.")]
    locale: Locale = "en"
    per_minute: PerMinute | None = None

    def __post_init__(self) -> None:
        scheme = self.target.partition("://")[0].lower()
        if scheme in _OWN:
            raise ValueError(f"`url`: for {scheme}:// use a channel of kind {_OWN[scheme]}")
        if scheme in _LOCAL:
            raise ValueError(f"`url`: {scheme}:// would act on the service's own machine")

    @property
    def target(self) -> str:
        """The address as Apprise takes it."""
        rest = self.url.removeprefix("apprise://")
        return rest if "://" in rest else self.url


class Apprise:
    """Hands messages to Apprise on threads of this channel's own."""

    def __init__(self, config: AppriseConfig, setup: Setup) -> None:
        self._locale: Locale = config.locale
        self._setup = setup
        self._url = config.target
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="apprise")

    async def send(self, message: Message) -> None:
        """Apprise says that the other side has taken the message."""
        title, body = self._setup.text(message, self._locale).split("\n\n", 1)
        if not await self._apart(lambda: _sender(self._url).notify(body=body, title=title)):
            said = f"Apprise could not send {subject(message, self._locale)[:80]!r}, and does not say why"
            raise SendFailed(Reason.UNAVAILABLE, said)

    async def check(self) -> None:
        """Apprise understands the address; that is all it tells without sending."""
        await self._apart(lambda: _sender(self._url))

    async def close(self) -> None:
        """No further message is begun; one that hangs ends by Apprise's own time limit."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _apart(self, work: Callable[[], Any]) -> Any:
        """Even loading the library takes longer than the event loop may be held."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _sender(url: str) -> Any:
    try:
        import apprise
    except ImportError as error:
        said = "the library Apprise is not installed: pip install 'callcenter[apprise]'"
        raise SendFailed(Reason.BAD_CONFIG, said) from error
    sender = apprise.Apprise()
    if not sender.add(url):
        raise SendFailed(Reason.BAD_CONFIG, "`url` is none that Apprise understands")
    return sender
