"""`gke-inference load`: raise the load step by step, and show which region serves."""

from __future__ import annotations

import signal
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any, Literal

import anyio
import click
import httpx
from rich.console import Console

from gke_inference.chosen_model import AskedModel, find_asked_model, request_problems, route_problem
from gke_inference.command import Command, Exit, Settings, option
from gke_inference.gauges.record import GaugeFigures, Period
from gke_inference.gauges.report import gauge_lines
from gke_inference.gauges.watch import GaugeWatch
from gke_inference.live_platform import ModelEndpoint
from gke_inference.load import report
from gke_inference.load.chart import draw
from gke_inference.load.figures import run_figures
from gke_inference.load.plan import LoadPlan
from gke_inference.load.ramp import Ramp, RampMeasurement
from gke_inference.load.view import LoadView
from gke_inference.openai import Endpoint
from gke_inference.openai_client import CONNECT_SEC, make_prompt, send, served_models
from gke_inference.option_types import BaseUrl, Finite, JsonBody, NewFile, RequestPath, TokenVariable, WholeNumbers
from gke_inference.secret_headers import header_option, header_problems
from platform_config.errors import shown

DAY_SEC = 86_400


@click.command(cls=Command)
@option("--url", type=BaseUrl(), required=True, help="Base address of the server or gateway, such as http://10.0.0.5.")
@option(
    "--model", "asked", metavar="KEY", callback=find_asked_model,
    help="Key of a model of the config, or what clients send as model.  [default: the only one of config or server]",
)  # fmt: skip
@option(
    "--direct", is_flag=True, help="The URL is a server's own: add no path, host or headers of the model's address."
)
@option("--concurrency", type=WholeNumbers(most=10_000), default="1,2,4,8,16", help="Requests at once, step by step.")
@option("--step-sec", type=Finite(0, DAY_SEC, min_open=True), metavar="SEC", default=30, help="Length of a step.")
@option(
    "--prompt-tokens",
    type=WholeNumbers(most=1_000_000),
    default="128,1024",
    help="About how long prompts are, in tokens; one length after the other.",
)
@option("--max-tokens", type=click.IntRange(1, 1_000_000), metavar="N", default=128, help="Longest answer.")
@option("--stream/--no-stream", default=True, help="Ask for tokens as they come.")
@option("--api", type=click.Choice(["chat", "completions"]), default="chat", help="Which API of OpenAI's to call.")
@option("--path", type=RequestPath(), help="Where to POST in place of --api, such as /v1/audio/speech; with --body.")
@option("--body", type=JsonBody(), metavar="JSON", help="What to POST to --path: JSON, or @FILE.")
@option(
    "--timeout-sec",
    type=Finite(0, DAY_SEC, min_open=True),
    metavar="SEC",
    default=300,
    help="For one request, all of it.",
)
@option(
    "--region-header",
    metavar="NAME",
    default="x-inference-region",
    help="Response header that names the region which served.",
)
@option(
    "--objective",
    metavar="NAME",
    default="",
    show_default="none",
    help="InferenceObjective whose priority requests have.",
)
@option("--token-env", "token", type=TokenVariable(), default=None, help="Environment variable with a bearer token.")
@header_option
@option(
    "--max-error-rate",
    type=Finite(0, 1),
    metavar="RATE",
    default=0.01,
    help="Failed requests per request that are still good: 0.01 are 1 %.",
)
@option(
    "--gauges/--no-gauges", "with_gauges", default=True,
    help="Read servers, nodes, KV cache and load balancer meanwhile, where a config names the platform.",
)  # fmt: skip
@option("--picture", type=NewFile(suffix=".svg"), help="SVG to draw: requests by region, time to first token, gauges.")
@click.pass_obj
def load(
    settings: Settings, *, url: str, asked: AskedModel, direct: bool, concurrency: tuple[int, ...], step_sec: float,
    prompt_tokens: tuple[int, ...], max_tokens: int, stream: bool, api: Literal["chat", "completions"],
    path: str | None, body: Any, timeout_sec: float, region_header: str, objective: str, token: str | None,
    secret_headers: Mapping[str, str], max_error_rate: float, with_gauges: bool, picture: Path | None,
) -> Exit:  # fmt: skip
    """
    Raise the load step by step and see which region serves.

    Each of N workers sends its next request when its last has ended; each step has another N. Prompts are random
    words, so that no cache answers them. All requests are sent from this one process.

    Requests of a model of the config have its path, host and headers. With --path, any answer of status 200 to 299
    that comes whole is good, and the time of its first byte is shown in place of that of its first token.

    Where a config names the platform, its gauges are read meanwhile with your application default credentials:
    ready servers and nodes, KV cache and load balancer of each region. What cannot be read is reported, and the run
    goes on.

    Ctrl-C ends the run early; what was measured until then is reported.
    """
    model = asked.model
    problems = list(request_problems(model, path, body))
    if model and not direct and (problem := route_problem(model)):
        problems.append(f"{problem}; with --direct, --url is that of a server")
    at = ModelEndpoint.at(url, model) if model and not direct else ModelEndpoint(url=url, model=asked.name)
    problems += header_problems(secret_headers, at.headers, token)
    if problems:
        raise click.UsageError("\n  ".join(problems))
    endpoint = Endpoint(
        url=at.url, headers=at.headers, server_name=at.server_name,
        model=asked.name, api=api, path=path or "", body=body, stream=stream or path is not None,
        max_tokens=max_tokens, timeout_sec=timeout_sec,
        region_header=region_header, objective=objective, token=token or "", secret_headers=secret_headers,
    )  # fmt: skip
    try:
        endpoint = endpoint if asked.name or path else replace(endpoint, model=_only_model(endpoint))
    except ConnectionError as error:
        click.echo(f"Nobody answers at {url}: {error}\n{report.NOBODY_THERE}", err=True)
        return Exit.UNKNOWN
    plan = LoadPlan(
        endpoint=endpoint, concurrency=concurrency, step_sec=step_sec, prompt_tokens=prompt_tokens,
        max_error_rate=max_error_rate,
    )  # fmt: skip
    watch = GaugeWatch.of_config(model) if with_gauges else None
    with watch or nullcontext():
        measured = anyio.run(measure, plan, watch)
    run, gauges = run_figures(measured), _gauge_figures(measured, watch) if watch else None
    if settings.output == "json":
        Console().out(report.as_json(plan, run, gauges), highlight=False)
    else:
        report.print_report(plan, run, gauges, Console())
    if picture:
        picture.write_text(draw(plan, run, gauges), encoding="utf-8")
    return plan.outcome(run)


