"""Rules about what nodes and servers may do: without it they stay, and work no more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.inferencepool_chart import picker_name
from constructs_lib.manifests.model_server import request_labels
from constructs_lib.picker_chart import CHARTS
from gke_inference.findings import Status
from gke_inference.plan_check.graph import cluster_stacks
from gke_inference.plan_check.plan import Resource, at
from gke_inference.plan_check.plans import Plans
from gke_inference.plan_check.rule import Refusal, Rule, what_happens
from platform_config.plan_refusals import picker_steps
from platform_config.stack_graph import cluster_stack

OF_NODES = re.compile(
    r"google_service_account\.nodes$|google_project_iam_member\.(nodes_node|shared-vpc_host)_"
    r"|google_compute_subnetwork_iam_member\.shared-vpc_(?:gke|apis)-(?P<key>.+)_[0-9A-F]{8}$"
)
"""How the addresses begin of the account of nodes, of its role, and of what Google's agents may in a Shared VPC."""
READER = "google_storage_bucket_iam_member"
BACK = "put back what was there"


def _of_nodes(plans: Plans) -> Iterator[Refusal]:
    for one in plans.resources:
        found = OF_NODES.match(one.address)
        if found is None or not one.is_there or not one.goes:
            continue
        stacks = [cluster_stack(found["key"])] if found["key"] else cluster_stacks({**plans.graph, **plans.plans})
        if waiting := [stack for stack in stacks if not plans.is_gone(stack)]:
            text = f"{one.address} would be {'replaced' if one.is_replaced else 'deleted'}"
            yield Refusal(
                place=one.label,
                found=f"{text}, and nodes need it; {plans.why_not_gone(waiting[0])}",
                fix=f"{BACK}; where the clusters are to go, {plans.prove_gone(*waiting)}",
            )


def _of_servers(plans: Plans) -> Iterator[Refusal]:
    for one in plans.there(READER):
        account = str(one.before.get("member")).rpartition("/sa/")[2]
        readers = [server for server in plans.objects("Deployment") if _runs_as(server, account)]
        if one.goes and readers:
            found = f"what lets {account} read {one.before.get('bucket')} goes; {readers[0].object_name} of "
            found += f"{readers[0].stack} starts with it, and has requests"
            yield Refusal(place=one.label, found=found, fix=f"{BACK}, or drain the model first, and then remove it")


def _runs_as(one: Resource, account: str) -> bool:
    """Return whether *one* is servers that run as *account*, stay, and have requests."""
    [(label, value)] = request_labels(True).items()
    runs_as = at(one.manifest, "spec", "template", "spec", "serviceAccountName")
    return not one.goes and runs_as == account and at(one.manifest, "metadata", "labels", label) == value


def _pools(plans: Plans) -> Iterator[Refusal]:
    for one in plans.there("helm_release"):
        prefix = one.address.partition(".")[2].rpartition("_pool_")[0]
        servers = [
            server
            for server in plans.objects("Deployment")
            if prefix and server.stack == one.stack and not server.goes
            and server.address.partition(".")[2].startswith(f"{prefix}_server_")
        ]  # fmt: skip
        if servers and one.goes:
            found = f"the InferencePool and its picker: {what_happens(one)}, and {servers[0].object_name} stays"
            yield Refusal(place=one.label, found=f"{found}: no request reaches it", fix=BACK)


def _charts(plans: Plans) -> Iterator[Refusal]:
    by_name = {chart.name: chart for chart in CHARTS.values()}
    for one in plans.there("helm_release"):
        old, new = by_name.get(str(one.before.get("chart"))), by_name.get(str(one.after.get("chart")))
        if old is None or new is None or old == new:
            continue
        picker = picker_name(one.name)
        found = f"{one.name} goes from the chart {old.name} to {new.name}; no plan shows whether {picker} was let go"
        steps = picker_steps(str(one.before.get("namespace")), picker, old=old, new=new)
        yield Refusal(place=one.label, found=found, fix=f"let it go before this plan is applied: {steps}")


RULES: tuple[Rule, ...] = (
    Rule(
        id="ACCESS-NODES",
        title="The account of nodes and the roles that they need stay while there are clusters",
        reason="Nodes cannot start, pull images or get an address in a Shared VPC; those that run are cut off.",
        source="GKE, Use least privilege service accounts; GKE, Setting up clusters with Shared VPC",
        check=_of_nodes,
    ),
    Rule(
        id="ACCESS-WEIGHTS",
        title="Servers with requests keep the right to read their bucket",
        reason="What reads weights fails, and no server starts again.",
        source="Google, Cloud Storage FUSE CSI driver, authentication",
        check=_of_servers,
    ),
    Rule(
        id="ACCESS-POOL",
        title="Servers keep their InferencePool and its endpoint picker",
        reason="The route of the model leads to the pool: its requests fail.",
        source="Gateway API Inference Extension, InferencePool",
        check=_pools,
    ),
    Rule(
        id="ACCESS-PICKER",
        title="A picker's Deployment is let go before its release gets another chart",
        reason="It cannot change what it selects: the release fails half way, with no picker behind its Service.",
        source="Kubernetes, Deployment, selector; llm-d/llm-d-router, config/charts/routerlib/templates/_helpers.tpl",
        check=_charts,
        status=Status.UNKNOWN,
    ),
)
