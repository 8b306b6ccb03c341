"""Our Kubernetes objects: applied as they are, taken back, in order."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider

from constructs_lib.kubernetes_object import KubernetesObject, escape_templates
from tests.conftest import Synth

SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "gemma", "namespace": "inference"},
    "spec": {"ports": [{"port": 8000}], "selector": {}},
}
TEXTS = [
    "plain",
    "a ${b}",
    "%{if}",
    "$${x}",
    "$$",
    "$$${",
    "100%",
    "$(x)",
    "%%{y}",
    "%%%{z}",
    "a\\${b}",
    "${",
    "%{",
    "",
]


def made(stack: Any, id_: str = "service", manifest: dict[str, Any] = SERVICE, **settings: Any) -> KubernetesObject:
    """Add an object to a bare stack."""
    kubernetes = stack.node.try_find_child("kubernetes") or KubernetesProvider(stack, "kubernetes")
    return KubernetesObject(stack, id_, kubernetes=kubernetes, manifest=manifest, **settings)


def test_an_object_is_written_as_it_is(synth: Synth) -> None:
    """Numbers stay numbers, empty maps stay."""
    assert synth(made).object("Service") == SERVICE


def test_its_fields_are_taken_back_from_other_managers(synth: Synth) -> None:
    """Else drift would end in a conflict instead of a repair. It waits for nothing and for nobody unless told."""
    block = synth(made).one("kubernetes_manifest")

    assert block["field_manager"] == {"force_conflicts": True}
    assert not {"wait", "timeouts", "depends_on"} & set(block)


def test_it_can_come_after_others_and_wait(synth: Synth) -> None:
    """Edges, condition and bounds are as given."""
    condition = {"condition": [{"type": "Established", "status": "True"}]}

    def build(stack: Any) -> None:
        first = made(stack, "first")
        made(stack, "second", after=[first], wait=condition, timeouts={"create": "20m"})

    block = synth(build).named("kubernetes_manifest")["test/second"]

    assert block["depends_on"] == ["kubernetes_manifest.first"]
    assert (block["wait"], block["timeouts"]) == (condition, {"create": "20m"})


def test_templates_are_literal_at_every_depth(synth: Synth) -> None:
    """A shell's ${HOME} in an argument reaches the container, and keys are left alone."""
    manifest = {**SERVICE, "spec": {"a": ["echo ${HOME}", {"b": "%{c}"}], "n": 1, "t": True, "none": "$HOME"}}

    assert synth(lambda stack: made(stack, manifest=manifest)).object("Service")["spec"] == {
        "a": ["echo $${HOME}", {"b": "%%{c}"}], "n": 1, "t": True, "none": "$HOME",
    }  # fmt: skip


def test_what_is_given_is_not_changed() -> None:
    """The manifest can be used again."""
    given = {"a": ["${b}"]}

    assert escape_templates(given) == {"a": ["$${b}"]}
    assert given == {"a": ["${b}"]}


def test_terraform_reads_every_text_as_it_was(tmp_path: Path) -> None:
    """A real Terraform turns each escaped text into the text that was given."""
    expression = f"jsonencode([{', '.join(json.dumps(escape_templates(text)) for text in TEXTS)}])\n"
    result = subprocess.run(
        ["terraform", "console"],
        input=expression,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(json.loads(result.stdout)) == TEXTS
