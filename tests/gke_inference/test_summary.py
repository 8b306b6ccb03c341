"""What a run prints."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from constructs_lib.monitoring.alerts import ALERTS
from gke_inference.synth.alert_summary import alert_figures, alert_summary
from gke_inference.synth.gateway_summary import gateway_summary
from gke_inference.synth.last_synth import Change, Changes
from gke_inference.synth.models_table import models_table
from gke_inference.synth.summary import print_summary, stack_order
from platform_config.config import Config
from platform_config.effects import FIXED
from platform_config.load import load
from platform_config.pages import MOVE_THE_CONFIG_CLUSTER, REMOVE_A_REGION
from platform_config.stack_graph import GATEWAY_STACK, NETWORK_STACK, base_stack, cluster_stack, serving_stack
from tests.configs import CONFIGS, ELASTIC, GUARDED, REGIONAL, REGIONAL_PUBLIC, changed, config
from tests.gke_inference.conftest import InferenceOps
from tests.monitoring.platforms import alerts
from tests.synthesized import Synthesized, synthesize

ASIA = {"number": 3, "region": "asia-northeast1", "zones": ["asia-northeast1-b"]}
EMPTY = '{"resources": []}'
ONE = config(regions__eu=None, gateway__addresses="ephemeral")
THREE = config(
    regions__asia=ASIA,
    gateway={
        "regions": ["eu", "asia"],
        "health_check": {"interval_sec": 4, "timeout_sec": 3, "unhealthy_threshold": 3},
    },
    node_pools__gpu={"machine_type": "a3-ultragpu-8g", "nodes_per_zone": 2, "capacity": {"spot": True}},
    models__gemma__node_pools=["tpu"],
)


def summary(made: Config, app: Synthesized, path: str = "config/example.yaml", changes: Changes | None = None) -> str:
    """Return the text, without colours and wide enough not to be wrapped."""
    out = io.StringIO()
    print_summary(made, Path(path), Path(app.outdir), Console(file=out, width=200, color_system=None), changes)
    return out.getvalue()


def rows(text: str, first: str) -> list[list[str]]:
    """Return the cells of the table rows whose line begins with *first*, a pattern."""
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines() if re.match(rf"\s*{first}", line)]


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what is printed for one region."""
    return summary(ONE, synthesize(ONE, tmp_path_factory.mktemp("one")))


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what is printed for three regions, two of them with an address, with TPUs and GPUs."""
    return summary(THREE, synthesize(THREE, tmp_path_factory.mktemp("three")))


@pytest.mark.parametrize(("text", "regions"), [("one", ["us"]), ("three", ["us", "eu", "asia"])])
def test_stacks_are_numbered_in_an_order_that_can_be_applied(
    request: pytest.FixtureRequest, text: str, regions: list[str]
) -> None:
    """Each after those it needs, which are named beside it; the network needs none."""
    lines = rows(request.getfixturevalue(text), r"\d+ +(infra|workload)-")
    stacks = [re.split(r"\s+", " ".join(line), maxsplit=3) for line in lines]

    assert [line[0] for line in stacks] == [str(number) for number in range(1, 6 + 3 * len(regions))]
    assert stacks[0][1::2] == [NETWORK_STACK, "-"]
    assert stacks[-1][1] == GATEWAY_STACK
    seen: set[str] = set()
    for _, name, resources, needs in stacks:
        assert int(resources) > 0
        assert set(needs.split(", ")) - {"-"} <= seen
        seen.add(name)
    assert seen >= {f"{stack}-{key}" for stack in ("infra-cluster", "workload-serving") for key in regions}


def test_resources_are_counted_by_type(three: str) -> None:
    """The total is in the title."""
    counts = {name: int(count) for name, count in re.findall(r"^\s*([a-z]+_[a-z0-9_]+)\s+(\d+)\s*$", three, re.M)}

    assert counts["google_container_cluster"] == 3
    assert counts["google_container_node_pool"] == 9
    assert f"{sum(counts.values())} resources" in three


def test_each_pool_of_each_region_is_told(one: str, three: str) -> None:
    """Machine with its slice, nodes, chips of which generation, and where they come from."""
    tpu = ["tpu", "ct6e-standard-4t", "2x2", "1", "4", "x", "v6e", "on_demand"]
    gpu = ["gpu", "a3-ultragpu-8g", "2", "16", "x", "H200", "141GB", "spot"]

    assert [line.split()[2:] for line in one.splitlines() if "(us-east5)" in line and "tpu" in line] == [tpu]
    assert [line.split()[2:] for line in three.splitlines() if "asia (asia-northeast1)" in line][:2] == [tpu, gpu]


def test_addresses_are_told_for_regions_that_have_one(one: str, three: str) -> None:
    """With the subnet that clients see; one that Google chooses is called so."""
    assert re.search(r"us \(us-east5\) +ephemeral, chosen by Google +10\.2\.0\.0/20", one)
    assert re.search(r"eu \(europe-west4\) +gemma-gateway-eu +10\.4\.0\.0/20", three)
    assert re.search(r"asia \(asia-northeast1\) +gemma-gateway-asia +10\.6\.0\.0/20", three)
    assert "gemma-gateway-us" not in three


def test_gateways_are_shown_with_their_kind_and_what_protects_requests(tmp_path: Path, one: str) -> None:
    """Scope and class; of regional ones no measure of being full, of public ones no subnet."""
    made = config(**REGIONAL_PUBLIC)
    public = summary(made, synthesize(made, tmp_path))

    assert "One internal load balancer across regions (gke-l7-cross-regional-internal-managed-mc)." in one
    assert "Clients inside the VPC reach the gateway by HTTP alone: " in one
    assert "A public load balancer in each region (gke-l7-regional-external-managed)" in public
    assert re.search(r"us \(us-east5\) +gemma-gateway-us +none, it is public", public)
    assert "The internet reaches the gateways by HTTP alone: " in public
    assert "A dead server is detected in 10 s" in public
    assert ("full at" in one, "full at" in public) == (True, False)


def test_the_time_to_find_a_dead_region_is_worked_out(one: str, three: str) -> None:
    """Interval times threshold."""
    assert "A dead region is detected in 10 s (5 s between probes x 2 failures)" in one
    assert "A dead region is detected in 12 s (4 s between probes x 3 failures)" in three


def test_alerts_are_counted_and_who_hears_of_them_is_named(one: str) -> None:
    """Nobody does by default, and the setting that changes this is named; channels that no alert goes to are not."""
    mail = {"kind": "email", "address": "oncall@example.com"}
    total = len(alerts(regions__eu=None))

    assert re.search(
        rf"^{total} alerts \(.*critical.*\), of which nobody hears: .* set by observability\.channels\.$", one, re.M
    )
    assert alert_summary(config(observability={"alerting": False})) == "No alerts: observability.alerting is false."
    heard = config(observability={"channels": {"team": mail, "oncall": mail}})
    assert alert_summary(heard).endswith(" warning) go to team, oncall.")
    everything = {kind.name: {"channels": ["team"]} for kind in ALERTS}
    assert alert_summary(
        config(observability={"channels": {"team": mail, "oncall": mail}, "alerts": everything})
    ).endswith(" go to team.")
    warnings = sum(alert.severity == "warning" for alert in alerts().values())
    pager = config(observability={"channels": {"oncall": {**mail, "severities": ["critical", "error"]}}})
    assert alert_summary(pager).endswith(f" go to oncall, {warnings} of them to nobody.")


def test_alerts_are_counted_for_a_program_too() -> None:
    """By severity, which add up, and with the keys of the channels."""
    mail = {"kind": "email", "address": "oncall@example.com"}
    figures = alert_figures(config(observability={"channels": {"team": mail}}))

    assert figures["count"] == sum(figures["by_severity"].values()) == len(alerts())
    assert figures["channels"] == ["team"]
    assert alert_figures(config(observability__alerting=False)) == {"count": 0, "by_severity": {}, "channels": []}


SPEECH = {
    "server": {
        "kind": "custom",
        "image": "ghcr.io/remsky/kokoro-fastapi-gpu:v0.2.4",
        "port": 8880,
        "health_path": "/health",
        "gpu_memory_gib": 4,
    },
    "node_pools": ["gpu"],
    "regions": ["eu"],
    "replicas": 2,
    "address": {"host": "speech.example.com", "headers": {"x-model": "speech"}},
    "traffic": {"max_requests_per_second": 5},
}
CANARY = {"model": "next", "percent": 5}
SEVERAL = config(
    node_pools__gpu={"machine_type": "g2-standard-48"},
    models__gemma__address={"path": "/gemma"},
    models__gemma__node_pools=["tpu"],
    models__gemma__canary=CANARY,
    models__next=changed()["models"]["gemma"] | {"node_pools": ["tpu"]},
    models__old=changed()["models"]["gemma"] | {"node_pools": ["tpu"], "drain": True, "replicas": 0},
    models__speech=SPEECH,
)


def facts(made: Config, width: int = 80) -> dict[str, dict[str, str]]:
    """Return what the table of models shows of each, by the model's key."""
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(models_table(made))
    shown: dict[str, dict[str, str]] = {}
    last: tuple[str, str] = ("", "")
    for line in out.getvalue().splitlines()[4:]:
        assert len(line.rstrip()) <= width
        key, name, text = re.fullmatch(r" (\S*) +(?:(sent as|full at|\S+)  +)?(.*?) *", line).groups()  # type: ignore[union-attr]
        if name:
            last = (key or last[0], name)
            shown.setdefault(last[0], {})[name] = text
        elif text:
            shown[last[0]][last[1]] += f" {text}"
    return shown


