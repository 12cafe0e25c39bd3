"""Runs every benchmark in turn, the quick way: `python -m benchmarks [NAME ...]`."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
QUICK = {
    "deadlines": [],
    "calls": ["--seconds", "3", "--rounds", "3"],
    "engine": ["--open", "10000", "100000", "--rounds", "3", "--scheduler", "2000"],
    "pages": ["--times", "10"],
    "scrape": ["--tickets", "100000"],
}


def main() -> int:
    """The number of benchmarks that failed."""
    wanted = sys.argv[1:] or list(QUICK)
    failed = 0
    for name in wanted:
        print(f"== {name}", flush=True)
        failed += subprocess.run([sys.executable, str(HERE / f"{name}.py"), *QUICK.get(name, [])]).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
