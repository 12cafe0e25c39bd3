"""Journal, e-mail and the registry of channels, against servers on the loopback."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email import message_from_string
from email.policy import default
from pathlib import Path

import pytest
import structlog

from alerts.channels import KINDS, Setup, check_channel, open_channel, read_config, sample, send_test
from alerts.message import Recipient
from alerts.reasons import Reason, SendFailed

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
SETUP = Setup(lambda: NOW, "https://hotline.example")
ANN = Recipient("ann", "Ann", "ann@example.org")


class SmtpServer:
    """Enough of SMTP to take mail, or to refuse as told."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], str]] = []
        self.refuse = ""
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")

        to: list[str] = []
        say("220 here")
        while line := (await reader.readline()).decode().strip():
            word = line.split(":")[0].split()[0].upper()
            if word == "DATA":
                say("354 go on")
                body = (await reader.readuntil(b"\r\n.\r\n")).decode()
                self.mails.append((to, body))
                say("250 taken")
            elif self.refuse and word == "MAIL":
                say(self.refuse)
            elif word == "QUIT":
                say("221 bye")
                break
            else:
                if word == "RCPT":
                    to.append(line.split(":", 1)[1].strip("<> "))
                say("250 fine")
        writer.close()


@pytest.fixture
async def smtp() -> AsyncIterator[SmtpServer]:
    made = SmtpServer()
    async with await asyncio.start_server(made.serve, "127.0.0.1", 0) as server:
        made.port = server.sockets[0].getsockname()[1]
        yield made


async def test_the_journal_writes_one_line_of_json_a_message(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    channel = open_channel("journal", {"path": str(path), "locale": "zh-TW"}, SETUP)
    messages = [sample(NOW, ANN) for _ in range(20)]
    with structlog.testing.capture_logs() as logs:
        await asyncio.gather(*(channel.send(message) for message in messages))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert {line["data"]["id"] for line in lines} == {str(message.id) for message in messages}
    assert lines[0]["data"]["subject"].startswith("[即將逾時] 工單")
    assert len(logs) == 20


async def test_the_journal_uses_the_services_file_where_the_channel_names_none(tmp_path: Path) -> None:
    setup = Setup(lambda: NOW, None, tmp_path / "all.jsonl")
    await open_channel("journal", {}, setup).send(sample(NOW, ANN))
    assert len((tmp_path / "all.jsonl").read_text().splitlines()) == 1


async def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(SendFailed) as failure:
        await open_channel("journal", {"path": str(tmp_path / "no" / "such")}, SETUP).send(sample(NOW, ANN))
    assert failure.value.reason is Reason.UNAVAILABLE


async def test_mail_goes_to_who_is_on_duty_under_a_stable_message_id(smtp: SmtpServer) -> None:
    config = {"host": "127.0.0.1", "port": smtp.port, "from": "Hotline <hotline@example.org>", "locale": "zh-CN"}
    channel = open_channel("email", config, SETUP)
    message = sample(NOW, ANN)
    await channel.send(message)
    await channel.send(message)
    (to, first), (_, second) = smtp.mails
    mail = message_from_string(first, policy=default)
    assert to == ["ann@example.org"]
    assert mail["Message-ID"] == f"<{message.id}@example.org>"
    assert message_from_string(second, policy=default)["Message-ID"] == mail["Message-ID"]
    assert mail["Subject"].startswith("[即将超时] 工单")
    assert "截止时间" in mail.get_content()
    assert mail["Date"] == "Mon, 02 Mar 2026 10:00:00 +0000"


async def test_mail_goes_to_the_channels_own_addresses_where_it_has_some(smtp: SmtpServer) -> None:
    config = {"host": "127.0.0.1", "port": smtp.port, "from": "h@example.org", "to": ["a@example.org", "b@example.org"]}
    await open_channel("email", config, SETUP).send(sample(NOW, Recipient("nobody")))
    assert smtp.mails[0][0] == ["a@example.org", "b@example.org"]


async def test_mail_to_nobody_is_given_up_at_once(smtp: SmtpServer) -> None:
    config = {"host": "127.0.0.1", "port": smtp.port, "from": "h@example.org"}
    with pytest.raises(SendFailed) as failure:
        await open_channel("email", config, SETUP).send(sample(NOW, Recipient("nobody")))
    assert failure.value.reason is Reason.NO_RECIPIENT
    assert failure.value.permanent


@pytest.mark.parametrize(
    ("answer", "reason"), [("550 not here", Reason.REJECTED), ("451 come back", Reason.UNAVAILABLE)]
)
async def test_mail_that_is_refused(smtp: SmtpServer, answer: str, reason: Reason) -> None:
    smtp.refuse = answer
    config = {"host": "127.0.0.1", "port": smtp.port, "from": "h@example.org"}
    with pytest.raises(SendFailed) as failure:
        await open_channel("email", config, SETUP).send(sample(NOW, ANN))
    assert failure.value.reason is reason


async def test_no_mail_server(unused_port: int) -> None:
    config = {"host": "127.0.0.1", "port": unused_port, "from": "h@example.org"}
    with pytest.raises(SendFailed) as failure:
        await open_channel("email", config, SETUP).send(sample(NOW, ANN))
    assert failure.value.reason is Reason.UNREACHABLE
    assert "UNREACHABLE".lower() in (await check_channel("email", config, SETUP) or "")


@pytest.fixture
async def unused_port() -> int:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def test_checking_a_channel_sends_nothing(smtp: SmtpServer) -> None:
    config = {"host": "127.0.0.1", "port": smtp.port, "from": "h@example.org"}
    assert await check_channel("email", config, SETUP) is None
    assert smtp.mails == []
    await send_test("email", config, SETUP, ANN)
    assert len(smtp.mails) == 1


@pytest.mark.parametrize(
    ("kind", "config", "said"),
    [
        ("pigeon", {}, "no kind of channel"),
        ("webhook", {}, "url"),
        ("webhook", {"url": "ftp://example.org"}, "url"),
        ("webhook", {"url": "https://example.org", "secret": "hush"}, "whsec_"),
        ("webhook", {"url": "https://example.org", "sekret": "whsec_AAAA"}, "sekret"),
        ("email", {"host": "x", "from": "a@b", "tls": True, "starttls": True}, "keep one"),
        ("journal", {"locale": "de"}, "locale"),
    ],
)
async def test_settings_are_read_strictly(kind: str, config: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_config(kind, config)
    with pytest.raises(SendFailed) as failure:
        open_channel(kind, config, SETUP)
    assert failure.value.reason is Reason.BAD_CONFIG
    assert said in (await check_channel(kind, config, SETUP) or "")


def test_every_kind_has_a_name() -> None:
    assert KINDS[:3] == ("webhook", "email", "journal")
