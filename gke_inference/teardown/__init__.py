"""The way down, stack by stack, and what is left."""
