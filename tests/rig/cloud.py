"""What exists, what was done to it, what goes wrong on demand, and what is refused in the wrong order."""

import copy
import itertools
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from constructs_lib.picker_chart import CHARTS
from tests.checks.sent import values
from tests.rig.answers import TABLES, identity
from tests.rig.planning import body
from tests.rig.wire import Message

Key = tuple[str, str, str]
"""Type, place and identity. The place is a cluster's address, or empty in Google Cloud itself."""
FAULT = "the rig was told to fail here"
PROTECTED = "Cannot destroy cluster because deletion_protection is set to true. "
PROTECTED += "Set it to false to proceed with cluster deletion."
MEETING_SEC = 60
TOKEN = "ya29.rig-"
"""How each access token begins: whoever finds this somewhere has found one."""
GROUPS_OF_OURS = tuple(chart.objective_group for chart in CHARTS.values())
"""Neither Kubernetes nor GKE has their kinds: each comes with a CRD of ours."""

THEIR_DOMAIN = ".example.com"
"""Clusters below it are others', and always there."""
GROUP_OF_APIGEE, APIGEE_CHART = "apim.googleapis.com", "apigee-apim-crds"
"""Its kinds come with this release of a chart, and its operator lets go of its objects."""

NAMESPACES_OF_OTHERS = ("default", "kube-system", "argocd")
"""Always there: those of Kubernetes, and the one of Argo CD, which its owner installs."""


class RefusedError(Exception):
    """The cloud says no, in words that Terraform shows."""


@dataclass(frozen=True)
class Operation:
    """A create, update or delete; begin and end in seconds of one clock."""

    action: str
    kind: str
    place: str
    name: str
    begin: float
    end: float
    failed: bool


@dataclass(frozen=True)
class Fault:
    """The *nth* create of a type fails; *late*: the object is there by then, as after a time-out."""

    kind: str
    nth: int = 1
    late: bool = False


