"""`preflight` on the weights: whether Hugging Face hands them out."""

from __future__ import annotations

import httpx
import pytest

from gke_inference import retry
from gke_inference.preflight import model
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.google_stand_in import GoogleStandIn
from tests.gke_inference.hugging_face_stand_in import INDEX, HuggingFace
from tests.gke_inference.test_preflight import run


def test_hugging_face_is_asked_again(
    good_google: GoogleStandIn,
    inference_ops: InferenceOps,
    hugging_face: type[HuggingFace],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where it has too much to do."""
    monkeypatch.setattr(retry, "PAUSES_SEC", (0, 0, 0, 0))
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
    model.get("api/models/google/gemma", "")

    assert asked == ["https://huggingface.co/api/models/google/gemma"]


@pytest.mark.parametrize(
    ("accepted", "token", "status"),
    [({"hf_good"}, "hf_good", "good"), ({"hf_good"}, "hf_bad", "wrong"), (set(), "", "unknown")],
)
def test_a_licence_is_good_only_for_a_token_that_proves_it(
    good_google: GoogleStandIn, inference_ops: InferenceOps, hugging_face: type[HuggingFace],
    monkeypatch: pytest.MonkeyPatch, accepted: set[str], token: str, status: str,
) -> None:  # fmt: skip
    """Without a token it is not known; the token is never repeated."""
    hugging_face.gated, hugging_face.accepted = "manual", accepted
    monkeypatch.setenv("HF", token)
    _, findings, document = run(inference_ops, *(("--hugging-face-token-env", "HF") if token else ()))

    assert findings["", "MODEL"]["status"] == status
    assert "hf_" not in str(document)


SHARDS = {"model-1.safetensors": 30 * 2**30, "model-2.safetensors": 25 * 2**30}
TWICE = {"config.json": 1000, "tokenizer.json": 1000, "consolidated.safetensors": 55 * 2**30, **SHARDS}


@pytest.mark.parametrize(
    ("files", "index", "status", "found", "fix"),
    [
        (SHARDS, [], "good", "2 files, 55.0 GiB", ""),
        ({INDEX: 1000, **TWICE}, [*SHARDS], "good", "5 files, 55.0 GiB", ""),
        (
            {**SHARDS, "model-3.safetensors": 2**30 + 1},
            [],
            "wrong",
            "3 files, 56.0 GiB",
            "write models.gemma.weights.size_gib: 57",
        ),
        (
            {INDEX: 1000, "model-1.safetensors": 1},
            [*SHARDS],
            "wrong",
            f"{INDEX} names 1 of 2 files that the repository does not have, such as model-2.safetensors: choose "
            "another revision",
            "choose another repository or revision",
        ),
        (
            {"model.gguf": 1},
            [],
            "wrong",
            "the repository has no weights that the server reads; it has .gguf",
            "choose another repository or revision",
        ),
    ],
)
def test_what_would_be_downloaded_must_fit_the_config(
    good_google: GoogleStandIn, inference_ops: InferenceOps, hugging_face: type[HuggingFace],
    files: dict[str, int], index: list[str], status: str, found: str, fix: str,
) -> None:  # fmt: skip
    """By the rule of the download program: the set that the index lists, and no other."""
    hugging_face.files, hugging_face.index = files, index
    _, findings, _ = run(inference_ops)
    finding = findings["", "MODEL-FILES"]

    assert (finding["status"], finding["found"], finding["fix"]) == (status, found, fix)
    assert finding["needed"] == "files that vLLM reads, at most models.gemma.weights.size_gib (56 GiB)"


def test_an_index_behind_terms_is_unknown(
    good_google: GoogleStandIn, inference_ops: InferenceOps, hugging_face: type[HuggingFace]
) -> None:
    """The list of a gated model is public, its index is not; no fix says to sign in to Google for it."""
    hugging_face.gated, hugging_face.files = "manual", {INDEX: 1000, **SHARDS}
    _, findings, _ = run(inference_ops)

    assert findings["", "MODEL-FILES"]["status"] == "unknown"
    assert "--hugging-face-token-env" in findings["", "MODEL-FILES"]["fix"]
