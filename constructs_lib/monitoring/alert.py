"""What an alert is, and the alerts of a platform."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from constructs_lib.monitoring.platform import MonitoredPlatform
from constructs_lib.specs import AlertSpec, ChannelSpec
from constructs_lib.specs.observability import Severity

Unit = Literal["seconds", "percent", "requests", "errors a minute", "days", "findings a minute", "times", ""]

PROGRAM = "gke-inference"
VERIFY = f"{PROGRAM} verify"


LOOKS_BACK_SEC = 24 * 3600
"""How far Cloud Monitoring looks back for a query, and how long an alert's query may have to hold."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """
    Where an alert fires.

    Attributes:
        threshold: In the alert's unit.
        window_sec: Seconds of which its query computes rates and shares.
    """

    threshold: float
    window_sec: int

    @property
    def share(self) -> str:
        """The threshold of an alert in percent, as a share of 1."""
        return f"{self.threshold / 100:g}"

    @property
    def window(self) -> str:
        """The window, as PromQL has it."""
        return f"{self.window_sec}s"


@dataclass(frozen=True, kw_only=True)
class MetricCondition:
    """
    A condition on one metric, for a universe of Google Cloud without PromQL.

    Each series is reduced to one value in a window, and the series of a group to one value.

    Attributes:
        series: Filter of the series, as the Monitoring API has it.
        whole: Filter of the series that those are a part of; empty where the value itself is compared, not its share.
        aligner: How the API reduces a series in a window, such as `ALIGN_RATE`.
        reducer: How it reduces the series of a group, such as `REDUCE_SUM`.
        by: Labels of a group, such as `resource.label.host`.
        bound: Where it fires, in the unit of the metric.
        is_floor: Whether values below the bound are the bad ones, and not those above it.
        fires_without_data: Whether a group whose series have ended is a bad one.
        window_sec: Seconds of the window, 60 at least.
    """

    series: str
    whole: str = ""
    aligner: str
    reducer: str
    by: tuple[str, ...]
    bound: float
    is_floor: bool = False
    fires_without_data: bool = False
    window_sec: int


@dataclass(frozen=True, kw_only=True)
class Query:
    """
    One condition.

    Attributes:
        expression: PromQL that has a series for each thing that is wrong, and none where all is well; empty for a
            condition on one metric.
        metric: The condition on one metric; None for PromQL.
        model: Key of the model that it is of; empty for all of them.
        for_sec: Seconds for which it must hold at least; 0 where those of its kind are enough.
        meaning: What it says when it fires, as a sentence with the numbers of this platform.
    """

    expression: str = ""
    metric: MetricCondition | None = None
    meaning: str
    model: str = ""
    for_sec: int = 0

    @property
    def looks_back_sec(self) -> int:
        """Seconds of its longest window, whether a setting reaches it or not; 0 without any."""
        windows = re.findall(r"\[(\d+)([smh])\]", self.expression)
        return max((int(number) * {"s": 1, "m": 60, "h": 3600}[unit] for number, unit in windows), default=0)


@dataclass(frozen=True, kw_only=True)
class AlertKind:
    """
    One kind of alert; a platform has it for what there is to watch.

    Attributes:
        name: Stable name, such as `request-latency`: of the setting, of the policy, and of its runbook.
        title: What is wrong when it fires, as a phrase.
        severity: How bad that is.
        unit: Unit of the threshold; empty where there is none.
        threshold: Where it fires.
        lowest: Lowest threshold that makes sense.
        highest: Highest that the metric can pass.
        window_sec: Seconds of which its query computes rates and shares; 0 where it looks at the moment alone.
        shortest_window_sec: Shortest window that has enough samples.
        for_sec: Seconds for which the query must hold.
        needs: What a platform must have for it, as a phrase.
        queries: Yields the conditions for one platform; none where there is nothing to watch.
        thresholds: Yields those for a platform without PromQL; None for a kind that needs it.
        labels: Labels of each series that fires, which say where it is.
        first_command: What to run first, with `{model}` and `{project}` where they belong. Its runbook begins with it.
    """

    name: str
    title: str
    severity: Severity
    unit: Unit = ""
    threshold: float = 0
    lowest: float = 0
    highest: float = 0
    window_sec: int = 300
    shortest_window_sec: int = 60
    for_sec: int = 300
    needs: str
    queries: Callable[[MonitoredPlatform, Limits], Iterable[Query]]
    thresholds: Callable[[MonitoredPlatform, Limits], Iterable[Query]] | None = None
    labels: tuple[str, ...] = ()
    first_command: str = VERIFY

    def limits(self, spec: AlertSpec) -> Limits:
        """Return where it fires by *spec*, else by its own defaults."""
        threshold = self.threshold if spec.threshold is None else spec.threshold
        return Limits(threshold=threshold, window_sec=spec.window_sec or self.window_sec)

    def conditions(self, platform: MonitoredPlatform, limits: Limits) -> Iterable[Query]:
        """Return its conditions for *platform*, by PromQL where it has that."""
        if platform.has_promql:
            return self.queries(platform, limits)
        return self.thresholds(platform, limits) if self.thresholds else ()


@dataclass(frozen=True, kw_only=True)
class Alert:
    """
    An alert of one platform. All known at synth.

    Attributes:
        kind: What kind it is.
        query: Its condition.
        for_sec: Seconds for which it must hold.
        severity: How bad it is.
        channels: Keys of the channels that hear of it.
    """

    kind: AlertKind
    query: Query
    for_sec: int
    severity: Severity
    channels: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name among the alerts of a platform."""
        return "-".join(filter(None, (self.query.model, self.kind.name)))

    def first_command(self, project: str) -> str:
        """Return what to run first in *project*: where it is about one model, `verify` looks at that one alone."""
        model, command = self.query.model, self.kind.first_command
        if model and command == VERIFY:
            command = f"{VERIFY} --model {{model}}"
        return command.format(model=model, project=project)


def alerts_of(
    platform: MonitoredPlatform,
    kinds: Iterable[AlertKind],
    specs: Mapping[str, AlertSpec],
    channels: Mapping[str, ChannelSpec],
) -> Iterator[Alert]:
    """
    Yield the alerts of *platform*.

    Args:
        platform: What there is to watch.
        kinds: The kinds of alerts that there are.
        specs: Where some differ from their defaults, by name.
        channels: Who may hear of them, by key.
    """
    for kind in kinds:
        spec = specs.get(kind.name, AlertSpec())
        severity = spec.severity or kind.severity
        hear = tuple(key for key, channel in channels.items() if severity in channel.severities)
        for query in kind.conditions(platform, kind.limits(spec)) if spec.enabled else ():
            yield Alert(
                kind=kind,
                query=query,
                for_sec=max(kind.for_sec, query.for_sec) if spec.for_sec is None else spec.for_sec,
                severity=severity,
                channels=hear if spec.channels is None else spec.channels,
            )
