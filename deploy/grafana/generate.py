"""Writes the dashboards as JSON: `python deploy/grafana/generate.py [--service URL] [--out FOLDER]`.

Needs the package's extra `deploy`. The files are checked in; a test fails when they are not what this writes.
"""

import argparse
import json
from pathlib import Path

import contracts
import field_service
import hotline
import service
import zh
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from panels import Board, built

import sla

HERE = Path(__file__).parent
BOARDS: tuple[Board, ...] = (hotline.BOARD, sla.BOARD, contracts.BOARD, field_service.BOARD, service.BOARD)
LANGUAGES = {"en": ("", lambda text: text), "zh": ("-zh", zh.words)}


def dashboards(service_url: str) -> dict[str, str]:
    """The text of every dashboard by its path below the folder."""
    files = {}
    for language, (suffix, words) in LANGUAGES.items():
        for board in BOARDS:
            made = built(board, words, suffix, service_url)
            text = json.dumps(made, cls=JSONEncoder, ensure_ascii=False, indent=1, sort_keys=True)
            files[f"{language}/{board.uid}{suffix}.json"] = text + "\n"
    return files


def main() -> None:
    """The files are written."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--service", default="http://localhost:8080", help="address of Callcenter, for links to tickets")
    asked.add_argument("--out", type=Path, default=HERE / "dashboards", help="folder to write to")
    given = asked.parse_args()
    for path, text in dashboards(given.service.rstrip("/")).items():
        file = given.out / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
