"""Sends one request to an OpenAI-compatible server, and measures it."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import anyio
import httpx

from gke_inference.openai import Endpoint, Reading, Result
from gke_inference.openai_wire import events

OBJECTIVE_HEADER = "x-gateway-inference-objective"
CONNECT_SEC = 10
"""For a connection alone; what comes after it has the time of the whole request."""


async def send(client: httpx.AsyncClient, endpoint: Endpoint, prompt: str) -> Result:
    """Send one request and measure it. Never raises for what a server or network does: that is in the result."""
    reading = Reading(endpoint=endpoint, began_sec=perf_counter())
    try:
        with anyio.fail_after(endpoint.timeout_sec):
            await _receive(client, endpoint, prompt, reading)
    except TimeoutError:
        reading.timed_out()
    except httpx.HTTPError as error:
        reading.broken(f"{type(error).__name__}: {error}")
    except ValueError as error:
        reading.unreadable(str(error))
    return reading.result(perf_counter())


def served_models(url: str, token: str) -> list[str]:
    """
    The names of the models that the server at *url* has.

    Raises:
        ConnectionError: Nobody is there.
        ValueError: It does not tell.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = httpx.get(f"{url}/v1/models", headers=headers, timeout=CONNECT_SEC, trust_env=False)
        return [str(model["id"]) for model in answer.raise_for_status().json()["data"]]
    except httpx.TransportError as error:
        raise ConnectionError(f"{type(error).__name__}: {error}") from None
    except (httpx.HTTPError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def url_of(endpoint: Endpoint) -> str:
    """Where requests go."""
    return f"{endpoint.url}/v1/{'chat/completions' if endpoint.api == 'chat' else 'completions'}"


def body_of(endpoint: Endpoint, prompt: str) -> dict[str, Any]:
    """What a request with *prompt* holds."""
    body: dict[str, Any] = {"model": endpoint.model, "max_tokens": endpoint.max_tokens, "stream": endpoint.stream}
    if endpoint.api == "chat":
        body["messages"] = [{"role": "user", "content": prompt}]
    else:
        body["prompt"] = prompt
    if endpoint.stream:
        body["stream_options"] = {"include_usage": True}
    return body


def headers_of(endpoint: Endpoint) -> dict[str, str]:
    """What goes with a request beside its body."""
    headers = {"Authorization": f"Bearer {endpoint.token}"} if endpoint.token else {}
    return headers | ({OBJECTIVE_HEADER: endpoint.objective} if endpoint.objective else {})


async def _receive(client: httpx.AsyncClient, endpoint: Endpoint, prompt: str, reading: Reading) -> None:
    body, headers = body_of(endpoint, prompt), headers_of(endpoint)
    async with client.stream("POST", url_of(endpoint), json=body, headers=headers) as response:
        reading.head(response.status_code, response.headers.get(endpoint.region_header, ""))
        if not response.is_success:
            reading.refused((await response.aread()).decode(errors="replace"))
        elif endpoint.stream:
            async for data in events(response):
                reading.event(data, perf_counter())
            reading.ended()
        else:
            reading.whole(await response.aread())
