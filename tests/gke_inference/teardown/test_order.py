"""Which order down, through which synth, and which of Terraform's errors are worth another try."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gke_inference.teardown.decisions import StackResult, expected_results, skipped
from gke_inference.teardown.destroy import is_transient
from gke_inference.teardown.findings import stale_stack_findings
from gke_inference.teardown.order import DestroyOrder, read_order
from gke_inference.teardown.state import addresses_kept_with_bucket
from gke_inference.terraform import Resource
from platform_config.config import Config
from platform_config.stack_graph import (
    APIGEE_STACK,
    FLEET_STACK,
    GATEWAY_STACK,
    NETWORK_STACK,
    OBSERVABILITY_STACK,
    WEIGHTS_STACK,
    base_stack,
    cluster_stack,
    needed_stacks,
    serving_stack,
)
from tests.configs import EXAMPLE, REGIONAL, config
from tests.conftest import Platforms
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.teardown.rig import synth_documents, write_synth
from tests.synthesized import Synthesized

NEEDS = {
    NETWORK_STACK: [],
    cluster_stack("us"): [NETWORK_STACK],
    cluster_stack("eu"): [NETWORK_STACK],
    FLEET_STACK: [cluster_stack("us"), cluster_stack("eu")],
    base_stack("us"): [cluster_stack("us")],
    base_stack("eu"): [cluster_stack("eu")],
    WEIGHTS_STACK: [base_stack("us")],
    serving_stack("us"): [base_stack("us"), WEIGHTS_STACK, FLEET_STACK],
    serving_stack("eu"): [base_stack("eu"), WEIGHTS_STACK, FLEET_STACK],
    GATEWAY_STACK: [serving_stack("us"), serving_stack("eu")],
    OBSERVABILITY_STACK: [FLEET_STACK],
}
NETWORK = synth_documents(config())[NETWORK_STACK]
VPC = {"project": "my-project-id", "name": "gemma-vpc"}


def with_network(*, vpc: Any = VPC, backend: Any = None) -> dict[str, Any]:
    """Return the documents of a synth whose network, or place of its state, is another."""
    network = {
        "terraform": {"backend": backend or NETWORK["terraform"]["backend"]},
        "provider": {"google": [{"project": vpc["project"]}]},
        "resource": {"google_compute_network": {"network": vpc}},
    }
    return synth_documents(config()) | {NETWORK_STACK: network}


def resource(address: str, *needs: str, **values: Any) -> Resource:
    """Make something in a state."""
    return Resource(address=address, type=address.split(".")[0], values=values, needs=frozenset(needs))


def no_cluster_deleted(stack: str) -> str:
    """Answer that each cluster is there."""
    return ""


def test_users_go_before_what_they_need(tmp_path: Path) -> None:
    """What watches goes first, the network last; workloads go before the fleet, whose controllers sweep up."""
    order = read_order(config(), write_synth(tmp_path / "out"))

    assert order.stacks == (
        OBSERVABILITY_STACK, GATEWAY_STACK, serving_stack("us"), serving_stack("eu"), WEIGHTS_STACK,
        base_stack("us"), base_stack("eu"), FLEET_STACK, cluster_stack("us"), cluster_stack("eu"), NETWORK_STACK,
    )  # fmt: skip
    assert order.dependents(cluster_stack("us")) == (base_stack("us"), FLEET_STACK)


def test_no_stack_waits_for_the_one_that_watches(tmp_path: Path) -> None:
    """A channel that another policy names cannot be deleted; clusters, which cost much more, are all the same."""
    order = read_order(config(), write_synth(tmp_path / "out"))
    members = (resource("google_gke_hub_membership.us"),)
    gone = {stack: StackResult(stack=stack, resources=1, result="destroyed") for stack in order.stacks}
    failed = {OBSERVABILITY_STACK: StackResult(stack=OBSERVABILITY_STACK, resources=9, result="failed")}

    assert order.dependents(FLEET_STACK) == (serving_stack("us"), serving_stack("eu"))
    assert skipped(order, FLEET_STACK, members, gone | failed, "") is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"documents": with_network(vpc=VPC | {"project": "other"})},
            "the project is other, the config says my-project-id",
        ),
        (
            {"documents": with_network(vpc=VPC | {"name": "llama-vpc"})},
            "the network is llama-vpc, the config says gemma-vpc",
        ),
        (
            {"documents": with_network(backend={"gcs": {"bucket": "b", "prefix": f"gemma/{NETWORK_STACK}"}})},
            "the place of the state is gs://b/gemma/",
        ),
        ({"needs": {name: [] for name in NEEDS if "-eu" not in name}}, "the list of stacks is"),
        ({"needs": NEEDS | {NETWORK_STACK: [GATEWAY_STACK]}}, "its stacks need each other in a circle"),
        ({"needs": {NETWORK_STACK: 5}}, "what is there cannot be read"),
    ],
)
def test_another_synth_is_refused(
    change: dict[str, Any], message: str, tmp_path: Path, inference_ops: InferenceOps
) -> None:
    """What is of another platform is not touched: exit code 2, what was found, and how to run the synth."""
    outdir = write_synth(tmp_path / "out", **change)

    ran = inference_ops("--config", str(EXAMPLE), "teardown", "--yes", "--outdir", str(outdir))

    assert ran.code == 2
    assert message in ran.err
    assert f"fix: run the synth first: INFERENCE_CONFIG={EXAMPLE} make synth" in ran.err


def stale(outdir: Path, stack: str, state: str) -> None:
    """Write the folder that another config left in *outdir*, which was applied."""
    folder = outdir / "stacks" / stack
    folder.mkdir()
    (folder / "cdk.tf.json").write_text(json.dumps({"terraform": {"backend": {"local": {"path": state}}}}))
    (folder / state).parent.mkdir(parents=True, exist_ok=True)
    (folder / state).write_text("{}")


def test_stacks_of_an_older_config_are_known(tmp_path: Path) -> None:
    """In no order; those of another platform, and those that were never applied, are not its business."""
    outdir = write_synth(tmp_path / "out")
    stale(outdir, cluster_stack("asia"), f"../../../terraform-state/gemma/{cluster_stack('asia')}.tfstate")
    stale(outdir, cluster_stack("ap"), f"../../../terraform-state/llama/{cluster_stack('ap')}.tfstate")
    stale(outdir, base_stack("asia"), f"../../../terraform-state/gemma/{base_stack('asia')}.tfstate")
    (tmp_path / f"terraform-state/gemma/{base_stack('asia')}.tfstate").unlink()

    order = read_order(config(), outdir)

    assert (order.stale, set(order.stacks)) == ((cluster_stack("asia"),), set(NEEDS))


@pytest.mark.parametrize(
    ("stack", "setting"),
    [
        (cluster_stack("asia"), "(regions.asia)"),
        (WEIGHTS_STACK, "(bucket, or loader: job)"),
        (OBSERVABILITY_STACK, "(one of observability.alerting, dashboard and log_metrics)"),
    ],
)
def test_a_stack_of_an_older_config_comes_back_by_its_setting(tmp_path: Path, stack: str, setting: str) -> None:
    """The finding names what the stack was made from."""
    order = DestroyOrder(outdir=tmp_path, stacks=(), needs={}, stale=(stack,), documents={})
    left = Resource(address="google_project.left", type="google_project", values={}, needs=frozenset())

    [finding] = stale_stack_findings(order, {stack: (left,)})

    assert f"put what it was made from back into the config {setting} and run" in finding.fix


def test_no_synth_at_all_is_refused(tmp_path: Path, inference_ops: InferenceOps) -> None:
    """A folder that is not there is reported as such."""
    ran = inference_ops("--config", str(EXAMPLE), "teardown", "--outdir", str(tmp_path / "nothing"))

    assert ran.code == 2
    assert "must be a folder that `make synth` wrote: No such file or directory" in ran.err


def test_without_credentials_it_says_how_to_sign_in(
    tmp_path: Path, inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before Terraform is run; exit code 3."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    ran = inference_ops("--config", str(EXAMPLE), "teardown", "--outdir", str(write_synth(tmp_path / "out")))

    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("Nothing was changed: no answer noCredentials: ")
    assert "fix: sign in with `gcloud auth application-default login` and run it again" in ran.err
    assert "reading" not in ran.err


def test_names_must_be_the_platforms(tmp_path: Path, inference_ops: InferenceOps) -> None:
    """All names that are not the platform's are refused at once, before anything is read."""
    outdir = write_synth(tmp_path / "out")
    names = ("--delete-cluster", "gemma-ap", "--delete-bucket", "weights")

    ran = inference_ops("--config", str(EXAMPLE), "teardown", "--yes", "--outdir", str(outdir), *names)

    assert ran.code == 2
    assert "--delete-cluster: must be one of gemma-us, gemma-eu, got 'gemma-ap'" in ran.err
    assert "--delete-bucket: must be my-project-id-gemma-weights, got 'weights'" in ran.err


