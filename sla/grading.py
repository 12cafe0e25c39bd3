"""Grading a fault: the answers of the caller against the contract's rules, the first that matches."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import msgspec

from sla import fields
from sla.document import Findings, Path, Value, nearest

if TYPE_CHECKING:
    from sla.contract import Contract

# The answers every caller can be asked for.
FACTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "impact": ("down", "severe", "partial", "intermittent", "none"),
        "scope": ("all", "site", "group", "one"),
        "liability": ("ours", "customer", "third_party", "unknown"),
        "safety": ("yes", "no"),
    }
)


@dataclass(frozen=True, slots=True)
class Rule:
    """Grades what answers every fact of `when` with one of its values; an empty `when` grades the rest."""

    when: Mapping[str, tuple[str, ...]]
    severity: int

    @property
    def text(self) -> str:
        """The rule as a person reads it."""
        asked = " and ".join(f"{name} is {' or '.join(values)}" for name, values in self.when.items())
        return f"{asked}: severity {self.severity}" if asked else f"otherwise: severity {self.severity}"


class Grade(msgspec.Struct, frozen=True, gc=False):
    """The severity, the index of the rule that made it, and that rule in words."""

    severity: int
    rule: int
    text: str


def grade(contract: Contract, facts: Mapping[str, str]) -> Grade | None:
    """The grade of a fault with these answers, None where no rule matches; ValueError names an unknown answer."""
    _refuse_unknown(contract.facts, facts)
    for index, rule in enumerate(contract.grading):
        if all(facts.get(name) in values for name, values in rule.when.items()):
            return Grade(rule.severity, index, rule.text)
    return None


def _refuse_unknown(known: Mapping[str, Mapping[str, str]], facts: Mapping[str, str]) -> None:
    for name, value in facts.items():
        if name not in known:
            raise ValueError(f"the fact {name!r} is unknown; {nearest(name, known)}")
        if value not in known[name]:
            raise ValueError(f"{name} cannot be {value!r}; {nearest(str(value), known[name])}")


def read_facts(value: Value, path: Path, findings: Findings) -> Mapping[str, Mapping[str, str]]:
    """Every fact with its values and labels: the common ones, then the contract's own (`{name: {value: label}}`)."""
    facts: dict[str, Mapping[str, str]] = {name: {one: one for one in values} for name, values in FACTS.items()}
    if value is None:
        return facts
    for name, own in fields.mapping(value, path, findings).items():
        place = (*path, name)
        if name in FACTS:
            findings.add(place, f"{name!r} is one of the common facts; give yours another name", "duplicate_fact")
            continue
        if isinstance(own, list):
            facts[name] = {one: one for one in fields.words(own, place, findings)}
        else:
            labels = fields.mapping(own, place, findings)
            facts[name] = {one: fields.text(label, (*place, one), findings) for one, label in labels.items()}
    return facts


def read_rules(
    value: Value, path: Path, findings: Findings, facts: Mapping[str, Mapping[str, str]], severities: Collection[int]
) -> tuple[Rule, ...]:
    """The rules in their order; `otherwise` ends the list of those that can match."""
    if value is None:
        return ()
    rules = []
    for index, item in enumerate(fields.items(value, path, findings)):
        place = (*path, index)
        row = fields.mapping(item, place, findings, ("when", "severity", "otherwise"))
        result = "otherwise" if "otherwise" in row else "severity"
        if "otherwise" in row and len(row) > 1:
            findings.add(place, "`otherwise` stands alone: {otherwise: 3}", "bad_rule")
        if fields.required(row, ["when", "severity"] if result == "severity" else [result], place, findings):
            when = _when(row["when"], (*place, "when"), findings, facts) if result == "severity" else {}
            rules.append(Rule(when, _severity(row[result], (*place, result), findings, severities)))
    return tuple(rules)


def _severity(value: Value, path: Path, findings: Findings, known: Collection[int]) -> int:
    severity = fields.integer(value, path, findings)
    if severity not in known:
        findings.unknown(path, "the severity", severity, known, "unknown_severity")
    return severity


def _when(
    value: Value, path: Path, findings: Findings, facts: Mapping[str, Mapping[str, str]]
) -> Mapping[str, tuple[str, ...]]:
    when: dict[str, tuple[str, ...]] = {}
    for name, asked in fields.mapping(value, path, findings).items():
        place = (*path, name)
        if name not in facts:
            findings.unknown(place, "the fact", name, facts, "unknown_fact")
            continue
        when[name] = fields.words(asked, place, findings)
        for word in when[name]:
            if word and word not in facts[name]:
                findings.unknown(place, f"the {name}", word, facts[name], "unknown_fact")
    if value == {}:
        findings.add(path, "the rule asks for nothing; write {otherwise: ...}", "bad_rule")
    return when