def test_each_model_is_shown_with_what_follows_from_its_image() -> None:
    """How clients address it, which server and version it is, how many there are in each region, when it is full."""
    assert facts(config()) == {
        "gemma": {
            "sent as": "gemma-3-27b-it",
            "address": "every request",
            "server": "vLLM 0.27.0: gauge vllm:kv_cache_usage_perc, finishes running requests at SIGTERM",
            "image": "docker.io/vllm/vllm-tpu:v0.27.0",
            "servers": "1 in each of us, eu (pool tpu)",
            "full at": "60 % of the KV cache",
        }
    }


def test_models_that_are_found_by_name_are_shown_with_their_names() -> None:
    """That of the model and those of its adapters: what clients may send."""
    adapter = {"repository": "me/sql", "revision": "a" * 40}
    shown = facts(
        config(GUARDED, models__llama__served_name="llama", models__llama__weights__lora_adapters__sql=adapter)
    )

    assert shown["llama"]["address"] == "every request whose body names llama or food-review-1 or sql"
    assert shown["qwen"]["address"] == "every request whose body names Qwen3-8B"


def test_several_models_are_shown_in_80_columns() -> None:
    """One model after the other: a canary, one that leaves, and a server of another kind in one region."""
    shown = facts(SEVERAL)

    assert list(shown) == ["gemma", "next", "old", "speech"]
    assert shown["gemma"]["address"] == "path /gemma; 5 % of them to next"
    assert shown["next"]["address"] == "none: it answers a part of the requests of another model"
    assert shown["old"]["address"] == "none: it is drained, and can be removed after a deploy"
    assert shown["speech"]["address"] == "host speech.example.com, header x-model: speech"
    assert shown["speech"]["server"].endswith("on port 8880: no gauge, so it is behind a Service, ready at /health")
    assert shown["speech"]["servers"] == "2 in eu (pool gpu)"
    assert shown["speech"]["full at"] == "5 requests a second per server"


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: str(path.stem))
def test_models_of_each_config_of_the_product_fit_in_80_columns(path: Path) -> None:
    """Each with all that is shown of a model."""
    made = load(path)
    shown = facts(made)

    assert list(shown) == list(made.models)
    for each in shown.values():
        assert {"sent as", "address", "server", "image", "servers"} <= set(each)
        assert ("full at" in each) == (not made.is_regional)


