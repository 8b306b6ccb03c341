"""`inference-ops verify`: what is up, region by region."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import click
from rich.console import Console

from gke_inference import findings_report
from gke_inference.api_error import SIGN_IN, ApiError
from gke_inference.chosen import Chosen, chosen
from gke_inference.command import Command, Exit, Settings, option
from gke_inference.findings import Finding, Status, outcome
from gke_inference.google_api import GoogleApi
from gke_inference.live_platform import connect_clusters
from gke_inference.option_types import BaseUrl, Finite
from gke_inference.progress import progress
from gke_inference.verify.platform import Platform
from platform_config.errors import shown

HOUR_SEC = 3600


class UrlOfRegion(click.ParamType[tuple[str, str]]):
    """The key of a region and where its gateway is reached from here."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Key and base address."""
        key, sign, url = value.partition("=")
        if not key or not sign:
            self.fail(f"must read KEY=http://ADDRESS, got {shown(value)}", param, ctx)
        return key, BaseUrl().convert(url, param, ctx)


@click.command(cls=Command)
@option(
    "--region", "regions", metavar="KEY", multiple=True, callback=chosen,
    help="Key of a region to look at; may be given again.  [default: all]",
)  # fmt: skip
@option(
    "--url-for", "urls", type=UrlOfRegion(), metavar="KEY=URL", multiple=True,
    help="Where the gateway of a region is reached from here; may be given again.  [default: its own address]",
)  # fmt: skip
@option("--completion/--no-completion", default=True, help="Ask for one completion through the gateway per region.")
@option(
    "--timeout-sec", type=Finite(0, HOUR_SEC, min_open=True), metavar="SEC", default=240,
    help="For all of it together; completions have the last third.",
)  # fmt: skip
@click.pass_obj
def verify(
    settings: Settings, *, regions: Chosen, urls: tuple[tuple[str, str], ...], completion: bool, timeout_sec: float
) -> Exit:
    """
    Tell what is up, region by region: clusters, pools, servers, metrics, the gateway.

    Reads Google's APIs and each cluster's with your application default credentials, and changes nothing. What could
    not be asked is told as unknown and never counts as good. Completions need a machine inside the VPC.
    """
    if problems := list(_contradictions(regions, urls, completion=completion)):
        raise click.UsageError("\n  ".join(problems))
    found = _findings(regions, dict(urls), completion=completion, timeout_sec=timeout_sec)
    found = findings_report.in_order(found, regions.keys)
    if settings.output == "json":
        Console().out(findings_report.as_json(found), highlight=False)
    else:
        title = f"{regions.config.name} in {regions.config.project}"
        findings_report.print_findings(found, Console(), title=title)
    return outcome(found)


def _contradictions(regions: Chosen, urls: tuple[tuple[str, str], ...], *, completion: bool) -> Iterator[str]:
    """What cannot be meant so."""
    for key, count in Counter(key for key, _ in urls).items():
        if key not in regions.keys:
            yield f"--url-for: must name one of {', '.join(regions.keys)}, got {shown(key)}"
        elif count > 1:
            yield f"--url-for: must name each region once, got {shown(key)} {count} times"
    if urls and not completion:
        yield "--url-for: must not stand beside --no-completion, which asks at no address"


def _findings(regions: Chosen, urls: dict[str, str], *, completion: bool, timeout_sec: float) -> list[Finding]:
    """Without credentials there is one finding: nothing else can be asked."""
    config = regions.config
    try:
        google = GoogleApi.from_environment(config.project)
        google.token()
    except ApiError as error:
        needed, fix = "application default credentials that give a token", SIGN_IN
        found = f"could not be told: {error.message}"
        return [Finding(id="CREDENTIALS", status=Status.UNKNOWN, found=found, needed=needed, fix=fix)]
    with progress() as note:
        return Platform(
            config=config,
            google=google,
            connect=connect_clusters(config, lambda: google),
            keys=regions.keys,
            urls=urls,
            completion=completion,
            timeout_sec=timeout_sec,
            note=note,
        ).findings()