def _gauge_figures(measured: RampMeasurement, watch: GaugeWatch) -> GaugeFigures:
    """Return the gauges by step."""
    periods = tuple(Period(step.title, step.began_sec, step.ended_sec) for step in measured.steps)
    began_sec, ended_sec = periods[0].began_sec, periods[-1].ended_sec
    return GaugeFigures(record=watch.record, began_sec=began_sec, ended_sec=ended_sec, periods=periods)


def _only_model(endpoint: Endpoint) -> str:
    try:
        models = served_models(endpoint)
    except ValueError as error:
        listed = f"{endpoint.url}/v1/models"
        problem = f"must be given: there is no config, and {listed} does not list it ({shown(str(error))})"
    else:
        if len(models) == 1:
            return models[0]
        problem = f"must be given: there is no config, and the server has {', '.join(map(shown, models)) or 'none'}"
    raise click.UsageError(f"--model: {problem}")


async def measure(plan: LoadPlan, watch: GaugeWatch | None = None) -> RampMeasurement:
    """Run the ramp of *plan*, until its end or a signal, and show its progress and the gauges of *watch* on stderr."""
    lengths = cycle(plan.prompt_tokens)
    # By itself httpx would open 100 connections at most, and take proxies and passwords (.netrc) from the environment.
    client = httpx.AsyncClient(
        limits=httpx.Limits(), timeout=httpx.Timeout(None, connect=CONNECT_SEC), trust_env=False,
        verify=ssl.create_default_context(),
    )  # fmt: skip
    lines = (lambda: gauge_lines(watch.record)) if watch else tuple
    view = LoadView(Console(stderr=True), concurrency=plan.concurrency, gauges=lines)
    ramp = Ramp(
        concurrency=plan.concurrency,
        step_sec=plan.step_sec,
        send=lambda: send(client, plan.endpoint, make_prompt(next(lengths))),
        view=view,
    )
    with view, anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with client, anyio.create_task_group() as group:
            group.start_soon(_stop_on_signal, ramp, signals)
            measured = await ramp.run()
            group.cancel_scope.cancel()
    return measured


async def _stop_on_signal(ramp: Ramp, signals: AsyncIterator[signal.Signals]) -> None:
    async for _ in signals:
        ramp.stop()
