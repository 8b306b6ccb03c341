"""What reads the body of each request of one gateway, and says by a header which model it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdktf import Fn, ITerraformDependable
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_helm.release import Release
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_time.provider import TimeProvider
from cdktf_cdktf_provider_time.sleep import Sleep
from constructs import Construct

from constructs_lib import body_routing_chart
from constructs_lib.google_names import report_wrong, wrong_label
from constructs_lib.kubernetes_object import KubernetesObject
from constructs_lib.manifests.body_routing import model_names
from constructs_lib.manifests.services import pod_disruption_budget
from constructs_lib.specs import BodyRoutingSpec
from constructs_lib.specs.limits import refuse

CHART_TIMEOUT_SEC = 600
FOLLOW_SEC = 180
"""What the load balancer needs to follow: its controller works in rounds of a minute, and makes a backend service."""


@dataclass(frozen=True, kw_only=True)
class BodyRoutingPlan:
    """
    Which bodies are read, and what they may name. All known at synth.

    Attributes:
        gateway: Name of the Gateway, of a class that takes a GCPRoutingExtension.
        namespace: Its namespace, which has no other body-based routing.
        models: By the key of each model that is found by its name: that name, and those of its adapters.

    Raises:
        ValueError: For all problems at once: names that Kubernetes refuses, one name of two models.
    """

    gateway: str
    namespace: str
    models: Mapping[str, Sequence[str]]

    def __post_init__(self) -> None:
        texts = {"gateway": self.gateway, "namespace": self.namespace, **{f"models.{key}": key for key in self.models}}
        wrong = [line for key, text in texts.items() for line in report_wrong(key, text, wrong_label(text))]
        wrong += [f"models.{key} must have a name, got none" for key, names in self.models.items() if not names]
        given = [(key, name) for key, names in self.models.items() for name in dict.fromkeys(names)]
        first: dict[str, str] = {}
        for key, name in given:
            if first.setdefault(name, key) != key:
                wrong.append(f"models.{key} must differ from the names of models.{first[name]}, got '{name}' in both")
        refuse(wrong)


class BodyRouting(Construct):
    """
    Upstream's body-based routing for one gateway: a route may then ask for a model's name in `BASE_MODEL_HEADER`.

    Every request with a body goes through it, and one that it does not answer within a second is refused: it stands
    beside the requests, not before some of them. A body must be JSON. Its pods ask for no CPU or memory and have no
    probes, which the chart cannot set; a budget keeps one of them while nodes are drained.

    Routes that ask for the header come after `ready`. Taken away, they change first, and this goes some minutes later.

    Args:
        kubernetes: Provider of the gateway's cluster.
        helm: Provider of the same cluster.
        time: Provider of the waits.
        plan: Which gateway, and which names.
        spec: Version of the chart, and pods.
        after: What must exist first.

    Attributes:
        name: Name of the release, its Deployment, its Service and its GCPRoutingExtension (known at synth).
        namespace: Namespace of all objects (known at synth).
        ready: For routes that ask for the header (known at synth).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        kubernetes: KubernetesProvider,
        helm: HelmProvider,
        time: TimeProvider,
        plan: BodyRoutingPlan,
        spec: BodyRoutingSpec,
        after: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        self.name = body_routing_chart.NAME
        self.namespace = plan.namespace
        self._kubernetes = kubernetes
        release = self._add_release(helm, plan, spec, after)
        names = [self._add_names(key, names, after) for key, names in plan.models.items()]
        followed = Sleep(
            self,
            "followed",
            provider=time,
            create_duration=f"{FOLLOW_SEC}s",
            destroy_duration=f"{FOLLOW_SEC}s",
            depends_on=[release, *names],
            # So that, on removal, routes change before it goes.
            lifecycle={"create_before_destroy": True},
        )
        self.ready: list[ITerraformDependable] = [followed, *names]
        budget = pod_disruption_budget(name=self.name, namespace=plan.namespace, labels=body_routing_chart.LABELS)
        KubernetesObject(self, "disruption-budget", kubernetes=kubernetes, manifest=budget, after=after)

    def _add_release(
        self, helm: HelmProvider, plan: BodyRoutingPlan, spec: BodyRoutingSpec, after: Sequence[ITerraformDependable]
    ) -> Release:
        """Add the chart, waited for but never atomic: that would uninstall it, and the reason with it, on time-out."""
        values = body_routing_chart.values(spec.chart_version, gateway=plan.gateway, replicas=spec.replicas)
        return Release(
            self,
            "Default",
            provider=helm,
            name=self.name,
            namespace=plan.namespace,
            repository=body_routing_chart.REPOSITORY,
            chart=body_routing_chart.CHART,
            version=spec.chart_version,
            values=[Fn.yamlencode(values)],
            wait=True,
            timeout=CHART_TIMEOUT_SEC,
            atomic=False,
            upgrade_install=True,
            max_history=5,
            depends_on=list(after) or None,
            lifecycle={"create_before_destroy": True},
        )

    def _add_names(self, key: str, names: Sequence[str], after: Sequence[ITerraformDependable]) -> KubernetesObject:
        model, *adapters = names
        manifest = model_names(name=f"{key}-names", namespace=self.namespace, model=model, adapters=adapters)
        return KubernetesObject(
            self, f"{key}-names", kubernetes=self._kubernetes, manifest=manifest, after=after, replaced=True
        )
