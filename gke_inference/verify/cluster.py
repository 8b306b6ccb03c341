"""Verdicts on the model servers of one cluster and what they depend on, as its Kubernetes API has them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone

from gke_inference.check import NO_ANSWER
from gke_inference.verify.verdict import Object, Verdict, unmet_conditions

EXPORT = "networking.gke.io/export"
RECENT = timedelta(minutes=30)
"""A container that ended in this time counts as one that restarts; before it, as one that has recovered."""


def judge_server(
    deployment: Object, pods: Iterable[Object], *, fewest: int, most: int, ready_path: str = "/health"
) -> Verdict:
    """Judge whether as many servers as wanted are ready, of the newest version, and none of them restarts."""
    wanted, status = deployment["spec"].get("replicas", 1), deployment.get("status", {})
    ready, updated = status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    problems = []
    if not fewest <= wanted <= most:
        bounds = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        problems.append(f"scaled to {wanted}, the config says {bounds}")
    if ready < wanted:
        problems.append(f"{ready} of {wanted} ready")
    if status.get("observedGeneration", 0) < deployment["metadata"].get("generation", 0) or updated < wanted:
        problems.append(f"{updated} of {wanted} are of the newest version")
    for pod in pods:
        problems += _troubles(pod, ready_path)
    return Verdict(found=f"{ready} of {wanted} ready", problems=tuple(problems))


def judge_interfaces(pods: Collection[Object], claims: Iterable[Object], *, ready: int) -> Verdict:
    """Judge whether each server has the interfaces of its node; unknown where fewer pods are seen than are ready."""
    if len(pods) < ready:
        return Verdict(found=f"{NO_ANSWER}: {ready} servers are ready, and {len(pods)} pods are seen", known=False)
    by_name = {claim["metadata"]["name"]: claim for claim in claims}
    problems, count = [], 0
    for pod in pods:
        name = pod["metadata"]["name"]
        statuses = pod.get("status", {}).get("resourceClaimStatuses", [])
        made = [entry["resourceClaimName"] for entry in statuses if entry.get("resourceClaimName")]
        if not made:
            problems.append(f"{name} has no claim yet")
        for claim in made:
            count += 1
            problems += _claim_problems(pod, claim, by_name.get(claim))
    return Verdict(found=f"{count} allocated, each for its pod", problems=tuple(problems))


def judge_autoscaler(found: Object, *, spills: bool = True) -> Verdict:
    """Judge whether the autoscaler can read its metric and scale; *spills* says whether other regions take the rest."""
    status = found.get("status", {})
    conditions = status.get("conditions", [])
    problems = list(unmet_conditions(conditions, "AbleToScale", "ScalingActive"))
    values = [value for metric in status.get("currentMetrics") or [] if (value := _current(metric))]
    if not values:
        problems.append("it has no value of its metric")
    wanted, most = status.get("desiredReplicas", 0), found["spec"]["maxReplicas"]
    rest = "more load goes to other regions" if spills else "no more load can be served"
    full = f", the maximum: {rest}" if wanted == most else ""
    count = f"{status.get('currentReplicas', 0)} there, {wanted} wanted{full}"
    return Verdict(found=f"metric {', '.join(values)}; {count}", problems=tuple(problems))


def judge_adapter(services: Mapping[str, Object]) -> Verdict:
    """Judge whether the APIs through which the autoscaler reads its metric have a server that answers."""
    problems = [
        f"{name}: {problem}"
        for name, service in services.items()
        for problem in unmet_conditions(service.get("status", {}).get("conditions", []), "Available")
    ]
    return Verdict(found=f"{', '.join(services)} available", problems=tuple(problems))


def judge_compute_class(found: Object) -> Verdict:
    """
    Judge whether GKE can make nodes by the class; a class that no pod has used yet has no condition.

    Source: Google, "About custom compute classes", ComputeClass health.
    """
    conditions = [entry for entry in found.get("status", {}).get("conditions", []) if entry.get("type") == "Health"]
    problems = unmet_conditions(conditions, *(entry["type"] for entry in conditions))
    count = len(found["spec"].get("priorities", []))
    return Verdict(found=f"there, with {count} {'choice' if count == 1 else 'choices'} of machines", problems=problems)


def judge_inference_pool(
    pool: Object, picker: Object | None, *, exported: bool = True, left: Sequence[Object] = ()
) -> Verdict:
    """
    Judge whether the gateway finds the InferencePool, and the pool's endpoint picker runs.

    Args:
        pool: The InferencePool.
        picker: The picker's Deployment; None where there is none.
        exported: Whether it must be exported to the fleet: a gateway of its own cluster needs no export.
        left: Pods of a picker of another chart, which were let go before the chart was changed.
    """
    problems = []
    if exported and (pool["metadata"].get("annotations") or {}).get(EXPORT) != "True":
        problems.append(f"it is not exported: annotation {EXPORT} is not 'True'")
    ready = (picker or {}).get("status", {}).get("readyReplicas", 0)
    name = picker_name(pool)
    if picker is None:
        problems.append(f"the endpoint picker {name} is not there")
    elif not ready:
        problems.append(f"the endpoint picker {name} is not ready")
    if left:
        problems.append(f"{left[0]['metadata']['name']} of the other chart still runs beside it (docs/day-2.md)")
    there = "exported" if exported else "there"
    return Verdict(found=f"{there}, endpoint picker {name} ready", problems=tuple(problems))


def judge_service(service: Object, export: Object | None, *, port: int, exported: bool = True) -> Verdict:
    """
    Judge whether the gateway finds the Service, with the port of the servers.

    Args:
        service: The Service.
        export: Its ServiceExport; None where there is none.
        port: Port of the servers.
        exported: Whether it must be exported to the fleet.
    """
    ports = [entry.get("port") for entry in service["spec"].get("ports", [])]
    problems = [] if port in ports else [f"it has no port {port}: {', '.join(map(str, ports)) or 'none at all'}"]
    if exported and export is None:
        problems.append("it is not exported: there is no ServiceExport of its name")
    return Verdict(found=f"{'exported' if exported else 'there'}, port {port}", problems=tuple(problems))


def picker_name(pool: Object) -> str:
    """Return the name of the endpoint picker's Service, and so of its Deployment: the chart gives them one name."""
    return str(pool["spec"].get("endpointPickerRef", {}).get("name", ""))


