"""One file per construct: defaults, options, refusals, grants."""
