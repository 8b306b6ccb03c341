"""`gke-inference drill`: take a region down on purpose, and measure what users would have noticed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from constructs_lib.specs import RecordSpec
from constructs_lib.specs.model import HOST
from gke_inference.chosen_model import choose_model, request_problems, route_problem
from gke_inference.command import Command, Exit, Settings, option, platform_config
from gke_inference.drill.gateways import Url, asked_regions, beside, endpoint_at, regional_endpoints, url_problems
from gke_inference.drill.journal import Journal
from gke_inference.drill.name_checks import NameWatch
from gke_inference.drill.plan import (
    MEANS,
    SENDER_PLACES,
    DrillPlan,
    Means,
    SenderPlace,
    highest_good_error_rate,
    longest_good_downtime_sec,
    plan_problems,
)
from gke_inference.drill.restore import restore_from_journal
from gke_inference.drill.workflow import DrillOptions, run_drill
from gke_inference.gauges.watch import GaugeWatch
from gke_inference.google_api import GoogleApi
from gke_inference.live_platform import Clusters, LivePlatform, ModelEndpoint, connect_clusters
from gke_inference.openai import Endpoint
from gke_inference.option_types import Finite, JsonBody, NewFile, RegionUrl, RequestPath, TokenVariable
from gke_inference.resolver import Resolver, resolver_problems
from gke_inference.secret_headers import header_option, header_problems
from platform_config.config import Config
from platform_config.dns_plan import probe_path, probe_port, protocol
from platform_config.errors import shown
from platform_config.model import Model

HOUR_SEC = 3600
MAX_TOKENS = 16
RESTORING = ("restoring", "journal", "restore_timeout_sec", "yes", "config", "output")
"""Options that go with --restore."""
JOURNAL = "drill-journal.json"


@click.command(cls=Command)
@option("--region", metavar="KEY", help="Key of the region that is taken down.")
@option("--model", "key", metavar="KEY", help="Key of the model that is asked, and goes down.  [default: the only one]")
@option(
    "--all-models", is_flag=True, help="Take the region down for every model that it serves, not for that one alone."
)
@option(
    "--means",
    type=click.Choice(MEANS),
    default="replicas",
    help="Model servers to 0, the gateway's capacity to 0 % (not for regional gateways), or nodes cordoned and pods "
    "deleted.",
)
@option("--double", "second", metavar="KEY", help="Key of a second region to take down meanwhile.  [default: none]")
@option(
    "--sender",
    type=click.Choice(SENDER_PLACES),
    default=None,
    help="From where requests are sent: a small pod in the region's cluster, or here, a machine in the VPC.  "
    "[default: pod; here for public gateways]",
)
@option(
    "--url", "urls", type=RegionUrl(), multiple=True, metavar="[KEY=]URL",
    help="Base address to send to; of regional gateways KEY=URL, once for each.  [default: the gateway's own]",
)  # fmt: skip
@option("--path", type=RequestPath(), help="Where to POST --body in place of a chat, such as /v1/audio/speech.")
@option("--body", type=JsonBody(), metavar="JSON", help="What to POST to --path: JSON, or @FILE.")
@option("--yes", is_flag=True, help="Really do it. Without it the plan is printed and nothing is changed.")
@option("--restore", "restoring", is_flag=True, help="Only undo what a killed drill has left.")
@option("--journal", type=NewFile(), metavar="FILE", default=JOURNAL, help="Holds what has to be undone.")
@option("--even-if-overloaded", is_flag=True, help="Even if no other region has as many servers.")
@option("--rate-per-sec", type=Finite(0, 100, min_open=True), metavar="RATE", default=2, help="Requests sent.")
@option("--baseline-sec", type=Finite(0, HOUR_SEC, min_open=True), metavar="SEC", default=30, help="Before the outage.")
@option(
    "--outage-sec", type=Finite(0, HOUR_SEC, min_open=True), metavar="SEC", default=120, help="Length of each outage."
)
@option(
    "--recovery-sec",
    type=Finite(0, 4 * HOUR_SEC, min_open=True),
    metavar="SEC",
    default=600,
    help="For a region to answer again; ends when it does.",
)
@option(
    "--slow-sec",
    type=Finite(0, HOUR_SEC, min_open=True),
    metavar="SEC",
    default=5,
    help="A slower answer counts as slow.",
)
@option("--timeout-sec", type=Finite(0, HOUR_SEC, min_open=True), metavar="SEC", default=30, help="For one request.")
@option(
    "--max-downtime-sec",
    type=Finite(0),
    metavar="SEC",
    default=None,
    help="Longest downtime that is still good.  [default: objectives.failover_downtime_sec or failover_budget, else "
    "30]",
)
@option(
    "--max-error-rate",
    type=Finite(0, 1),
    metavar="RATE",
    default=None,
    help="Failed requests per request that are still good: 0.05 are 5 %; of regional gateways, in other regions.  "
    "[default: failover_budget, else 0.05; 0 for regional gateways]",
)
@option(
    "--restore-timeout-sec",
    type=Finite(0, 24 * HOUR_SEC),
    metavar="SEC",
    default=1800,
    help="How long restoring is tried again where it fails.",
)
@option("--token-env", "token", type=TokenVariable(), default=None, help="Environment variable with a bearer token.")
@header_option
@option(
    "--gauges/--no-gauges", "with_gauges", default=True,
    help="Read servers, nodes, KV cache and load balancer of each region meanwhile.",
)  # fmt: skip
@option("--resolve", "name", metavar="NAME", default=None,
        help="Host name to look up and ask each second from here, with and without a cache.")  # fmt: skip
@option("--resolver", metavar="ADDRESS", default=None,
        help="Resolver to ask for it, with :PORT.  [default: this machine's]")  # fmt: skip
@option("--picture", type=NewFile(suffix=".svg"), help="SVG to draw: who answered, what failed and gauges, over time.")
@option(
    "--report", type=NewFile(suffix=".html"),
    help="Page to write, to keep as evidence: verdict, objectives, picture, figures, commit and versions.",
)  # fmt: skip
@click.pass_context
def drill(
    ctx: click.Context, *, region: str | None, key: str | None, all_models: bool, means: Means, second: str | None,
    sender: SenderPlace | None, urls: tuple[Url, ...], path: str | None, body: Any, yes: bool, restoring: bool,
    journal: Path, even_if_overloaded: bool, rate_per_sec: float, baseline_sec: float, outage_sec: float,
    recovery_sec: float, slow_sec: float, timeout_sec: float, max_downtime_sec: float | None,
    max_error_rate: float | None, restore_timeout_sec: float, token: str | None, secret_headers: Mapping[str, str],
    with_gauges: bool, name: str | None, resolver: str | None, picture: Path | None, report: Path | None,
) -> Exit:  # fmt: skip
    """
    Take a region down on purpose, and measure what users would notice.

    Only the servers of the model that is asked go down, unless --all-models is given. Where its answers do not
    name their region, as those of custom servers, downtime and failed requests are measured, and no more.

    Short requests go to the gateway on every tick, whether or not the last one has ended: baseline, outage,
    with --double the outage and recovery of a second region, recovery. With --double and no region left, only
    states 2 and 5 count.

    With gateway.scope: regional no region takes over for another. Each region's own gateway is then asked from its
    own region. The verdict fails where another region lost a request, or where the one that went down did not
    answer well again; reported are the time until its gateway answered with errors, and the time from the restore
    until it answered well.

    A pod in the region's cluster sends them, as a client there would. With --sender here this machine sends
    them; it must be in the VPC and have the region as the nearest one. Tokens and secret headers are posted to the
    pod when it runs, and are in no object of the cluster.

    The model's objectives in the config are judged besides, each with a finding of its own: what the outage costs
    of the errors that availability_percent allows in 30 days, and the share of answers that began within
    first_token_sec. --max-error-rate counts whatever is promised; --max-downtime-sec counts in place of
    failover_downtime_sec.

    Everything is restored, and the pod deleted, however the drill ends: after the last state, on Ctrl-C, when
    the connection is lost. After a kill -9 or a power cut, `drill --restore` does it from the journal.

    Pods end gracefully, as in an upgrade; no means simulates a power cut. With `cordon`, pools with room to
    grow may create new nodes. A Terraform apply in the meantime may end the outage.
    """
    settings: Settings = ctx.obj
    config = platform_config(ctx)
    google = cache(lambda: GoogleApi.from_environment(config.project, config.universe))
    platform = LivePlatform(config=config, clusters=find_clusters(config, google))
    if restoring:
        return _restore(ctx, platform, Journal.of(config, journal), restore_timeout_sec)
    model = choose_model(config, key)
    endpoint = Endpoint(
        url="", model=model.name, path=path or "", body=body, max_tokens=MAX_TOKENS, timeout_sec=timeout_sec,
        token=token or "", secret_headers=secret_headers,
    )  # fmt: skip
    gateways = regional_endpoints(urls, model, endpoint)
    plan = DrillPlan(
        endpoint=gateways.get(region or "") or endpoint_at(dict(urls).get("", ""), model, endpoint), gateways=gateways,
        model=model.key, models_down=models_down(model, all_models=all_models),
        region_in_answers=config.is_regional or shows_region(model, region, second),
        sender=sender or ("here" if config.gateway.public else "pod"), region=region or "", second=second,
        means=means, region_names=asked_regions(model), rate_per_sec=rate_per_sec,
        baseline_sec=baseline_sec, outage_sec=outage_sec, recovery_sec=recovery_sec, slow_sec=slow_sec,
        objectives=model.spec.objectives, budget=config.failover_budget,
        max_downtime_sec=longest_good_downtime_sec(max_downtime_sec, model.spec.objectives, config.failover_budget),
        max_error_rate=highest_good_error_rate(config, max_error_rate), restore_timeout_sec=restore_timeout_sec,
    )  # fmt: skip
    _refuse(
        [
            *filter(None, [route_problem(model)]),
            *request_problems(model, path, body),
            *header_problems(secret_headers, ModelEndpoint.at("", model).headers, token),
            *url_problems(config, model, urls),
            *plan_problems(config, plan),
            *name_problems(name, resolver or ""),
            *(_without_effect(ctx) if config.is_regional else ()),
            *_file_problems(journal, settings.config_path, picture=picture, report=report),
        ]
    )
    options = DrillOptions(
        yes=yes, even_if_overloaded=even_if_overloaded, output=settings.output, picture=picture, page=report,
        config_path=settings.config_path,
    )  # fmt: skip
    watch = GaugeWatch.of(model, platform, google) if with_gauges else None
    names = name_watch(config, model, name, resolver or "") if name else None
    return run_drill(platform, plan, Journal.of(config, journal), options, watch, names)


def name_watch(config: Config, model: Model, name: str, resolver: str) -> NameWatch:
    """Return what checks *name*: at the port, and for the path, by which DNS finds out whether a target is up."""
    record = next((one for one in config.dns.records.values() if one.host == name), None) if config.dns else None
    path = probe_path(config, record or RecordSpec(host=name, model=model.key))
    tls = protocol(config) == "HTTPS" or config.gateway.tls is not None
    port = probe_port(config) if record else config.gateway.serving_port
    return NameWatch(name, f"{'https' if tls else 'http'}://{name}:{port}{path}", Resolver(resolver))


def name_problems(name: str | None, resolver: str) -> Iterator[str]:
    """Yield what is wrong with the name to look up, and with the resolver."""
    if name is not None and not re.fullmatch(HOST, name):
        yield f"--resolve: must be a host name such as llm.example.com, got {shown(name)}"
    if resolver and name is None:
        yield "--resolver: must stand beside --resolve NAME"
    yield from resolver_problems(resolver)


def models_down(model: Model, *, all_models: bool) -> tuple[str, ...]:
    """Return the keys of the models whose servers go down: *model*, and those that answer its requests or all."""
    canary = model.spec.canary
    others = model.config.models if all_models else [canary.model] if canary and canary.percent else []
    return tuple(dict.fromkeys((model.key, *others)))


def shows_region(model: Model, *keys: str | None) -> bool:
    """Return whether answers show that *keys* are down: not where another cluster of the same region serves too."""
    return model.server.answers_with_region and not any(beside(model, key) for key in keys if key)


def _without_effect(ctx: click.Context) -> Iterator[str]:
    """Yield the options that regional gateways leave without an effect."""
    for name in ("max_downtime_sec", "even_if_overloaded"):
        if ctx.get_parameter_source(name) == ParameterSource.COMMANDLINE:
            yield f"--{name.replace('_', '-')}: must be left out for regional gateways, where no region takes over"


def find_clusters(config: Config, google: Callable[[], GoogleApi]) -> Clusters:
    """Return the clusters of *config*; each is looked up once, when it is needed first."""
    return connect_clusters(config, google)


def _restore(ctx: click.Context, platform: LivePlatform, journal: Journal, timeout_sec: float) -> Exit:
    given = (
        one for one in ctx.command.params if ctx.get_parameter_source(str(one.name)) == ParameterSource.COMMANDLINE
    )
    _refuse([f"{one.opts[0]}: must not be given with --restore" for one in given if one.name not in RESTORING])
    try:
        return restore_from_journal(platform, journal, timeout_sec=timeout_sec, output=ctx.obj.output)
    except FileNotFoundError:
        raise click.UsageError(f"--journal: must exist to restore from, found no {journal.path}") from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _file_problems(journal: Path, config_path: Path, **written: Path | None) -> Iterator[str]:
    if journal.exists():
        yield (
            f"--journal: must not exist, got {shown(str(journal))}: another drill runs, or was killed; "
            f"end that one with gke-inference drill --restore --journal {journal}"
        )
    for name, path in written.items():
        if path and path.resolve() in (journal.resolve(), config_path.resolve()):
            yield f"--{name}: must be another file than the journal and the config, got {shown(str(path))}"


def _refuse(problems: list[str]) -> None:
    if problems:
        raise click.UsageError("\n  ".join([f"{len(problems)} problem{'s' * (len(problems) > 1)}", *problems]))