def test_a_model_that_scales_is_shown_with_its_bounds() -> None:
    """The fewest and the most in each region, and what the autoscaler reads."""
    [llama] = facts(config(ELASTIC)).values()

    assert llama["servers"] == "1 to 10 in each of eu, us (pool h100)"
    assert llama["scales"] == "at 50 % of its gauge, by the pods metric"


def test_warnings_are_told_with_their_rule(tmp_path: Path) -> None:
    """Only where there are some."""
    made = config(node_pools__tpu__capacity={"spot": True})
    app = synthesize(made, tmp_path)

    assert re.search(r"^warning .*\[CAP-TRANSIENT\]", summary(made, app), re.M)


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project whose second region has left the config, with a cluster in its state."""
    project = tmp_path_factory.mktemp("left")
    states = {cluster_stack("eu"): '{"resources": [{}]}', base_stack("eu"): EMPTY}
    for file, state in {f"gemma/{stack}": state for stack, state in states.items()}.items():
        path = project / "terraform-state" / f"{file}.tfstate"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(state)
    synthesize(config(), project / "cdktf.out")
    synthesize(ONE, project / "cdktf.out")
    return project


def test_what_an_older_config_left_is_named_and_in_no_order(left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With where its state is from here; one never applied here, or destroyed, needs no word."""
    monkeypatch.chdir(left)
    text = summary(ONE, Synthesized(Path("cdktf.out")))

    [reported] = re.findall(rf"^  {cluster_stack('eu')}: \d+ resources as synthesized, state in (.*)$", text, re.M)
    assert reported == f"terraform-state/gemma/{cluster_stack('eu')}.tfstate"
    assert f"{REMOVE_A_REGION}, has the steps" in text
    assert serving_stack("eu") not in text
    assert base_stack("eu") not in text
    assert "-eu " not in text.split("Left by an older config")[0]


