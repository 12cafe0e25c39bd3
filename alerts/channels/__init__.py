"""The ways a message leaves the house: one file each, found by the channel's `kind`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec

from alerts.channels.email import Email, EmailConfig
from alerts.channels.journal import Journal, JournalConfig
from alerts.channels.setup import Channel, Setup
from alerts.channels.webhook import Webhook, WebhookConfig
from alerts.message import Message, Recipient
from alerts.reasons import Reason, SendFailed

__all__ = ["KINDS", "Channel", "Setup", "check_channel", "open_channel", "read_config", "send_test"]

_CONFIGS: Mapping[str, type[msgspec.Struct]] = {
    "webhook": WebhookConfig,
    "email": EmailConfig,
    "journal": JournalConfig,
}
KINDS = tuple(_CONFIGS)


def read_config(kind: str, config: Mapping[str, Any]) -> msgspec.Struct:
    """The channel's settings; ValueError says which is wrong and what would be right."""
    if kind not in _CONFIGS:
        raise ValueError(f"{kind!r} is no kind of channel; there are {', '.join(KINDS)}")
    return msgspec.convert(dict(config), _CONFIGS[kind])


def open_channel(kind: str, config: Mapping[str, Any], setup: Setup) -> Channel:
    """A channel ready to send; close it when done. A bad configuration raises SendFailed(bad_config)."""
    try:
        read = read_config(kind, config)
    except ValueError as error:
        raise SendFailed(Reason.BAD_CONFIG, str(error)) from error
    match read:
        case WebhookConfig():
            return Webhook(read, setup)
        case EmailConfig():
            return Email(read, setup)
        case JournalConfig():
            return Journal(read, setup)
    raise AssertionError(f"{kind} has a configuration and no channel")


async def send_test(kind: str, config: Mapping[str, Any], setup: Setup, to: Recipient) -> None:
    """One made-up warning has gone out; raises SendFailed where the channel does not take it."""
    channel = open_channel(kind, config, setup)
    try:
        await channel.send(sample(setup.now(), to))
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
