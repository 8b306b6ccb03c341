"""The picture of the dashboard: what Prometheus says of its queries on a made-up day, and all of it can be read."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.test_picture import Frame, boxes, texts
from tools import dashboard_picture, dashboard_values
from tools.dashboard_day import FAILS, STEP_MINUTES, day_panels, day_series, picture_platform, spill_over
from tools.dashboard_values import evaluate, read_values

ROOT = Path(__file__).parent.parent.parent
AGAIN = "run `python tools/dashboard_values.py`, and then `python tools/docs.py`"
VALUES = read_values()


@pytest.fixture(scope="module")
def svg() -> str:
    """Return the picture."""
    return dashboard_picture.render()


def lines(name: str) -> dict[str, list[float | None]]:
    """Return the values of each line of the panel *name*."""
    [panel] = [panel for panel in day_panels() if panel.kind.name == name]
    return {legend: line for query in panel.queries for legend, line in VALUES[query.expression].items()}


def at(line: list[float | None], minute: int) -> float:
    """Return the value of *line* at *minute*, 0 where there is none."""
    return line[minute // STEP_MINUTES] or 0


def test_its_values_are_those_of_prometheus() -> None:
    """Every query of every panel, read again at a few moments; versions of Prometheus differ in the last digits."""
    minutes = [100, 760, 800, FAILS[0] + 30, FAILS[0] + 40, 1400]
    found = evaluate(day_panels(), day_series(picture_platform()), minutes)

    assert set(found) == set(VALUES), AGAIN
    for query, drawn in VALUES.items():
        for legend, line in drawn.items():
            kept = [line[minute // STEP_MINUTES] for minute in minutes]
            again = found[query].get(legend, [None] * len(minutes))
            assert [value is None for value in again] == [value is None for value in kept], (query, legend, AGAIN)
            numbers = [value or 0 for value in kept]
            assert [value or 0 for value in again] == pytest.approx(numbers, rel=0.1, abs=0.2), (query, legend, AGAIN)


def test_it_shows_a_region_that_is_full_and_one_that_fails() -> None:
    """At the spill-over line the other region helps; when the first fails the other has it all, and some wait."""
    full = sum(spill_over()) // 2
    fill, share, ready = lines("kv-cache"), lines("region-share"), lines("replicas")

    assert at(fill["llama-server llama-us"], full) == pytest.approx(80, abs=1)
    assert 5 < at(share["europe-west3"], full) < 40
    assert at(share["europe-west3"], FAILS[0] + 20) == 100
    assert at(ready["llama-server llama-us"], FAILS[0] + 20) == 0
    assert max(value or 0 for value in lines("queue")["llama-server llama-eu"]) > 100
    assert min(value for value in lines("availability")["llama-pool"] if value) < 99.6


def test_every_panel_is_drawn_with_title_unit_and_legend(svg: str) -> None:
    """All of them, in their order, with the lines across by their names."""
    shown = [text for text, _ in texts(svg)]
    panels = day_panels()
    titles = [panel.kind.title for panel in panels]

    assert [text for text in shown if text in titles] == titles
    for panel in panels:
        here = shown[shown.index(panel.kind.title) :]
        assert here[1] == panel.kind.unit
        assert set(lines(panel.kind.name)) | {line.label for line in panel.thresholds} <= set(here)


def test_no_text_covers_another_or_leaves_its_panel(svg: str) -> None:
    """As far as widths can be known without a font; the parts of each panel are moved to its place."""
    root = ElementTree.fromstring(svg)
    namespace = "{http://www.w3.org/2000/svg}"
    groups = root.findall(f"{namespace}g")

    assert len(groups) == len(day_panels())
    for group in groups:
        one = f"<svg xmlns='http://www.w3.org/2000/svg'>{ElementTree.tostring(group, encoding='unicode')}</svg>"
        written = texts(one)
        card = boxes(one)[0]
        assert [text for text, place in written if not card.holds(place)] == []
        pairs = combinations(written, 2)
        assert [(a, b) for (a, where), (b, there) in pairs if where.overlaps(there)] == []


def test_panels_have_places_of_their_own(svg: str) -> None:
    """Inside the picture."""
    width, height = (int(side) for side in re.findall(r'viewBox="0 0 (\d+) (\d+)"', svg)[0])
    corners = [(int(x), int(y)) for x, y in re.findall(r"translate\((\d+) (\d+)\)", svg)]
    places = [Frame(x, y, x + dashboard_picture.WIDTH, y + dashboard_picture.HEIGHT) for x, y in corners]

    assert not [pair for pair in combinations(places, 2) if pair[0].overlaps(pair[1])]
    assert all(Frame(0, 0, width, height).holds(place) for place in places)


def test_a_changed_query_asks_for_its_values(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The picture would show what another query had."""
    kept = tmp_path / "values.json"
    kept.write_text(json.dumps(dict([*VALUES.items()][1:])))
    monkeypatch.setattr(dashboard_values, "FILE", kept)

    with pytest.raises(ValueError, match=r"got none of 1: run `python tools/docs\.py`"):
        dashboard_picture.render()


def test_it_stands_alone(svg: str) -> None:
    """It loads nothing and runs nothing."""
    assert svg.replace('xmlns="http://www.w3.org/2000/svg"', "").count("http://") == 0
    assert not any(word in svg for word in ("<script", "href", "<style", "<image"))


def test_the_picture_in_the_docs_is_this_one(svg: str) -> None:
    """After a change of a panel, of the day or of the drawing."""
    assert (ROOT / "docs/pictures/dashboard.svg").read_text(encoding="utf-8") == svg, AGAIN
