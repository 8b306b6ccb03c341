"""The picture of a platform: what it names, and that nothing in it covers anything else."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest

from platform_config.config import Config
from platform_config.load import load
from platform_config.names import Names
from tests.configs import EXAMPLE, REGIONAL, REGIONAL_PUBLIC, config
from tools.picture import render, text_width

ROOT = Path(__file__).parent.parent
SVG = "{http://www.w3.org/2000/svg}"
TWO_POOLS = {
    "tpu": {"machine_type": "ct6e-standard-8t", "capacity": {"flex_start": True}},
    "train": {"machine_type": "tpu7x-standard-4t", "topology": "2x2x2", "capacity": {"queued": True}},
}


class Frame(NamedTuple):
    """The place of something."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Frame) -> bool:
        """Return whether the two share more than a border."""
        apart = self.right <= other.left or other.right <= self.left
        return not (apart or self.bottom <= other.top or other.bottom <= self.top)

    def holds(self, other: Frame) -> bool:
        """Return whether *other* is wholly inside."""
        inside = self.left <= other.left and other.right <= self.right
        return inside and self.top <= other.top and other.bottom <= self.bottom


def regions(count: int) -> dict[str, Any]:
    """Return changes that add so many regions to the two of the example."""
    return {
        f"regions__more-{number}": {"number": number, "region": f"us-west{number}", "zones": [f"us-west{number}-a"]}
        for number in range(3, 3 + count)
    }


SMALL = {
    "weights": {"repository": "google/gemma-3-1b-it", "revision": "0" * 40},
    "server": {"image": "docker.io/vllm/vllm-openai:v0.27.0"},
}
CONFIGS = {
    "1 region": config(regions__eu=None),
    "2 regions": config(),
    "3 regions": config(**regions(1)),
    "6 regions": config(**regions(4)),
    "9 regions": config(**regions(7)),
    "5 regions, 2 with an address": config(**regions(3), gateway__regions=["us", "eu"]),
    "ephemeral addresses, zonal, two pools": config(
        gateway__addresses="ephemeral",
        cluster__control_plane="zonal",
        node_pools=TWO_POOLS,
        models__gemma__node_pools=["tpu"],
    ),
    "long names": config(
        name="a-platform-with-a-name-26c",
        bucket__name="a-bucket-with-the-longest-name-that-cloud-storage-can-take-in-63",
        regions__us__zones=["us-east5-a", "us-east5-b", "us-east5-c"],
    ),
    "two models on two pools": config(
        node_pools={"tpu": {"machine_type": "ct6e-standard-4t"}, "l4": {"machine_type": "g2-standard-48"}},
        models__gemma__node_pools=["tpu"],
        models__gemma__address={"path": "/gemma"},
        models__small={**SMALL, "node_pools": ["l4"], "address": {"path": "/small"}},
    ),
    "seven models on one pool": config(
        **{f"models__m{number}": {**SMALL, "address": {"path": f"/m{number}"}} for number in range(6)}
    ),
    "regional gateways": config(**REGIONAL, **regions(1)),
    "public gateways, one region without": config(**REGIONAL_PUBLIC, gateway__regions=["eu"]),
    "Autopilot": config(cluster__mode="autopilot"),
    "GPUs": config(node_pools__tpu={"machine_type": "a3-ultragpu-8g", "nodes_per_zone": 2}),
}
each = pytest.mark.parametrize("platform", CONFIGS.values(), ids=CONFIGS.keys())


def texts(svg: str) -> list[tuple[str, Frame]]:
    """Return every line of text and about where it is."""
    found = []
    for element in ElementTree.fromstring(svg).iter(f"{SVG}text"):
        size, x, y = (float(element.attrib[name]) for name in ("font-size", "x", "y"))
        width = text_width(element.text or "", size, "font-weight" in element.attrib or "font-family" in element.attrib)
        left = x - {"middle": width / 2, "end": width}.get(element.get("text-anchor", ""), 0)
        found.append((element.text or "", Frame(left, y - size, left + width, y + size / 4)))
    return found


def boxes(svg: str) -> list[Frame]:
    """Return every box, the background first."""
    found = []
    for element in ElementTree.fromstring(svg).iter(f"{SVG}rect"):
        left, top, width, height = (float(element.get(name, 0)) for name in ("x", "y", "width", "height"))
        found.append(Frame(left, top, left + width, top + height))
    return found


def text_of(svg: str) -> str:
    """Return all text, a line each."""
    return "\n".join(text for text, _ in texts(svg))


@each
def test_no_text_covers_another(platform: Config) -> None:
    """Two lines of text never share a place."""
    pairs = combinations(texts(render(platform)), 2)

    assert [(one, other) for (one, at), (other, there) in pairs if at.overlaps(there)] == []


