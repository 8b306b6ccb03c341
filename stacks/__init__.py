"""The stacks of a platform, one file each, and `platform.py`, which puts them together."""
