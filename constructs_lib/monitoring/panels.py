"""All panels that there are, in the order in which a dashboard shows them."""

from constructs_lib.monitoring.panel import PanelKind
from constructs_lib.monitoring.server_panels import SERVER_PANELS
from constructs_lib.monitoring.traffic_panels import TRAFFIC_PANELS

_BY_NAME = {kind.name: kind for kind in (*TRAFFIC_PANELS, *SERVER_PANELS)}
_ORDER = (
    *("requests", "region-share", "responses"),
    *("first-token", "tokens", "load-balancer-latency"),
    *("kv-cache", "queue", "replicas"),
    *("availability", "proxy-errors", "endpoints", "picker-errors"),
    *("model-names", "chips", "tpu-busy", "gpu-busy"),
)
PANELS: tuple[PanelKind, ...] = tuple(_BY_NAME[name] for name in _ORDER)
"""Every panel that there is, in the order of the dashboard."""
OUTSIDE_PANELS: tuple[PanelKind, ...] = tuple(_BY_NAME[name] for name in ("first-token", "tokens", "kv-cache", "queue"))
"""Those whose metrics servers export themselves, so that a Prometheus outside Google Cloud has them too."""
