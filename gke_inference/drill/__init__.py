"""A region taken down on purpose, and what users would have noticed."""
