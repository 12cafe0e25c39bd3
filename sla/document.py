"""A contract file as plain values, every one with the line it stands on, and the findings about it.

Scalars stay the text that was written: YAML 1.1 would read `NO` as false, `8:30` as 510 and `1_000` as a number, and
none of that is what a contract manager meant.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import yaml

Path = tuple[str | int, ...]
Value = object  # None, str, int, float, bool, list of Value, dict of str to Value

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 20

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a contract: where it stands, what is wrong and what would be right."""

    line: int | None
    key: str
    message: str
    code: str

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line is not None else ""
        return f"{place}{self.key}: {self.message}" if self.key else f"{place}{self.message}"


class ContractError(ValueError):
    """A contract that cannot be read or computed; `findings` holds every reason, in the order of the file."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = list(findings)
        super().__init__("; ".join(map(str, self.findings)))


@dataclass(slots=True)
class Findings:
    """Collects what is wrong while a contract is read, so that all of it is said at once."""

    lines: Mapping[Path, int] = field(default_factory=dict)
    found: list[Finding] = field(default_factory=list)

    def add(self, path: Path, message: str, code: str) -> None:
        """Afterwards the finding is noted with the line of the nearest place the file has for it."""
        self.found.append(Finding(self._line(path), key(path), message, code))

    def unknown(self, path: Path, what: str, given: object, known: Iterable[object], code: str) -> None:
        """Afterwards a name that does not exist is noted with the nearest one that does."""
        self.add(path, f"{what} {str(given)!r} is unknown; {nearest(str(given), known)}", code)

    def raise_if_any(self) -> None:
        """Raise ContractError when anything was found."""
        if self.found:
            raise ContractError(sorted(self.found, key=lambda one: one.line or 0))

    def _line(self, path: Path) -> int | None:
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None


def key(path: Path) -> str:
    """The path as people write it: `commitments[2].within.1`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def nearest(given: str, known: Iterable[object]) -> str:
    """What would be right instead of `given`: the nearest name if one is near, else all of them."""
    names = [str(name) for name in known]
    if not names:
        return "none is declared here"
    near = difflib.get_close_matches(given, names, n=1)
    return f"did you mean {near[0]!r}?" if near else "known are " + ", ".join(names)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML text as values, and the line of each path."""

    value: Value
    lines: Mapping[Path, int]


def parse(text: str) -> Document:
    """The text as mappings, lists and raw strings; ContractError for what is not plain YAML."""
    if len(text) > MAX_CHARACTERS:
        raise ContractError([Finding(None, "", f"the file is longer than {MAX_CHARACTERS} characters", "too_large")])
    findings = Findings()
    try:
        _refuse_indirection(text, findings)
        findings.raise_if_any()
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise ContractError([_not_yaml(error)]) from error
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, ContractError):
            raise
        raise ContractError([Finding(None, "", f"this is not a YAML text: {error}", "not_yaml")]) from error
    lines: dict[Path, int] = {}
    value = _value(node, (), lines, findings) if node is not None else None
    findings.lines = lines
    findings.raise_if_any()
    return Document(value, lines)


def _not_yaml(error: yaml.MarkedYAMLError) -> Finding:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark is not None else None
    return Finding(line, "", f"this is not YAML: {error.problem or error.context}", "not_yaml")


def _refuse_indirection(text: str, findings: Findings) -> None:
    """Anchors, tags and depth are refused before anything is built from them, so a small file cannot grow large."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark is not None else None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            message = "anchors and aliases (&, *) are not supported; write the value out"
            findings.found.append(Finding(line, "", message, "alias"))
            return
        if getattr(event, "tag", None) not in (None, "!"):
            findings.found.append(Finding(line, "", "tags (!) are not supported; write the plain value", "tag"))
            return
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            findings.found.append(Finding(line, "", f"nested deeper than {MAX_DEPTH} levels", "too_deep"))
            return


def _value(node: yaml.Node, path: Path, lines: dict[Path, int], findings: Findings) -> Value:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, index), lines, findings) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return dict(_pairs(node, path, lines, findings))
    text = str(node.value)
    return None if not getattr(node, "style", None) and text in ("", "~", "null") else text


def _pairs(
    node: yaml.MappingNode, path: Path, lines: dict[Path, int], findings: Findings
) -> Iterator[tuple[str, Value]]:
    seen: set[str] = set()
    for name, item in node.value:
        line = name.start_mark.line + 1
        if not isinstance(name, yaml.ScalarNode):
            findings.found.append(Finding(line, key(path), "a key must be a plain word", "bad_key"))
            continue
        place = (*path, str(name.value))
        lines[place] = line
        if name.value in seen:
            message = f"{name.value!r} is written twice; keep one of the two"
            findings.found.append(Finding(line, key(place), message, "duplicate_key"))
        seen.add(name.value)
        yield str(name.value), _value(item, place, lines, findings)
