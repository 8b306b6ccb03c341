"""All alerts that there are."""

from constructs_lib.monitoring.alert import AlertKind
from constructs_lib.monitoring.front_alerts import FRONT_ALERTS
from constructs_lib.monitoring.load_balancer_alerts import LOAD_BALANCER_ALERTS
from constructs_lib.monitoring.objective_alerts import OBJECTIVE_ALERTS
from constructs_lib.monitoring.picker_alerts import PICKER_ALERTS
from constructs_lib.monitoring.region_alerts import REGION_ALERTS
from constructs_lib.monitoring.server_alerts import SERVER_ALERTS

ALERTS: tuple[AlertKind, ...] = (
    *PICKER_ALERTS,
    *LOAD_BALANCER_ALERTS,
    *REGION_ALERTS,
    *SERVER_ALERTS,
    *FRONT_ALERTS,
    *OBJECTIVE_ALERTS,
)
"""Every alert that there is."""
