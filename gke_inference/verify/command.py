"""`gke-inference verify`: what is up, region by region."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import click
from click.core import ParameterSource
from rich.console import Console

from gke_inference.api_error import ApiError
from gke_inference.check import without_credentials
from gke_inference.command import ChosenRegions, Command, Exit, Settings, option, region_option
from gke_inference.findings import Finding
from gke_inference.google_api import GoogleApi
from gke_inference.live_platform import LivePlatform, ModelEndpoint, connect_clusters
from gke_inference.option_types import BaseUrl, Finite
from gke_inference.progress import Note, show_progress
from gke_inference.resolver import Resolver, resolver_problems
from gke_inference.secret_headers import header_option, header_problems
from gke_inference.tables import report_findings
from gke_inference.verify.run import Verification
from gke_inference.verify.watch import Watch
from platform_config.errors import shown
from platform_config.model import models_of

HOUR_SEC = 3600


class UrlOfRegion(click.ParamType[tuple[str, str]]):
    """The key of a region and where its gateway is reached from here."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return key and base address."""
        key, sign, url = value.partition("=")
        if not key or not sign:
            self.fail(f"must read KEY=http://ADDRESS, got {shown(value)}", param, ctx)
        return key, BaseUrl().convert(url, param, ctx)


@click.command(cls=Command)
@region_option
@option(
    "--model", "models", metavar="KEY", multiple=True,
    help="Key of a model to look at; may be given again.  [default: all]",
)  # fmt: skip
@option(
    "--url-for", "urls", type=UrlOfRegion(), metavar="KEY=URL", multiple=True,
    help="Where the gateway of a region is reached from here; may be given again.  [default: its own address]",
)  # fmt: skip
@option("--completion/--no-completion", default=True, help="Send one request per region and model through the gateway.")
@option("--resolver", metavar="ADDRESS", default=None,
        help="Resolver to ask for the names of `dns`, with :PORT.  [default: this machine's]")  # fmt: skip
@header_option
@option(
    "--timeout-sec", type=Finite(0, HOUR_SEC, min_open=True), metavar="SEC", default=240,
    help="For all of it together; completions have the last third.",
)  # fmt: skip
@option("--watch", is_flag=True, help="Look again and again until Ctrl-C; the exit code is that of the last look.")
@option(
    "--interval-sec", type=Finite(0, HOUR_SEC, min_open=True), metavar="SEC", default=30,
    help="Between two looks of --watch.",
)  # fmt: skip
@click.pass_context
def verify(
    ctx: click.Context,
    *,
    regions: ChosenRegions,
    models: tuple[str, ...],
    urls: tuple[tuple[str, str], ...],
    completion: bool,
    resolver: str | None,
    secret_headers: Mapping[str, str],
    timeout_sec: float,
    watch: bool,
    interval_sec: float,
) -> Exit:
    """
    Report what is up, region by region: clusters, pools, servers of each model, metrics, the gateway.

    Reads Google's APIs and each cluster's with your application default credentials, and changes nothing. What could
    not be asked is reported as unknown and never counts as good. Completions need a machine inside the VPC. Where the
    gateway asks for a key, --header gives it, and a request without it shows that it is refused.
    """
    settings: Settings = ctx.obj
    problems = [*_contradictions(regions, models, urls, completion=completion), *_watch_problems(ctx, watch=watch)]
    problems += resolver_problems(resolver or "")
    problems += dict.fromkeys(_header_problems(regions, models, secret_headers, completion=completion))
    if problems:
        raise click.UsageError("\n  ".join(problems))
    look = partial(
        _findings,
        regions,
        models,
        dict(urls),
        completion=completion,
        resolver=resolver or "",
        secret_headers=secret_headers,
        timeout_sec=timeout_sec,
    )
    title = f"{regions.config.name} in {regions.config.project}"
    if watch:
        return Watch(look, regions.keys, title=title, interval_sec=interval_sec, console=Console()).run()
    with show_progress() as note:
        found = look(note)
    return report_findings(found, regions.keys, output=settings.output, title=title)


def _watch_problems(ctx: click.Context, *, watch: bool) -> Iterator[str]:
    if watch and ctx.obj.output == "json":
        yield "--watch: must not stand beside --output json: a program runs verify itself as often as it needs"
    if not watch and ctx.get_parameter_source("interval_sec") is ParameterSource.COMMANDLINE:
        yield "--interval-sec: must stand beside --watch"


def _contradictions(
    regions: ChosenRegions, models: tuple[str, ...], urls: tuple[tuple[str, str], ...], *, completion: bool
) -> Iterator[str]:
    """Yield each problem of options that do not fit together."""
    for key in models:
        if key not in regions.config.models:
            yield f"--model: must be one of {', '.join(regions.config.models)}, got {shown(key)}"
    for key, count in Counter(key for key, _ in urls).items():
        if key not in regions.keys:
            yield f"--url-for: must name one of {', '.join(regions.keys)}, got {shown(key)}"
        elif count > 1:
            yield f"--url-for: must name each region once, got {shown(key)} {count} times"
    if urls and not completion:
        yield "--url-for: must not stand beside --no-completion, which asks at no address"


def _header_problems(
    regions: ChosenRegions, models: tuple[str, ...], secret: Mapping[str, str], *, completion: bool
) -> Iterator[str]:
    """Yield why the *secret* headers cannot be sent."""
    if secret and not completion:
        yield "--header: must not stand beside --no-completion, which sends no request"
    for model in models_of(regions.config):
        if not models or model.key in models:
            yield from header_problems(secret, ModelEndpoint.at("", model).headers, None)


def _findings(
    regions: ChosenRegions, models: tuple[str, ...], urls: dict[str, str], note: Note, *, completion: bool,
    resolver: str, secret_headers: Mapping[str, str], timeout_sec: float,
) -> list[Finding]:  # fmt: skip
    config = regions.config
    try:
        google = GoogleApi.sign_in(config.project, config.universe)
    except ApiError as error:
        return [without_credentials(error)]
    return Verification(
        live=LivePlatform(config=config, clusters=connect_clusters(config, lambda: google)),
        google=google,
        keys=regions.keys,
        models=models or tuple(config.models),
        urls=urls,
        secret_headers=secret_headers,
        completion=completion,
        resolver=Resolver(resolver),
        timeout_sec=timeout_sec,
        note=note,
    ).findings()
