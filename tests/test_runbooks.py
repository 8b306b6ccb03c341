"""Each alert has a runbook, and what a runbook names is there: commands, findings, objects of the example."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from constructs_lib.inferencepool_chart import picker_name
from constructs_lib.monitoring.alert import AlertKind
from constructs_lib.monitoring.alerts import ALERTS
from constructs_lib.specs import GatewaySpec, ModelArmorSpec
from gke_inference.cli import cli
from gke_inference.verify import topics
from gke_inference.verify.topic import Topic
from tests.synthesized import Synthesized

FOLDER = Path(__file__).parent.parent / "docs" / "runbooks"
PAGES = sorted(page for page in FOLDER.glob("*.md") if page.name != "README.md")
PARTS = ["What users notice", "Run first", "Causes and fixes", "What it is not"]
OTHER_PROGRAMS = ("gcloud", "kubectl")
ABBREVIATIONS = {"FUSE", "HTTP", "JSON"}
OTHER_FINDINGS = {"BUCKET", "COMPLETION"}
"""Of `preflight`, and of the requests of `verify`."""
OBJECTS = r"(deployment|gateway|httproute|inferencepool|gcpbackendpolicy|healthcheckpolicy|hpa)[/ ]([a-z][a-z-]+)"


def text(page: Path) -> str:
    """Return the whole page."""
    return page.read_text(encoding="utf-8")


def part(page: Path, heading: str) -> str:
    """Return what is below one heading."""
    return text(page).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_each_alert_has_a_page_and_each_page_an_alert() -> None:
    """`docs/runbooks` has one page for each alert, named like it, and no other."""
    assert [page.stem for page in PAGES] == sorted(kind.name for kind in ALERTS)


@pytest.mark.parametrize("kind", ALERTS, ids=lambda kind: kind.name)
def test_a_page_says_which_alert_it_is_of(kind: AlertKind) -> None:
    """The title is the alert's own, and the first paragraph has its name."""
    heading, first = text(FOLDER / f"{kind.name}.md").split("\n\n")[:2]

    assert heading == f"# {kind.title}"
    assert first.startswith(f"Alert `{kind.name}`. ")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_its_parts_on_one_screen(page: Path) -> None:
    """What users notice, the first command, causes with their fixes, and what it is not, in at most 45 lines."""
    assert re.findall(r"^## (.+)$", text(page), re.MULTILINE) == PARTS
    assert 15 <= text(page).count("\n") <= 45
    assert part(page, "Causes and fixes").count("\n| ") >= 3


def test_what_passes_unscreened_can_be_found() -> None:
    """The alert on blocks is silent then: its page says so, with the logs that show it and the setting they need."""
    silent = part(FOLDER / "model-armor-blocks.md", "What it is not")

    settings = re.findall(r"`gateway\.([a-z_.]+)(?:: true)?`", silent)
    assert set(settings) == {"model_armor.fail_open", "log_sample_percent"}
    assert hasattr(ModelArmorSpec(), "fail_open")
    assert hasattr(GatewaySpec(), "log_sample_percent")
    assert "gcloud logging read 'jsonPayload.serviceExtensionInfo.failedOpen=true'" in silent


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_first_command_exists(page: Path) -> None:
    """It is a command of `gke-inference` with options that it has, or one of gcloud or kubectl."""
    block = re.search(r"^```sh\n(.*?)^```$", part(page, "Run first"), re.MULTILINE | re.DOTALL)
    assert block
    program, *words = shlex.split(block[1].replace("\\\n", " "))

    if program not in OTHER_PROGRAMS:
        assert program == "gke-inference"
        command = cli.get_command(click.Context(cli), words[0])
        assert command, words
        known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
        assert {word for word in words[1:] if word.startswith("--")} <= known


def test_pages_name_findings_that_there_are() -> None:
    """What is in capitals is the id of a finding: of a topic of `verify`, or of a node pool."""
    ids = {topic.id for topic in vars(topics).values() if isinstance(topic, Topic)}
    for page in PAGES:
        prose = re.sub(r"`[^`\n]+`", "", re.sub(r"^```.*?^```$", "", text(page), flags=re.MULTILINE | re.DOTALL))
        named = set(re.findall(r"\b[A-Z]{4,}(?:-[A-Z]+)*\b", prose)) - ABBREVIATIONS - OTHER_FINDINGS
        assert {name for name in named if name not in ids and not name.startswith("POOL-")} == set(), page.name


def test_the_runbook_of_a_finding_has_it() -> None:
    """Whoever follows the link from a finding of `verify` meets that finding again on the page."""
    operations = (FOLDER.parent / "operations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Z]{2}[^|]*) \| \[([a-z-]+)\]\(runbooks/\2\.md\) \|$", operations, re.MULTILINE)
    assert len(rows) >= 5

    for ids, name in rows:
        page = text(FOLDER / f"{name}.md")
        assert [id_ for id_ in re.findall(r"[A-Z-]+", ids) if not re.search(rf"\b{id_}\b", page)] == [], name


def test_pages_name_objects_of_the_example(platform: Synthesized) -> None:
    """Namespaces, labels and objects in the commands are those of config/example.yaml."""
    made = {block["manifest"]["metadata"]["name"] for block in platform.all("kubernetes_manifest")}
    pools = {release["name"] for release in platform.all("helm_release")}
    made |= pools | {picker_name(pool) for pool in pools}
    namespaces = {block["metadata"]["name"] for block in platform.all("kubernetes_namespace_v1")}
    labels = {f"app={name}" for name in made}
    for page in PAGES:
        commands = "\n".join(re.findall(r"(?:kubectl|gcloud) [^`\n]+", text(page)))
        assert {name for _, name in re.findall(OBJECTS, commands)} <= made, page.name
        assert set(re.findall(r"--namespace (\S+)", commands)) <= namespaces, page.name
        assert set(re.findall(r"--selector (\S+)", commands)) <= labels, page.name


@pytest.mark.parametrize("kind", ALERTS, ids=lambda kind: kind.name)
def test_a_page_begins_with_the_command_that_its_alert_names(kind: AlertKind) -> None:
    """Who hears of an alert reads the same first command there and here; a page may add to it."""
    command = part(FOLDER / f"{kind.name}.md", "Run first").partition("```sh\n")[2].partition("\n```")[0]

    first = kind.first_command.format(model="gemma", project="my-project-id")
    assert re.sub(r"\s*\\\n\s*", " ", command).startswith(first)
