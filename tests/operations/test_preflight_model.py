"""`preflight` on the weights: whether Hugging Face hands them out."""

from __future__ import annotations

import httpx
import pytest

from operations.preflight import model, tried_again
from tests.operations.conftest import InferenceOps
from tests.operations.google_stand_in import GoogleStandIn
from tests.operations.hugging_face_stand_in import HuggingFace, hugging_face
from tests.operations.test_preflight import google, run

__all__ = ["google", "hugging_face"]


def test_hugging_face_is_asked_again(
    google: GoogleStandIn, inference_ops: InferenceOps, hugging_face: type[HuggingFace], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it has too much to do."""
    monkeypatch.setattr(tried_again, "PAUSES_SEC", (0, 0, 0))
    hugging_face.failures = [429, 503]
    _, findings, _ = run(inference_ops)

    assert findings["", "MODEL"]["status"] == "good"


def test_an_empty_address_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty HF_ENDPOINT is as good as none, as for Hugging Face's own client."""
    asked: list[str] = []

    def get(url: str, **_: object) -> httpx.Response:
        asked.append(url)
        return httpx.Response(200)

    monkeypatch.setenv("HF_ENDPOINT", "")
    monkeypatch.setattr(httpx, "get", get)
    model._get("google/gemma", "")

    assert asked == ["https://huggingface.co/api/models/google/gemma"]


@pytest.mark.parametrize(
    ("accepted", "token", "status"),
    [({"hf_good"}, "hf_good", "good"), ({"hf_good"}, "hf_bad", "wrong"), (set(), "", "unknown")],
)
def test_a_licence_is_good_only_for_a_token_that_proves_it(
    google: GoogleStandIn, inference_ops: InferenceOps, hugging_face: type[HuggingFace],
    monkeypatch: pytest.MonkeyPatch, accepted: set[str], token: str, status: str,
) -> None:  # fmt: skip
    """Without a token it could not be told; the token is never repeated."""
    hugging_face.gated, hugging_face.accepted = "manual", accepted
    monkeypatch.setenv("HF", token)
    _, findings, document = run(inference_ops, *(("--hugging-face-token-env", "HF") if token else ()))

    assert findings["", "MODEL"]["status"] == status
    assert "hf_" not in str(document)
