"""What waits for what, up and down, by address, as Terraform did it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from platform_config.stack_graph import (
    DNS_STACK,
    FLEET_STACK,
    GATEWAY_STACK,
    GATEWAY_STACKS,
    LOAD_STACK,
    NETWORK_STACK,
    OBSERVABILITY_STACK,
    OUTSIDE_STACKS,
    SERVING_STACKS,
    WEIGHTS_STACK,
    cluster_stack,
    region_key,
    serving_stack,
)
from tests.configs import ELASTIC
from tests.terraform.configs import EACH_CROSS_REGION, EACH_REGIONAL, EACH_WITH_WEIGHTS, Worlds
from tests.terraform.runs import Step
from tests.terraform.world import World

WAITS = {
    FLEET_STACK: {"create_duration": "120s", "destroy_duration": "120s"},
    NETWORK_STACK: {"destroy_duration": "180s"},
    GATEWAY_STACK: {"destroy_duration": "300s"},
}


def kind_of(world: World, step: Step) -> str:
    """Return the resource's type; for an object in Kubernetes, its kind."""
    kind, name = step.address.split(".")
    block = world.app.stacks[step.stack]["resource"][kind][name]
    return str(block["manifest"]["kind"]) if kind == "kubernetes_manifest" else kind


def chosen(world: World, action: str, *kinds: str, stack: str = "") -> list[Step]:
    """Choose the steps of one action on some types, in one stack or all; there must be some."""
    found = [step for step in world.steps if step.action == action and kind_of(world, step) in kinds]
    found = [step for step in found if stack in ("", step.stack)]
    assert found, f"no {action} of {kinds}"
    return found


def in_order(*groups: list[Step]) -> bool:
    """Return whether each group has ended before the next begins."""
    return all(max(step.end for step in first) <= min(step.begin for step in then) for first, then in pairwise(groups))


def model_of(step: Step) -> str:
    """Return the part of an address in the serving stack that says whose it is, such as `model-gemma`."""
    return step.address.split(".")[1].split("_")[0]


@EACH_CROSS_REGION
def test_features_go_before_members_before_clusters_before_subnets(path: Path, destroyed_of: Worlds) -> None:
    """Google refuses to turn a feature off, or deletes it half, once what it works on is gone."""
    world = destroyed_of(path)
    kinds = (
        "google_gke_hub_feature",
        "google_gke_hub_membership",
        "google_container_cluster",
        "google_compute_subnetwork",
    )

    assert in_order(*(chosen(world, "delete", kind) for kind in kinds))


@EACH_CROSS_REGION
def test_the_gateway_goes_first(path: Path, destroyed_of: Worlds) -> None:
    """Its load balancer is collected while controllers, policies and pools are all still there; routes go beside it."""
    world = destroyed_of(path)
    [gateway] = chosen(world, "delete", "Gateway")
    earlier = [step for step in world.steps if step.begin < gateway.end and step != gateway]

    # The gate that waited for the Gateway came after it; with its account and role it goes before.
    beside = ("_programmed-gate_", "-import-gate_", "-route_")
    # Nothing waits for what watches the platform, for names in DNS, nor for other clouds: its load balancer needs none.
    free = (OBSERVABILITY_STACK, DNS_STACK, OUTSIDE_STACKS)
    others = [
        step for step in earlier
        if not step.stack.startswith(free) and not any(part in step.address for part in beside)
    ]  # fmt: skip
    assert others == []


@EACH_REGIONAL
def test_a_regional_gateway_goes_before_the_servers_and_the_network_that_it_uses(
    path: Path, destroyed_of: Worlds
) -> None:
    """Its load balancer is collected while the controller that does so runs, and before its subnets and address go."""
    world = destroyed_of(path)
    gateways = [stack for stack in world.app.stacks if stack.startswith(GATEWAY_STACKS)]

    for stack in gateways:
        [gateway] = chosen(world, "delete", "Gateway", stack=stack)
        servers = chosen(world, "delete", "Deployment", stack=serving_stack(region_key(stack)))
        settled = [step for step in chosen(world, "delete", "time_sleep", stack=stack) if "_settle_" in step.address]
        assert in_order(
            [gateway],
            settled,
            servers,
            chosen(world, "delete", "google_container_cluster", stack=cluster_stack(region_key(stack))),
            chosen(world, "delete", "google_compute_subnetwork"),
        )
    assert gateways


@EACH_CROSS_REGION
def test_an_export_goes_before_its_pool_and_a_pool_before_its_cluster(path: Path, destroyed_of: Worlds) -> None:
    """The fleet forgets a pool before it is uninstalled, and nothing is uninstalled from a cluster that is gone."""
    world = destroyed_of(path)
    clusters = chosen(world, "delete", "google_container_cluster")

    for stack in (name for name in world.app.stacks if name.startswith(SERVING_STACKS)):
        exports = {model_of(step): step for step in chosen(world, "delete", "kubernetes_annotations", stack=stack)}
        pools = {model_of(step): step for step in chosen(world, "delete", "helm_release", stack=stack)}
        assert exports.keys() == pools.keys()
        assert all(in_order([exports[model]], [pools[model]], clusters) for model in pools)


