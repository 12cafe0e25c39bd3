"""Reads the named queries of an aggregate: `customers.sql` beside `customers.py`."""

from pathlib import Path
from typing import Any

import aiosql


def load(python_file: str) -> Any:
    """The queries of the `.sql` file beside the given `.py` file, by name."""
    return aiosql.from_path(Path(python_file).with_suffix(".sql"), "asyncpg", mandatory_parameters=False)