@dataclass
class Cloud:
    """
    Google Cloud and the clusters in it, as far as Terraform sees them.

    Attributes:
        objects: What exists. Change or delete here to do so behind Terraform's back.
        log: What was done, in the order in which it ended.
        faults: Creates that fail.
        tokens: Access tokens that were given out and have not ended. Clear it to end them.
        other_order: Answers lists that have no order in another one than they were given in.
        meetings: Creates of a type that last until as many are under way as the barrier wants, or fail when they never
            are. Nothing else takes time, `time_sleep` included.
        gke_versions: What GKE offers, where that is not the usual.
        secret_versions: Number of the latest version of a secret, by its name, where that is not 1.
        lost_certificates: Names of certificates that others have not made; any other is there, in each region.
        lost_marks: Objects that say that weights are complete, and are not in the bucket though a job has ended.
        certificate_state: State of each certificate that Google makes, when they are listed.
        let_go: Releases whose picker's Deployment was deleted by hand, by their keys.
        written: By object, the write-only arguments that it was given last, by path.
    """

    objects: dict[Key, Message] = field(default_factory=dict)
    log: list[Operation] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    other_order: bool = False
    meetings: dict[str, threading.Barrier] = field(default_factory=dict)
    gke_versions: tuple[str, ...] = ()
    secret_versions: dict[str, int] = field(default_factory=dict)
    lost_certificates: tuple[str, ...] = ()
    lost_marks: frozenset[str] = frozenset()
    certificate_state: str = "ACTIVE"
    let_go: set[Key] = field(default_factory=set)
    written: dict[Key, Message] = field(default_factory=dict)
    _creates: Counter[str] = field(default_factory=Counter)
    _given: Iterator[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, key: Key) -> Message | None:
        """Read the object as it is; None where there is none."""
        held = copy.deepcopy(self.objects.get(key))
        if held and self.other_order:
            for block, name in (path.split(".") for path in TABLES["unordered"].get(key[0], [])):
                for one in held[block]:
                    one[name] = one[name] and one[name][::-1]
        return held

    def forget(self, key: Key, unread: Message) -> Message | None:
        """Read the object as an import finds it, without what no cloud knows; None where there is none."""
        if key in self.objects:
            self.objects[key] = self.objects[key] | copy.deepcopy(unread)
        return self.read(key)

    def apply(self, action: str, key: Key, resource: Message) -> bool:
        """
        Create, update or delete *resource*; False where it was made and reported as failed all the same.

        Raises:
            RefusedError: Nothing was done.
        """
        begin, kind = time.monotonic(), key[0]
        with self._lock:
            self._creates[kind] += action == "create"
            met = [
                one for one in self.faults if action == "create" and (one.kind, one.nth) == (kind, self._creates[kind])
            ]
        if action == "create" and kind in self.meetings:
            self.meetings[kind].wait(MEETING_SEC)
        with self._lock:
            reason = FAULT if met and not met[0].late else self._refusal(action, key, resource)
            self.log.append(Operation(action, *key, begin, time.monotonic(), bool(reason or met)))
            if reason:
                raise RefusedError(reason)
            if action == "delete":
                self.objects.pop(key, None)
            elif not kind.startswith("time_"):
                self.objects[key] = copy.deepcopy(resource)
                self.let_go.discard(key)
        return not met

    def give_token(self) -> str:
        """Give another access token than all before."""
        token = f"{TOKEN}{next(self._given)}"
        self.tokens.add(token)
        return token

    def check_token(self, token: str) -> None:
        """
        Do nothing where clusters take the access *token*.

        Raises:
            RefusedError: It has ended.
        """
        if token not in self.tokens:
            raise RefusedError("Unauthorized")

    def decides(self, kind: str, resource: Message) -> Message:
        """Return by path what Google decides where *resource* lacks the block: a pool's nodes are as its cluster's."""
        if kind != "google_container_node_pool":
            return {}
        path = identity(kind, resource | {"id": None}).partition("/nodePools/")[0]
        cluster = self.objects.get(("google_container_cluster", "", path), {})
        private = values(cluster, "private_cluster_config.enable_private_nodes") == [True]
        return {"network_config.enable_private_nodes": private}

    def check_cluster(self, place: str, needed: Message | None = None) -> None:
        """
        Do nothing where the cluster at *place* answers, and has the kind of the object *needed*.

        Raises:
            RefusedError: It does not.
        """
        host, objects = place.removeprefix("https://"), list(self.objects.items())
        theirs = not place.startswith("https://") or place.partition("://")[2].partition(":")[0].endswith(THEIR_DOMAIN)
        found = any(key[0] == "google_container_cluster" and host in str(held) for key, held in objects)
        if not theirs and not found:
            raise RefusedError(f'"{place}": dial tcp: lookup {host}: no such host')
        group = needed["apiVersion"].partition("/")[0] if needed else ""
        if group in GROUPS_OF_OURS:
            held = [body(held) or {} for key, held in objects if key[:2] == ("kubernetes_manifest", place)]
            if not any(crd.get("spec", {}).get("group") == group for crd in held):
                raise RefusedError("API did not recognize GroupVersionKind from manifest (CRD may not be installed)")
        of_apigee = needed is not None and needed["apiVersion"].startswith(GROUP_OF_APIGEE)
        if of_apigee and ("helm_release", place, APIGEE_CHART) not in self.objects:
            raise RefusedError("API did not recognize GroupVersionKind from manifest (CRD may not be installed)")

    def objects_of(self, place: str, query: Message) -> list[Any]:
        """List the applied objects in the cluster at *place* that fit the *query*, as the API server's list does."""
        self.check_cluster(place)
        there = [held for key, held in self.objects.items() if key[:2] == ("kubernetes_manifest", place)]
        held = [one["manifest"] or one["object"] for one in there]
        held += [typed(picker) for picker in self._pickers(place)]
        return [one for one in held if _fits(one[1], query)]

    def _pickers(self, place: str) -> Iterator[Message]:
        """Yield the Deployment in each release of a picker in the cluster at *place*."""
        for key, held in self.objects.items():
            if key[:2] == ("helm_release", place) and key not in self.let_go and (labels := picker_labels(held)):
                metadata = {"name": labels.popitem()[1], "namespace": held["namespace"]}
                spec = {"selector": {"matchLabels": picker_labels(held)}}
                yield {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}

    def pools_of(self, cluster: Message) -> list[Message]:
        """List the node pools of *cluster*, which they name by its name or its ID."""
        pools = [held for key, held in self.objects.items() if key[0] == "google_container_node_pool"]
        return [held for held in pools if held["cluster"] in (cluster["id"], cluster["name"])]

    def account_id(self, email: str) -> str:
        """Return the ID of the service account with the address *email*."""
        found = (key[2] for key in self.objects if key[0] == "google_service_account")
        return next((id_ for id_ in found if id_.endswith(f"/{email}")), email)

    def objects_of_group(self, place: str, group: str) -> list[Key]:
        """List the applied objects of the API *group* in the cluster at *place*."""
        held = {key: body(one) for key, one in self.objects.items() if key[:2] == ("kubernetes_manifest", place)}
        return [key for key, one in held.items() if one and one["apiVersion"].startswith(group)]

    def _refusal(self, action: str, key: Key, resource: Message) -> str | None:
        kind, place, name = key
        self.check_cluster(place)
        if action == "create":
            namespace = _namespace(resource)
            there = namespace is None or namespace in NAMESPACES_OF_OTHERS
            if place and not there and ("kubernetes_namespace_v1", place, namespace) not in self.objects:
                return f'namespaces "{namespace}" not found'
            there = key in self.objects and kind not in TABLES["made_again"]
            return f"{kind} {name} already exists" if there else None
        if action == "update" and kind == "helm_release" and key not in self.let_go:
            had, gets = picker_labels(self.objects[key]), picker_labels(resource)
            return None if had == gets else f"cannot patch {name}-epp: spec.selector: {gets}: field is immutable"
        if action == "delete" and resource.get("deletion_protection") is True:
            return PROTECTED
        if action == "delete" and kind == "helm_release" and "apigee" in name:
            users = [one for one in self.objects_of_group(place, GROUP_OF_APIGEE) if one != key]
            return f"{name} is needed to delete {users[0][2]}" if users else None
        if action == "delete" and not place:
            # Stricter than Google, which lets some go while others name them: nothing of ours may dangle.
            named = re.compile(re.escape(resource["id"]) + r"(?![\w-])")
            users = [user for user, held in self.objects.items() if user != key and named.search(str(held))]
            return f"{name} is already being used by {users[0][0]} {users[0][2]}" if users else None
        return None


