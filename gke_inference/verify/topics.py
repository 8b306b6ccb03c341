"""What `verify` looks at: the id of each thing, what is needed, what to do where it is not so, and who may read it."""

from __future__ import annotations

from constructs_lib.google_names import GATEWAY_FEATURE
from gke_inference import backend_policy
from gke_inference.verify.topic import HOME, IN_GATEWAY, KEY, Topic
from platform_config.stack_graph import (
    CLUSTER_STACKS,
    DNS_STACK,
    FLEET_STACK,
    GATEWAY_STACKS,
    NETWORK_STACK,
    SERVING_STACKS,
    base_stack,
    cluster_stack,
    outside_stack,
    serving_stack,
)

IN_CLUSTER, IN_BASE, IN_SERVING = cluster_stack(KEY), base_stack(KEY), serving_stack(KEY)
IN_OUTSIDE = outside_stack(KEY)
OLDER = f"of two the older counts; one of a Helm release goes with an apply of {IN_SERVING}"
IN_REGIONAL_GATEWAY = f"{GATEWAY_STACKS}{KEY}"
FLEET_ROLE = "roles/gkehub.viewer"
COMPUTE_ROLE = "roles/compute.viewer"
DNS_ROLE = "roles/dns.reader"
MONITORING_ROLE = "roles/monitoring.viewer"
MODEL_ARMOR_ROLE = "roles/modelarmor.viewer"

