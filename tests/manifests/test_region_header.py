"""The header that tells the region: the middleware itself, run as vLLM runs it, and its ConfigMap."""

import asyncio
import importlib
from typing import Any

import pytest

from constructs_lib.data.region_header import Message, RegionHeader
from constructs_lib.manifests import region_header
from constructs_lib.vllm import MIDDLEWARE
from tests.checks.kubernetes_objects import problems

STREAM: list[dict[str, Any]] = [
    {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]},
    {"type": "http.response.body", "body": b"data: a\n\n", "more_body": True},
    {"type": "http.response.body", "body": b"data: [DONE]\n\n"},
]


def answers(scope: Message, messages: list[dict[str, Any]]) -> list[Message]:
    """Return what a client gets from an application that sends *messages*."""
    sent: list[Message] = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asyncio.run(RegionHeader(app)(scope, receive, send))
    return sent


def test_every_answer_gets_the_header_and_streams_pass_untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first message is changed; nothing is collected."""
    monkeypatch.setenv("INFERENCE_REGION", "us-east4")
    first, *rest = answers({"type": "http"}, STREAM)

    assert first["headers"] == [(b"content-type", b"text/event-stream"), (b"x-inference-region", b"us-east4")]
    assert rest == STREAM[1:]


def test_an_answer_without_headers_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are optional in ASGI."""
    monkeypatch.setenv("INFERENCE_REGION", "us-east4")
    [first] = answers({"type": "http"}, [{"type": "http.response.start", "status": 204}])

    assert first["headers"] == [(b"x-inference-region", b"us-east4")]


def test_anything_but_http_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A websocket's messages have other fields."""
    monkeypatch.setenv("INFERENCE_REGION", "us-east4")
    messages = [{"type": "http.response.start", "status": 200}]

    assert answers({"type": "websocket"}, messages) == messages


def test_vllm_finds_the_class_by_the_argument(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It imports all before the last dot, from the file of the ConfigMap on PYTHONPATH, and wants a class."""
    made = region_header.region_header_config(name="server", namespace="inference", labels={"app": "server"})
    for name, text in made["data"].items():
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    module, _, name = MIDDLEWARE.rpartition(".")

    assert isinstance(getattr(importlib.import_module(module), name), type)
    assert problems(made) == []


def test_the_code_and_the_name_of_the_header_agree() -> None:
    """The commands look for the one that the servers send."""
    from constructs_lib.data.region_header import NAME

    assert NAME.decode() == region_header.HEADER