def picker_labels(release: Message) -> dict[str, str]:
    """Return what the Deployment of a picker in *release* selects; nothing for a release of something else."""
    charts = [chart for chart in CHARTS.values() if chart.name == release["chart"]]
    return charts[0].picker_labels(release["name"]) if charts else {}


def typed(value: Any) -> list[Any]:
    """Return *value* with its type, as a dynamic argument has it."""
    return [json.dumps(_type(value)).encode(), value]


def _type(value: Any) -> Any:
    return ["object", {name: _type(one) for name, one in value.items()}] if isinstance(value, dict) else "string"


def _fits(held: Message, query: Message) -> bool:
    """Return whether the object *held* is of the kind and place of *query*, with its fields and labels."""
    metadata = held["metadata"]
    there = {"metadata.name": metadata["name"], "metadata.namespace": metadata.get("namespace")}
    return (
        (held["apiVersion"], held["kind"]) == (query["api_version"], query["kind"])
        and query["namespace"] in (None, metadata.get("namespace"))
        and _selected(there, query["field_selector"])
        and _selected(metadata.get("labels") or {}, query["label_selector"])
    )


def _selected(values: Message, selector: str | None) -> bool:
    """Return whether *values* have each `name=value` of *selector*; no selector means any."""
    wanted = (part.partition("=") for part in selector.split(",")) if selector else ()
    return all(values.get(name) == value for name, _, value in wanted)


def _namespace(resource: Message) -> str | None:
    metadata = (body(resource) or resource).get("metadata") or {}
    found: str | None = resource.get("namespace") or (metadata[0] if isinstance(metadata, list) else metadata).get(
        "namespace"
    )
    return found
