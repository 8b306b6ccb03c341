"""The files of a repository from which Argo CD or Flux applies a platform's objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import yaml

from constructs_lib.specs import ArgoCdSpec
from constructs_lib.specs.gitops import CLUSTER_LABEL, PLATFORM_LABEL, SYNC_WAVE
from gke_inference.export.gitops.objects import Chart, ClusterObjects, Object, Patch, Wave
from platform_config.config import Config

Tool = Literal["argocd", "flux"]
TOOLS: tuple[Tool, ...] = ("argocd", "flux")
KUSTOMIZATION = "kustomization.yaml"
APPLICATIONS = "applicationset.yaml"
CHARTS_WITH_HOOKS = ("hami", "gpu-operator")
"""Argo CD runs hooks before all else: these need their namespace first, which an Application of their own makes."""
HELM = "meta.helm.sh"
MANAGED_BY_HELM = {"app.kubernetes.io/managed-by": "Helm"}
"""Helm takes over an object that has this label and the annotations. Source: helm, pkg/action/validate.go."""
REPLACED = {"argocd.argoproj.io/sync-options": "Force=true,Replace=true"}
"""For the stack of downloads: a Job cannot be changed."""
SYNC_POLICY = {
    "automated": {"prune": False, "selfHeal": True},
    "retry": {"limit": 10, "backoff": {"duration": "30s", "factor": 2, "maxDuration": "10m"}},
    "syncOptions": ["ServerSideApply=true", "SkipDryRunOnMissingResource=true"],
}
"""Deletes nothing, and tries again: GKE installs some kinds minutes after the cluster is there."""
HEAD = "# Written by `gke-inference export --gitops` from {config}: change that, and export again.\n"


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)


def gitops_files(config: Config, source: str, clusters: Sequence[ClusterObjects], tool: Tool) -> dict[str, str]:
    """Return the text of each file, by its path; *source* is the config's path, which each file names."""
    head = HEAD.format(config=source)
    files = {}
    for cluster in clusters:
        folder = f"clusters/{cluster.name}"
        waves = [f"{wave.number}-{wave.stack}" for wave in cluster.waves]
        files[f"{folder}/{KUSTOMIZATION}"] = _kustomization({"resources": waves})
        for wave, inner in zip(cluster.waves, waves, strict=True):
            for name, text in _wave_files(wave, tool):
                files[f"{folder}/{inner}/{name}"] = text
        if tool == "flux":
            files[f"{folder}/flux-kustomization.yaml"] = _yaml(_flux_kustomization(config, cluster))
        for chart in _with_hooks(cluster) if tool == "argocd" else ():
            files[f"applications/{cluster.name}-{chart.name}.yaml"] = _yaml(_chart_application(config, cluster, chart))
    if tool == "argocd":
        files[APPLICATIONS] = _yaml(application_set(config))
    return {name: head + text for name, text in files.items()}


def _wave_files(wave: Wave, tool: Tool) -> Iterator[tuple[str, str]]:
    objects = _by_file(wave.objects)
    for name, made in objects.items():
        yield name, _yaml(made)
    content: dict[str, Any] = {"resources": sorted(objects)}
    if tool == "argocd":
        content["transformers"] = ["wave.yaml"]
        replaced = REPLACED if any(made["kind"] == "Job" for made in wave.objects) else {}
        yield "wave.yaml", _yaml(_annotations("wave", {SYNC_WAVE: str(wave.number), **replaced}))
        for chart in (one for one in wave.charts if one.chart not in CHARTS_WITH_HOOKS):
            content["resources"].append(f"chart-{chart.name}")
            for name, text in _chart_files(chart, _patches_of(chart, wave)):
                yield f"chart-{chart.name}/{name}", text
    else:
        for chart in wave.charts:
            name = f"helmrelease-{chart.name}.yaml"
            content["resources"].append(name)
            yield name, "---\n".join(_yaml(made) for made in _flux_release(chart, _patches_of(chart, wave)))
    yield KUSTOMIZATION, _kustomization(content)


def _chart_files(chart: Chart, patches: Sequence[Patch]) -> Iterator[tuple[str, str]]:
    """Yield a chart as Argo CD renders it, with what helm writes on objects of a release: helm can take them over."""
    content: dict[str, Any] = {"helmCharts": [_helm_chart(chart)], "transformers": ["release.yaml"]}
    content["labels"] = [{"pairs": MANAGED_BY_HELM, "includeSelectors": False}]
    if patches:
        content["patches"] = [_kustomize_patch(patch) for patch in patches]
    owner = {f"{HELM}/release-name": chart.name, f"{HELM}/release-namespace": chart.namespace}
    yield KUSTOMIZATION, _kustomization(content)
    yield "release.yaml", _yaml(_annotations("release", owner))


def _with_hooks(cluster: ClusterObjects) -> list[Chart]:
    return [chart for wave in cluster.waves for chart in wave.charts if chart.chart in CHARTS_WITH_HOOKS]


def _chart_application(config: Config, cluster: ClusterObjects, chart: Chart) -> dict[str, Any]:
    """Return the Application of one chart with hooks; Argo CD knows the cluster by the name that gitops.md says."""
    argo = _argo_cd(config)
    name = f"{config.name}-{cluster.name}" if cluster.name in config.outside else cluster.name
    source = {"repoURL": chart.repository, "chart": chart.chart, "targetRevision": chart.version}
    options = [*SYNC_POLICY["syncOptions"], "CreateNamespace=true"]  # type: ignore[misc]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": f"{name}-{chart.name}", "namespace": argo.namespace},
        "spec": {
            "project": argo.project,
            "source": {**source, "helm": {"releaseName": chart.name, "valuesObject": dict(chart.values)}},
            "destination": {"name": name, "namespace": chart.namespace},
            "syncPolicy": {**SYNC_POLICY, "syncOptions": options},
        },
    }


