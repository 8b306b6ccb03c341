"""PromQL asked of Google's managed Prometheus: one value now."""

from __future__ import annotations

import math

from gke_inference.api_error import ApiError
from gke_inference.google_api import GoogleApi

METHOD = "projects.location.prometheus.api.v1.query"
ROLE = "roles/monitoring.viewer"


def query_value(google: GoogleApi, query: str) -> float | None:
    """
    Return the value of *query*, which has one at most; None where there is no sample, or what it has is no number.

    A quantile over no requests is NaN, which the API writes as a string, as it does every value.

    Raises:
        ApiError: Google does not answer it, or not as Prometheus does.
    """
    answer = google.call(
        "monitoring", "v1", METHOD, name=f"projects/{google.project}", location="global", body={"query": query}
    )
    if answer.get("status") != "success":
        reason, message = str(answer.get("errorType", "error")), str(answer.get("error", "no result"))
        raise ApiError(status=None, reason=reason, message=message)
    result = answer["data"]["result"]
    if not result:
        return None
    if len(result) > 1:
        raise ApiError(status=None, reason="severalResults", message=f"{len(result)} values where one was asked for")
    value = float(result[0]["value"][1])
    return value if math.isfinite(value) else None