def test_a_platform_without_bucket_has_no_weights_stack() -> None:
    """The stacks that are expected are those of the config."""
    loaded: Config = config(bucket=None)

    assert set(needed_stacks(config())) - set(needed_stacks(loaded)) == {WEIGHTS_STACK}


@pytest.mark.parametrize(
    "error",
    [
        "Error waiting for Deleting Network: The network resource 'projects/p/global/networks/n' is already being "
        "used by 'projects/p/global/firewalls/gke-c-1-mcsd'",
        "googleapi: Error 400: The subnetwork resource is already being used by x, resourceInUseByAnotherResource",
        "googleapi: Error 400: Cluster is running incompatible operation operation-1., failedPrecondition",
        "googleapi: Error 409: conflict",
        "googleapi: Error 429: Quota exceeded for quota metric 'Write requests', RATE_LIMIT_EXCEEDED",
        "googleapi: Error 403: Rate Limit Exceeded, rateLimitExceeded",
        "googleapi: Error 503: The service is currently unavailable",
        "Error deleting Feature: googleapi: Error 400: Feature has associated resources that should be cleaned up",
        "Error acquiring the state lock",
        "read tcp: connection reset by peer",
        "the server is currently unable to handle the request",
        "the server has received too many requests and has asked us to try again later (get namespaces inference)",
        "etcdserver: request timed out",
        'Get "https://gke-x.us-east5.gke.goog/api/v1/namespaces/inference": EOF',
        "http2: client connection lost",
        "dial tcp: lookup gke-x.us-east5.gke.goog on 127.0.0.53:53: no such host",
        "net/http: TLS handshake timeout",
    ],
)
def test_a_transient_error_is_tried_again(error: str) -> None:
    """In use, conflict, too many requests, the server's own mistake, a busy control plane, a lock, the net."""
    assert is_transient([error])
    assert is_transient([error], 4)


