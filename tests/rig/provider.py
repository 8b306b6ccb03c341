"""One provider, as Terraform talks to it: an answer for each request of the plugin protocol."""

import json
from functools import cache
from typing import Any

from msgpack import ExtType

from tests.checks.schemas import Provider, providers, type_of_block
from tests.rig.answers import completed, identity, imported, unanswered
from tests.rig.cloud import FAULT, Cloud, Key, RefusedError
from tests.rig.data_sources import fitted
from tests.rig.gke import CLUSTER, OFFERED, versioned
from tests.rig.planning import body, mistakes, planned, replaced, write_only
from tests.rig.schemas import UNKNOWN, conformed, encoded_schema, facts
from tests.rig.wire import Message

CALLER = "google_client_config"
ZONE = "google_dns_managed_zone"
CERTIFICATE, CERTIFICATES = "google_certificate_manager_certificate", "google_certificate_manager_certificates"
ANSWERED = {"google_compute_router": "network", "kubernetes_namespace_v1": "metadata"}
"""What a data source is given, and answers as it is there."""
SUBNET, SUBNETS = "google_compute_subnetwork", "google_compute_subnetworks"
HOST = "www.googleapis.com/compute/v1"
ACCOUNT = "google_service_account"
LOAD_JOB, OBJECTS = "google_cloud_run_v2_job", "google_storage_bucket_objects"
SECRET = "google_secret_manager_secret_version"


