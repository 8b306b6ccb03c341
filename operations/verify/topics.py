"""The ids of what `verify` tells, each with what is needed, and what to do where it is not so."""

from __future__ import annotations

from operations import scopes
from operations.verify.check import Topic

FLEET_ROLE = "roles/gkehub.viewer"
COMPUTE_ROLE = "roles/compute.viewer"
MONITORING_ROLE = "roles/monitoring.viewer"

CLUSTER = Topic(
    id="CLUSTER",
    needed="it runs, is new enough, and has a DNS endpoint",
    fix="plan infra-cluster-{key}, and look at the cluster's operations: gcloud container operations list",
    stack="infra-cluster-{key}",
)
KUBERNETES = Topic(
    id="KUBERNETES",
    needed="the cluster's API answers, and has our namespace",
    fix="",
    stack="workload-base-{key}",
)
POOL = Topic(
    id="POOL",
    needed="all its nodes ready",
    fix="look at the pool's errors and at the quota and stock of its machine in the zones",
    stack="infra-cluster-{key}",
)
SERVER = Topic(
    id="SERVER",
    needed="as many servers as wanted, ready, none that restarts",
    fix="kubectl describe pods and kubectl logs of the pods that are named tell why",
    stack="workload-serving-{key}",
)
INTERFACES = Topic(
    id="INTERFACES",
    needed="each server has the network interfaces of its node",
    fix="kubectl describe the claim; a pod gets it once a node of the pool has interfaces that no other pod holds",
    stack="workload-serving-{key}",
)
AUTOSCALER = Topic(
    id="AUTOSCALER",
    needed="it reads its metric and can scale",
    fix="look at GAUGE, METRIC and ADAPTER; kubectl describe the HorizontalPodAutoscaler tells the rest",
    stack="workload-serving-{key}",
)
ADAPTER = Topic(
    id="ADAPTER",
    needed="the API that the autoscaler reads has a server",
    fix="look at the pods in the namespace custom-metrics, and at roles/monitoring.viewer of their account",
    stack="workload-serving-{key}",
)
INFERENCE_POOL = Topic(
    id="INFERENCE-POOL",
    needed="the InferencePool is exported and its endpoint picker runs",
    fix="apply workload-serving-{key}; for a picker that waits, look at POOL-SYSTEM",
    stack="workload-serving-{key}",
)
METRIC = Topic(
    id="METRIC",
    needed="the load balancer is told how full the servers are",
    fix="apply workload-serving-{key}",
    stack="workload-serving-{key}",
)
NETWORK = Topic(
    id="NETWORK",
    needed="no network policy cuts off what serving needs",
    fix="apply workload-base-{key}; take away the policies of others that are named, or let them allow this as well",
    stack="workload-base-{key}",
)
GAUGE = Topic(
    id="GAUGE",
    needed="a fresh value from 0 to 1",
    fix="see that servers run (SERVER) and that their /metrics has the gauge: its name depends on vLLM's version",
    stack="workload-serving-{key}",
    role=MONITORING_ROLE,
)
MEMBERSHIP = Topic(
    id="MEMBERSHIP",
    needed="the cluster is in the fleet",
    fix="plan infra-fleet",
    stack="infra-fleet",
    role=FLEET_ROLE,
)
FEATURE = Topic(
    id="FEATURE",
    needed="the gateway's controller is on and content with all clusters",
    fix="plan infra-fleet; is that empty, turn the feature multiclusteringress off and on again",
    stack="infra-fleet",
    role=FLEET_ROLE,
)
IMPORT = Topic(
    id="IMPORT",
    needed="the pool of each cluster is known to the config cluster",
    fix="look at INFERENCE-POOL of the regions that are named, and at FEATURE",
    stack="workload-serving of any region: the controller makes it from exported pools",
)
GATEWAY = Topic(
    id="GATEWAY",
    needed="it is programmed, with an address in each gateway region",
    fix="kubectl describe the Gateway on the config cluster; a new one takes 5 to 10 minutes",
    stack="workload-gateway",
)
ADDRESS = Topic(
    id="ADDRESS",
    needed="the reserved address is the gateway's",
    fix="plan infra-network and workload-gateway",
    stack="infra-network",
    role=COMPUTE_ROLE,
)
ROUTE = Topic(
    id="ROUTE",
    needed="the gateway takes it and its pool is found",
    fix="look at IMPORT and GATEWAY; kubectl describe the HTTPRoute tells the rest",
    stack="workload-gateway",
)
HEALTH_CHECK = Topic(
    id="HEALTH-CHECK",
    needed="the load balancer has taken it over",
    fix="see that no other HealthCheckPolicy is of the same pool",
    stack="workload-gateway",
)
BALANCING = Topic(
    id="BALANCING",
    needed="the load balancer has taken it over",
    fix="see that no other GCPBackendPolicy is of the same pool",
    stack="workload-gateway",
)
SCOPES = Topic(
    id="SCOPES",
    needed=scopes.NEEDED,
    fix=scopes.FIX,
    stack="infra-cluster of the config region: the kind comes with its Gateway API",
)
BACKENDS = Topic(
    id="BACKENDS",
    needed="the load balancer finds every server healthy",
    fix="look at GATEWAY, SERVER and HEALTH-CHECK, and at the firewall rule for health checks (infra-network)",
    stack="workload-gateway",
    role=COMPUTE_ROLE,
)
