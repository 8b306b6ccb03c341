"""`--header`: a key that each request has, and that nobody can read in what a command prints, writes or creates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gke_inference.drill.journal import Journal
from gke_inference.drill.senders import pod_sender
from gke_inference.drill.senders.pod_program import SendPlan
from gke_inference.openai import Endpoint
from tests.gke_inference.conftest import InferenceOps
from tests.gke_inference.drill_rig import Drill, Rig
from tests.gke_inference.stand_in_server import MODEL, StandInServer
from tests.gke_inference.test_load import arguments
from tests.gke_inference.verify_platform import HealthyPlatform

KEY = "hunter2-hunter2-hunter2"
URL = "http://10.0.0.5"


@pytest.fixture(autouse=True)
def api_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the key in the environment."""
    monkeypatch.setenv("API_KEY", KEY)


@pytest.fixture(params=["env", "file"])
def header(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Return the option, with the key in the environment or in a file that ends with a line break."""
    file = tmp_path_factory.mktemp("key") / "key"
    file.write_text(f"{KEY}\n")
    return "--header", f"x-api-key={'env:API_KEY' if request.param == 'env' else f'file:{file}'}"


@pytest.mark.parametrize(
    "given",
    [f"x-api-key={KEY}", f"x-api-key: {KEY}", KEY, f"x-api-key=env:{KEY}", f"x-api-key=file:{KEY}", f"={KEY}",
     f"x api key=env:{KEY}", f"x-api-key=vault:{KEY}", f"Host=env:{KEY}", f"content-type=env:{KEY}"],
)  # fmt: skip
@pytest.mark.parametrize("command", [("load", "--url", URL), ("drill",), ("verify",)])
def test_a_value_on_the_command_line_is_refused_and_not_repeated(
    inference_ops: InferenceOps, command: tuple[str, ...], given: str
) -> None:
    """Nor is the name of a variable or file, which may be a key given by mistake."""
    ran = inference_ops(*command, "--header", given)

    assert ran.code == 2
    assert "'--header': " in ran.err
    assert KEY not in ran.out + ran.err


@pytest.mark.parametrize("value", ["", "  ", f"{KEY}\n{KEY}", f"{KEY}é", "x" * 5000, f"{KEY}\0"])
def test_a_value_that_no_header_can_hold_is_refused_unseen(
    inference_ops: InferenceOps, tmp_path: Path, value: str
) -> None:
    """The HTTP library would name it in its error."""
    file = tmp_path / "key"
    file.write_text(value, encoding="utf-8")
    ran = inference_ops("load", "--url", URL, "--header", f"x-api-key=file:{file}")

    assert (ran.code, "must name a file that can be read and holds one line" in ran.err) == (2, True)
    assert KEY not in ran.out + ran.err


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--header", "X-Api-Key=env:API_KEY"), "must name each header once, got x-api-key again"),
        (
            ("--token-env", "API_KEY", "--header", "Authorization=env:API_KEY"),
            "--header: must be another than Authorization, --token-env sets it",
        ),
    ],
)
def test_a_header_has_one_value(inference_ops: InferenceOps, given: tuple[str, ...], message: str) -> None:
    """In whatever case its name is written."""
    ran = inference_ops(*arguments(URL, "--header", "x-api-key=env:API_KEY", *given))

    assert (ran.code, message in ran.err) == (2, True)
    assert KEY not in ran.out + ran.err


def test_a_load_sends_the_key_and_shows_it_nowhere(
    inference_ops: InferenceOps, header: tuple[str, str], tmp_path: Path
) -> None:
    """Not in tables, JSON, picture, progress or the log of calls; the plan has the header's name."""
    svg = tmp_path / "load.svg"
    server = StandInServer(api_key=KEY)
    with server.serving() as url:
        more = (*header, "--picture", str(svg), "-v")
        shown = [inference_ops(*format, *arguments(url, *more)) for format in ((), ("--output", "json"))]

    assert [ran.code for ran in shown] == [0, 0]
    assert {headers["x-api-key"] for _, _, headers in server.requests} == {KEY}
    assert shown[1].document["plan"]["secret_headers"] == ["x-api-key"]
    assert not any(KEY in text for ran in shown for text in (ran.out, ran.err, svg.read_text()))


def test_the_list_of_models_is_asked_for_with_the_key(
    inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where there is no config, the server has to say which model it has."""
    monkeypatch.chdir(tmp_path)
    server = StandInServer(api_key=KEY)
    with server.serving() as url:
        ran = inference_ops(
            "load", "--url", url, "--concurrency", "1", "--step-sec", "0.1", "--header", "x-api-key=env:API_KEY"
        )

    assert (ran.code, server.probes[0][1]["x-api-key"]) == (0, KEY)


@pytest.mark.parametrize("given", [KEY, f"Bearer {KEY}", f'{KEY}"\\'])
def test_a_key_that_the_server_repeats_is_not_shown(
    inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    """Neither as it was sent, nor without the word Bearer, nor as JSON writes it."""
    monkeypatch.setenv("API_KEY", given)
    server = StandInServer(failure="503")
    with server.serving() as url:
        ran = inference_ops(*arguments(url, "--header", "Authorization=env:API_KEY"))

    assert {headers["authorization"] for _, _, headers in server.requests} == {given}
    assert (ran.code, "overloaded, ..." in ran.out) == (1, True)
    assert KEY not in ran.out + ran.err


def test_neither_a_request_nor_a_plan_shows_the_key() -> None:
    """A traceback or a log may hold what they look like."""
    endpoint = Endpoint(url=URL, model=MODEL, secret_headers={"x-api-key": KEY})
    plan = SendPlan(
        url=URL, headers={"x-api-key": KEY}, bodies=[], rate_per_sec=1, timeout_sec=1, region_header="", events=True
    )

    assert KEY not in f"{endpoint} {plan}"


@pytest.mark.parametrize("sender", ["here", "pod"])
def test_a_drill_sends_the_key_and_leaves_it_nowhere(
    drill_rig: Rig, drill: Drill, header: tuple[str, str], sender: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not in the pod's manifest or any other object, nor in journal, plan, report, page or picture."""
    journals: list[str] = []
    remove = Journal.remove

    def keep_and_remove(journal: Journal) -> None:
        journals.append(journal.path.read_text())
        remove(journal)

    monkeypatch.setattr(Journal, "remove", keep_and_remove)
    monkeypatch.setattr(pod_sender, "RETRY_EVERY_SEC", 0.02)
    drill_rig.sender = sender
    drill_rig.gateway.api_key = KEY
    page, svg = tmp_path / "drill.html", tmp_path / "drill.svg"
    planned = drill(*header)
    ran = drill("--yes", "-v", "--baseline-sec", "0.4", *header, "--report", str(page), "--picture", str(svg))
    written = [*journals, page.read_text(), svg.read_text(), json.dumps(drill_rig.home.api.writes())]

    assert (planned.code, ran.code, len(journals)) == (0, 0, 1)
    assert {headers["x-api-key"] for _, _, headers in drill_rig.gateway.requests} == {KEY}
    assert ran.document["plan"]["secret_headers"] == ["x-api-key"]
    assert not any(KEY in text for text in (*written, planned.out, planned.err, ran.out, ran.err))


def test_a_drill_that_is_refused_does_not_repeat_the_key(drill_rig: Rig, drill: Drill) -> None:
    """The gateway names the wrong key in its fault, which the pod brings back."""
    drill_rig.sender = "pod"
    drill_rig.gateway.api_key = "another"
    ran = drill("--yes", "--baseline-sec", "0.4", "--header", "x-api-key=env:API_KEY")

    assert "http_401" in ran.out
    assert KEY not in ran.out + ran.err


def test_restoring_takes_no_key(drill: Drill) -> None:
    """It sends no request."""
    ran = drill("--restore", "--header", "x-api-key=env:API_KEY")

    assert (ran.code, "--header: must not be given with --restore" in ran.err) == (2, True)


def test_verify_sends_the_key_and_shows_it_nowhere(example: HealthyPlatform, header: tuple[str, str]) -> None:
    """In completions alone, which Google's APIs and the clusters never see."""
    for server in example.servers.values():
        server.api_key = KEY
    try:
        shown = [example.run(*header, "-v", output=output) for output in ("json", "text")]
    finally:
        for server in example.servers.values():
            server.api_key = ""

    assert [ran.code for ran in shown] == [0, 0]
    assert all(headers["x-api-key"] == KEY for server in example.servers.values() for _, _, headers in server.requests)
    assert not any(KEY in ran.out + ran.err for ran in shown)
    assert KEY not in repr(example.google.requests) + repr([api.requests for api in example.clusters.values()])


def test_verify_says_so_where_the_key_is_wrong(example: HealthyPlatform) -> None:
    """Servers and routes are not to blame; and the key, which the fault repeats, is not shown."""
    for server in example.servers.values():
        server.api_key = "another"
    try:
        ran = example.run("--header", "x-api-key=env:API_KEY", only="us")
    finally:
        for server in example.servers.values():
            server.api_key = ""
    [found] = [one for one in ran.document["findings"] if one["id"] == "COMPLETION"]

    assert (ran.code, found["status"]) == (1, "wrong")
    assert "refused with http_401" in found["found"]
    assert found["fix"] == "see that the value of x-api-key is one that the gateway accepts for this model"
    assert KEY not in ran.out + ran.err


def test_verify_takes_no_key_where_it_sends_nothing(example: HealthyPlatform) -> None:
    """A forgotten option is found."""
    ran = example.run("--no-completion", "--header", "x-api-key=env:API_KEY")

    assert (ran.code, "--header: must not stand beside --no-completion" in ran.err) == (2, True)
