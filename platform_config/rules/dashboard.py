"""Rules about the panels of the dashboard."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.monitoring.panel import panels_of
from constructs_lib.monitoring.panels import PANELS
from platform_config.config import Config
from platform_config.errors import Problem, nearest, shown
from platform_config.monitored_platform import monitored_platform
from platform_config.rules.rule import Rule

KINDS = {kind.name: kind for kind in PANELS}
OTHER_NAMES = {"ttft": "first-token", "time-to-first-token": "first-token", "latency": "request-latency"}


def _names(config: Config) -> Iterator[Problem]:
    panels = config.observability.panels
    for index, name in enumerate(panels):
        path = f"observability.panels[{index}]"
        if name not in KINDS:
            message = f"must be one of {', '.join(KINDS)}, got {shown(name)}"
            yield Problem(path, message, nearest(OTHER_NAMES.get(name, name), KINDS, "remove it"))
        elif name in panels[:index]:
            yield Problem(path, f"must be named once, got {shown(name)} again", "remove it")


def _metrics(config: Config) -> Iterator[Problem]:
    wanted = dict.fromkeys(name for name in config.observability.panels if name in KINDS)
    if not wanted:
        return
    try:
        platform = monitored_platform(config)
        there = {panel.kind.name for panel in panels_of(platform, PANELS)}
    except (ValueError, LookupError):  # A version or a machine that other rules refuse.
        return
    for name in wanted:
        if name not in there:
            path = f"observability.panels[{config.observability.panels.index(name)}]"
            message = f"must be of a metric that the platform has, got {shown(name)}, which needs {KINDS[name].needs}"
            yield Problem(path, message, "remove it")


def _off(config: Config) -> Iterator[Problem]:
    watched = config.observability
    if watched.dashboard is False and watched.panels:
        message = f"should be left out where observability.dashboard is false, got {len(watched.panels)}"
        yield Problem("observability.panels", message, "remove it, or write dashboard: true")


RULES = (
    Rule(
        "DASH-NAME",
        "Panels of the dashboard are named by their names, each once",
        "Another name would be left out without anybody noticing.",
        "this library, constructs_lib/monitoring/panels.py",
        _names,
    ),
    Rule(
        "DASH-METRIC",
        "A panel is named only where the platform has what it shows",
        "The chosen chart, server or machine does not export its metric: it would stay empty.",
        "this library, constructs_lib/monitoring/metrics.py: who exports which metric",
        _metrics,
    ),
    Rule(
        "DASH-OFF",
        "Without a dashboard there are no panels",
        "They have no effect.",
        "this library",
        _off,
        severity="warning",
    ),
)
