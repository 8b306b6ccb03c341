"""Keys of a map are somebody's own words: whatever holds them, they are in the output as they were written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.checks.schemas import blocks, provider_of, type_of_attribute
from tests.checks.terraform_schema import BUILT_IN
from tests.configs import ELASTIC, EXAMPLE, config
from tests.conftest import Synth
from tests.synthesized import Block, Synthesized, synthesize

ODD = {
    "cost-center": "a",
    "cost_center": "b",
    "costCenter": "c",
    "example.com/Cost-Center_1": "d",
    "é-x": "e",
    "$": "f",
}
"""Each differs from another by what a rewriter of names would change."""

LABELS = {"a-b": "1", "a_b": "2", "é-x": "3", "größe": "4", "a--b__c": "5"}
"""What Google takes for labels."""

FREE = {
    "google_container_node_pool.node_config.labels",
    "google_container_node_pool.node_config.metadata",
    "google_logging_metric.label_extractors",
    "google_monitoring_alert_policy.conditions.condition_prometheus_query_language.labels",
    "google_monitoring_alert_policy.user_labels",
    "kubernetes_annotations.annotations",
    "kubernetes_job_v1.spec.template.metadata.annotations",
    "kubernetes_job_v1.spec.template.metadata.labels",
    "kubernetes_job_v1.spec.template.spec.container.resources.limits",
    "kubernetes_job_v1.spec.template.spec.container.resources.requests",
    "kubernetes_job_v1.spec.template.spec.init_container.resources.limits",
    "kubernetes_job_v1.spec.template.spec.init_container.resources.requests",
    "kubernetes_job_v1.spec.template.spec.volume.csi.volume_attributes",
    "kubernetes_manifest.manifest",
    "kubernetes_namespace_v1.metadata.labels",
    "time_sleep.triggers",
}
"""Every argument that we set and that holds a map."""


def odd_keys_everywhere(stack: Any) -> None:
    """Give each of `FREE` odd keys, as the constructs give them to the bindings."""
    from cdktf_cdktf_provider_google.container_node_pool import ContainerNodePool
    from cdktf_cdktf_provider_google.logging_metric import LoggingMetric
    from cdktf_cdktf_provider_google.monitoring_alert_policy import (
        MonitoringAlertPolicy,
        MonitoringAlertPolicyConditions,
        MonitoringAlertPolicyConditionsConditionPrometheusQueryLanguage,
    )
    from cdktf_cdktf_provider_google.provider import GoogleProvider
    from cdktf_cdktf_provider_kubernetes.annotations import Annotations
    from cdktf_cdktf_provider_kubernetes.job_v1 import JobV1
    from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1
    from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
    from cdktf_cdktf_provider_time.provider import TimeProvider
    from cdktf_cdktf_provider_time.sleep import Sleep

    from constructs_lib.kubernetes_object import KubernetesObject

    google = GoogleProvider(stack, "google", project="p")
    kubernetes = KubernetesProvider(stack, "kubernetes", host="https://h")
    ContainerNodePool(stack, "pool", provider=google, cluster="c", node_config={"labels": ODD, "metadata": ODD})
    LoggingMetric(stack, "errors", provider=google, name="n", filter="f", label_extractors=ODD)
    query = MonitoringAlertPolicyConditionsConditionPrometheusQueryLanguage(query="up", labels=ODD)
    condition = MonitoringAlertPolicyConditions(display_name="c", condition_prometheus_query_language=query)
    MonitoringAlertPolicy(
        stack, "alert", provider=google, display_name="a", combiner="OR", user_labels=ODD, conditions=[condition]
    )  # fmt: skip
    NamespaceV1(stack, "namespace", provider=kubernetes, metadata={"name": "n", "labels": ODD})
    Sleep(stack, "wait", provider=TimeProvider(stack, "time"), destroy_duration="1s", triggers=ODD)
    named = {"name": "n"}
    Annotations(stack, "export", provider=kubernetes, api_version="v1", kind="K", metadata=named, annotations=ODD)
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "n", "labels": ODD}, "data": ODD}
    KubernetesObject(stack, "object", kubernetes=kubernetes, manifest=manifest)
    container = {"name": "work", "resources": {"limits": ODD, "requests": ODD}}
    volume = {"name": "v", "csi": {"driver": "d", "volumeAttributes": ODD}}
    pod = {"container": [container], "init_container": [container], "volume": [volume]}
    template = {"metadata": {"labels": ODD, "annotations": ODD}, "spec": pod}
    JobV1(stack, "job", provider=kubernetes, metadata={"name": "n"}, spec={"template": template})


def maps(app: Synthesized) -> Iterator[tuple[str, Any]]:
    """Yield each argument of a resource whose keys are free, by type and path, and what it holds."""
    for document in app.stacks.values():
        for _, kind, body in blocks(document):
            if kind in BUILT_IN:
                continue
            provider = provider_of(document, body)
            assert provider
            yield from _maps(provider.types[kind]["block"], body, kind)


def _maps(schema: Block, body: Block, path: str) -> Iterator[tuple[str, Any]]:
    for name, value in body.items():
        if name in schema.get("attributes", {}):
            type_ = type_of_attribute(schema["attributes"][name])
            if type_ == "dynamic" or type_[0] == "map":
                yield f"{path}.{name}", value
        elif name in schema.get("block_types", {}):
            for each in value if isinstance(value, list) else [value]:
                yield from _maps(schema["block_types"][name]["block"], each, f"{path}.{name}")


def test_odd_keys_are_found_again_in_every_map(synth: Synth) -> None:
    """None is rewritten, none is lost, wherever the bindings put it."""
    found = dict(maps(synth(odd_keys_everywhere)))
    manifest = found.pop("kubernetes_manifest.manifest")

    assert (manifest["metadata"]["labels"], manifest["data"]) == (ODD, ODD)
    assert found == dict.fromkeys(FREE - {"kubernetes_manifest.manifest"}, ODD)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> list[Synthesized]:
    """Synthesize the two platforms of config/, with odd labels."""
    folder = tmp_path_factory.mktemp("labelled")
    (folder / "elastic").mkdir()
    return [
        synthesize(config(EXAMPLE, labels=LABELS), folder / "example"),
        synthesize(config(ELASTIC, labels=LABELS), folder / "elastic"),
    ]


def test_odd_keys_are_found_again_in_the_chart_s_values(synth: Synth) -> None:
    """They are one expression, in which every key is in quotes."""

    def chart(stack: Any) -> None:
        from cdktf import Fn
        from cdktf_cdktf_provider_helm.provider import HelmProvider
        from cdktf_cdktf_provider_helm.release import Release

        HelmProvider(stack, "helm")
        Release(stack, "pool", name="n", chart="c", values=[Fn.yamlencode({"matchLabels": ODD})])

    [values] = synth(chart).one("helm_release")["values"]
    written = ", ".join(f'"{key}" = "{value}"' for key, value in ODD.items())
    assert values == f'${{yamlencode({{"matchLabels" = {{{written}}}}})}}'


def test_no_map_that_we_set_is_left_out(labelled: list[Synthesized]) -> None:
    """A new one joins the test above."""
    assert {path for app in labelled for path, _ in maps(app)} <= FREE


def test_labels_reach_the_provider_as_they_were_written(labelled: list[Synthesized]) -> None:
    """In every stack: cdktf itself would write a-b as a_b, lose one of the two, and drop é."""
    for app in labelled:
        for document in app.stacks.values():
            assert document["provider"]["google"] == [{"project": "my-project-id", "default_labels": LABELS}]


def test_a_template_in_a_key_is_plain_text() -> None:
    """Terraform reads the keys of an object as templates too."""
    from constructs_lib.kubernetes_object import escape_templates

    assert escape_templates({"${a}": {"%{b}": "${c}"}}) == {"$${a}": {"%%{b}": "$${c}"}}
