"""What every stack shares: state, versions, providers, outputs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.specs import ProvidersSpec
from platform_config.load import load
from platform_config.stack_graph import FLEET_STACK, GATEWAY_STACK, NETWORK_STACK, cluster_stack
from stacks.base import provider_versions
from tests.checks.terraform_schema import BUILT_IN
from tests.configs import CONFIGS, MORE, SOVEREIGN, config
from tests.synthesized import Block, Synthesized, synthesize

VERSIONS = {7: provider_versions(ProvidersSpec()), 8: provider_versions(ProvidersSpec(google=8, kubernetes=3))}
"""By the major version of google, what may be downloaded."""
ALLOWED = {
    7: {"google": "7.45.0", "google-beta": "7.45.0", "kubernetes": "2.38.0", "helm": "3.1.1", "time": "0.13.1"},
    8: {"google": "8.7.0", "google-beta": "8.0.0", "kubernetes": "3.4.0", "helm": "3.3.0", "time": "0.14.2"},
}
FORBIDDEN = {
    7: {
        "google": ["6.50.0", "7.30.9", "8.0.0", "8.7.0"],
        "google-beta": ["6.50.0", "7.17.0", "8.0.0"],
        "kubernetes": ["2.37.9", "3.0.0"],
        "helm": ["2.17.0", "3.1.0", "4.0.0"],
        "time": ["0.12.0", "1.0.0"],
    },
    8: {
        "google": ["7.46.1", "9.0.0"],
        "google-beta": ["7.46.1", "9.0.0"],
        "kubernetes": ["2.38.0", "3.2.0", "4.0.0"],
        "helm": ["3.1.0", "4.0.0"],
        "time": ["0.12.0", "1.0.0"],
    },
}
OUTPUTS = {
    NETWORK_STACK: {"gateway_address_us", "gateway_address_eu", "model_bucket", "node_service_account"},
    cluster_stack("us"): {"cluster_name", "cluster_location", "kubectl_command"},
    cluster_stack("eu"): {"cluster_name", "cluster_location", "kubectl_command"},
    FLEET_STACK: {"config_membership"},
    GATEWAY_STACK: {"model_gemma", "gateway_status_command"},
}
"""What a person or a pipeline needs next; the other stacks have none."""


@pytest.fixture(scope="module")
def with_bucket(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Synthesize the example with its state in a bucket, and labels."""
    return synthesize(
        config(state_bucket="my-state", labels={"team": "inference"}), tmp_path_factory.mktemp("with_bucket")
    )


def version(text: str) -> tuple[int, ...]:
    """Convert a version to numbers."""
    return tuple(int(part) for part in text.split("."))


def admits(constraint: str, given: str) -> bool:
    """Return whether Terraform would take a provider of the version *given*; only for the two operators in use."""
    for part in constraint.split(", "):
        operator, bound = part.split(" ")
        if not {">=": version(given) >= version(bound), "<": version(given) < version(bound)}[operator]:
            return False
    return True


def blocks(document: Block) -> list[tuple[str, Block]]:
    """Yield type and content of each resource, data source and ephemeral resource of a stack that a provider makes."""
    return [
        (kind, block)
        for section in ("resource", "data", "ephemeral")
        for kind, named in document.get(section, {}).items()
        if kind not in BUILT_IN
        for block in named.values()
    ]


def test_every_stack_asks_for_the_same_provider_versions(platform: Synthesized) -> None:
    """With the source in full, and those that it configures, no more and no fewer."""
    for document in platform.stacks.values():
        required = document["terraform"]["required_providers"]
        assert required == {
            name: {"source": f"hashicorp/{name}", "version": VERSIONS[7][name]} for name in document["provider"]
        }


@pytest.mark.parametrize("name", VERSIONS[7])
@pytest.mark.parametrize("major", VERSIONS)
def test_versions_that_were_run_are_admitted_and_those_that_break_are_not(major: int, name: str) -> None:
    """Google 6 lacks managed DRANET; the next major version comes when the config asks for it."""
    constraint = VERSIONS[major][name]

    assert admits(constraint, ALLOWED[major][name])
    assert [given for given in FORBIDDEN[major][name] if admits(constraint, given)] == []


