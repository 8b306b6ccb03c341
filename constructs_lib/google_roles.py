"""Roles of Google Cloud that a construct grants, and that a check looks for where they are granted elsewhere."""

NODE_ROLES = {
    "node": "roles/container.defaultNodeServiceAccount",
    "custom-metrics": "roles/autoscaling.metricsWriter",
    "images": "roles/artifactregistry.reader",
}
"""Of nodes: logs and metrics; the metric that the load balancer balances on; images of the project. Sources: Google,
"Harden your cluster's security" and "Expose custom metrics for autoscaling"."""

STREAMING_ROLES = {"image-streaming": "roles/serviceusage.serviceUsageConsumer"}
"""Of nodes that stream images. Source: Google, "Use Image streaming to pull container images"."""

SUBNET_ROLE = "roles/compute.networkUser"
HOST_ROLE = "roles/container.hostServiceAgentUser"
"""Of Google's agents in the project of a Shared VPC. Source: Google, "Setting up clusters with Shared VPC"."""

CONTROLLER_ROLE = "roles/container.admin"
"""Of the gateway controller's agent, which reads every member of the fleet. Source: Google, "Set up the multi-cluster
GKE Inference Gateway", required roles."""

DISCOVERY_ROLE = "roles/multiclusterservicediscovery.serviceAgent"
"""Of the agent of multi-cluster Services in the project of a Shared VPC, whose firewall it writes. Source: Google,
"Multi-cluster Services with Shared VPC"."""
