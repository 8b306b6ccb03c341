"""All alerts that there are."""

from constructs_lib.monitoring.alert import AlertKind
from constructs_lib.monitoring.objective_alerts import OBJECTIVE_ALERTS
from constructs_lib.monitoring.picker_alerts import PICKER_ALERTS

ALERTS: tuple[AlertKind, ...] = (*PICKER_ALERTS, *OBJECTIVE_ALERTS)
