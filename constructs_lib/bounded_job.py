"""A Kubernetes Job that Terraform waits for, with a bound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.job_v1 import JobV1
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from constructs import Construct

from constructs_lib.kubernetes_object import escape_templates
from constructs_lib.manifests._objects import named_by_content
from constructs_lib.manifests.autopilot import changed_arguments

Manifest = dict[str, Any]

TRANSLATED = {
    "automountServiceAccountToken",
    "containers",
    "enableServiceLinks",
    "initContainers",
    "restartPolicy",
    "securityContext",
    "serviceAccountName",
    "volumes",
}
"""Keys of a pod spec that the typed resource gets; restart policy and service links are always Never and off."""


class BoundedJob(Construct):
    """
    A Job that runs pods until one succeeds. An apply goes on when it has, and fails when the time is up.

    The resource is the typed one: it deletes pods with their Job. It replaces the Job when a container changes, but not
    when a volume or an annotation does (provider 2.38, which then plans that change for ever); so the first container
    holds a hash of the whole template. It is never collected by time to live, or each plan would make it again.

    Args:
        kubernetes: Provider of the cluster.
        name: Name of the Job.
        namespace: Namespace of the Job.
        template: Pod template as Kubernetes writes it.
        deadline_sec: Seconds after which Kubernetes ends the Job; Terraform waits a minute longer.
        retries: Failed pods that are replaced by another.
        final_exit_code: Exit code of any of its containers after which no retry can help.
        autopilot: Whether the cluster is an Autopilot one, whose admission changes what pods ask for.
        after: What must exist first.

    Raises:
        ValueError: The template has a key that is not translated.

    Attributes:
        name: Name of the Job (known at synth).
        namespace: Namespace of the Job (known at synth).
        job: The resource, for what comes after it (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        name: str,
        namespace: str,
        template: Manifest,
        deadline_sec: int,
        retries: int = 3,
        final_exit_code: int | None = None,
        autopilot: bool = False,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        self.name = name
        self.namespace = namespace
        bound = f"{math.ceil(deadline_sec / 60) + 1}m"
        metadata = template.get("metadata", {})
        annotations = escape_templates(metadata.get("annotations"))
        labels = {"app.kubernetes.io/name": name, **metadata.get("labels", {})}
        pod = _typed_pod(escape_templates(_with_hash(template["spec"], named_by_content(name, template))))
        self.job = JobV1(
            self,
            "Default",
            provider=kubernetes,
            metadata={"name": name, "namespace": namespace},
            spec={
                "backoff_limit": retries,
                "active_deadline_seconds": deadline_sec,
                "pod_failure_policy": _fail_at_once(template, final_exit_code),
                "template": {
                    "metadata": {"labels": labels, "annotations": annotations},
                    "spec": pod,
                },
            },
            wait_for_completion=True,
            timeouts={"create": bound, "update": bound, "delete": "10m"},
            lifecycle={"ignore_changes": changed_arguments(pod)} if autopilot else None,
            depends_on=list(after) or None,
        )


def _with_hash(pod: Manifest, content: str) -> Manifest:
    first, *others = pod["containers"]
    env = [*first.get("env", []), {"name": "POD_TEMPLATE", "value": content}]
    return {**pod, "containers": [{**first, "env": env}, *others]}


def _fail_at_once(template: Manifest, exit_code: int | None) -> dict[str, Any] | None:
    if exit_code is None:
        return None
    # Our own containers only: a sidecar may use the same code for something else.
    pod = template["spec"]
    names = [container["name"] for container in (*pod["containers"], *pod.get("initContainers", ()))]
    failed = [{"containerName": name, "operator": "In", "values": [exit_code]} for name in names]
    return {"rule": [{"action": "FailJob", "onExitCodes": codes} for codes in failed]}


def _typed_pod(pod: Manifest) -> dict[str, Any]:
    """Translate the pod spec for the provider: blocks in the singular, numbers of users and file modes as text."""
    unknown = sorted(set(pod) - TRANSLATED)
    if unknown:
        raise ValueError(f"pod keys must be among {', '.join(sorted(TRANSLATED))}, got {', '.join(unknown)}")
    typed = {
        "restart_policy": "Never",
        "service_account_name": pod["serviceAccountName"],
        "automount_service_account_token": pod.get("automountServiceAccountToken", True),
        "enable_service_links": False,
        "container": [_typed_container(container, pod) for container in pod["containers"]],
        "init_container": [_typed_container(container, pod) for container in pod.get("initContainers", [])],
        "volume": [_typed_volume(volume) for volume in pod.get("volumes", [])],
    }
    if "securityContext" in pod:
        context = pod["securityContext"]
        names = {"runAsUser": "run_as_user", "runAsGroup": "run_as_group", "fsGroup": "fs_group"}
        typed["security_context"] = {
            **{names[key]: str(value) for key, value in context.items() if key in names},
            "run_as_non_root": context.get("runAsNonRoot"),
            "seccomp_profile": context.get("seccompProfile"),
        }
    return {key: value for key, value in typed.items() if value != []}


def _typed_container(container: Manifest, pod: Manifest) -> Manifest:
    """Translate a container, which must say itself that it is not root: the provider sends false where it does not."""
    typed = {key: value for key, value in container.items() if key != "volumeMounts"}
    if "volumeMounts" in container:
        typed["volumeMount"] = container["volumeMounts"]
    if "securityContext" in container and "runAsNonRoot" in pod.get("securityContext", {}):
        # hashicorp/terraform-provider-kubernetes 2.38.0, kubernetes/structures_container.go; it outranks the pod's own.
        of_pod = {"runAsNonRoot": pod["securityContext"]["runAsNonRoot"]}
        typed["securityContext"] = of_pod | container["securityContext"]
    return typed


def _typed_volume(volume: Manifest) -> Manifest:
    mode = volume.get("secret", {}).get("defaultMode")
    return volume if mode is None else {**volume, "secret": {**volume["secret"], "defaultMode": f"{mode:04o}"}}
