"""What a message says."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from alerts.message import Message, Recipient, next_rung, payload, span, subject, text
from alerts.words import WORDS
from sla.contract import read

DUE = datetime(2026, 3, 2, 10, tzinfo=UTC)
ID = UUID("11111111-2222-3333-4444-555555555555")


def message(**changes: Any) -> Message:
    values: dict[str, Any] = {
        "id": ID, "event": "fire", "kind": "breach", "alert": 7, "ticket": 100042, "title": "Printer on fire",
        "customer": "Somebody", "contract": "HF-1", "commitment": "restore", "cycle": 1, "clause": "4.9", "severity": 1,
        "promised": "1h", "timezone": "Asia/Shanghai", "due_at": DUE, "fires_at": DUE, "recorded_at": DUE,
        "next_rung": "+30m -> head_of_service", "told": ("ann", "dee"), "recipients": (Recipient("ann"),),
    }  # fmt: skip
    return Message(**{**values, **changes})


def test_the_text_holds_every_fact_and_the_deadline_in_both_zones() -> None:
    said = text(message(), "en", DUE + timedelta(minutes=12), "https://hotline.example")
    assert said.splitlines() == [
        "[overdue] ticket 100042 · restore · Printer on fire",
        "",
        "ticket: 100042 Printer on fire",
        "customer: Somebody",
        "contract: HF-1",
        "commitment: restore",
        "clause: 4.9",
        "severity: 1",
        "promised: 1h",
        "due: 2026-03-02 18:00:00 Asia/Shanghai (2026-03-02T10:00:00Z)",
        "late by: 12m",
        "next: +30m -> head_of_service",
        "told: ann, dee",
        "link: https://hotline.example/tickets/100042",
    ]


def test_an_agent_reads_overdue_and_never_breach_of_contract() -> None:
    assert subject(message(), "zh-CN").startswith("[超时] 工单 100042 · 恢复 · ")
    assert subject(message(), "zh-TW").startswith("[逾時] 工單 100042 · 恢復服務 · ")
    assert not any("违约" in word for word in WORDS["zh-CN"].values())
    assert not any("違約" in word for word in WORDS["zh-TW"].values())


def test_every_language_has_every_word() -> None:
    # commitments may be missing in English, where the name is the word
    english = {key for key in WORDS["en"] if not key.startswith("promise_")}
    for locale in ("zh-CN", "zh-TW"):
        assert english == {key for key in WORDS[locale] if not key.startswith("promise_")}
    assert set(WORDS["zh-CN"]) == set(WORDS["zh-TW"])


def test_a_warning_is_not_late_and_a_late_finding_says_so() -> None:
    warned = message(kind="warning", fires_at=DUE - timedelta(hours=1), recorded_at=DUE + timedelta(minutes=5))
    said = text(warned, "en", DUE + timedelta(minutes=5))
    assert "late by" not in said.replace("told late by", "")
    assert "told late by: 1h5m" in said


def test_what_is_over_says_why_and_how_late_it_was_in_the_end() -> None:
    over = message(event="resolve", because="stopped", stopped_at=DUE + timedelta(minutes=3), next_rung="x")
    said = text(over, "en", DUE + timedelta(hours=9))
    assert "[over]" in said
    assert "reason: done, late" in said
    assert "late by: 3m" in said
    assert "next:" not in said


def test_a_commitment_of_the_contracts_own_keeps_its_name_and_cycle() -> None:
    assert "· street_light #3 ·" in subject(message(commitment="street_light", cycle=3), "zh-CN")


def test_the_payload_for_machines() -> None:
    body = payload(message(), "en", DUE + timedelta(minutes=12), None)
    assert (body["type"], body["timestamp"]) == ("alert.fire", "2026-03-02T10:12:00Z")
    data = body["data"]
    assert data["id"] == str(ID)
    assert (data["due_at"], data["due_local"]) == ("2026-03-02T10:00:00Z", "2026-03-02T18:00:00+08:00")
    assert (data["late_s"], data["found_late_s"], data["link"]) == (720.0, None, None)
    assert (data["told"], data["recipients"]) == (["ann", "dee"], ["ann"])


def test_the_next_rung_as_the_contract_writes_it() -> None:
    terms = read(
        "{contract: A, customer: B, valid: {from: 2026-01-01, until: 2026-12-31}, timezone: UTC,"
        " severities: {1: {name: x}}, calendars: {always: 24x7},"
        " commitments: [{name: c, starts: reported, stops: resolved, within: 1h, calendar: always}],"
        " alerts: {ladder: [{at: 33.5%, notify: [a]}, {at: 80%, notify: [a, b]}, {at: breach, notify: [b]},"
        " {at: +90m, notify: [c]}, {at: -5m, notify: [d]}]}}"
    )
    rungs = [next_rung(terms, step) for step in range(-1, 5)]
    assert rungs == ["33.5% -> a", "80% -> a, b", "breach -> b", "+1h30m -> c", "-5m -> d", None]


@pytest.mark.parametrize(("seconds", "said"), [(0, "0s"), (45, "45s"), (3600, "1h"), (3661, "1h1m1s"), (90000, "25h")])
def test_spans(seconds: int, said: str) -> None:
    assert span(timedelta(seconds=seconds)) == said
