"""The tables of what runs outside Google Cloud in the summary of a synth."""

from __future__ import annotations

from collections.abc import Mapping

from rich.markup import escape
from rich.table import Table

from constructs_lib import model_servers
from constructs_lib.outside_presets import PRESETS, ingress_class
from constructs_lib.specs import OutsideModelSpec, OutsideSpec, RemoteSpec
from gke_inference.synth.models_table import address_parts
from gke_inference.tables import make_table
from platform_config.config import Config
from platform_config.dns_plan import targets_of
from platform_config.model import Model
from platform_config.outside_plan import outside_models

MONITORING = {
    "none": "nobody",
    "service_monitor": "the Prometheus Operator there, by a ServiceMonitor",
    "annotations": "the Prometheus there, by annotations",
}


def outside_tables(config: Config) -> list[Table]:
    """Return a table of the clusters outside and one of the remotes, each only where there are some."""
    clusters = {key: _cluster(config, key) for key in config.outside}
    remotes = {key: _remote(config, remote) for key, remote in config.remotes.items()}
    tables = (
        _table("Clusters outside Google Cloud", "cluster", clusters),
        _table("Remotes: servers outside all clusters", "remote", remotes),
    )
    return [table for table in tables if table.row_count]


def _table(title: str, what: str, facts: Mapping[str, Mapping[str, str]]) -> Table:
    """Return a table with a block of rows for each key: as columns, they would be too narrow to read."""
    table = make_table(title, what, "", "")
    for key, rows in facts.items():
        for number, (name, value) in enumerate(rows.items()):
            table.add_row("" if number else key, name, escape(value))
    return table


def _cluster(config: Config, key: str) -> dict[str, str]:
    cluster = config.outside[key]
    hosts = [
        record.host
        for record in (config.dns.records.values() if config.dns else ())
        if key in {target.key for target in targets_of(config, record)}
    ]
    named = f", by the name {' and '.join(hosts)}" if hosts else ", to which no name of dns.records leads"
    return {
        "kind": PRESETS[cluster.preset].title,
        "reached by": _access(cluster),
        "models": ", ".join(_servers(model, pods) for model, pods in outside_models(config, key).items()),
        "entry": _entry(cluster),
        "endpoint": f"{cluster.address}{named}" if cluster.address else _without_address(cluster),
        "watched by": _watched(config, key),
    }


def _access(cluster: OutsideSpec) -> str:
    if cluster.kubeconfig is not None:
        return f"context {cluster.context} of {cluster.kubeconfig}"
    return f"{cluster.host}, signed in to by {cluster.exec.command if cluster.exec else 'nothing'}"


def _servers(model: str, pods: OutsideModelSpec) -> str:
    scaled = pods.autoscaling
    count = f"{scaled.min_replicas} to {scaled.max_replicas}" if scaled else str(pods.replicas)
    return f"{model} ({count})"


def _entry(cluster: OutsideSpec) -> str:
    if cluster.gateway is not None:
        return f"Gateway {cluster.gateway}"
    certificate = f"HTTPS with the Secret {cluster.tls_secret}" if cluster.tls_secret else "HTTP alone"
    return f"Ingress of the class {ingress_class(cluster)}, {certificate}"


def _watched(config: Config, key: str) -> str:
    """Return who reads the metrics of the servers there: nobody where none of them has any."""
    monitoring = config.outside[key].monitoring
    exported = any(model_servers.metrics(Model(config, model).server) for model in outside_models(config, key))
    return MONITORING[monitoring] if exported or monitoring == "none" else "nobody: its servers export no metrics"


def _without_address(cluster: OutsideSpec) -> str:
    return "a tunnel to Cloudflare's edge" if cluster.tunnel else "none: it has no address"


def _remote(config: Config, remote: RemoteSpec) -> dict[str, str]:
    scheme = "https" if remote.tls else "http"
    return {
        "address": ", ".join(address_parts(remote.address)),
        "sent to": ", ".join(f"{scheme}://{endpoint}:{remote.port}" for endpoint in remote.endpoints),
        "sent by": f"proxies in {', '.join(config.serving_regions)}, {remote.replicas} in each",
    }
