"""What a pod wrote down of one request, read as an answer that came here is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gke_inference.api_error import ApiError
from gke_inference.openai import Endpoint, Reading, Result


def read(endpoint: Endpoint, record: Mapping[str, Any], *, behind_sec: float) -> Result:
    """
    What became of a request that the pod wrote down as *record*, in the time of our clock.

    Raises:
        ApiError: The pod could not send it.
    """
    reading = Reading(endpoint=endpoint, began_sec=record["began_sec"] + behind_sec)
    if record["status"] is not None:
        reading.head(record["status"], record["region"])
    if record["body"] or not 200 <= (record["status"] or 200) < 300:
        reading.refused(record["body"])
    try:
        for at_sec, data in record["events"]:
            reading.event(data.encode(), at_sec + behind_sec)
    except ValueError as error:
        reading.unreadable(str(error))
    if record["error"] == "sender":
        raise ApiError(status=None, reason="senderOverloaded", message=f"the pod could not send: {record['detail']}")
    if record["error"] == "timeout":
        reading.timed_out()
    elif record["error"]:
        reading.broken(record["detail"])
    else:
        reading.ended()
    return reading.result(record["ended_sec"] + behind_sec)
