"""The ids of what `verify` tells, each with what is needed, and what to do where it is not so."""

from __future__ import annotations

from gke_inference import scopes
from gke_inference.verify.check import Topic
from platform_config.stack_graph import (
    CLUSTER_STACKS,
    FLEET_STACK,
    GATEWAY_STACK,
    NETWORK_STACK,
    SERVING_STACKS,
    base_stack,
    cluster_stack,
    serving_stack,
)

IN_CLUSTER, IN_BASE, IN_SERVING = cluster_stack("{key}"), base_stack("{key}"), serving_stack("{key}")

FLEET_ROLE = "roles/gkehub.viewer"
COMPUTE_ROLE = "roles/compute.viewer"
MONITORING_ROLE = "roles/monitoring.viewer"

CLUSTER = Topic(
    id="CLUSTER",
    needed="it runs, is new enough, and has a DNS endpoint",
    fix=f"plan {IN_CLUSTER}, and look at the cluster's operations: gcloud container operations list",
    stack=IN_CLUSTER,
)
KUBERNETES = Topic(
    id="KUBERNETES",
    needed="the cluster's API answers, and has our namespace",
    fix="",
    stack=IN_BASE,
)
POOL = Topic(
    id="POOL",
    needed="all its nodes ready",
    fix="look at the pool's errors and at the quota and stock of its machine in the zones",
    stack=IN_CLUSTER,
)
SERVER = Topic(
    id="SERVER",
    needed="as many servers as wanted, ready, none that restarts",
    fix="kubectl describe pods and kubectl logs of the pods that are named tell why",
    stack=IN_SERVING,
)
INTERFACES = Topic(
    id="INTERFACES",
    needed="each server has the network interfaces of its node",
    fix="kubectl describe the claim; a pod gets it once a node of the pool has interfaces that no other pod holds",
    stack=IN_SERVING,
)
AUTOSCALER = Topic(
    id="AUTOSCALER",
    needed="it reads its metric and can scale",
    fix="look at GAUGE, METRIC and ADAPTER; kubectl describe the HorizontalPodAutoscaler tells the rest",
    stack=IN_SERVING,
)
ADAPTER = Topic(
    id="ADAPTER",
    needed="the API that the autoscaler reads has a server",
    fix="look at the pods in the namespace custom-metrics, and at roles/monitoring.viewer of their account",
    stack=IN_SERVING,
)
INFERENCE_POOL = Topic(
    id="INFERENCE-POOL",
    needed="the InferencePool is exported and its endpoint picker runs",
    fix=f"apply {IN_SERVING}; for a picker that waits, look at POOL-SYSTEM",
    stack=IN_SERVING,
)
METRIC = Topic(
    id="METRIC",
    needed="the load balancer is told how full the servers are",
    fix=f"apply {IN_SERVING}",
    stack=IN_SERVING,
)
NETWORK = Topic(
    id="NETWORK",
    needed="no network policy cuts off what serving needs",
    fix=f"apply {IN_BASE}; take away the policies of others that are named, or let them allow this as well",
    stack=IN_BASE,
)
GAUGE = Topic(
    id="GAUGE",
    needed="a fresh value from 0 to 1",
    fix="see that servers run (SERVER) and that their /metrics has the gauge: its name depends on vLLM's version",
    stack=IN_SERVING,
    role=MONITORING_ROLE,
)
MEMBERSHIP = Topic(
    id="MEMBERSHIP",
    needed="the cluster is in the fleet",
    fix=f"plan {FLEET_STACK}",
    stack=FLEET_STACK,
    role=FLEET_ROLE,
)
FEATURE = Topic(
    id="FEATURE",
    needed="the gateway's controller is on and content with all clusters",
    fix=f"plan {FLEET_STACK}; is that empty, turn the feature multiclusteringress off and on again",
    stack=FLEET_STACK,
    role=FLEET_ROLE,
)
IMPORT = Topic(
    id="IMPORT",
    needed="the pool of each cluster is known to the config cluster",
    fix="look at INFERENCE-POOL of the regions that are named, and at FEATURE",
    stack=f"{SERVING_STACKS}* of any region: the controller makes it from exported pools",
)
GATEWAY = Topic(
    id="GATEWAY",
    needed="it is programmed, with an address in each gateway region",
    fix="kubectl describe the Gateway on the config cluster; a new one takes 5 to 10 minutes",
    stack=GATEWAY_STACK,
)
ADDRESS = Topic(
    id="ADDRESS",
    needed="the reserved address is the gateway's",
    fix=f"plan {NETWORK_STACK} and {GATEWAY_STACK}",
    stack=NETWORK_STACK,
    role=COMPUTE_ROLE,
)
ROUTE = Topic(
    id="ROUTE",
    needed="the gateway takes it and its pool is found",
    fix="look at IMPORT and GATEWAY; kubectl describe the HTTPRoute tells the rest",
    stack=GATEWAY_STACK,
)
HEALTH_CHECK = Topic(
    id="HEALTH-CHECK",
    needed="the load balancer has taken it over",
    fix="see that no other HealthCheckPolicy is of the same pool",
    stack=GATEWAY_STACK,
)
BALANCING = Topic(
    id="BALANCING",
    needed="the load balancer has taken it over",
    fix="see that no other GCPBackendPolicy is of the same pool",
    stack=GATEWAY_STACK,
)
SCOPES = Topic(
    id="SCOPES",
    needed=scopes.NEEDED,
    fix=scopes.FIX,
    stack=f"{CLUSTER_STACKS}* of the config region: the kind comes with its Gateway API",
)
BACKENDS = Topic(
    id="BACKENDS",
    needed="the load balancer finds every server healthy",
    fix=f"look at GATEWAY, SERVER and HEALTH-CHECK, and at the firewall rule for health checks ({NETWORK_STACK})",
    stack=GATEWAY_STACK,
    role=COMPUTE_ROLE,
)
