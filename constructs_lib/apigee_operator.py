"""Apigee's operator in one cluster: it connects gateways with Apigee, and manages API products as objects."""

from __future__ import annotations

from typing import Any

from cdktf import Fn, ITerraformDependable
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_helm.release import Release
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from constructs import Construct

from constructs_lib.google_names import report_wrong, wrong_project
from constructs_lib.kubernetes_metadata import metadata_of
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests.apigee import (
    CRDS_CHART,
    NAMESPACE,
    OPERATOR_CHART,
    REPOSITORY,
    VERSIONS,
    operator_objects,
    operator_values,
)
from constructs_lib.specs.limits import refuse

TIMEOUT_SEC = 1200
"""The operator starts anew until it may act as its Google account, which takes 7 minutes or more.
Source: Google, "Install the Apigee Operator for Kubernetes", workload identity."""


class ApigeeOperator(Construct):
    """
    The operator's two charts in a namespace of their own: first the kinds of its objects, then the operator.

    The chart makes the operator's service account, with the annotation of the Google account. On destroy the operator
    goes before its kinds; with them go all objects of these kinds, API products of others too.

    Args:
        kubernetes: Provider of the cluster.
        helm: Provider of the same cluster, for the charts.
        project: ID of the project with the Apigee instance.
        organization: Name of the Apigee organization.
        account: E-mail address of the Google account, as `ApigeeAccess` makes it.
        version: Version of both charts.
        network_policy: Lets the API server call the operator, and the operator call that and Google, and nothing else.

    Raises:
        ValueError: The version is not known, or Google takes no such project.

    Attributes:
        namespace: Its namespace (known at synth).
        ready: The operator, for what needs it (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        helm: HelmProvider,
        project: str,
        organization: str,
        account: str,
        version: str,
        network_policy: bool = True,
    ) -> None:
        known = "" if version in VERSIONS else f"be one of {', '.join(VERSIONS)}"
        refuse(
            [
                *report_wrong("version", version, known),
                *report_wrong("project", project, wrong_project(project)),
            ]
        )
        super().__init__(scope, id_)
        self.namespace = NAMESPACE
        self._helm = helm
        self._version = version
        labels = {"pod-security.kubernetes.io/enforce": "baseline"}
        namespace = NamespaceV1(
            self,
            "namespace",
            provider=kubernetes,
            metadata=metadata_of(NamespaceV1, {"name": NAMESPACE, "labels": labels}),
            timeouts={"delete": "15m"},
        )
        around = [
            KubernetesObject(self, key, kubernetes=kubernetes, manifest=made, after=[namespace])
            for key, made in operator_objects(network_policy=network_policy).items()
        ]
        kinds = self._add_chart("kinds", "apigee-apim-crds", CRDS_CHART, {}, after=[namespace])
        values = operator_values(project=project, organization=organization, account=account)
        self.ready: ITerraformDependable = self._add_chart(
            "operator", "apigee-apim-operator", OPERATOR_CHART, values, after=[*around, kinds]
        )

    def _add_chart(
        self, id_: str, name: str, chart: str, values: dict[str, Any], after: list[ITerraformDependable]
    ) -> Release:
        """Add a chart, waited for but never atomic: that would uninstall it, and the reason with it, on time-out."""
        return Release(
            self,
            id_,
            provider=self._helm,
            name=name,
            namespace=NAMESPACE,
            repository=REPOSITORY,
            chart=chart,
            version=self._version,
            values=[Fn.yamlencode(values)] if values else None,
            wait=True,
            timeout=TIMEOUT_SEC,
            atomic=False,
            upgrade_install=True,
            max_history=5,
            depends_on=after,
        )