@EACH_CROSS_REGION
def test_waits_on_the_way_down_are_where_google_collects_late(path: Path, destroyed_of: Worlds) -> None:
    """After the Gateway, after the features, and before the subnets."""
    world = destroyed_of(path)
    for stack, kinds in {
        GATEWAY_STACK: ("Gateway", "time_sleep"),
        FLEET_STACK: ("google_gke_hub_feature", "time_sleep", "google_gke_hub_membership"),
        NETWORK_STACK: ("time_sleep", "google_compute_subnetwork", "google_compute_network"),
    }.items():
        assert in_order(*(chosen(world, "delete", kind, stack=stack) for kind in kinds))

    after_the_gateway = chosen(world, "delete", "time_sleep", stack=GATEWAY_STACK)
    assert in_order(after_the_gateway, chosen(world, "delete", "google_gke_hub_feature"))


@EACH_CROSS_REGION
def test_features_wait_for_members_on_the_way_up(path: Path, deployed_of: Worlds) -> None:
    """A feature that is turned on right after its members joined fails now and then."""
    world = deployed_of(path)
    kinds = ("google_gke_hub_membership", "time_sleep", "google_gke_hub_feature")

    assert in_order(*(chosen(world, "create", kind, stack=FLEET_STACK) for kind in kinds))


@EACH_WITH_WEIGHTS
def test_a_download_starts_with_its_grants(path: Path, deployed_of: Worlds) -> None:
    """Before a secret may be read, and a bucket written, nothing runs that would fail for it: Job or server."""
    world = deployed_of(path)
    kinds = ("google_secret_manager_secret_iam_member", "google_storage_bucket_iam_member")
    if WEIGHTS_STACK in world.app.stacks:
        grants = chosen(world, "create", *kinds, stack=WEIGHTS_STACK)
        downloads = chosen(world, "create", "kubernetes_job_v1", stack=WEIGHTS_STACK)
    else:
        grants = chosen(world, "create", *kinds)
        servers = chosen(world, "create", "Deployment")
        downloads = [step for step in servers if not step.stack.startswith(OUTSIDE_STACKS)]

    assert in_order(grants, downloads)


def test_the_apis_of_the_adapter_come_after_it_and_go_before_it(deployed_of: Worlds, destroyed_of: Worlds) -> None:
    """While an API has no server the discovery of all APIs fails, and the removal of any namespace with it."""
    up, down = deployed_of(ELASTIC), destroyed_of(ELASTIC)
    for stack in (serving_stack("eu"), serving_stack("us")):
        server = [step for step in chosen(up, "create", "Deployment", stack=stack) if "adapter" in step.address]
        apis = chosen(up, "create", "APIService", stack=stack)
        assert in_order(server, apis, chosen(up, "create", "HorizontalPodAutoscaler", stack=stack))

        server = [step for step in chosen(down, "delete", "Deployment", stack=stack) if "adapter" in step.address]
        apis = chosen(down, "delete", "APIService", stack=stack)
        namespaces = chosen(down, "delete", "kubernetes_namespace_v1", stack=stack)
        assert in_order(chosen(down, "delete", "HorizontalPodAutoscaler", stack=stack), apis, server, namespaces)


@EACH_CROSS_REGION
def test_waits_last_as_long_as_they_should(path: Path, deployed_of: Worlds) -> None:
    """The times of design and runbook, and no other wait."""
    app = deployed_of(path).app
    found = {
        stack: [{k: v for k, v in block.items() if k.endswith("_duration")} for block in app.all("time_sleep", stack)]
        for stack in app.stacks
    }

    for_grants = found.pop(LOAD_STACK, [])
    assert for_grants == [{"create_duration": "120s"}] * len(app.all("google_service_account", LOAD_STACK))
    assert {stack: waits for stack, waits in found.items() if waits} == {stack: [wait] for stack, wait in WAITS.items()}


@EACH_REGIONAL
def test_a_regional_gateway_is_let_go_of_as_long_as_any(path: Path, deployed_of: Worlds) -> None:
    """The network waits for the last of them, as for a gateway of all regions."""
    app = deployed_of(path).app

    assert [block["destroy_duration"] for block in app.all("time_sleep", NETWORK_STACK)] == ["180s"]
    for stack in (name for name in app.stacks if name.startswith(GATEWAY_STACKS)):
        assert "300s" in [block.get("destroy_duration") for block in app.all("time_sleep", stack)]