def test_the_json_of_a_synth_names_what_an_older_config_left(
    left: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, inference_ops: InferenceOps
) -> None:
    """With its platform and the place of its state, for a pipeline that must not go on."""
    monkeypatch.chdir(left)
    file = tmp_path / "one.yaml"
    file.write_text(json.dumps(changed(regions__eu=None, gateway__addresses="ephemeral")))

    [stale] = inference_ops("synth", str(file), "--output", "json").document["stale"]
    assert stale == {
        "stack": cluster_stack("eu"),
        "platform": "gemma",
        "state": f"terraform-state/gemma/{cluster_stack('eu')}.tfstate",
    }


def test_the_steps_of_the_docs_come_before_any_deploy(left: Path, platform: Synthesized) -> None:
    """While something of an older config is left, or a change is refused: a deploy would take from under it."""
    refused = Change(path="regions.us.number", was=1, now=7, effect=FIXED)
    for text in (
        summary(ONE, Synthesized(left / "cdktf.out")),
        summary(config(), platform, changes=Changes(settings=(refused,))),
    ):
        assert "Then, before any deploy, follow the steps" in text
        assert REMOVE_A_REGION in text
        assert MOVE_THE_CONFIG_CLUSTER in text
        assert "cdktf deploy" not in text
        assert "terraform -chdir" not in text
    assert "regions.us.number from 1 to 7: refused" in text


def test_what_another_platform_left_is_not_to_be_deleted(left: Path) -> None:
    """Its file is elsewhere; this one's deploy has nothing to wait for."""
    text = summary(config(name="llama", regions__eu=None), Synthesized(left / "cdktf.out"))

    reported = f"{cluster_stack('eu')}: of platform gemma, which this file does not describe, state in "
    assert f"{reported}{left}/terraform-state/gemma/{cluster_stack('eu')}.tfstate" in text
    assert "delete the folder" not in text
    assert "older config" not in text
    assert "Then: npx cdktf deploy" in text


def test_where_nothing_is_left_nothing_is_said(one: str) -> None:
    """No word of older configs."""
    assert "older config" not in one


def test_the_config_that_was_read_is_the_first_line(one: str, platform: Synthesized) -> None:
    """With the platform and the project that would be applied."""
    other = summary(config(project="somebody-s-own"), platform, "config/mine.yaml")

    assert one.splitlines()[0] == "Read config/example.yaml: platform gemma in project my-project-id."
    assert other.splitlines()[0] == "Read config/mine.yaml: platform gemma in project somebody-s-own."


def test_the_next_command_is_told(platform: Synthesized) -> None:
    """For cdktf and for plain Terraform, with the stack that goes first."""
    text = summary(config(), platform)

    assert "Then: npx cdktf deploy 'infra-*', then npx cdktf deploy '*'" in text
    assert f"terraform -chdir={platform.outdir}/stacks/{NETWORK_STACK} init" in text


def test_another_config_is_named_in_the_next_command(platform: Synthesized) -> None:
    """Else the wrong platform would be deployed."""
    assert "Then: INFERENCE_CONFIG=config/mine.yaml npx cdktf deploy" in summary(config(), platform, "config/mine.yaml")


@pytest.mark.parametrize(
    ("path", "shown"), [("my files/a.yaml", "'my files/a.yaml'"), ("[red]/a.yaml", "'[red]/a.yaml'")]
)
def test_the_next_command_can_be_pasted_as_it_is(platform: Synthesized, path: str, shown: str) -> None:
    """Also with a space or brackets in the path."""
    assert f"Then: INFERENCE_CONFIG={shown} npx cdktf deploy" in summary(config(), platform, path)


