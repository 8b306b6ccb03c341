"""
Evaluate the panels of a dashboard on a made-up day, for its picture: `python tools/dashboard_values.py`.

Prometheus itself evaluates the queries (`promtool test rules`), and tools/dashboard_values.json keeps what they show.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from constructs_lib.monitoring.panel import Panel, PanelQuery  # noqa: E402
from tools.dashboard_day import (  # noqa: E402
    MINUTES,
    STEP_MINUTES,
    Series,
    day_panels,
    day_series,
    picture_platform,
)

FILE = ROOT / "tools" / "dashboard_values.json"


def read_values() -> dict[str, dict[str, list[float | None]]]:
    """Return what each query has on the day, by its text and by the name of each line."""
    values: dict[str, dict[str, list[float | None]]] = json.loads(FILE.read_text(encoding="utf-8"))
    return values


def missing_queries() -> set[str]:
    """Return the queries of the picture whose values are not there: those that have changed."""
    return {query.expression for panel in day_panels() for query in panel.queries} - set(read_values())


def evaluate(
    panels: Sequence[Panel], series: Series, minutes: Sequence[int]
) -> dict[str, dict[str, list[float | None]]]:
    """
    Return what each query has at *minutes*, by its text and by the name of each line.

    Raises:
        ValueError: Prometheus does not take a query.
    """
    queries = {query.expression: query for panel in panels for query in panel.queries}
    tests = [
        {"expr": text, "eval_time": f"{minute}m", "exp_samples": [{"labels": '{never="so"}', "value": 0}]}
        for text in queries
        for minute in minutes
    ]
    inputs = [{"series": key, "values": _notation(values)} for key, values in series.items()]
    content = {
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": inputs, "promql_expr_test": tests}],
    }
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "day.json").write_text(json.dumps(content), encoding="utf-8")
        command = [_promtool(), "test", "rules", "day.json"]
        answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    answers = list(_answers(answer.stdout + answer.stderr))
    if len(answers) != len(tests):
        raise ValueError(f"must answer each of {len(tests)} queries, got {len(answers)}: {answer.stdout[-2000:]}")
    return {
        text: _lines(query, answers[number * len(minutes) :][: len(minutes)])
        for number, (text, query) in enumerate(queries.items())
    }


def _answers(text: str) -> Iterator[dict[str, float]]:
    """Yield the values of each query by their labels, as promtool prints what it did not expect."""
    for part in re.split(r"^ +expr: ", text, flags=re.MULTILINE)[1:]:
        got = part.rpartition("got:")[2]
        yield {labels: float(value) for labels, value in re.findall(r"({[^}]*}) ([-+.\w]+)", got)}


def _lines(query: PanelQuery, answers: Sequence[Mapping[str, float]]) -> dict[str, list[float | None]]:
    """Return the values of each line of *query* by its name; none where there are none, or no number."""
    lines: dict[str, list[float | None]] = {}
    for labels in dict.fromkeys(labels for answer in answers for labels in answer):
        known = dict.fromkeys(re.findall(r"{(\w+)}", query.legend), "") | dict(re.findall(r'(\w+)="([^"]*)"', labels))
        legend = query.legend.format(**known).strip()
        found = (answer.get(labels, math.nan) for answer in answers)
        lines[legend] = [None if math.isnan(value) else float(f"{value:.4g}") for value in found]
    return dict(sorted(lines.items()))


def _notation(values: Sequence[float | None]) -> str:
    return " ".join("_" if value is None else f"{value:.10g}" for value in values)


def _promtool() -> str:
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    found = os.environ.get("PROMTOOL") or shutil.which("promtool", path=places)
    if not found:
        raise FileNotFoundError("promtool must be there, got none: tools/promtool/install.py gets it")
    return found


def main() -> None:
    """Write what the panels show on the day."""
    platform = picture_platform()
    minutes = range(0, MINUTES + 1, STEP_MINUTES)
    values = evaluate(day_panels(), day_series(platform), minutes)
    FILE.write_text(json.dumps(values, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
