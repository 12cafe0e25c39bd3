"""Callcenter: calls, tickets and every promise of a customer's contract as a clock."""

__version__ = "0.1.0"