def _troubles(pod: Object, ready_path: str) -> Iterator[str]:
    """Yield why the pod does not serve, or will not for long."""
    name, status = pod["metadata"]["name"], pod.get("status", {})
    if pod["metadata"].get("deletionTimestamp"):
        return
    conditions = {entry.get("type"): entry for entry in status.get("conditions", [])}
    scheduled = conditions.get("PodScheduled", {})
    containers = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    troubles = [f"{name}: {trouble}" for container in containers if (trouble := _trouble(container))]
    if scheduled.get("status") == "False":
        troubles = [f"{name} waits for a node: {scheduled.get('message') or scheduled.get('reason')}"]
    elif status.get("phase") == "Failed":
        troubles = [f"{name} has failed: {status.get('reason') or status.get('message')}"]
    elif not troubles and conditions.get("Ready", {}).get("status") != "True":
        troubles = [f"{name} runs but is not ready: it loads the weights, or {ready_path} does not answer"]
    yield from troubles


def _trouble(container: Object) -> str:
    last = container.get("lastState", {}).get("terminated") or {}
    restarts = container.get("restartCount", 0)
    why = f", last by {last.get('reason')} (exit code {last.get('exitCode')})" if last else ""
    again = f", {restarts} restarts{why}" if restarts else ""
    if waiting := container.get("state", {}).get("waiting"):
        return f"{container['name']} waits, {waiting.get('reason', 'no reason given')}{again}"
    return f"{container['name']} restarts{again}" if restarts and _recent(last.get("finishedAt")) else ""


def _recent(time: str | None) -> bool:
    return bool(time) and datetime.now(timezone.utc) - datetime.fromisoformat(str(time).replace("Z", "+00:00")) < RECENT


def _claim_problems(pod: Object, name: str, claim: Object | None) -> list[str]:
    if claim is None:
        return [f"claim {name} of {pod['metadata']['name']} is not there"]
    status = claim.get("status", {})
    if not status.get("allocation"):
        return [f"claim {name} of {pod['metadata']['name']} has no interfaces"]
    users = [entry.get("uid") for entry in status.get("reservedFor", [])]
    return [] if pod["metadata"].get("uid") in users else [f"claim {name} is not for {pod['metadata']['name']}"]


def _current(metric: Object) -> str:
    """Return the value of one metric as the autoscaler reads it, such as `420m`."""
    current = (metric.get("pods") or metric.get("external") or {}).get("current", {})
    return str(current.get("averageValue") or current.get("value") or "")
