"""Checking a contract file: everything in it that cannot be read or computed, at once."""

from sla.contract import read
from sla.document import ContractError, Finding


def errors(text: str) -> list[Finding]:
    """Why the file would be refused, in the order of its lines; empty when it can be imported."""
    try:
        read(text)
    except ContractError as refused:
        return refused.findings
    return []
