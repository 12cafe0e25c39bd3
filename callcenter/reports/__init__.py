"""A month's report: what it holds (`model`), its tables, and the forms it is written in."""
