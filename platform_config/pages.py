"""Pages and headings of the docs that messages name; tests/test_docs.py checks that each is there."""

from __future__ import annotations

REMOVE_A_REGION = "docs/day-2.md, Remove a region"
REMOVE_A_MODEL = "docs/day-2.md, Add or remove a model"
MOVE_THE_CONFIG_CLUSTER = "docs/day-2.md, Move the config cluster"
TURN_AUTOSCALING_ON = "docs/scaling.md, Turn autoscaling on for a running platform"
MACHINES = "docs/machines.md"
VERSIONS = "docs/versions.md"