def test_a_newer_provider_is_another_version_and_nothing_else(platform: Synthesized, tmp_path: Path) -> None:
    """The same JSON is for both: what changes between them is written so that both take it."""
    newer = synthesize(config(providers={"google": 8, "kubernetes": 3}), tmp_path)

    assert set(newer.stacks) == set(platform.stacks)
    for stack, document in newer.stacks.items():
        older = platform.stacks[stack]
        for name, told in document["terraform"]["required_providers"].items():
            assert told == {"source": f"hashicorp/{name}", "version": VERSIONS[8][name]}
        assert _without_versions(document) == _without_versions(older)


@pytest.mark.slow
@pytest.mark.parametrize("path", [*CONFIGS, *MORE, SOVEREIGN], ids=lambda path: path.stem)
def test_every_stack_of_every_platform_follows_the_setting(path: Path, tmp_path: Path) -> None:
    """Those too that need more than the oldest google 7."""
    newer = load(path).model_copy(update={"providers": ProvidersSpec(google=8, kubernetes=3)})
    found = {
        f"{stack} {name} {required['version']}"
        for stack, document in synthesize(newer, tmp_path).stacks.items()
        for name, required in document["terraform"]["required_providers"].items()
        if required["version"] != VERSIONS[8][name]
    }

    assert found == set()


def _without_versions(document: Block) -> Block:
    terraform = {key: value for key, value in document["terraform"].items() if key != "required_providers"}
    return {**document, "terraform": terraform}


def test_every_block_names_a_provider_that_the_stack_configures_once(platform: Synthesized) -> None:
    """A block without one would take an unconfigured one; a provider without a block is not made."""
    for document in platform.stacks.values():
        used = {block["provider"] for _, block in blocks(document)}
        assert used | {"google"} == set(document["provider"]) | {"google"}
        assert all(len(configured) == 1 for configured in document["provider"].values())


def test_google_beta_makes_service_identities_only(platform: Synthesized) -> None:
    """Everything else is generally available."""
    kinds = {
        kind for document in platform.stacks.values() for kind, block in blocks(document)
        if block["provider"] == "google-beta"
    }  # fmt: skip

    assert kinds == {"google_project_service_identity"}


def test_no_stack_reads_another_s_state(platform: Synthesized) -> None:
    """So a destroy never meets a missing one, and no token crosses a border."""
    for document in platform.stacks.values():
        assert "terraform_remote_state" not in document.get("data", {})
        assert "cross-stack" not in json.dumps(document)


def test_local_state_is_at_a_relative_path_of_its_own(platform: Synthesized) -> None:
    """Three folders above the stack's own, so beside cdktf.out; the JSON is the same on every machine."""
    paths = {name: document["terraform"]["backend"]["local"]["path"] for name, document in platform.stacks.items()}

    assert paths == {name: f"../../../terraform-state/gemma/{name}.tfstate" for name in platform.stacks}
    for name, path in paths.items():
        assert (Path("cdktf.out/stacks") / name / path).resolve() == Path(
            f"terraform-state/gemma/{name}.tfstate"
        ).resolve()


def test_state_in_a_bucket_has_a_prefix_for_each_stack(with_bucket: Synthesized) -> None:
    """Under the platform's name, so that two platforms can share a bucket."""
    backends = {name: document["terraform"]["backend"] for name, document in with_bucket.stacks.items()}

    assert backends == {name: {"gcs": {"bucket": "my-state", "prefix": f"gemma/{name}"}} for name in with_bucket.stacks}


def test_labels_are_given_to_the_provider(platform: Synthesized, with_bucket: Synthesized) -> None:
    """It puts them on everything that can have them; without labels it is told nothing."""
    for document in with_bucket.stacks.values():
        assert document["provider"]["google"] == [{"project": "my-project-id", "default_labels": {"team": "inference"}}]
    for document in platform.stacks.values():
        assert document["provider"]["google"] == [{"project": "my-project-id"}]


def test_outputs_are_what_comes_next(platform: Synthesized) -> None:
    """Each with a description."""
    assert {
        name: set(document["output"]) for name, document in platform.stacks.items() if "output" in document
    } == OUTPUTS
    for document in platform.stacks.values():
        assert all(output["description"].endswith(".") for output in document.get("output", {}).values())


def test_no_output_is_a_secret(platform: Synthesized) -> None:
    """None is marked as one, and none refers to a token, a key or a secret."""
    outputs: list[dict[str, Any]] = [
        output for document in platform.stacks.values() for output in document.get("output", {}).values()
    ]

    assert not any("sensitive" in output for output in outputs)
    assert not re.search(r"access_token|secret|password|private_key|hf_", json.dumps(outputs))
