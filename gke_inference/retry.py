"""Requests over HTTP that are sent again where that can help, as Google's own client does it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

import httpx

PAUSES_SEC = (0.5, 1.0, 2.0, 4.0)
"""Before each further try. A Retry-After, which may be an hour, is not waited for."""
BUSY = (429, 502, 503, 504)
"""Statuses that may pass: too many requests, and servers that are away."""
FAILED = (*BUSY, 500)
"""The same, and errors of the server itself."""
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Errors after which the server has surely got nothing."""


def send_with_retries(
    send: Callable[[], httpx.Response],
    *,
    statuses: Collection[int] = FAILED,
    errors: tuple[type[Exception], ...] = (httpx.TransportError,),
) -> httpx.Response:
    """
    Return the response of *send*, which is called again after one of *statuses* or *errors*.

    Raises:
        httpx.TransportError: The last try gave no response either.
    """
    for pause in PAUSES_SEC:
        try:
            response = send()
        except errors:
            pass
        else:
            if response.status_code not in statuses:
                return response
        time.sleep(pause)
    return send()
