"""A ramp of requests, and which region served it."""
