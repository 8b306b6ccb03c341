"""The panels of a platform as a dashboard of Grafana, to be imported there; it names no address and no secret."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from constructs_lib.monitoring.panel import Panel, Threshold, Unit, Variables, dashboard_title, outside_title
from constructs_lib.monitoring.platform import MonitoredPlatform

SCHEMA_VERSION = 39
"""Of Grafana 10.4 and 11, which later ones upgrade."""
COLUMNS, PANELS_ACROSS, HEIGHT = 24, 3, 9
GRAFANA_VARIABLES = Variables(cluster="$cluster", server="$server")
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
UNITS: Mapping[Unit, str] = {"requests/s": "reqps", "s": "s", "%": "percent"}
"""Grafana's own; any other is written behind the number (grafana/grafana, valueFormats.ts: `suffix:`)."""
MOST_LETTERS = 40
"""Of a uid."""


def grafana_dashboard(platform: MonitoredPlatform, panels: Sequence[Panel]) -> str:
    """
    Return the dashboard as the text of a file, the same for the same panels.

    Args:
        platform: What is watched.
        panels: Its panels, with GRAFANA_VARIABLES.
    """
    dashboard = {
        "uid": _uid(platform),
        "title": outside_title(platform.name) if platform.outside else dashboard_title(platform.name),
        "tags": ["inference", platform.name],
        "schemaVersion": SCHEMA_VERSION,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": _variables(platform)},
        "panels": [_panel(number, panel) for number, panel in enumerate(panels)],
    }
    return json.dumps(dashboard, indent=2, sort_keys=True) + "\n"


def _uid(platform: MonitoredPlatform) -> str:
    """Return what Grafana knows the dashboard by: another for a platform of the same name in another project."""
    project = hashlib.sha256(platform.project.encode()).hexdigest()[:8]
    ending = f"-outside-{project}" if platform.outside else f"-{project}"
    return f"{platform.name[: MOST_LETTERS - len(ending)]}{ending}"


def _variables(platform: MonitoredPlatform) -> list[dict[str, Any]]:
    datasource = {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}
    clusters = [region.cluster for region in platform.regions.values()]
    servers = [model.server for model in platform.models.values()]
    choices = {"cluster": clusters, "server": servers}
    return [datasource, *(_choice(name, name.capitalize(), values) for name, values in choices.items() if values)]


def _choice(name: str, label: str, values: Sequence[str]) -> dict[str, Any]:
    """Return a variable of which any number of *values* may be chosen."""
    everything = {"text": "All", "value": "$__all", "selected": True}
    return {
        "name": name,
        "label": label,
        "type": "custom",
        "query": ",".join(values),
        "options": [everything, *({"text": value, "value": value, "selected": False} for value in values)],
        "current": {"text": ["All"], "value": ["$__all"]},
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    kind, width = panel.kind, COLUMNS // PANELS_ACROSS
    row, column = divmod(number, PANELS_ACROSS)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": kind.title,
        "description": _description(panel),
        "gridPos": {"x": column * width, "y": row * HEIGHT, "w": width, "h": HEIGHT},
        "datasource": DATASOURCE,
        "fieldConfig": {"defaults": _field(panel), "overrides": []},
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": [
            {
                "refId": f"Q{index}",
                "datasource": DATASOURCE,
                "expr": query.expression,
                "legendFormat": re.sub(r"{(\w+)}", r"{{\1}}", query.legend),
            }
            for index, query in enumerate(panel.queries, start=1)
        ],
    }


def _description(panel: Panel) -> str:
    """Return how to read *panel*, with its lines across, which have no names in Grafana."""
    lines = "; ".join(line.label for line in panel.thresholds)
    return f"{panel.kind.meaning} Lines: {lines}." if lines else panel.kind.meaning


def _field(panel: Panel) -> dict[str, Any]:
    unit = panel.kind.unit
    return {
        "unit": UNITS.get(unit, f"suffix:{unit}"),
        **({"min": 0} if panel.kind.from_zero else {}),
        "color": {"mode": "palette-classic"},
        "custom": {
            "axisLabel": unit,
            "drawStyle": "line",
            "fillOpacity": 40 if panel.kind.stacked else 0,
            "stacking": {"mode": "normal" if panel.kind.stacked else "none"},
            "thresholdsStyle": {"mode": "dashed" if panel.thresholds else "off"},
        },
        "thresholds": {"mode": "absolute", "steps": _steps(panel.thresholds)},
    }


def _steps(lines: Sequence[Threshold]) -> list[dict[str, Any]]:
    """Return the colours from *lines* on, red where values are bad; the first is below all of them and not drawn."""
    below = "red" if lines and lines[0].is_floor else "green"
    above = ({"color": "green" if line.is_floor else "red", "value": line.value} for line in lines)
    return [{"color": below, "value": None}, *above]
