"""
Adds the region to each answer of vLLM, which loads it by `--middleware region_header.RegionHeader`.

It is plain ASGI, so that streams pass through untouched. The region is in the environment: INFERENCE_REGION.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

NAME = b"x-inference-region"


class RegionHeader:
    """Adds `x-inference-region` to every HTTP answer."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._header = (NAME, os.environ["INFERENCE_REGION"].encode())

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Hand the call on; the first message of an answer gets the header."""

        async def send_with_region(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), self._header]}
            await send(message)

        await self._app(scope, receive, send_with_region if scope["type"] == "http" else send)