@each
def test_every_text_is_inside_the_boxes_that_it_touches(platform: Config) -> None:
    """No line runs over the border of a box, nor out of the picture."""
    svg = render(platform)
    outside = [(text, box) for text, at in texts(svg) for box in boxes(svg) if at.overlaps(box) and not box.holds(at)]

    assert outside == []


@each
def test_boxes_are_apart_or_one_in_the_other(platform: Config) -> None:
    """No box cuts through another, and all are inside the picture."""
    paper, *others = boxes(render(platform))
    pairs = combinations(others, 2)

    assert all(paper.holds(box) for box in others)
    assert [pair for pair in pairs if pair[0].overlaps(pair[1]) and not (pair[0].holds(pair[1]))] == []


@each
def test_every_region_machine_and_address_is_named(platform: Config) -> None:
    """The picture names all of them; of more than six regions, those of five."""
    shown, names = text_of(render(platform)), Names(platform)
    keys = list(platform.regions) if len(platform.regions) <= 6 else list(platform.regions)[:5]

    for key in keys:
        assert f"\n{key}\n" in shown
        assert platform.regions[key].region in shown
        assert names.cluster(key) in shown
        assert all(plan.machine.machine_type in shown for plan in platform.pools(key).values())
    if platform.gateway.addresses == "named":
        assert all(names.gateway_address(key) in shown for key in set(keys) & set(platform.gateway_regions))
    assert f"gs://{names.bucket}" in shown


def test_the_numbers_of_the_example_are_there() -> None:
    """Threshold, detection, ranges, chips, who is the config cluster and who writes."""
    shown = text_of(render(config()))

    for text in ("over 60 %", "10.2.32.0/23", "10.3.0.0/16", "ct6e-standard-4t 2x2, 4 x v6e", "config cluster"):
        assert text in shown
    assert "10 s (5 s x 2)" in shown
    assert shown.count("reads") == 2
    assert shown.count("writes, once") == 1


def test_more_than_six_regions_are_five_and_their_number() -> None:
    """Nobody can read a picture of twenty columns."""
    assert "\n+4 more\n" in text_of(render(config(**regions(7))))
    assert "more\n" not in text_of(render(config(**regions(4))))


def test_only_a_region_with_an_address_spills_over() -> None:
    """Requests come in where an address is, so dashed arrows start there."""
    both, one = (render(config(**changes)) for changes in ({}, {"gateway__regions": ["us"]}))

    assert both.count("stroke-dasharray") == 2
    assert one.count('stroke-dasharray="5 5"') == 1
    assert "no address in europe-west4" in text_of(one)


def test_text_is_escaped() -> None:
    """Whatever a config holds stays text."""
    svg = render(config(project='a<b>&"c', models__gemma__served_name="<script>"))

    assert "<script" not in svg
    assert 'a<b>&"c' in text_of(svg)


def test_it_stands_alone() -> None:
    """No script, style sheet, font or picture from elsewhere; its own background, for light and dark pages."""
    svg = render(config())

    assert svg.replace('xmlns="http://www.w3.org/2000/svg"', "").count("http") == 0
    assert not any(word in svg for word in ("<script", "href", "<style", "<image", "@import"))
    assert boxes(svg)[0][:2] == (0, 0)


def test_it_is_the_same_in_every_process() -> None:
    """Nothing depends on the order in which Python happens to walk a set."""
    code = "from tests.test_picture import config, render; print(render(config()))"
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True
        ).stdout
        for seed in ("1", "2", "3")
    }

    assert len(runs) == 1
    assert b"</svg>" in runs.pop()


def test_the_picture_in_the_docs_is_the_example() -> None:
    """After a change of the example or of the drawing, `make docs` has been run."""
    drawn = (ROOT / "docs/pictures/platform.svg").read_text(encoding="utf-8")

    assert drawn == render(load(EXAMPLE)), "run `make docs`"


def test_regional_gateways_are_drawn_alone() -> None:
    """No region helps another, and no cluster is the config cluster; a public one is on the internet."""
    internal, public = render(config(**REGIONAL)), render(config(**REGIONAL_PUBLIC))

    for svg in (internal, public):
        assert "config cluster" not in svg
        assert "stroke-dasharray" not in svg
        assert "behind a gateway of its own in each" in svg
    assert "inside the VPC" in text_of(internal)
    assert "on the internet" in text_of(public)


def test_an_autopilot_platform_has_no_system_machine() -> None:
    """Google chooses the nodes of pickers; pools are shown as before."""
    shown = [text for text, _ in texts(render(CONFIGS["Autopilot"]))]

    assert "nodes that Google chooses" in shown
    assert [text for text in shown if text.startswith("system:")] == []
    assert any(text.startswith("tpu: ct6e-standard-4t") for text in shown)
