"""Verdicts on what Google's APIs answer about clusters, pools, the fleet, addresses and metrics."""

from __future__ import annotations

from collections.abc import Iterable

from constructs_lib.gke_version import GkeVersion
from constructs_lib.google_names import GATEWAY_FEATURE
from constructs_lib.serving_nodes import POOL_LABEL
from gke_inference.live_platform import node_is_ready
from gke_inference.verify.verdict import Object, Verdict

CLUSTER_RUNS = ("RUNNING", "RECONCILING")
"""RECONCILING: work such as an upgrade is under way, and the cluster serves."""
POOL_RUNS = ("RUNNING", "RECONCILING")
MEMBER_STATES = ("READY", "UPDATING", "SERVICE_UPDATING")
FEATURE_STATES = ("ACTIVE", "UPDATING", "SERVICE_UPDATING")


def judge_cluster(answer: Object, *, floor: str) -> Verdict:
    """Judge whether the cluster runs, is new enough for all features in use, and can be reached by its DNS endpoint."""
    status, version = answer.get("status", "no status"), answer.get("currentMasterVersion", "")
    endpoint = answer.get("controlPlaneEndpointsConfig", {}).get("dnsEndpointConfig", {})
    problems = []
    if status not in CLUSTER_RUNS:
        problems.append(f"{status}{_messages(answer)}")
    if not _reaches(version, floor):
        problems.append(f"GKE {version or 'of unknown version'}, below {floor}")
    if not endpoint.get("endpoint"):
        problems.append("no DNS endpoint")
    elif not endpoint.get("allowExternalTraffic"):
        problems.append("the DNS endpoint takes no traffic from outside (allowExternalTraffic is off)")
    return Verdict(found=f"{status}, GKE {version}, {endpoint.get('endpoint')}", problems=tuple(problems))


def judge_pool(answer: Object, nodes: Iterable[Object], *, name: str, fewest: int, most: int) -> Verdict:
    """Judge whether the pool runs and has as many nodes as wanted, all ready; an upgrade has some more for a while."""
    pools = {entry.get("name"): entry for entry in answer.get("nodePools", [])}
    if name not in pools:
        return Verdict(found="", problems=("it is not there",))
    ready = {node["metadata"]["name"]: node_is_ready(node) for node in nodes if _pool_of(node) == name}
    status, count = pools[name].get("status", "no status"), sum(ready.values())
    wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    counted = f"{count} of {wanted} nodes ready"
    problems = []
    if status not in POOL_RUNS:
        problems.append(f"{status}{_messages(pools[name])}")
    if count < fewest:
        problems.append(counted)
    if waiting := [node for node, is_ready in ready.items() if not is_ready]:
        problems.append(f"not ready: {', '.join(waiting)}")
    return Verdict(found=f"{status}, {counted}", problems=tuple(problems))


def judge_membership(answer: Object, *, cluster_path: str) -> Verdict:
    """Judge whether the membership is ready and is that of the cluster *cluster_path*."""
    state = answer.get("state", {}).get("code", "no state")
    of = answer.get("endpoint", {}).get("gkeCluster", {})
    problems = [] if state in MEMBER_STATES else [f"{state}"]
    if of.get("clusterMissing"):
        problems.append("its cluster is gone")
    elif not of.get("resourceLink", "").endswith(cluster_path):
        problems.append(f"it is of another cluster: {of.get('resourceLink') or 'none'}")
    return Verdict(found=state, problems=tuple(problems))


def judge_feature(answer: Object, *, config_membership: str, memberships: Iterable[str]) -> Verdict:
    """Judge whether the gateway's controller is on, has the right config cluster, and is content with every member."""
    state = answer.get("resourceState", {}).get("state", "no state")
    problems = [] if state in FEATURE_STATES else [f"{state}"]
    problems += _not_ok("the feature", answer.get("state", {}).get("state", {}))
    chosen = answer.get("spec", {}).get(GATEWAY_FEATURE, {}).get("configMembership", "")
    if _path(chosen) != _path(config_membership):
        problems.append(f"the config cluster is {chosen or 'not chosen'}")
    states = {_path(member): entry.get("state", {}) for member, entry in answer.get("membershipStates", {}).items()}
    for member in memberships:
        problems += _not_ok(member.rpartition("/")[2], states.get(_path(member), {}))
    return Verdict(found=f"{state}, config cluster {chosen.rpartition('/')[2]}", problems=tuple(problems))


def judge_address(answer: Object, *, gateway_addresses: Iterable[str]) -> Verdict:
    """Judge whether the reserved address is that of the gateway."""
    value, status = answer.get("address", "no address"), answer.get("status", "no status")
    problems = [] if status == "IN_USE" else [f"{value} is {status}: nothing uses it"]
    if value not in (of_gateway := list(gateway_addresses)):
        problems.append(f"the gateway has {', '.join(of_gateway) or 'no address'}, not {value}")
    return Verdict(found=f"{value}, {status}", problems=tuple(problems))


def judge_gauge(series: Iterable[Object], *, minutes: int) -> Verdict:
    """Judge whether each server's gauge reached Cloud Monitoring in the last *minutes* and is from 0 to 1."""
    values = [point["value"] for entry in series for point in entry.get("points", [])[:1]]
    numbers = [float(value.get("doubleValue", value.get("int64Value", -1))) for value in values]
    if not numbers:
        return Verdict(found="", problems=(f"no value in the last {minutes} minutes",))
    wrong = [f"{number:g}" for number in numbers if not 0 <= number <= 1]
    problems = (f"{', '.join(wrong)}: not between 0 and 1, which the load balancer reads as full",) if wrong else ()
    return Verdict(found=f"{', '.join(f'{number:.0%}' for number in numbers)} in use", problems=problems)


def _pool_of(node: Object) -> str:
    return str(node["metadata"].get("labels", {}).get(POOL_LABEL, ""))


def _reaches(version: str, floor: str) -> bool:
    try:
        return GkeVersion.parse(version).reaches(GkeVersion.parse(floor))
    except ValueError:
        return False


def _messages(answer: Object) -> str:
    """Return the API's own reasons."""
    messages = [entry["message"] for entry in answer.get("conditions", []) if entry.get("message")]
    return f" ({'; '.join(messages)})" if messages else ""


def _not_ok(what: str, state: Object) -> list[str]:
    code = state.get("code", "no state")
    why = f" ({state['description']})" if state.get("description") else ""
    return [] if code == "OK" else [f"{what} is {code}{why}"]


def _path(member: str) -> str:
    """Return the membership without its project: the API has its number where the config has its ID."""
    return member.partition("/locations/")[2]