CLUSTER = Topic(
    id="CLUSTER",
    needed="it runs, is new enough, and has a DNS endpoint",
    fix=f"plan {IN_CLUSTER}, and look at the cluster's operations: gcloud container operations list",
    stack=IN_CLUSTER,
)
KUBERNETES = Topic(
    id="KUBERNETES",
    needed="the cluster's API answers, and has the platform's namespace",
    fix="",
    stack=IN_BASE,
)
POOL = Topic(
    id="POOL",
    needed="all its nodes ready",
    fix="look at the pool's errors and at the quota and stock of its machine in the zones",
    stack=IN_CLUSTER,
)
COMPUTE_CLASS = Topic(
    id="COMPUTE-CLASS",
    needed="GKE can make nodes of its machines",
    fix="look at kubectl describe computeclass, and at the quota and stock of the machines in the zones",
    stack=IN_SERVING,
)
SERVER = Topic(
    id="SERVER",
    needed="as many servers as wanted, ready, none that restarts",
    fix="look at kubectl describe pods and kubectl logs of the pods that are named",
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
    fix="look at GAUGE, METRIC and ADAPTER, and at kubectl describe of the HorizontalPodAutoscaler",
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
    needed="the gateway can find the InferencePool, and its endpoint picker runs",
    fix=f"apply {IN_SERVING}; for a picker that waits, look at POOL-SYSTEM",
    stack=IN_SERVING,
)
SERVICE = Topic(
    id="SERVICE",
    needed="the gateway can find the Service",
    fix=f"apply {IN_SERVING}",
    stack=IN_SERVING,
)
METRIC = Topic(
    id="METRIC",
    needed="how full the servers are is handed on",
    fix=f"apply {IN_SERVING}",
    stack=IN_SERVING,
)
NETWORK = Topic(
    id="NETWORK",
    needed="no network policy cuts off what serving needs",
    fix=f"apply {IN_BASE}; delete the policies of others that are named, or let them allow this as well",
    stack=IN_BASE,
)
GAUGE = Topic(
    id="GAUGE",
    needed="a fresh value from 0 to 1",
    fix="see that servers run (SERVER) and that their /metrics has the gauge, whose name depends on the version",
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
    needed="the gateway's controller is on and has no problem with any cluster",
    fix=f"plan {FLEET_STACK}; if that is empty, turn the feature {GATEWAY_FEATURE} off and on again",
    stack=FLEET_STACK,
    role=FLEET_ROLE,
)
IMPORT = Topic(
    id="IMPORT",
    needed="what each cluster exports is known to the config cluster",
    fix="look at INFERENCE-POOL or SERVICE of the regions that are named, and at FEATURE",
    stack=f"{SERVING_STACKS}* of any region: the controller makes it from what they export",
)
GATEWAY = Topic(
    id="GATEWAY",
    needed="it is programmed, with an address in each of its regions",
    fix=f"kubectl describe the Gateway on {HOME}; a new one takes 5 to 10 minutes",
    stack=IN_GATEWAY,
)
GATEWAY_POLICY = Topic(
    id="GATEWAY-POLICY",
    needed="the load balancer applies it: who gets in, and by which TLS",
    fix="delete any other GCPGatewayPolicy of the Gateway: of two the older counts",
    stack=IN_GATEWAY,
)
LIMITS = Topic(
    id="LIMITS",
    needed="Cloud Armor stands before the servers of every model",
    fix=f"look at BALANCING, and at the events of the GCPBackendPolicy on {HOME}; it takes some minutes",
    stack=IN_GATEWAY,
    role=COMPUTE_ROLE,
)
IAP = Topic(
    id="IAP",
    needed="Identity-Aware Proxy stands before the servers of every model",
    fix=f"see that the Secret of gateway.iap is on {HOME}, with the one key client_secret; then look at BALANCING",
    stack=IN_GATEWAY,
    role=COMPUTE_ROLE,
)
EXTENSION = Topic(
    id="EXTENSION",
    needed="the load balancer calls what screens and checks requests, as the config says, and no second extension",
    fix=f"kubectl describe the GCPTrafficExtension on {HOME}; delete one that is not the platform's",
    stack=IN_GATEWAY,
)
APIGEE = Topic(
    id="APIGEE",
    needed="Apigee's operator has connected the gateway with the environment",
    fix=f"kubectl describe the ApigeeBackendService on {HOME}, and kubectl logs of the operator in the namespace apim; "
    "the environment must be attached to an instance in that region",
    stack=IN_GATEWAY,
)
TEMPLATE = Topic(
    id="TEMPLATE",
    needed="the template that Model Armor screens by is there, and finds, blocks and logs what the config says",
    fix=f"plan {IN_GATEWAY}",
    stack=f"{IN_GATEWAY}, or create the template in that region if it is yours",
    role=MODEL_ARMOR_ROLE,
)
ADDRESS = Topic(
    id="ADDRESS",
    needed="the reserved address is the gateway's",
    fix=f"plan {NETWORK_STACK} and {IN_GATEWAY}",
    stack=NETWORK_STACK,
    role=COMPUTE_ROLE,
)
ROUTE = Topic(
    id="ROUTE",
    needed="the gateway accepts it and finds where it leads",
    fix="look at GATEWAY, at kubectl describe of the HTTPRoute, and at IMPORT or INFERENCE-POOL of what it leads to",
    stack=IN_GATEWAY,
)
HEALTH_CHECK = Topic(
    id="HEALTH-CHECK",
    needed="the load balancer applies it",
    fix=f"delete any other HealthCheckPolicy of its target, {OLDER}",
    stack=IN_GATEWAY,
)
BALANCING = Topic(
    id="BALANCING",
    needed="the load balancer applies it",
    fix=f"delete any other GCPBackendPolicy of its target, {OLDER}",
    stack=IN_GATEWAY,
)
SCOPES = Topic(
    id="SCOPES",
    needed=backend_policy.NEEDED,
    fix=backend_policy.FIX,
    stack=f"{CLUSTER_STACKS}* of the config region: the kind comes with its Gateway API",
)
BODY_ROUTING = Topic(
    id="BODY-ROUTING",
    needed="the load balancer asks, for each request, which model its body names",
    fix="kubectl describe the GCPRoutingExtension, and look at the pods of the Deployment of its name: while none is "
    "ready, no request with a body is answered",
    stack=IN_REGIONAL_GATEWAY,
)
BACKENDS = Topic(
    id="BACKENDS",
    needed="the load balancer finds every server healthy",
    fix=f"look at GATEWAY, SERVER and HEALTH-CHECK, and at the firewall rule for health checks ({NETWORK_STACK})",
    stack=IN_GATEWAY,
    role=COMPUTE_ROLE,
)
OUTSIDE = Topic(
    id="OUTSIDE",
    needed="its API answers, and has the platform's namespace",
    fix="",
    stack=IN_OUTSIDE,
)
OUTSIDE_SECRET = Topic(
    id="OUTSIDE-SECRET",
    needed="the Secrets that its owner makes are there",
    fix="make it in that namespace: pods that need it wait for it",
    stack=IN_OUTSIDE,
    role="leave to get Secrets there",
)
OUTSIDE_SERVER = Topic(
    id="OUTSIDE-SERVER",
    needed=SERVER.needed,
    fix=SERVER.fix,
    stack=IN_OUTSIDE,
)
OUTSIDE_ENTRY = Topic(
    id="OUTSIDE-ENTRY",
    needed="the cluster's ingress controller or Gateway has taken it",
    fix="look at kubectl describe of the Ingress or the HTTPRoute, and at the logs of its controller",
    stack=IN_OUTSIDE,
)
ENDPOINT = Topic(
    id="ENDPOINT",
    needed="it answers 200 where Cloud DNS asks, with a certificate that clients accept",
    fix="look at OUTSIDE-ENTRY, at dns.health_check, and whether its firewall lets Google's probers in",
    stack=DNS_STACK,
)
ZONE = Topic(
    id="ZONE",
    needed="it has the domain, and answers whom it should",
    fix=f"plan {DNS_STACK}",
    stack=DNS_STACK,
    role=DNS_ROLE,
)
NAME_SERVERS = Topic(
    id="NAME-SERVERS",
    needed="the parent of its domain leads to the zone",
    fix="write NS records with the zone's name servers into the zone above it: the output name_servers has them",
    stack=DNS_STACK,
    role=DNS_ROLE,
)
RECORD = Topic(
    id="RECORD",
    needed="its policy, TTL and targets are those of the config",
    fix=f"plan {DNS_STACK}",
    stack=DNS_STACK,
    role=DNS_ROLE,
)
NAME = Topic(
    id="NAME",
    needed="clients on this machine get the address of a target",
    fix="run it where clients are, or name their resolver with --resolver; see NAME-SERVERS and RECORD",
    stack=DNS_STACK,
    role=DNS_ROLE,
)
