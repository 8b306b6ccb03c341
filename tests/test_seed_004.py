"""docs/seed-004.md answers each part of the article, by settings that there are and figures that are computed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gke_inference.simulate.figures import WayFigures, way_figures
from gke_inference.simulate.settings import SEED, ways_to_fail_over
from tests.configs import EXAMPLE, MULTI_CLOUD, config

PAGE = (Path(__file__).parent.parent / "docs" / "seed-004.md").read_text(encoding="utf-8")
HEADINGS = (
    "The Challenge need to face off", "1. Kubernetes Tech Stack and GPU Worker Management",
    "2. Serving and Inference Response", "3. GitOps and CI/CD", "4. Monitoring & Observability",
    "Shiny Solution, but it's tough !", "Strategy 01: CRD (Custom Resource Definition) - HTTP Tunneling",
    "Strategy 02: Virtual Kubelet", "The Truth Solution, stable but expensive",
    "Multi-Cluster Kubernetes Architecture", "GLB and DNS Load Balancing", "The Journey of System Scaling",
    "Multi-Cluster Get Ready", "Alibaba Cloud", "VNG Cloud", "GLB and DNS Get Ready", "DNS Management",
    "The GTM and Health Check for Global Routing", "Failover and Recovery Testing and Time Consuming",
    "For Future Implementation and Enhancement", "Boosting the efficiency of FailOver and Latency of GTM (GLB)",
    "Dynamically configure DNS with ExternalDNS", "Conclusion",
)  # fmt: skip
"""The article's own."""


def test_each_heading_of_the_article_is_answered() -> None:
    """In its order, and with a text below each."""
    assert tuple(re.findall(r"^###? (.+)$", PAGE, re.MULTILINE)) == HEADINGS
    assert not re.search(r"^(##+ .+)\n(?=#)", PAGE, re.MULTILINE)


def computed() -> dict[int, WayFigures]:
    """Return the figures of each computed column, by its place in the table."""
    [dns] = [way for way in ways_to_fail_over(config(MULTI_CLOUD)) if way.title.startswith("DNS")]
    [gateway] = ways_to_fail_over(config(EXAMPLE))
    return {2: way_figures(SEED, 1000), 3: way_figures(dns, 1000), 4: way_figures(gateway, 1000)}


@pytest.mark.parametrize("row", ["first downtime", "second downtime, all down", "good checks of 180"])
def test_figures_are_those_that_the_command_computes(row: str) -> None:
    """What the page says of the model is what `gke-inference simulate failover` prints."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {row} |"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    for place, way in computed().items():
        figure = {"f": way.first_downtime_sec, "s": way.second_downtime_sec}.get(row[0])
        expected = f"{way.good_percent.median:.0f} %" if figure is None else str(figure).replace(" (", " s (", 1)
        assert cells[place] == expected
