"""Claims on the network interfaces that managed DRANET gives to accelerators."""

from __future__ import annotations

from constructs_lib.manifests._objects import Manifest, manifest, named_by_content


def resource_claim_template(*, name: str, namespace: str, device_class: str) -> Manifest:
    """
    Claim every interface of the node's device class, one claim per pod.

    A template cannot be changed, so its name ends in a hash of its content: read it from `metadata.name`.

    Args:
        name: First part of the name.
        namespace: Namespace of the pods.
        device_class: `netdev.google.com` for TPUs, `mrdma.google.com` for GPUs with RDMA. The class exists once the
            cluster has a node pool with DRANET; until then pods wait, without an error.
    """
    request = {"name": "interfaces", "exactly": {"deviceClassName": device_class, "allocationMode": "All"}}
    spec = {"spec": {"devices": {"requests": [request]}}}
    return manifest(
        "resource.k8s.io/v1",
        "ResourceClaimTemplate",
        name=named_by_content(name, spec),
        namespace=namespace,
        spec=spec,
    )
