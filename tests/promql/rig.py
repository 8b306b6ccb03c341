"""
Evaluates alerts on made-up series with Prometheus itself: `promtool test rules`, many cases in one process.

A case has a rule, series with a value every 30 seconds from time 0 on, and what fires at one moment: alerts with
exactly these labels, or none. Cloud Monitoring's PromQL is that of Prometheus 2.44, but for what tests/promql/cloud.py
has.

How to make up what a cluster or a load balancer sends:
- A counter grows: `counting(10)` by 10 a second. A gauge stays: `constant(0.5)`.
- A load balancer's counts are a counter too. Without traffic there is no series: leave it out, or let it end with
  `gap(...)`. Prometheus sees a last value for 5 minutes, as Cloud Monitoring does about.
- A histogram is a counter for each bucket: `histogram('ttft_seconds', {"pod": "a"}, {0.5: 90, 2.5: 99, INF: 100})`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from constructs_lib.monitoring.alert import Alert
from tools.promtool.install import REMEDY

INTERVAL_SEC = 30
"""Seconds between two values, and between two evaluations, as in an alert policy."""
INF = float("inf")

Values = str | Sequence[float | None]
Labels = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """
    An alert as a rule of Prometheus.

    Attributes:
        name: Its name.
        query: PromQL that has a series for each thing that is wrong.
        for_sec: Seconds for which that must hold.
    """

    name: str
    query: str
    for_sec: int = 0

    @classmethod
    def of(cls, alert: Alert) -> Rule:
        """Return the rule of an *alert* of a platform."""
        return cls(name=alert.name, query=alert.query.expression, for_sec=alert.for_sec)


@dataclass(frozen=True, kw_only=True)
class Case:
    """
    One moment of one alert.

    Attributes:
        title: What happened, as a phrase that no other case has.
        rule: The alert.
        series: Values by `metric{label="value"}`: numbers with None for a gap, or text in promtool's notation.
        at_sec: Seconds after the first values at which the rule is looked at.
        fires: Labels of each alert that fires then; none where all is silent.
    """

    title: str
    rule: Rule
    series: Mapping[str, Values]
    at_sec: int = 3600
    fires: Sequence[Labels] = field(default_factory=tuple)

    def __str__(self) -> str:
        """Return the name of a test with this case."""
        return f"{self.rule.name}: {self.title}"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """
    What a query, such as one of a dashboard, has at one moment.

    Attributes:
        title: What happened, as a phrase that no other reading has.
        query: PromQL.
        series: Values by `metric{label="value"}`, as those of a case.
        at_sec: Seconds after the first values.
        values: Value of each series in the answer, to two digits, by its labels as `{label="value"}`.
    """

    title: str
    query: str
    series: Mapping[str, Values]
    at_sec: int = 3600
    values: Mapping[str, float]

    def __str__(self) -> str:
        """Return the name of a test with this reading."""
        return self.title


def constant(value: float, sec: int = 7200) -> str:
    """Return *value* for *sec* seconds."""
    return f"{value:g}+0x{sec // INTERVAL_SEC}"


def counting(per_sec: float, sec: int = 7200, start: float = 0) -> str:
    """Return a counter that starts at *start* and grows by *per_sec* a second for *sec* seconds."""
    return f"{start:g}+{per_sec * INTERVAL_SEC:g}x{sec // INTERVAL_SEC}"


def gap(sec: int) -> str:
    """Return no values for *sec* seconds."""
    return f"_x{sec // INTERVAL_SEC}"


def then(*parts: str) -> str:
    """Return *parts*, one after the other."""
    return " ".join(parts)


def histogram(name: str, labels: Labels, per_sec: Mapping[float, float], bound: str = "{:g}") -> dict[str, str]:
    """
    Return the series of a histogram that grows for two hours.

    Args:
        name: Its name without `_bucket`.
        labels: Labels of each series.
        per_sec: How many samples a second are no more than each bound; INF for all of them.
        bound: How a bound is written in `le`.
    """
    buckets = {
        series(f"{name}_bucket", {**labels, "le": "+Inf" if most == INF else bound.format(most)}): counting(rate)
        for most, rate in per_sec.items()
    }
    return {**buckets, series(f"{name}_count", labels): counting(per_sec[INF])}


def series(name: str, labels: Labels) -> str:
    """Return `name{label="value"}`."""
    return f"{name}{{{','.join(f'{label}={json.dumps(value)}' for label, value in labels.items())}}}"


def check(*cases: Case | Reading) -> None:
    """Fail with a readable text for each of *cases* that is not as expected."""
    assert cases, "no case to check"
    wrong = failures(cases)
    if wrong:
        pytest.fail("\n\n".join(wrong.values()), pytrace=False)


def failures(cases: Iterable[Case | Reading]) -> dict[str, str]:
    """Return what is wrong with those of *cases* that are not as expected, by their names."""
    cases = list(cases)
    named = {str(case): case for case in cases}
    assert len(named) == len(cases), "two cases have the same title"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [_write(folder, number, case) for number, case in enumerate(named.values())]
        answer = _run("test", "rules", *files, folder=folder)
    results = _results(answer)
    assert len(results) == len(named), answer
    found = zip(named.items(), results, strict=True)
    return {title: f"{title}\n{query_of(case)}\n{text}" for (title, case), text in found if text != "SUCCESS"}


def refusal(query: str) -> str:
    """Return why Prometheus does not take *query*; empty where it does."""
    return refusals([Rule(name="any", query=query)]).get("any", "")


def refusals(rules: Iterable[Rule]) -> dict[str, str]:
    """Return why Prometheus does not take the query of a rule, by the rule's name, for those that it does not take."""
    named = {rule.name: rule for rule in rules}
    with tempfile.TemporaryDirectory() as name:
        files = [f"{number}.json" for number in range(len(named))]
        for file, rule in zip(files, named.values(), strict=True):
            _write_rules(Path(name) / file, rule)
        answer = _run("check", "rules", *files, folder=Path(name))
    reasons = _results(answer)
    assert len(reasons) == len(named), answer
    found = zip(named, reasons, strict=True)
    return {name: reason for name, reason in found if not reason.startswith("SUCCESS")}


