"""Panels of what endpoint pickers, servers and nodes export: how fast tokens come, how full the servers are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from constructs_lib.monitoring.metrics import (
    ACCELERATOR_BUSY,
    CONTAINERS_READY,
    GPU_BUSY,
    PickerMetrics,
)
from constructs_lib.monitoring.panel import WINDOW, PanelKind, PanelQuery, Selection, Threshold
from constructs_lib.monitoring.platform import ALL_CAPACITY, MonitoredModel, MonitoredPlatform
from constructs_lib.monitoring.promql import POD_ENDING, any_family, label_from, picker_families

ENGINE = "a model whose server is vLLM or SGLang"
PICKER = "a model behind an InferencePool"
EACH_SERVER = "{job} {cluster}"
RECENTLY = "6h"


def _by(selection: Selection, metric: Callable[[MonitoredModel], str]) -> Mapping[str, list[MonitoredModel]]:
    """Return the models by the *metric* that their servers export, without those that have none."""
    found: dict[str, list[MonitoredModel]] = {}
    for model in selection.platform.models.values():
        if name := metric(model):
            found.setdefault(name, []).append(model)
    return found


def _engine(name: str) -> Callable[[MonitoredModel], str]:
    """Return what finds the metric *name* of EngineMetrics of a model; empty where its server has none."""
    return lambda model: getattr(model.engine, name) if model.engine else ""


def _first_token(selection: Selection) -> Iterator[PanelQuery]:
    for metric, models in _by(selection, _engine("first_token")).items():
        rate = selection.rate_of_servers(f"{metric}_bucket", models)
        half = f"histogram_quantile(0.5, sum by (le, job) ({rate}))"
        most = f"histogram_quantile(0.95, sum by (le, job, cluster) ({rate}))"
        yield PanelQuery(expression=most, legend=f"{EACH_SERVER} p95")
        yield PanelQuery(expression=half, legend="{job} p50")


def _first_token_promises(platform: MonitoredPlatform) -> Iterator[Threshold]:
    for model in platform.models.values():
        promised = model.objectives
        if promised.first_token_sec:
            label = f"objective {promised.first_token_sec:g} s, {promised.first_token_share_percent:g} %"
            yield Threshold(value=promised.first_token_sec, label=label)


def _tokens(selection: Selection) -> Iterator[PanelQuery]:
    for metric, models in _by(selection, _engine("output_tokens")).items():
        rate = f"sum by (job, cluster) ({selection.rate_of_servers(metric, models)})"
        yield PanelQuery(expression=rate, legend=EACH_SERVER)


def _kv_cache(selection: Selection) -> Iterator[PanelQuery]:
    for metric, models in _by(selection, lambda model: model.gauge).items():
        fill = f"100 * avg by (job, cluster) ({selection.of_servers(metric, models)})"
        yield PanelQuery(expression=fill, legend=EACH_SERVER)


def _spill_over(platform: MonitoredPlatform) -> Iterator[Threshold]:
    for model in platform.models.values():
        if model.gauge and model.spill_percent:
            for capacity in sorted(
                {platform.regions[key].capacity_percent for key in model.regions} - {0}, reverse=True
            ):
                where = "" if capacity == ALL_CAPACITY else f" where capacity_percent is {capacity}"
                line = model.spill_percent * capacity / ALL_CAPACITY
                yield Threshold(value=line, label=f"spill-over at {line:g} %{where}")


def _queue(selection: Selection) -> Iterator[PanelQuery]:
    for metric, models in _by(selection, _engine("waiting")).items():
        waiting = f"sum by (job, cluster) ({selection.of_servers(metric, models)})"
        yield PanelQuery(expression=waiting, legend=EACH_SERVER)


def _replicas(selection: Selection) -> Iterator[PanelQuery]:
    servers = [model.server for model in selection.platform.models.values()]
    pods = f'pod=~"{"|".join(f"{server}-.*" for server in servers)}"'
    containers = selection.of_clusters(CONTAINERS_READY, pods, namespace=selection.platform.namespace)

    def by_server(ready: str) -> str:
        # Behind the name of its Deployment a pod has two parts of its own, so that `gemma` does not count `gemma-next`.
        named = label_from(ready, "job", "pod", f"({'|'.join(servers)}){POD_ENDING}")
        return f"sum by (job, cluster) ({named})"

    ready = by_server(f"min by (cluster, pod) ({containers})")
    # Pods that are gone have no series: a region that has lost all of them is at 0, and its line does not end.
    none = f"0 * {by_server(f'count_over_time({containers}[{RECENTLY}])')}"
    yield PanelQuery(expression=f"{ready} or {none}", legend=EACH_SERVER)


def _joined(selection: Selection, query: Callable[[PickerMetrics], str], legend: str) -> Iterator[PanelQuery]:
    if families := picker_families(selection.platform):
        yield PanelQuery(expression=any_family(families, query), legend=legend)


def _picker_errors(selection: Selection) -> Iterator[PanelQuery]:
    def errors(picker: PickerMetrics) -> str:
        rate = f"rate({selection.of_pickers(picker.errors)}[{WINDOW}])"
        return f"60 * sum by (model_name, error_code) ({rate})"

    yield from _joined(selection, errors, "{model_name} {error_code}")


def _model_names(selection: Selection) -> Iterator[PanelQuery]:
    def requests(picker: PickerMetrics) -> str:
        return f"sum by (model_name) (rate({selection.of_pickers(picker.requests)}[{WINDOW}]))"

    yield from _joined(selection, requests, "{model_name}")


def _chips(selection: Selection) -> Iterator[PanelQuery]:
    chips = selection.of_clusters(ACCELERATOR_BUSY, label="cluster_name", monitored_resource="k8s_node")
    yield PanelQuery(expression=f"count by (cluster_name, model) ({chips})", legend="{cluster_name} {model}")


def _tpu_busy(selection: Selection) -> Iterator[PanelQuery]:
    if _uses(selection, "tpu"):
        busy = selection.of_clusters(
            ACCELERATOR_BUSY, label="cluster_name", monitored_resource="k8s_node", make="cloud-tpu"
        )
        yield PanelQuery(expression=f"avg by (cluster_name, model) ({busy})", legend="{cluster_name} {model}")


def _gpu_busy(selection: Selection) -> Iterator[PanelQuery]:
    if _uses(selection, "gpu"):
        busy = f"avg by (cluster, modelName) ({selection.of_clusters(GPU_BUSY)})"
        yield PanelQuery(expression=busy, legend="{cluster} {modelName}")


def _uses(selection: Selection, kind: str) -> bool:
    return any(kind in model.uses for model in selection.platform.models.values())


SERVER_PANELS = (
    PanelKind(
        name="first-token",
        title="Time to first token",
        unit="s",
        meaning="Measured by the servers, from when a request is with them; network and gateway come on top.",
        needs=ENGINE,
        queries=_first_token,
        thresholds=_first_token_promises,
    ),
    PanelKind(
        name="tokens",
        title="Tokens of answers",
        unit="tokens/s",
        meaning="What the servers of a cluster produce; it stays level where they are full.",
        needs=ENGINE,
        queries=_tokens,
    ),
    PanelKind(
        name="kv-cache",
        title="KV cache",
        unit="%",
        meaning="How full the servers of a cluster are on average; above a line its requests spill over to another.",
        needs="a model whose server has a metric that shows how full it is",
        queries=_kv_cache,
        thresholds=_spill_over,
    ),
    PanelKind(
        name="queue",
        title="Requests that wait",
        unit="requests",
        meaning="Requests that are with a server and have not begun; they wait where the KV cache is full.",
        needs=ENGINE,
        queries=_queue,
    ),
    PanelKind(
        name="replicas",
        title="Ready servers",
        unit="servers",
        meaning="Servers whose containers are all ready.",
        needs="a model",
        queries=_replicas,
    ),
    PanelKind(
        name="picker-errors",
        title="Errors that endpoint pickers see",
        unit="errors/min",
        meaning="Answers with an error by the name of the model, and requests for which there was no server.",
        needs=PICKER,
        queries=_picker_errors,
    ),
    PanelKind(
        name="model-names",
        title="Requests by model name",
        unit="requests/s",
        meaning="What clients ask for by `model`: a model, or an adapter of one.",
        needs=PICKER,
        queries=_model_names,
    ),
    PanelKind(
        name="chips",
        title="Chips on nodes",
        unit="chips",
        meaning="Accelerators of the nodes that are there, and so are paid for.",
        needs="a node pool with accelerators",
        queries=_chips,
    ),
    PanelKind(
        name="tpu-busy",
        title="TPU duty cycle",
        unit="%",
        meaning="Share of the time in which TPUs computed.",
        needs="a model on TPUs",
        queries=_tpu_busy,
    ),
    PanelKind(
        name="gpu-busy",
        title="GPU utilisation (DCGM)",
        unit="%",
        meaning="Share of the time in which GPUs computed.",
        needs="a model on GPUs",
        queries=_gpu_busy,
    ),
)