def _argo_cd(config: Config) -> ArgoCdSpec:
    return (config.gitops.argo_cd if config.gitops else None) or ArgoCdSpec(cluster=next(iter(config.regions)))


def _patches_of(chart: Chart, wave: Wave) -> list[Patch]:
    return [patch for patch in wave.patches if patch.release == chart.name]


def _by_file(objects: Sequence[Object]) -> dict[str, Object]:
    """Return each object by the name of its file: with the namespace where two have the same kind and name."""
    alike = Counter(_file_name(made) for made in objects)
    named = {_file_name(made, in_namespace=alike[_file_name(made)] > 1): made for made in objects}
    if len(named) < len(objects):
        raise ValueError("two objects have the same kind, namespace and name")
    return named


def _file_name(made: Object, *, in_namespace: bool = False) -> str:
    name = str(made["metadata"]["name"]).replace(":", "-")
    # A namespace has no dot, so that no two are written the same way.
    inside = f"{made['metadata'].get('namespace', '')}." if in_namespace else ""
    return f"{made['kind'].lower()}-{inside}{name}.yaml"


def _kustomization(content: dict[str, Any]) -> str:
    return _yaml({"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", **content})


def _annotations(name: str, annotations: Mapping[str, str]) -> dict[str, Any]:
    """Return the transformer that adds *annotations* to each object: to the object itself, and not to its pods."""
    return {
        "apiVersion": "builtin",
        "kind": "AnnotationsTransformer",
        "metadata": {"name": name},
        "annotations": dict(annotations),
        "fieldSpecs": [{"path": "metadata/annotations", "create": True}],
    }


def _helm_chart(chart: Chart) -> dict[str, Any]:
    return {
        "name": chart.chart,
        "repo": chart.repository,
        "version": chart.version,
        "releaseName": chart.name,
        "namespace": chart.namespace,
        "includeCRDs": True,
        "valuesInline": dict(chart.values),
    }


def _kustomize_patch(patch: Patch) -> dict[str, Any]:
    body = {
        "apiVersion": patch.api_version,
        "kind": patch.kind,
        "metadata": {"name": patch.name, "namespace": patch.namespace, "annotations": dict(patch.annotations)},
    }
    return {"patch": _yaml(body)}


def application_set(config: Config) -> dict[str, Any]:
    """Return the ApplicationSet that makes an Application for each registered cluster of the platform."""
    git = config.gitops
    argo = _argo_cd(config)
    inner = git.path.strip("/") if git else "."
    folder = f'clusters/{{{{ index .metadata.labels "{CLUSTER_LABEL}" }}}}'
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": config.name, "namespace": argo.namespace},
        "spec": {
            "goTemplate": True,
            "goTemplateOptions": ["missingkey=error"],
            # Without this, a cluster that is no longer registered loses all its objects.
            "syncPolicy": {"preserveResourcesOnDeletion": True},
            "generators": [{"clusters": {"selector": {"matchLabels": {PLATFORM_LABEL: config.name}}}}],
            "template": {
                "metadata": {"name": "{{ .nameNormalized }}"},
                "spec": {
                    "project": argo.project,
                    "source": {
                        "repoURL": git.repository if git else "",
                        "targetRevision": git.revision if git else "",
                        "path": folder if inner in ("", ".") else f"{inner}/{folder}",
                    },
                    "destination": {"server": "{{ .server }}"},
                    "syncPolicy": SYNC_POLICY,
                },
            },
        },
    }


def _flux_release(chart: Chart, patches: Sequence[Patch]) -> list[dict[str, Any]]:
    oci = chart.repository.startswith("oci://")
    source = {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "HelmRepository",
        "metadata": {"name": chart.name, "namespace": chart.namespace},
        "spec": {"interval": "1h", "url": chart.repository, **({"type": "oci"} if oci else {})},
    }
    rendered = [{"kustomize": {"patches": [_kustomize_patch(patch) for patch in patches]}}] if patches else None
    release = {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": chart.name, "namespace": chart.namespace},
        "spec": {
            "interval": "10m",
            "releaseName": chart.name,
            "chart": {
                "spec": {
                    "chart": chart.chart,
                    "version": chart.version,
                    "sourceRef": {"kind": "HelmRepository", "name": chart.name},
                }
            },
            "values": dict(chart.values),
            **({"postRenderers": rendered} if rendered else {}),
        },
    }
    return [source, release]


def _flux_kustomization(config: Config, cluster: ClusterObjects) -> dict[str, Any]:
    """Return what Flux of the cluster itself applies; its GitRepository has the name of the platform."""
    inner = config.gitops.path.strip("/") if config.gitops else "."
    folder = f"clusters/{cluster.name}"
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": config.name, "namespace": "flux-system"},
        "spec": {
            "interval": "10m",
            "retryInterval": "1m",
            "prune": False,
            "path": f"./{folder}" if inner in ("", ".") else f"./{inner}/{folder}",
            "sourceRef": {"kind": "GitRepository", "name": config.name},
        },
    }


def _yaml(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True)