class RigProvider:
    """
    Its public methods are the protocol's. Each takes a request, and a session, which tells a provider from its aliases.

    Args:
        provider: Whose schema it has.
        cloud: What it changes.
    """

    def __init__(self, provider: Provider, cloud: Cloud) -> None:
        self._provider = provider
        self._cloud = cloud
        self._facts = facts(provider.source)
        self._types = provider.types
        is_default = provider is providers()[provider.source]
        # What is there may have been made by the provider that a config asks for by default.
        self._types_of = None if is_default else cache(lambda kind: type_of_block(provider.types[kind]["block"]))
        self._sessions: dict[str, Message] = {}
        # Providers made with the older framework may answer more than was planned; Terraform is told to let them.
        self._legacy = {"legacy_type_system": any(held.get("legacy") for held in self._facts.values())}

    def get_provider_schema(self, session: str, request: Message) -> bytes:
        """Return the schema already encoded: Terraform asks at every run."""
        return encoded_schema(self._provider)

    def configure_provider(self, session: str, request: Message) -> Message:
        """Remember project or cluster."""
        self._sessions[session] = request["config"]
        return {}

    def validate_resource_config(self, session: str, request: Message) -> Message:
        """Check only what Terraform itself does not see."""
        return problems(*mistakes(self._types[request["type_name"]]["block"], request["config"]))

    def validate_ephemeral_resource_config(self, session: str, request: Message) -> Message:
        """Check it as a resource is checked."""
        return self.validate_resource_config(session, request | {"type_name": f"ephemeral.{request['type_name']}"})

    def upgrade_resource_state(self, session: str, request: Message) -> Message:
        """Return the state as it was stored, in the form of this version."""
        stored = request["state"]["stored"]
        if self._types_of is not None:
            stored = json.dumps(conformed(self._types_of(request["type_name"]), json.loads(stored))).encode()
        return {"state": {"answered": stored}}

    def read_resource(self, session: str, request: Message) -> Message:
        """Read the resource as it is; a wait holds nothing to read."""
        key = self._key(session, request["type_name"], request["state"])
        self._cloud.check_cluster(key[1])
        if key[0].startswith("time_"):
            return {"state": request["state"]}
        found = self._cloud.read(key)
        return {"state": conformed(self._types_of(key[0]), found) if self._types_of else found}

    def plan_resource_change(self, session: str, request: Message) -> Message:
        """Plan a change; for a Kubernetes object the cluster must be there and know its kind."""
        kind, prior, config = request["type_name"], request["prior"], request["config"]
        if config is None:
            return {"state": None}
        if kind == "kubernetes_manifest":
            self._cloud.check_cluster(self._place(session), body(config))
        configured, told = self._sessions.get(session, {}), self._facts.get(kind, {})
        made = planned(self._types[kind]["block"], config, prior, told, configured)
        paths = replaced(told.get("force_new", []), prior, made) if prior else []
        return {"state": made, "requires_replace": paths, **self._legacy}

    def apply_resource_change(self, session: str, request: Message) -> Message:
        """Apply a change; one that fails leaves the state as it was."""
        kind, prior, made = request["type_name"], request["prior"], request["planned"]
        action = "delete" if made is None else "update" if prior else "create"
        configured = self._sessions[session]
        sent = self._facts.get(kind, {}).get("sent", {})
        decided = self._cloud.decides(kind, made) if made else {}
        resource = completed(kind, self._types[kind]["block"], made, configured, sent, decided) if made else prior
        if made and kind == CLUSTER:
            resource = versioned(resource, prior, self._cloud.gke_versions or OFFERED)
        try:
            ready = self._cloud.apply(action, self._key(session, kind, prior or resource), resource)
        except RefusedError as refused:
            return {"state": prior, **self._legacy, **problems(f"{action} of {kind}: {refused}")}
        if made:
            self._cloud.written[self._key(session, kind, resource)] = write_only(
                self._types[kind]["block"], request["config"]
            )
        if not ready:
            # The providers' SDK has set the ID by then, and read nothing.
            begun = unanswered(self._types[kind]["block"], made) | {"id": resource.get("id")}
            return {"state": begun, **self._legacy, **problems(f"timeout: {FAULT}")}
        return {"state": made and resource, **self._legacy}

    def import_resource_state(self, session: str, request: Message) -> Message:
        """Import the resource with that ID: what is in configurations alone is lost, as with the real ones."""
        kind = request["type_name"]
        id_, unread = imported(kind, request["id"])
        found = self._cloud.forget((kind, self._place(session), id_), unread)
        if found is None:
            raise RefusedError(f"Cannot import non-existent remote object {request['id']}")
        return {"imported_resources": [{"type_name": kind, "state": found}]}

    def read_data_source(self, session: str, request: Message) -> Message:
        """Read what was made, where the type can be made; else make it up."""
        kind, configured = request["type_name"], self._sessions[session]
        given = {name: configured.get(name) if value is None else value for name, value in request["config"].items()}
        if kind == "kubernetes_resources":
            return {"state": given | {"objects": any_list(self._cloud.objects_of(self._place(session), given))}}
        if kind == CALLER:
            given["access_token"] = self._cloud.give_token()
        if kind == SECRET:
            latest = str(self._cloud.secret_versions.get(str(given["secret"]), 1))
            data = {"secret_data": ""} if given["fetch_secret_data"] is False else {}
            given |= {"version": given["version"] or latest, **data}
        given |= self._lists(kind, given)
        held = self._cloud.read(self._data_key(session, kind, given)) if kind in self._types else {}
        if held is None and kind == ZONE:
            held = {}  # A zone of others, which is there.
        if held is None:
            raise RefusedError(f"Error 404: {kind} {identity(kind, given)} not found")
        if kind == CLUSTER and held:
            held["node_pool"] = [
                dict.fromkeys(self._types[f"data.{kind}"]["block"]["attributes"]["node_pool"]["type"][1][1])
                | {name: pool[name] for name in ("name", "node_config", "placement_policy", "network_config")}
                for pool in self._cloud.pools_of(held)
            ]
        held |= fitted(self._types[f"data.{kind}"]["block"]["attributes"], held)
        if kind in ANSWERED:
            given[ANSWERED[kind]] = held[ANSWERED[kind]]
        filled = {name: held.get(name, UNKNOWN) if value is None else value for name, value in given.items()}
        return {"state": completed(kind, self._types[f"data.{kind}"]["block"], filled, configured)}

    def _data_key(self, session: str, kind: str, given: Message) -> Key:
        """Return what the data source names: an account by its address, anything else as its resource does."""
        if kind == ACCOUNT and "@" in str(given["account_id"]):
            return kind, self._place(session), self._cloud.account_id(str(given["account_id"]))
        return self._key(session, kind, given)

    def _lists(self, kind: str, given: Message) -> Message:
        """Return what a data source lists; nothing for one that lists nothing here."""
        if kind == CERTIFICATES:
            return {"certificates": self._listed(str(given["filter"]))}
        if kind == SUBNETS:
            return {"subnetworks": self._listed_subnets(given)}
        return {"bucket_objects": self._listed_marks(str(given["prefix"]))} if kind == OBJECTS else {}

    def _listed_subnets(self, given: Message) -> list[Message]:
        """List the subnets of a project and region with the purpose of the filter."""
        members = self._types[f"data.{SUBNETS}"]["block"]["attributes"]["subnetworks"]["type"][1][1]
        found = [held for key, held in self._cloud.objects.items() if key[0] == SUBNET]
        return [
            {name: held.get(name) for name in members}
            | {"network": f"https://{HOST}/{held['network']}", "network_self_link": held["network"].split("/")[-1]}
            for held in found
            if (held["project"], held["region"]) == (given["project"], given["region"])
            and f'purpose = "{held["purpose"]}"' in str(given["filter"])
        ]

    def _listed_marks(self, prefix: str) -> list[Message]:
        """List the mark of the Cloud Run job that has filled a folder of the bucket."""
        members = self._types[f"data.{OBJECTS}"]["block"]["attributes"]["bucket_objects"]["type"][1][1]
        tasks = [held["template"][0]["template"][0] for key, held in self._cloud.objects.items() if key[0] == LOAD_JOB]
        env = [one for task in tasks for one in task["containers"][0]["env"] if one["name"] == "TARGET_DIRECTORY"]
        marks = {f"{one['value']}/.complete" for one in env} - self._cloud.lost_marks
        return [dict.fromkeys(members) | {"name": mark} for mark in sorted(marks) if mark.startswith(prefix)]

    def _listed(self, filter_: str) -> list[Message]:
        """List the certificates that *filter_* names, as the data source does: their names are their IDs."""
        there = [found for key, found in self._cloud.objects.items() if key[0] == CERTIFICATE]
        name = filter_.rpartition("/")[2].rstrip('"')
        if not any(filter_ == f'name:"{found["id"]}"' for found in there) and name not in self._cloud.lost_certificates:
            members = self._types[f"data.{CERTIFICATES}"]["block"]["attributes"]["certificates"]["type"][1][1]
            return [dict.fromkeys(members) | {"name": filter_[len('name:"') : -1]}]
        members = self._types[f"data.{CERTIFICATES}"]["block"]["attributes"]["certificates"]["type"][1][1]
        return [
            dict.fromkeys(members)
            | {"name": found["id"], "managed": [{**found["managed"][0], "state": self._cloud.certificate_state}]}
            for found in there
            if filter_ == f'name:"{found["id"]}"'
        ]

    def open_ephemeral_resource(self, session: str, request: Message) -> Message:
        """Return a secret, or another token at each open. Neither has an end to be renewed before, as in reality."""
        kind, configured = request["type_name"], self._sessions[session]
        block = self._types[f"ephemeral.{kind}"]["block"]
        opened = planned(block, request["config"], None, {}, configured)
        if kind == CALLER:
            opened["access_token"] = self._cloud.give_token()
        return {"result": completed(kind, block, opened, configured)}

    def renew_ephemeral_resource(self, session: str, request: Message) -> Message:
        """Refuse, as the real provider does."""
        raise RefusedError(f"{request['type_name']} cannot be renewed")

    def _key(self, session: str, kind: str, resource: Message) -> Key:
        return kind, self._place(session), identity(kind, resource)

    def _place(self, session: str) -> str:
        config = self._sessions[session]
        access = config.get("kubernetes") or config
        host, token = access.get("host") or "", access.get("token")
        if isinstance(host, ExtType) or isinstance(token, ExtType):
            raise RefusedError("Failed to construct REST client: cannot create REST client: no client config")
        if token is not None:
            self._cloud.check_token(token)
        return str(host) or " ".join(filter(None, (access.get("config_path"), access.get("config_context"))))


def any_list(objects: list[list[Any]]) -> list[Any]:
    """Return values that bring their types as one value that brings its own: a list whose elements differ."""
    types = [json.loads(type_) for type_, _ in objects]
    return [json.dumps(["tuple", types]).encode(), [value for _, value in objects]]


def problems(*texts: str) -> Message:
    """Report errors as the protocol does."""
    return {"diagnostics": [{"severity": 1, "summary": text} for text in texts]}
