"""Questions to servers that are no API of Google's: what may pass is tried again, as Google's own client does it."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

PAUSES_SEC = (0.5, 1.0, 2.0)
"""Before each further try; httpx itself tries nothing but connects again."""


def tried_again(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """
    The answer of *ask*, which is called again after a broken connection, too many requests or a server's error.

    Raises:
        httpx.TransportError: The last try gave no answer either.
    """
    for pause in PAUSES_SEC:
        try:
            answer = ask()
        except httpx.TransportError:
            pass
        else:
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS and not answer.is_server_error:
                return answer
        time.sleep(pause)
    return ask()
