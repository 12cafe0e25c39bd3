"""The ways a message leaves the house: one file each, found by the channel's `kind`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec

from alerts.channels import dingtalk, feishu, slack, teams, wecom
from alerts.channels.alertmanager import Alertmanager, AlertmanagerConfig
from alerts.channels.apprise import Apprise, AppriseConfig
from alerts.channels.dingtalk import DingTalk, DingTalkConfig
from alerts.channels.email import Email, EmailConfig
from alerts.channels.feishu import Feishu, FeishuConfig
from alerts.channels.journal import Journal, JournalConfig
from alerts.channels.pagerduty import PagerDuty, PagerDutyConfig
from alerts.channels.post import HttpConfig
from alerts.channels.robot import RobotConfig
from alerts.channels.setup import Channel, Setup
from alerts.channels.slack import Slack
from alerts.channels.sms import Sms, SmsConfig
from alerts.channels.teams import Teams
from alerts.channels.webhook import Webhook, WebhookConfig
from alerts.channels.wecom import WeCom
from alerts.message import Message, Recipient
from alerts.reasons import Reason, SendFailed

__all__ = [
    "ACKNOWLEDGED",
    "FORGETFUL",
    "KINDS",
    "LIMITED",
    "Channel",
    "Setup",
    "check_channel",
    "limits",
    "open_channel",
    "read_config",
    "sample",
    "secret_settings",
    "send_test",
    "settings_of",
]


class _Kind(NamedTuple):
    """What a kind of channel is made of, which of its settings are secrets, and how much the other side takes."""

    config: type[msgspec.Struct]
    opened: Callable[[Any, Setup], Channel]
    secrets: frozenset[str] = frozenset()
    per_minute: int | None = None
    per_second: int | None = None
    forgets: bool = False  # is told again while an alert stands
    keeps: bool = False  # keeps a matter of its own, and is told when somebody has it


# Whoever presses the test button waits no longer.
_TEST_S = 10
_URL = frozenset({"url"})
_KINDS: Mapping[str, _Kind] = {
    "webhook": _Kind(WebhookConfig, Webhook, frozenset({"secret"})),
    "email": _Kind(EmailConfig, Email, frozenset({"password"})),
    "journal": _Kind(JournalConfig, Journal),
    "dingtalk": _Kind(DingTalkConfig, DingTalk, _URL | {"secret"}, dingtalk.PER_MINUTE),
    "wecom": _Kind(RobotConfig, WeCom, _URL, wecom.PER_MINUTE),
    "feishu": _Kind(FeishuConfig, Feishu, _URL | {"secret"}, feishu.PER_MINUTE, feishu.PER_SECOND),
    "slack": _Kind(HttpConfig, Slack, _URL, None, slack.PER_SECOND),
    "teams": _Kind(HttpConfig, Teams, _URL, None, teams.PER_SECOND),
    "pagerduty": _Kind(PagerDutyConfig, PagerDuty, frozenset({"routing_key"}), keeps=True),
    "sms": _Kind(SmsConfig, Sms, frozenset({"key", "secret"})),
    "alertmanager": _Kind(AlertmanagerConfig, Alertmanager, frozenset({"password", "token"}), forgets=True),
    "apprise": _Kind(AppriseConfig, Apprise, _URL),
}
KINDS = tuple(_KINDS)
LIMITED = tuple(name for name, kind in _KINDS.items() if kind.per_minute or kind.per_second)
FORGETFUL = tuple(name for name, kind in _KINDS.items() if kind.forgets)
ACKNOWLEDGED = tuple(name for name, kind in _KINDS.items() if kind.keeps)


def secret_settings(kind: str) -> frozenset[str]:
    """The settings of a kind that are never shown; all that ever may be one where the kind is unknown."""
    if kind in _KINDS:
        return _KINDS[kind].secrets
    return frozenset().union(*(one.secrets for one in _KINDS.values()))


def settings_of(kind: str) -> type[msgspec.Struct] | None:
    """What a kind's settings are, for a form that asks for them; None where the kind is unknown."""
    return _KINDS[kind].config if kind in _KINDS else None


def limits(kind: str) -> tuple[int | None, int | None]:
    """How many messages a minute and a second the other side of a kind takes; None is no limit."""
    return (_KINDS[kind].per_minute, _KINDS[kind].per_second) if kind in _KINDS else (None, None)


def read_config(kind: str, config: Mapping[str, Any]) -> msgspec.Struct:
    """The channel's settings; ValueError says which is wrong and what would be right."""
    if kind not in _KINDS:
        raise ValueError(f"{kind!r} is no kind of channel; there are {', '.join(KINDS)}")
    read: msgspec.Struct = msgspec.convert(dict(config), _KINDS[kind].config)
    return read


def open_channel(kind: str, config: Mapping[str, Any], setup: Setup) -> Channel:
    """A channel ready to send; close it when done. A bad configuration raises SendFailed(bad_config)."""
    try:
        read = read_config(kind, config)
    except ValueError as error:
        raise SendFailed(Reason.BAD_CONFIG, str(error)) from error
    return _KINDS[kind].opened(read, setup)


async def send_test(kind: str, config: Mapping[str, Any], setup: Setup, to: Recipient) -> None:
    """One made-up warning has gone out; raises SendFailed where the channel does not take it."""
    channel = open_channel(kind, config, setup)
    try:
        async with asyncio.timeout(_TEST_S):
            await channel.send(sample(setup.now(), to))
    except TimeoutError as error:
        raise SendFailed(Reason.TIMEOUT, f"no answer within {_TEST_S} s") from error
    finally:
        await channel.close()


async def check_channel(kind: str, config: Mapping[str, Any], setup: Setup) -> str | None:
    """What is wrong with the channel as far as can be told without a message to anybody; None when nothing is."""
    try:
        channel = open_channel(kind, config, setup)
    except SendFailed as failure:
        return failure.detail
    try:
        await channel.check()
    except SendFailed as failure:
        return str(failure)
    finally:
        await channel.close()
    return None


def sample(now: datetime, to: Recipient) -> Message:
    """A warning about nothing, for the test button."""
    return Message(
        id=uuid4(),
        event="fire",
        kind="warning",
        alert=0,
        ticket=0,
        title="Test of this channel, nothing is due",
        customer=None,
        contract="TEST",
        commitment="response",
        cycle=1,
        clause=None,
        severity=None,
        promised="5m",
        timezone="UTC",
        due_at=now + timedelta(minutes=5),
        fires_at=now,
        recorded_at=now,
        recipients=(to,),
    )