@pytest.mark.parametrize(
    "error",
    [
        "Cannot destroy cluster because deletion_protection is set to true. Set it to false to proceed",
        "Error trying to delete bucket b containing objects without `force_destroy` set to true",
        "googleapi: Error 409: The bucket you tried to delete is not empty., conflict",
        "googleapi: Error 403: Required 'compute.networks.delete' permission, forbidden",
        "googleapi: Error 400: Invalid value for field 'resource.name'",
        'namespaces "inference" is forbidden: User "u" cannot delete resource "namespaces"',
        "Invalid JSON: A comma is missing between attribute definitions",
    ],
)
def test_a_refusal_is_not_tried_again(error: str) -> None:
    """Protection, permission, syntax: the same error would come again, also where another one could be over."""
    assert not is_transient([error])
    assert not is_transient(["googleapi: Error 503: unavailable", error])


@pytest.mark.parametrize(
    "error", ["Unauthorized", "googleapi: Error 401: Request had invalid authentication credentials., authError"]
)
def test_a_token_that_ended_is_worth_one_more_try(error: str) -> None:
    """Another run gets a fresh one; who may not come in with that may not come in."""
    assert is_transient([error], 1)
    assert not is_transient([error], 2)
    assert not is_transient([error, "googleapi: Error 403: Required 'x' permission, forbidden"], 1)


def test_what_a_bucket_needs_stays_with_it() -> None:
    """A destroy of what it needs would take it along; what needs nothing of that goes."""
    resources = (
        resource("google_storage_bucket.weights", "google_project_service.storage"),
        resource("google_project_service.storage", "time_sleep.a"),
        resource("time_sleep.a"),
        resource("google_compute_network.n", "google_project_service.compute"),
        resource("google_project_service.compute"),
    )

    assert addresses_kept_with_bucket(resources) == {
        "google_storage_bucket.weights", "google_project_service.storage", "time_sleep.a",
    }  # fmt: skip
    assert addresses_kept_with_bucket(resources[3:]) == frozenset()


