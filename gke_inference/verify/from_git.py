"""What to do about objects that Git has: sync them, since an apply of their stack makes none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from gke_inference.findings import Finding
from gke_inference.verify import topics
from platform_config.config import Config
from platform_config.stack_graph import WORKLOAD

APPLY = re.compile(rf"\b(an apply of|apply|and) (?={WORKLOAD})")
SYNC = {"an apply of": "a sync of", "apply": "export --gitops, commit, and sync", "and": "and sync"}
"""What stands before the name of a stack: the folder of its objects ends in it."""
MADE_BY_TERRAFORM = (topics.TEMPLATE.id,)
"""What stacks of workloads have of Google's: Terraform makes it in either case."""


def name_syncs(config: Config, findings: Iterable[Finding]) -> list[Finding]:
    """Return *findings*, whose fixes name a sync from Git where the config leaves the objects to Git."""
    if config.workloads != "gitops":
        return list(findings)
    return [
        found if found.id.startswith(MADE_BY_TERRAFORM) else replace(found, fix=_fix(found.fix)) for found in findings
    ]


def _fix(fix: str) -> str:
    return APPLY.sub(lambda match: f"{SYNC[match[1]]} ", fix)