def test_the_order_is_the_manifest_s(platform: Synthesized) -> None:
    """Every stack once, after all that it needs."""
    order: dict[str, Any] = stack_order(platform.outdir)
    names = list(order)

    assert set(order) == set(platform.stacks)
    for name, needs in order.items():
        assert set(needs) == platform.dependencies(name)
        assert all(names.index(needed) < names.index(name) for needed in needs)


TLS = {"hosts": ["llm.example.com", "*.example.com"]}
REACHED: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["Clients inside the VPC reach the gateway by HTTP alone: "]),
    (
        {"gateway__tls": {"secret_name": "tls"}},
        ["Clients inside the VPC reach the gateway by HTTPS; HTTP is redirected."],
    ),
    (
        {**REGIONAL, "gateway__tls": {**TLS, "redirect": False}},
        [
            "Clients inside the VPC reach the gateways by HTTPS with TLS 1.2 or newer, for llm.example.com, "
            "*.example.com; HTTP is closed."
        ],
    ),
    (
        {**REGIONAL_PUBLIC, "gateway__tls": {**TLS, "min_version": "1.3", "profile": "RESTRICTED"}},
        [
            "The internet reaches the gateways by HTTPS with TLS 1.3 or newer, for llm.example.com, *.example.com; "
            "HTTP is redirected.",
            "Before the models: 600 requests a minute for each client address, of at most 10 MiB.",
        ],
    ),
    (
        {
            **REGIONAL,
            "gateway__tls": {"secret_name": "tls"},
            "gateway__client_limits": {"allowed_ranges": ["10.0.0.0/8"], "preview": True},
            "gateway__iap": {"client_id": "1-a.apps.googleusercontent.com", "secret_name": "iap"},
        },
        [
            "Clients inside the VPC reach the gateways by HTTPS with TLS 1.2 or newer; HTTP is redirected.",
            "Before the models: 600 requests a minute for each client address of 10.0.0.0/8, of at most 10 MiB, which "
            "is logged and not enforced; Identity-Aware Proxy.",
        ],
    ),
]
ROUTED = "routing by body (one that names no model gets 404)"
SPEECH = {
    "server": {"kind": "custom", "image": "example.com/speech:v1", "port": 8000, "health_path": "/health"},
    "address": {"path": "/speech"},
}
GUARDS: dict[str, tuple[dict[str, Any], str]] = {
    "all": (
        {"body_routing": {}, "apigee": {"environment": "prod"}, "model_armor": {}},
        f"{ROUTED}; Apigee (environment prod, without its answer none passes); Model Armor (blocks what it finds, "
        "without its answer none passes, screens answers that are not streamed, screens nothing of speech)",
    ),
    "off": (
        {"apigee": {"environment": "prod", "enabled": False}, "model_armor": {"enabled": False}},
        "Apigee (off: requests pass without a key); Model Armor (off: nothing is screened)",
    ),
    "open": (
        {"apigee": {"environment": "prod", "fail_open": True}, "model_armor": {"fail_open": True, "template": "llm"}},
        "Apigee (environment prod, fails open: without its answer requests pass without a key); Model Armor (does what "
        "the template llm says, fails open: without its answer requests pass unscreened, screens answers that are not "
        "streamed, screens nothing of speech)",
    ),
    "inspecting": (
        {
            "model_armor": {
                "enforcement": "INSPECT_ONLY", "log_prompts": True, "screen_responses": False, "models": {"speech": {}},
            }
        },
        "Model Armor (inspects only, and blocks nothing, without its answer none passes, screens no answers, all "
        "prompts and answers are logged)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "lines"), REACHED)
def test_it_says_who_reaches_the_gateways_and_how(changes: dict[str, Any], lines: list[str]) -> None:
    """HTTP alone stands out, with what follows from it."""
    kind, *found = gateway_summary(config(**changes))

    assert "load balancer" in kind
    assert len(found) == len(lines)
    assert all(line.startswith(expected) for line, expected in zip(found, lines, strict=True))


@pytest.mark.parametrize("name", GUARDS)
def test_it_shows_each_guard_rail_with_what_matters(name: str) -> None:
    """What is off, lets pass, only inspects or logs is read before it is deployed."""
    given, expected = GUARDS[name]
    made = config(**{**REGIONAL, "gateway": {"scope": "regional", **given}}, models__speech=SPEECH)

    assert list(gateway_summary(made))[-1] == f"Before the models: {expected}."


def test_the_summary_has_these_lines(one: str) -> None:
    """Below the addresses."""
    assert "Clients inside the VPC reach the gateway by HTTP alone: whoever is on the network" in one
