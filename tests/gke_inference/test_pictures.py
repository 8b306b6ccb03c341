"""What the pictures of a load run and of a drill show: by colour, by word, and without what was not measured."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gke_inference.charts import FAILED_COLOR, REGION_COLORS
from gke_inference.drill.chart import draw as draw_drill
from gke_inference.drill.figures import drill_figures
from gke_inference.drill.measurement import Measurement, StateStart
from gke_inference.load.chart import PERCENTILE_COLORS
from gke_inference.load.chart import draw as draw_load
from gke_inference.load.figures import run_figures
from gke_inference.load.plan import LoadPlan
from gke_inference.load.ramp import RampMeasurement, Step
from gke_inference.openai import Endpoint, Result
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.test_drill_figures import HOME, OTHER, SINGLE, bad, good, plan

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> list[str]:
    """Read everything that is written in it."""
    return [element.text or "" for element in ElementTree.fromstring(picture).iter() if element.tag.endswith("text")]


def load_picture(*results: Result) -> str:
    """Return the picture of one step with these requests."""
    step = Step(concurrency=4, began_sec=0, ended_sec=30, results=results)
    endpoint = Endpoint(url="http://10.0.0.5", model="m")
    made = LoadPlan(endpoint=endpoint, concurrency=(4,), step_sec=30, prompt_tokens=(128,), max_error_rate=0.01)
    return draw_load(made, run_figures(RampMeasurement(steps=(step,), unfinished=0, ended_by="last step")))


def drill_picture(ended_sec: float = 160.25) -> str:
    """Return the picture of a drill of two and a half minutes, whose last answer takes a while to come."""
    results = (*good(0, 30, HOME), *bad(30, 40), *good(40, 150, OTHER), *good(150, 155, HOME))
    measurement = Measurement(
        began_sec=0, starts=tuple(StateStart(state=state, began_sec=began) for state, began in SINGLE.items()),
        ended_sec=ended_sec, results=results, unfinished=0, ended_by="last state", problem="", not_restored=(),
        exact_to_sec=0.5,
    )  # fmt: skip
    return draw_drill(plan(), measurement, drill_figures(plan(), measurement))


def lines(picture: str) -> list[list[tuple[float, float]]]:
    """Return the points of each line of the chart."""
    found = re.findall(r'<path d="M([^"]+)" class="line', picture)
    return [[(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)] for path in found]


@pytest.mark.parametrize("command", [("drill", "--region", "us"), ("load", "--url", "http://10.0.0.5")])
def test_a_picture_is_named_as_what_it_is(
    inference_ops: InferenceOps, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """An SVG in a file named .png could not be opened: refused before anything is measured."""
    ran = inference_ops(*command, "--picture", str(tmp_path / "measured.png"))

    assert (ran.code, list(tmp_path.iterdir())) == (2, [])
    assert "must end in .svg, the format that is written, got" in ran.err


def test_failed_requests_of_a_load_have_a_colour_of_their_own() -> None:
    """Whichever region failed, and none of the regions' or the times' colours; without a failure there is none."""
    answered = [Result(began_sec=0, ended_sec=1, region="us", status=200) for _ in range(7)]
    failed = [Result(began_sec=0, ended_sec=1, region="us", status=503, error="http_503") for _ in range(3)]
    nowhere = [Result(began_sec=0, ended_sec=1, error="connection") for _ in range(2)]
    picture = load_picture(*answered, *failed, *nowhere)

    assert {"us", "failed", "7", "5"} <= set(texts(picture))
    assert "unknown" not in texts(picture)
    assert FAILED_COLOR in picture
    assert FAILED_COLOR not in (*REGION_COLORS, *PERCENTILE_COLORS)
    assert FAILED_COLOR not in load_picture(*answered)


def test_the_states_of_a_drill_can_be_distinguished() -> None:
    """Each by its name at its own line, once, and not by equal squares in the legend."""
    picture = drill_picture()
    legend = [text for text in texts(picture) if text in (HOME, OTHER, "failed")]
    states = [text for text in texts(picture) if re.match(r"\d [a-z]", text)]

    assert sorted(legend) == sorted([HOME, OTHER, "failed"])
    assert states == ["1 baseline", "2 outage", "5 recovery"]
    assert FAILED_COLOR in picture
    assert "us taken down: its model servers scaled to 0" in texts(picture)


def test_a_drill_does_not_seem_to_drop_at_its_end() -> None:
    """The line of who answered last ends as high as it was: neither waiting nor half a slice is drawn."""
    for ended_sec in (155, 160.25, 170):
        home, other, failed, *_ = lines(drill_picture(ended_sec))
        assert home[-1][1] == home[0][1], ended_sec
        assert {other[-1][1], failed[-1][1]} == {failed[0][1]}