def test_what_is_needed_by_what_stays_stays_too(tmp_path: Path) -> None:
    """A protected cluster keeps the network, and no stack beside it."""
    order = read_order(config(), write_synth(tmp_path / "out"))
    states: dict[str, tuple[Resource, ...]] = {stack: (resource("google_x.y"),) for stack in order.stacks}
    states[cluster_stack("eu")] = (resource("google_container_cluster.c", name="gemma-eu", deletion_protection=True),)
    states[WEIGHTS_STACK] = ()

    planned = {one.stack: one for one in expected_results(order, states, no_cluster_deleted, keep_bucket=True)}

    assert (planned[cluster_stack("eu")].result, planned[cluster_stack("eu")].reason) == (
        "kept",
        "gemma-eu is protected",
    )
    assert planned[NETWORK_STACK].result == "blocked"
    assert planned[WEIGHTS_STACK].result == "empty"
    others = set(planned) - {cluster_stack("eu"), NETWORK_STACK, WEIGHTS_STACK}
    assert {planned[stack].result for stack in others} == {"destroyed"}


def test_an_organization_that_is_protected_keeps_nothing_else(tmp_path: Path) -> None:
    """Terraform refuses to delete it, as its synth says; the network, which has its API on, goes all the same."""
    made = config(
        **REGIONAL, gateway__regions=["us"],
        gateway__apigee={"environment": "prod", "create": {"analytics_region": "us-east1"}},
    )  # fmt: skip
    kept = {"lifecycle": {"prevent_destroy": True}}
    documents = synth_documents(made)
    documents[APIGEE_STACK] = {"resource": {"google_apigee_organization": {"apigee": kept, "another": {}}}}
    outdir = write_synth(tmp_path / "out", needs=needed_stacks(made), documents=documents)
    order = read_order(made, outdir)
    states: dict[str, tuple[Resource, ...]] = {stack: (resource("google_x.y"),) for stack in order.stacks}
    states[APIGEE_STACK] = (resource("google_apigee_organization.apigee", name="my-project-id"),)

    planned = {one.stack: one for one in expected_results(order, states, no_cluster_deleted, keep_bucket=True)}

    assert (planned[APIGEE_STACK].result, planned[APIGEE_STACK].reason) == ("kept", "my-project-id is protected")
    assert {one.result for stack, one in planned.items() if stack != APIGEE_STACK} == {"destroyed"}


@pytest.mark.parametrize(
    ("stack", "type_"),
    [(NETWORK_STACK, "google_compute_network"), (cluster_stack("us"), "google_container_cluster")],
)
def test_an_import_takes_its_address_from_the_synth(
    platform: Synthesized, tmp_path: Path, stack: str, type_: str
) -> None:
    """A construct with another id changes the address in the hint, and so does another folder of the synth."""
    outdir = tmp_path / "elsewhere"
    shutil.copytree(platform.outdir, outdir)
    synth = outdir / "stacks" / stack / "cdk.tf.json"
    document = json.loads(synth.read_text())
    [body] = document["resource"][type_].values()
    document["resource"][type_] = {"renamed": body}
    synth.write_text(json.dumps(document))

    command = read_order(config(), outdir).import_command(stack, type_, "projects/p/x")

    assert command == f"terraform -chdir={outdir}/stacks/{stack} import {type_}.renamed projects/p/x"


@pytest.mark.parametrize("type_", ["google_compute_network", "google_container_cluster"])
def test_the_synth_has_one_resource_to_import(every_platform: Platforms, type_: str) -> None:
    """Whatever the config, a stack has at most one network or cluster, so that a hint can name it."""
    for made, synth in every_platform.values():
        counts = [len(document.get("resource", {}).get(type_, {})) for document in synth.stacks.values()]
        # One that exists is none of the resources.
        assert max(counts) == (0 if _exists(made, type_) else 1)


def _exists(made: Config, type_: str) -> bool:
    """Return whether the network, or each cluster, exists and is not managed."""
    if type_ == "google_compute_network":
        return made.existing.network is not None
    return all(region.existing.cluster for region in made.regions.values())
