"""A made-up hotline: its people, its customers, its past, and what happens while it runs."""
