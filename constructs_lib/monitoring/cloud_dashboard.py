"""
The panels of a platform as a dashboard of Cloud Monitoring.

The provider compares what it sent with what the API answers, without what the API adds. So nothing is in it that the
API leaves out of its answer: no zero, no empty text or list, no null, and no value that is the default of its field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from constructs_lib.monitoring.panel import Panel, Unit, Variables, dashboard_title

COLUMNS = 48
PANELS_ACROSS = 3
HEIGHT = 16
CLOUD_VARIABLES = Variables(cluster="${cluster.value}", server="${server.value}")
"""As the dashboards have them that Google publishes (GoogleCloudPlatform/monitoring-dashboard-samples, golang and ray):
a pattern, of everything where nothing is chosen."""
FILTERS = [
    {"filterType": "RESOURCE_LABEL", "labelKey": "cluster", "templateVariable": "cluster"},
    {"filterType": "RESOURCE_LABEL", "labelKey": "job", "templateVariable": "server"},
]
UNITS: Mapping[Unit, str] = {
    "requests/s": "{requests}/s",
    "errors/min": "{errors}/min",
    "s": "s",
    "%": "%",
    "tokens/s": "{tokens}/s",
    "requests": "{requests}",
    "servers": "{servers}",
    "chips": "{chips}",
}
"""As the field `unit` of a metric descriptor has them (UCUM)."""


def cloud_dashboard(platform: str, panels: Sequence[Panel]) -> str:
    """
    Return the dashboard as the JSON that the API takes, the same text for the same panels.

    Args:
        platform: Name of the platform.
        panels: Its panels, with CLOUD_VARIABLES.
    """
    tiles = [_tile(number, panel) for number, panel in enumerate(panels)]
    dashboard = {
        "displayName": dashboard_title(platform),
        "dashboardFilters": FILTERS,
        "mosaicLayout": {"columns": COLUMNS, "tiles": tiles},
    }
    return json.dumps(dashboard, sort_keys=True)


def _tile(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, PANELS_ACROSS)
    width = COLUMNS // PANELS_ACROSS
    place = {"xPos": column * width, "yPos": row * HEIGHT}
    return {
        **{name: value for name, value in place.items() if value},
        "width": width,
        "height": HEIGHT,
        "widget": {"title": panel.kind.title, "xyChart": _chart(panel)},
    }


def _chart(panel: Panel) -> dict[str, Any]:
    unit = panel.kind.unit
    lines = [{"value": line.value, "label": line.label} for line in panel.thresholds]
    return {
        "dataSets": [
            {
                "plotType": "STACKED_AREA" if panel.kind.stacked else "LINE",
                "legendTemplate": re.sub(r"{(\w+)}", r"${labels.\1}", query.legend),
                "timeSeriesQuery": {"prometheusQuery": query.expression, "unitOverride": UNITS[unit]},
            }
            for query in panel.queries
        ],
        "yAxis": {"label": unit},
        **({"thresholds": lines} if lines else {}),
    }
