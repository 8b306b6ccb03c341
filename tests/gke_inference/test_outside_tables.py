"""What the summary of a synth shows of clusters outside Google Cloud, and of remotes."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from gke_inference.synth.outside_tables import outside_tables
from tests.configs import BEYOND, EXAMPLE, MULTI_CLOUD, config
from tests.gke_inference.conftest import InferenceOps

OUTSIDE = BEYOND[1]


def facts(path: Path, /, **changes: Any) -> dict[str, dict[str, dict[str, str]]]:
    """Return what is shown in 80 columns, by the tables' titles, keys and names."""
    shown: dict[str, dict[str, dict[str, str]]] = {}
    for table in outside_tables(config(path, **changes)):
        out = io.StringIO()
        Console(file=out, width=80, color_system=None).print(table)
        rows = shown.setdefault(str(table.title), {})
        key = name = ""
        for line in out.getvalue().splitlines()[4:]:
            assert len(line.rstrip()) <= 80
            *first, text = re.split(r"\s{2,}", line.rstrip()) if line.strip() else [""]
            if text and "".join(first):
                key, name = (first[0].strip() or key), first[-1]
                rows.setdefault(key, {})[name] = text
            elif text:
                rows[key][name] += f" {text}"
    return shown


def test_each_cluster_outside_is_shown_with_where_it_is_and_what_it_serves() -> None:
    """Kind, context, models, what leads to them, and the address with the names of DNS that lead there."""
    assert facts(MULTI_CLOUD)["Clusters outside Google Cloud"]["hk"] == {
        "kind": "Alibaba Cloud ACK",
        "reached by": "context hk of ~/.kube/hk.yaml",
        "models": "speech (1)",
        "entry": "Ingress of the class alb, HTTPS with the Secret speech-tls",
        "endpoint": "198.51.100.10, by the name speech.ai.example.com",
        "watched by": "nobody",
    }


def test_every_way_to_a_cluster_outside_is_shown() -> None:
    """A program that signs in, a Gateway, a tunnel, an Ingress by HTTP alone, and none at all."""
    shown = facts(OUTSIDE)["Clusters outside Google Cloud"]

    assert list(shown) == ["hk", "vn", "farm-a", "shop", "lab"]
    assert shown["lab"]["reached by"] == "https://lab.example.com:6443, signed in to by lab-login"
    assert shown["lab"]["entry"] == "Gateway infra/public"
    assert shown["shop"]["entry"] == "Ingress of the class traefik, HTTP alone"
    assert shown["shop"]["endpoint"] == "a tunnel to Cloudflare's edge"
    assert shown["lab"]["endpoint"] == "none: it has no address"


def test_an_address_without_a_name_is_shown_as_such() -> None:
    """Nobody finds it by DNS."""
    shown = facts(MULTI_CLOUD, dns__records__speech__targets=["us", "eu", "farm"])["Clusters outside Google Cloud"]

    assert shown["hk"]["endpoint"] == "198.51.100.10, to which no name of dns.records leads"


def test_models_outside_are_shown_with_their_number() -> None:
    """Those that the cluster names, or all; between the bounds of an autoscaler."""
    shown = facts(OUTSIDE)["Clusters outside Google Cloud"]

    assert shown["vn"]["models"] == "speech (2 to 4), llama (1)"
    assert shown["farm-a"]["models"] == "speech (1), llama (1)"


def test_who_reads_metrics_outside_is_shown() -> None:
    """Nobody does where no server there has any, whatever the setting says."""
    shown = facts(OUTSIDE)["Clusters outside Google Cloud"]
    annotated = facts(OUTSIDE, **{"outside__farm-a__monitoring": "annotations"})["Clusters outside Google Cloud"]

    assert shown["farm-a"]["watched by"] == "the Prometheus Operator there, by a ServiceMonitor"
    assert annotated["farm-a"]["watched by"] == "the Prometheus there, by annotations"
    assert shown["hk"]["watched by"] == "nobody: its servers export no metrics"
    assert shown["lab"]["watched by"] == "nobody"


def test_each_remote_is_shown_with_where_its_requests_go() -> None:
    """Which requests are its own, each endpoint with scheme and port, and the proxies that send them on."""
    assert facts(OUTSIDE)["Remotes: servers outside all clusters"] == {
        "farm": {
            "address": "path /farm",
            "sent to": "https://farm.example.com:443",
            "sent by": "proxies in us, eu, 2 in each",
        },
        "rack": {
            "address": "host rack.ai.example.internal",
            "sent to": "http://192.0.2.10:8000, http://192.0.2.11:8000",
            "sent by": "proxies in us, eu, 2 in each",
        },
    }


@pytest.mark.parametrize(
    ("path", "titles"),
    [
        (EXAMPLE, set()),
        (MULTI_CLOUD, {"Clusters outside Google Cloud"}),
        (OUTSIDE, {"Clusters outside Google Cloud", "Remotes: servers outside all clusters"}),
    ],
    ids=lambda value: getattr(value, "stem", None),
)
def test_there_is_no_table_of_nothing(path: Path, titles: set[str]) -> None:
    """A platform on Google Cloud alone has neither."""
    assert set(facts(path)) == titles


def test_a_synth_prints_both_tables(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """After the models."""
    shown = inference_ops("synth", str(OUTSIDE), "--outdir", str(tmp_path / "out")).out
    titles = ("\nModels", "\nClusters outside Google Cloud", "\nRemotes: servers outside all clusters")
    places = [shown.find(title) for title in titles]

    assert -1 not in places
    assert places == sorted(places)