def _run(*arguments: str, folder: Path) -> str:
    """Run promtool in *folder*; return all that it prints."""
    answer = subprocess.run(
        [_promtool(), *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return answer.stdout


def _promtool() -> str:
    """Return the promtool that PROMTOOL names, else the set-up's, else that of PATH; fail where there is none."""
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    found = os.environ.get("PROMTOOL") or shutil.which("promtool", path=places)
    if not found:
        pytest.fail(f"no promtool, which evaluates the alerts; {REMEDY}", pytrace=False)
    return found


def _results(answer: str) -> list[str]:
    """Return what promtool prints of each test file, in order. Newer versions leave out the files' names."""
    lines = re.sub(r"^(?:Unit Testing:|Checking) .*$", "", answer, flags=re.MULTILINE)
    return [part.strip() for part in re.split(r"^(?=  (?:SUCCESS|FAILED:))", lines, flags=re.MULTILINE)[1:]]


def _write(folder: Path, number: int, case: Case | Reading) -> str:
    """Write the test of *case* into *folder*, and its rule where it has one; return the name of the test's file."""
    test: dict[str, object] = {
        "interval": f"{INTERVAL_SEC}s",
        "input_series": [{"series": key, "values": _text(values)} for key, values in case.series.items()],
    }
    rules = folder / f"{number}.rules.json"
    at = f"{case.at_sec}s"
    if isinstance(case, Case):
        _write_rules(rules, case.rule)
        fires = [{"exp_labels": dict(labels)} for labels in case.fires]
        test["alert_rule_test"] = [{"alertname": case.rule.name, "eval_time": at, "exp_alerts": fires}]
    else:
        samples = [{"labels": labels, "value": value} for labels, value in case.values.items()]
        query = f"round({case.query}, 0.01)"
        test["promql_expr_test"] = [{"expr": query, "eval_time": at, "exp_samples": samples}]
    content = {
        "rule_files": [rules.name] if isinstance(case, Case) else [],
        "evaluation_interval": f"{INTERVAL_SEC}s",
        "tests": [test],
    }
    file = folder / f"{number}.test.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file.name


def _write_rules(file: Path, rule: Rule) -> None:
    content = {"alert": rule.name, "expr": rule.query, "for": f"{rule.for_sec}s"}
    group = {"name": "alerts", "interval": f"{INTERVAL_SEC}s", "rules": [content]}
    file.write_text(json.dumps({"groups": [group]}), encoding="utf-8")


def _text(values: Values) -> str:
    """Return *values* in promtool's notation."""
    return values if isinstance(values, str) else " ".join("_" if value is None else f"{value:g}" for value in values)


def query_of(case: Case | Reading) -> str:
    """Return the query of *case*."""
    return case.rule.query if isinstance(case, Case) else case.query
