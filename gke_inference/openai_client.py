"""A client of a model server: sends one request, with a prompt that no cache can answer, and times it."""

from __future__ import annotations

import random
import ssl
from time import perf_counter
from typing import Any

import anyio
import httpx

from gke_inference.openai import Endpoint, Result
from gke_inference.openai_answer import AnswerReader, stream_events

OBJECTIVE_HEADER = "x-gateway-inference-objective"
CONNECT_SEC = 10
"""Limit for a connection alone; what comes after it has the time of the whole request."""
# Common enough to be one token each in the vocabularies of the usual models, with the space before them.
COMMON_WORDS = (
    "time year people way day man thing woman life child world school state family student group country problem hand "
    "part place case week company system program question work government number night point home water room mother "
    "area money story fact month lot right study book eye job word business issue side kind head house service friend "
    "father power hour game line end member law car city"
)
INSTRUCTION = "Write a long story with these words."
INSTRUCTION_TOKENS = 8


async def send(client: httpx.AsyncClient, endpoint: Endpoint, prompt: str) -> Result:
    """Send one request and measure it; what a server or network does wrong is in the result, never raised."""
    reader = AnswerReader(endpoint=endpoint, began_sec=perf_counter())
    try:
        with anyio.fail_after(endpoint.timeout_sec):
            await _receive(client, endpoint, prompt, reader)
    except TimeoutError:
        reader.fail_by_timeout()
    except httpx.HTTPError as error:
        reader.fail_by_network(f"{type(error).__name__}: {error}")
    except ValueError as error:
        reader.fail_by_format(str(error))
    return reader.result(perf_counter())


def served_models(endpoint: Endpoint) -> list[str]:
    """
    Ask the server at the address of *endpoint*, which has no model yet, for the names of its models.

    Raises:
        ConnectionError: Nobody answers there.
        ValueError: Its answer is no list of models.
    """
    headers = request_headers(endpoint)
    try:
        with httpx.Client(timeout=CONNECT_SEC, trust_env=False, verify=ssl.create_default_context()) as client:
            answer = client.get(f"{endpoint.url}/v1/models", headers=headers, extensions=endpoint.extensions)
        return [str(model["id"]) for model in answer.raise_for_status().json()["data"]]
    except httpx.TransportError as error:
        raise ConnectionError(f"{type(error).__name__}: {error}") from None
    except (httpx.HTTPError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def make_prompt(tokens: int) -> str:
    """
    Make a prompt that no cache can answer: its words are drawn anew each time, from the first one on.

    A server that caches prefixes would otherwise skip the prefill, which is most of the time to first token. A few
    words more or less than asked are sent: a word is taken for a token, and the chat template of the model, some ten
    tokens, is not counted. Prompts of fewer than some 20 tokens are mostly the instruction.

    Args:
        tokens: Length to aim at, in tokens.
    """
    words = random.choices(COMMON_WORDS.split(), k=max(1, tokens - INSTRUCTION_TOKENS))
    return f"{' '.join(words)}\n{INSTRUCTION}"


def request_url(endpoint: Endpoint) -> str:
    """Return the address that requests are posted to."""
    api = "chat/completions" if endpoint.api == "chat" else "completions"
    return f"{endpoint.url}{endpoint.path or f'/v1/{api}'}"


def request_body(endpoint: Endpoint, prompt: str) -> Any:
    """Return the JSON body of a request: with *prompt*, or as it was given for a path of one's own."""
    if not endpoint.is_openai:
        return endpoint.body
    body: dict[str, Any] = {"model": endpoint.model, "max_tokens": endpoint.max_tokens, "stream": endpoint.stream}
    if endpoint.api == "chat":
        body["messages"] = [{"role": "user", "content": prompt}]
    else:
        body["prompt"] = prompt
    if endpoint.stream:
        body["stream_options"] = {"include_usage": True}
    return body


def request_headers(endpoint: Endpoint) -> dict[str, str]:
    """Return the headers of a request: those of the endpoint, secret ones too, its bearer token and its objective."""
    token = {"Authorization": f"Bearer {endpoint.token}"} if endpoint.token else {}
    objective = {OBJECTIVE_HEADER: endpoint.objective} if endpoint.objective else {}
    return {**endpoint.headers, **endpoint.secret_headers, **token, **objective}


async def _receive(client: httpx.AsyncClient, endpoint: Endpoint, prompt: str, reader: AnswerReader) -> None:
    body, headers = request_body(endpoint, prompt), request_headers(endpoint)
    async with client.stream(
        "POST", request_url(endpoint), json=body, headers=headers, extensions=endpoint.extensions
    ) as response:
        reader.read_head(response.status_code, response.headers.get(endpoint.region_header, ""))
        if not response.is_success:
            reader.read_refusal((await response.aread()).decode(errors="replace"))
        elif not endpoint.is_openai:
            async for _ in response.aiter_raw():
                reader.read_event(b"", perf_counter())
        elif endpoint.stream:
            async for data in stream_events(response):
                reader.read_event(data, perf_counter())
            reader.end_stream()
        else:
            reader.read_whole(await response.aread())
