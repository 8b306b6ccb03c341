"""`gke-inference load`: raise the load step by step, and show which region serves."""

from __future__ import annotations

import signal
import ssl
from collections.abc import AsyncIterator
from itertools import cycle
from pathlib import Path
from typing import Literal

import anyio
import click
import httpx
from rich.console import Console

from gke_inference.command import Command, Exit, Settings, option, platform_config
from gke_inference.load import report
from gke_inference.load.chart import draw
from gke_inference.load.figures import run_figures
from gke_inference.load.plan import LoadPlan
from gke_inference.load.ramp import Ramp, RampMeasurement
from gke_inference.load.view import LoadView
from gke_inference.openai import Endpoint
from gke_inference.openai_client import CONNECT_SEC, make_prompt, send, served_models
from gke_inference.option_types import BaseUrl, Finite, NewFile, TokenVariable, WholeNumbers
from platform_config.errors import shown

DAY_SEC = 86_400


def configured_model(ctx: click.Context, _: click.Parameter, model: str | None) -> str:
    """Return *model*, or the one of the config, which is read only then; empty where there is no config to read."""
    settings: Settings = ctx.obj
    if model or not (settings.named or settings.config_path.exists()):
        return model or ""
    return platform_config(ctx).model.name


@click.command(cls=Command)
@option("--url", type=BaseUrl(), required=True, help="Base address of the server or gateway, such as http://10.0.0.5.")
@option(
    "--model", metavar="NAME", callback=configured_model,
    help="Model to ask for.  [default: the one of the config, else of the server]",
)  # fmt: skip
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
@option("--api", type=click.Choice(["chat", "completions"]), default="chat", help="Which API to call.")
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
@option(
    "--max-error-rate",
    type=Finite(0, 1),
    metavar="RATE",
    default=0.01,
    help="Failed requests per request that are still good.",
)
@option("--picture", type=NewFile(suffix=".svg"), help="SVG to draw: requests by region and time to first token.")
@click.pass_obj
def load(
    settings: Settings, *, url: str, model: str, concurrency: tuple[int, ...], step_sec: float,
    prompt_tokens: tuple[int, ...], max_tokens: int, stream: bool, api: Literal["chat", "completions"],
    timeout_sec: float, region_header: str, objective: str, token: str | None, max_error_rate: float,
    picture: Path | None,
) -> Exit:  # fmt: skip
    """
    Raise the load step by step and see which region serves.

    Each of N workers sends its next request when its last has ended; each step has another N. Prompts are random
    words, so that no cache answers them. All requests are sent from this one process.

    Ctrl-C ends the run early; what was measured until then is reported.
    """
    try:
        model = model or _only_model(url, token or "")
    except ConnectionError as error:
        click.echo(f"Nobody answers at {url}: {error}\n{report.NOBODY_THERE}", err=True)
        return Exit.UNKNOWN
    endpoint = Endpoint(
        url=url, model=model, api=api, stream=stream, max_tokens=max_tokens, timeout_sec=timeout_sec,
        region_header=region_header, objective=objective, token=token or "",
    )  # fmt: skip
    plan = LoadPlan(
        endpoint=endpoint, concurrency=concurrency, step_sec=step_sec, prompt_tokens=prompt_tokens,
        max_error_rate=max_error_rate,
    )  # fmt: skip
    run = run_figures(anyio.run(measure, plan))
    if settings.output == "json":
        Console().out(report.as_json(plan, run), highlight=False)
    else:
        report.print_report(plan, run, Console())
    if picture:
        picture.write_text(draw(plan, run), encoding="utf-8")
    return plan.outcome(run)


def _only_model(url: str, token: str) -> str:
    try:
        models = served_models(url, token)
    except ValueError as error:
        problem = f"must be given: there is no config, and {url}/v1/models does not list it ({shown(str(error))})"
    else:
        if len(models) == 1:
            return models[0]
        problem = f"must be given: there is no config, and the server has {', '.join(map(shown, models)) or 'none'}"
    raise click.UsageError(f"--model: {problem}")


async def measure(plan: LoadPlan) -> RampMeasurement:
    """Run the ramp of *plan*, until its end or a signal, and show its progress on stderr."""
    lengths = cycle(plan.prompt_tokens)
    # By itself httpx would open 100 connections at most, and take proxies and passwords (.netrc) from the environment.
    client = httpx.AsyncClient(
        limits=httpx.Limits(), timeout=httpx.Timeout(None, connect=CONNECT_SEC), trust_env=False,
        verify=ssl.create_default_context(),
    )  # fmt: skip
    view = LoadView(Console(stderr=True), concurrency=plan.concurrency)
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
