"""`python tests/simulation --seeds N [--first N]`: simulated days, one summary line, exit 1 with the failing seed."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))

from simulated_run import main

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first one")
    parser.add_argument("--server", help="an address of PostgreSQL on which a database may be made; else one's own")
    parser.add_argument("--template", help="a prepared database on it")
    parser.add_argument("--trace", action="store_true", help="tell what happened")
    parser.add_argument("--go-on", action="store_true", help="go on after one that fails")
    given = parser.parse_args()
    days = {"server": given.server, "template": given.template, "trace": given.trace, "go_on": given.go_on}
    sys.exit(main(given.first, given.seeds, **days))
