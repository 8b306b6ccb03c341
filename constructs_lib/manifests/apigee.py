"""Apigee as what a gateway asks, and its operator in a cluster: charts, their values, and what stands around them."""

from __future__ import annotations

from typing import Any

from constructs_lib.manifests._objects import Manifest, manifest
from constructs_lib.manifests.extensions import Event, Extension
from constructs_lib.manifests.network_policies import operator_policy
from constructs_lib.specs import ApigeeSpec

REPOSITORY = "oci://us-docker.pkg.dev/apigee-release/apigee-k8s-tooling-helm-charts"
CRDS_CHART = "apigee-apim-operator-crds"
OPERATOR_CHART = "apigee-apim-operator-helm"
VERSIONS = ("1.1.1",)
"""Versions of both charts. Source: Google, "Install the Apigee Operator for Kubernetes"."""
NAMESPACE = "apim"
ACCOUNT = "apim-ksa"
"""Service account of the operator, which its chart makes, with the annotation of the Google account."""
API = "apim.googleapis.com/v1"
KIND = "ApigeeBackendService"
PORT = 443
EVENTS: tuple[Event, ...] = ("RequestHeaders", "ResponseHeaders", "ResponseBody")
"""When Apigee is asked. Source: Google, "Customize the GKE Inference Gateway", authentication and API management."""
PROCESSOR = "apigee-extension-processor"
"""Key of the extension's metadata by which Apigee finds its own object."""


def apigee_service_name(gateway: str) -> str:
    """Return the name of the ApigeeBackendService of *gateway*."""
    return f"{gateway}-apigee"


def apigee_backend_service(
    *, gateway: str, namespace: str, environment: str, region: str, network: str, subnetwork: str
) -> Manifest:
    """
    Return what has the operator connect *gateway* with Apigee, by a private endpoint in the gateway's network.

    Args:
        gateway: Name of the Gateway.
        namespace: Namespace of both.
        environment: Name of the Apigee environment.
        region: Region of the gateway and of the Apigee instance.
        network: Full name of the VPC network.
        subnetwork: Full name of the subnet of the endpoint.
    """
    spec = {
        "apigeeEnv": environment,
        "defaultSecurityEnabled": True,
        # A list, although Google's guide prints a map (GoogleCloudPlatform/apigee-samples, llm-inference-gateway).
        "locations": [{"name": region, "network": network, "subnetwork": subnetwork}],
    }
    return manifest(API, KIND, name=apigee_service_name(gateway), namespace=namespace, spec=spec)


def apigee_extension(*, gateway: str, spec: ApigeeSpec) -> Extension:
    """
    Return the extension of *gateway* that asks Apigee whether a request may pass.

    Args:
        gateway: Name of the Gateway.
        spec: How long an answer may take, and what happens without one.
    """
    service = apigee_service_name(gateway)
    return Extension(
        name="apigee",
        events=EVENTS,
        timeout_ms=spec.timeout_ms,
        fail_open=spec.fail_open,
        backend={"group": API.partition("/")[0], "kind": KIND, "name": service, "port": PORT},
        metadata={PROCESSOR: service},
    )


def operator_values(*, project: str, organization: str, account: str) -> dict[str, Any]:
    """
    Return the values of the operator's chart; that of the CRDs takes none.

    Args:
        project: ID of the project with the Apigee instance.
        organization: Name of the Apigee organization.
        account: E-mail address of the Google account that the operator acts as.
    """
    return {
        "projectId": project,
        "serviceAccount": account,
        "apigeeOrg": organization,
        # An environment that the operator makes is in no state, outlives it, and is paid for.
        "generateEnv": "FALSE",
    }


def operator_objects(*, network_policy: bool = True) -> dict[str, Manifest]:
    """Return what stands around the operator in its namespace, by a stable id."""
    made = {"resources": _resources()}
    if network_policy:
        made["network-policy"] = operator_policy(name="operator", namespace=NAMESPACE)
    return made


def _resources() -> Manifest:
    """Give containers without resources of their own a share of the node: the charts have no value for it."""
    limits = {
        "type": "Container",
        "defaultRequest": {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "64Mi"},
        "default": {"memory": "512Mi"},
    }
    return manifest("v1", "LimitRange", name="defaults", namespace=NAMESPACE, spec={"limits": [limits]})
