"""A gate: nothing after it starts before the cluster has what GKE installs late."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_kubernetes.cluster_role_binding_v1 import ClusterRoleBindingV1, ClusterRoleBindingV1Subject
from cdktf_cdktf_provider_kubernetes.cluster_role_v1 import ClusterRoleV1, ClusterRoleV1Rule
from cdktf_cdktf_provider_kubernetes.job_v1 import JobV1
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_kubernetes.role_binding_v1 import RoleBindingV1, RoleBindingV1Subject
from cdktf_cdktf_provider_kubernetes.role_v1 import RoleV1, RoleV1Rule
from cdktf_cdktf_provider_kubernetes.service_account_v1 import ServiceAccountV1
from constructs import Construct

from constructs_lib.bounded_job import BoundedJob
from constructs_lib.kubernetes_metadata import metadata_of
from constructs_lib.manifests.autopilot import NODE_START_SEC
from constructs_lib.manifests.gates import Gate, Rule

RBAC_GROUP = "rbac.authorization.k8s.io"


class ReadinessGate(Construct):
    """
    A Job that waits for what a `Gate` names, under an identity that may only look at that.

    Args:
        kubernetes: Provider of the cluster.
        name: Name of the Job, its service account and its role; unique in the cluster.
        namespace: Namespace of the Job.
        gate: What is waited for, and for how long.
        autopilot: Whether the cluster is an Autopilot one, which may have to make a node for the Job first.
        after: What must exist first.

    Attributes:
        name: Name of the Job, its service account and its role (known at synth).
        namespace: Namespace of the Job (known at synth).
        passed: The Job, for what comes after it (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        name: str,
        namespace: str,
        gate: Gate,
        autopilot: bool = False,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        self._kubernetes = kubernetes
        self.name = name
        self.namespace = namespace
        self._after = list(after)
        account = ServiceAccountV1(
            self,
            "account",
            provider=kubernetes,
            metadata={"name": name, "namespace": namespace},
            automount_service_account_token=False,
            depends_on=self._after or None,
        )
        everywhere = [rule for rule in gate.rules if rule.namespace is None]
        here = [rule for rule in gate.rules if rule.namespace is not None]
        bindings = [self._allow_everywhere(everywhere)] if everywhere else []
        bindings += [self._allow_here(here)] if here else []
        self.passed: JobV1 = BoundedJob(
            self,
            "job",
            kubernetes=kubernetes,
            name=name,
            namespace=namespace,
            template=gate.template(name),
            deadline_sec=gate.deadline_sec + (NODE_START_SEC if autopilot else 0),
            autopilot=autopilot,
            after=[account, *bindings, *after],
        ).job

    def _allow_everywhere(self, rules: list[Rule]) -> ITerraformDependable:
        # A cluster has one of each name, and another namespace may have such a gate too.
        name = f"{self.namespace}-{self.name}"
        role = ClusterRoleV1(
            self,
            "cluster-role",
            provider=self._kubernetes,
            depends_on=self._after or None,
            metadata={"name": name},
            rule=[
                ClusterRoleV1Rule(
                    api_groups=[rule.api_group],
                    resources=[rule.resource],
                    resource_names=list(rule.names),
                    verbs=list(rule.verbs),
                )
                for rule in rules
            ],
        )
        return ClusterRoleBindingV1(
            self,
            "cluster-binding",
            provider=self._kubernetes,
            metadata={"name": name},
            depends_on=[role],
            role_ref={"api_group": RBAC_GROUP, "kind": "ClusterRole", "name": name},
            subject=[ClusterRoleBindingV1Subject(kind="ServiceAccount", name=self.name, namespace=self.namespace)],
        )

    def _allow_here(self, rules: list[Rule]) -> ITerraformDependable:
        metadata = {"name": self.name, "namespace": self.namespace}
        role = RoleV1(
            self,
            "role",
            provider=self._kubernetes,
            depends_on=self._after or None,
            metadata=metadata_of(RoleV1, metadata),
            rule=[
                RoleV1Rule(
                    api_groups=[rule.api_group],
                    resources=[rule.resource],
                    resource_names=list(rule.names),
                    verbs=list(rule.verbs),
                )
                for rule in rules
            ],
        )
        return RoleBindingV1(
            self,
            "binding",
            provider=self._kubernetes,
            metadata=metadata,
            depends_on=[*self._after, role],
            role_ref={"api_group": RBAC_GROUP, "kind": "Role", "name": self.name},
            subject=[RoleBindingV1Subject(kind="ServiceAccount", name=self.name, namespace=self.namespace)],
        )
