"""What `sla/` says of a case beside what the second reading says.

Run it as `python tests/unit/second_comparison.py N [SEED]` to compare the cases of N seeds and print what differs.
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from typing import Any

from second_cases import cases_of
from second_reading import second_reading

from sla.evaluation import evaluate_line

Data = dict[str, Any]
COMPARED = (
    *("commitment", "cycle", "state", "started_at", "due_at", "stopped_at", "breached_at"),
    *("promised_s", "used_s", "remaining_s", "paused_s"),
)


def differences(case: Data) -> list[str]:
    """How the answer of `sla/` differs from this reading, and what is wrong with its reasons."""
    said, read = evaluate_line(case), second_reading(case)
    if "error" in said or read is None:
        return [] if "error" in said and read is None else [f"{said.get('error')} but {read}"]
    return unlike(read, said) + [fault for clock in said["clocks"] for fault in unreasoned(clock)]


def unlike(read: list[Data], said: Data) -> list[str]:
    mine, theirs = ([{name: one[name] for name in COMPARED} for one in clocks] for clocks in (read, said["clocks"]))
    if len(mine) != len(theirs):
        return [f"{len(mine)} clocks read, {len(theirs)} said"]
    return [f"read {one} said {other}" for one, other in zip(mine, theirs, strict=True) if one != other]


def unreasoned(clock: Data) -> list[str]:
    """ "consecutive segments ... from the start to the deadline (or to now while paused)"."""
    why, due, name = clock["why"], clock["due_at"], clock["commitment"]
    faults = [f"{name}: a gap at {one['to']}" for one, two in pairwise(why) if one["to"] != two["from"]]
    if due is None and clock["state"] != "paused":
        return faults
    if why and (why[0]["from"] != clock["started_at"] or (due is not None and why[-1]["to"] != due)):
        faults.append(f"{name}: from {why[0]['from']} to {why[-1]['to']}")
    counted = sum(one["seconds"] for one in why if one["kind"] == "counted")
    if due is not None and clock["promised_s"] is not None and counted != clock["promised_s"]:
        faults.append(f"{name}: {counted} s counted of {clock['promised_s']}")
    return faults


def main(count: int, first: int) -> int:
    differing = 0
    for seed in range(first, first + count):
        for place, case in enumerate(cases_of(seed)):
            if found := differences(case):
                differing += 1
                sys.stdout.write(f"{seed}.{place}: {json.dumps(case)}\n   " + "\n   ".join(found) + "\n")
    sys.stdout.write(f"{count} seeds, {differing} cases differ\n")
    return differing > 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
