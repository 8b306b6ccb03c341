"""The command line: every problem at once, in words that help, and never a secret."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from gke_inference.cli import COMMANDS
from gke_inference.drill.command import drill
from gke_inference.extras import PACKAGE
from gke_inference.option_types import BaseUrl, Finite
from tests.configs import EXAMPLE
from tests.gke_inference.conftest import InferenceOps

ROOT = Path(__file__).parent.parent.parent
URL = "http://127.0.0.1:1"


def test_all_bad_options_are_told_at_once(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """Each with its name, what is allowed and what was given; the config's problems too."""
    bad = tmp_path / "bad.yaml"
    bad.write_text(EXAMPLE.read_text().replace("number: 2", "number: x"))
    ran = inference_ops(
        "--config", str(bad), "load", "--url", "10.0.0.5", "--concurrency", "1,two", "--step-sec", "nan",
        "--prompt-tokens", "0", "--max-tokens", "0", "--api", "responses", "--timeout-sec", "-1",
        "--max-error-rate", "2", "--token-env", "NOT_SET", "--picture", str(tmp_path / "nowhere" / "x.svg"),
    )  # fmt: skip

    assert (ran.code, ran.out) == (2, "")
    for words in (
        "11 problems",
        "'--url': must read http://HOST[:PORT] or https://HOST[:PORT], got '10.0.0.5'",
        "'--concurrency': must be whole numbers from 1 to 10000, such as 1,2,4, got '1,two'",
        "'--step-sec': must be a finite number, got 'nan'",
        "'--prompt-tokens': must be whole numbers from 1 to 1000000, such as 1,2,4, got '0'",
        "'--max-tokens': 0 is not in the range",
        "'--api': 'responses' is not one of 'chat', 'completions'",
        "'--timeout-sec': -1.0 is not in the range",
        "'--max-error-rate': must be a share from 0 to 1, got 2; did you mean 0.02?",
        "'--token-env': must name an environment variable",
        "'--picture': must be in a folder that exists",
        "regions.eu.number: must be a whole number, got 'x'",
    ):
        assert words in ran.err, words


@pytest.mark.parametrize(
    ("metavar", "most", "given", "message"),
    [
        ("SEC", 3600, "2m", "must be a number of seconds, got '2m'; did you mean 120?"),
        ("SEC", 3600, "1.5 h", "must be a number of seconds, got '1.5 h'; did you mean 5400?"),
        ("SEC", 3600, "soon", "must be a number of seconds, got 'soon'"),
        ("RATE", 1, "5", "must be a share from 0 to 1, got 5; did you mean 0.05?"),
        ("RATE", 1, "5%", "must be a share from 0 to 1, got '5%'; did you mean 0.05?"),
        ("RATE", 1, "500", "must be a share from 0 to 1, got 500"),
        ("RATE", 100, "fast", "must be a number, got 'fast'"),
    ],
)
def test_a_number_with_a_unit_is_refused_with_what_was_meant(metavar: str, most: int, given: str, message: str) -> None:
    """Seconds and shares of 1: times of minutes and hours, and percent, are worked out."""
    option = click.Option(["--some"], metavar=metavar)

    with pytest.raises(click.BadParameter) as raised:
        Finite(0, most).convert(given, option, None)

    assert raised.value.message == message


def test_the_help_of_a_drill_says_which_limits_count() -> None:
    """Options and the config's objectives: each by its name."""
    text = " ".join((drill.help or "").split())

    for name in ("availability_percent", "first_token_sec", "failover_downtime_sec", "--max-error-rate"):
        assert name in text


def test_a_wrong_config_is_told_in_its_own_words(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """Exit code 2, as for a synth."""
    ran = inference_ops("--config", str(tmp_path / "nowhere.yaml"), "load", "--url", URL)

    assert (ran.code, ran.out) == (2, "")
    assert "nowhere.yaml: 1 problem" in ran.err


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/"])
def test_an_address_may_end_as_people_write_it(end: str) -> None:
    """With or without the version of the API."""
    assert BaseUrl().convert(f"http://[::1]:8000{end}", None, None) == "http://[::1]:8000"


@pytest.mark.parametrize(
    "url",
    ["", "http://", "ftp://host", "http://host:0", "http://host:99999", "http://host:x", "http://host?a=b",
     "http://host#a", "//host"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(inference_ops: InferenceOps, url: str) -> None:
    """Before anything is sent."""
    ran = inference_ops("load", "--model", "m", "--url", url)

    assert (ran.code, "must read http://HOST[:PORT]" in ran.err) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [("--url", "http://user:hunter2@host"), ("--url", URL, "--token-env", "hunter2")],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(inference_ops: InferenceOps, arguments: tuple[str, ...]) -> None:
    """A password in the address; a token where its variable's name belongs."""
    ran = inference_ops("load", "--model", "m", *arguments)

    assert ran.code == 2
    assert "hunter2" not in ran.out + ran.err


def test_a_token_that_no_header_can_hold_is_refused_unseen(
    inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The HTTP library would name it in its error."""
    monkeypatch.setenv("GATEWAY_TOKEN", "hunter2\nhunter2")
    ran = inference_ops("load", "--model", "m", "--url", URL, "--token-env", "GATEWAY_TOKEN")

    assert ran.code == 2
    assert "hunter2" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Usage: gke-inference"),
        (("load", "--nonsense"), "No such option '--nonsense'"),
        (("nonsense",), "No such command 'nonsense'"),
        (("load", "--url"), "Option '--url' requires an argument"),
        (("load", "--model", "m"), "Missing option '--url'"),
        (("--output", "yaml", "load"), "'yaml' is not one of 'text', 'json'"),
    ],
)
def test_a_wrong_command_line_is_bad_input(inference_ops: InferenceOps, arguments: tuple[str, ...], words: str) -> None:
    """Exit code 2, and what is wrong on stderr."""
    ran = inference_ops(*arguments)

    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err


@pytest.mark.parametrize("command", ["preflight", "verify", "load", "drill", "teardown"])
def test_the_config_may_stand_after_the_command(inference_ops: InferenceOps, command: str, tmp_path: Path) -> None:
    """Where people type it; it wins over the environment, as before the command."""
    needed = ("--url", URL) if command == "load" else ()
    ran = inference_ops(command, *needed, "--config", str(tmp_path / "nowhere.yaml"))

    assert (ran.code, ran.out) == (2, "")
    assert "nowhere.yaml: 1 problem" in ran.err


def test_the_output_may_stand_after_the_command(inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch) -> None:
    """As JSON it is the same document."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "nowhere.json")
    before = inference_ops("--output", "json", "--config", str(EXAMPLE), "preflight")
    after = inference_ops("preflight", "--config", str(EXAMPLE), "--output", "json")

    assert before.document == after.document


def test_two_configs_are_refused(inference_ops: InferenceOps) -> None:
    """One before and another after the command: nobody knows which is meant. The same one twice is fine."""
    ran = inference_ops("--config", "a.yaml", "preflight", "--config", "b.yaml")
    same = inference_ops("--config", "a.yaml", "preflight", "--config", "a.yaml")

    assert (ran.code, same.code) == (2, 2)
    assert "must be given once, got 'a.yaml' and 'b.yaml'" in ran.err
    assert "must be given once" not in same.err


def test_a_variable_that_is_nearly_right_is_refused(
    inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the example's platform would be looked at, drilled or torn down."""
    monkeypatch.setenv("INFRENCE_CONFIG", "config/mine.yaml")
    ran = inference_ops("teardown")

    assert (ran.code, "did you mean INFERENCE_CONFIG?" in ran.err) == (2, True)


@pytest.mark.parametrize("command", ["preflight", "verify", "load", "drill", "teardown"])
def test_a_variable_that_is_empty_is_refused(
    inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """A script's unset variable, of which the example would be made; a file that is named is enough without it."""
    needed = {"load": ("--url", URL), "drill": ("--region", "us")}.get(command, ())
    monkeypatch.setenv("INFERENCE_CONFIG", "")
    ran = inference_ops(command, *needed)
    named = inference_ops(command, *needed, "--config", "nowhere.yaml")

    assert (ran.code, ran.out) == (2, "")
    assert "INFERENCE_CONFIG: must name a file, got ''" in ran.err
    assert "nowhere.yaml: 1 problem" in named.err


@pytest.mark.parametrize("command", ["preflight", "verify", "load", "drill", "teardown"])
def test_two_files_named_are_refused(
    inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """The command line and the variable must name the same config file, as they must for `main.py`."""
    needed = {"load": ("--url", URL), "drill": ("--region", "us")}.get(command, ())
    monkeypatch.setenv("INFERENCE_CONFIG", "config/mine.yaml")
    ran = inference_ops(command, *needed, "--config", "nowhere.yaml")

    assert (ran.code, ran.out) == (2, "")
    assert "INFERENCE_CONFIG: must name the same file, got 'config/mine.yaml'" in ran.err


@pytest.mark.parametrize("command", ["preflight", "verify", "load", "drill", "teardown"])
def test_help_tells_one_default_of_each_option(inference_ops: InferenceOps, command: str) -> None:
    """Never two, and no empty one."""
    options = re.split(r"\n  (?=--)", inference_ops(command, "--help").out)

    assert len(options) > 4
    assert [option for option in options if option.count("default:") > 1 or '""' in option] == []


def test_help_is_no_error(inference_ops: InferenceOps) -> None:
    """It names each option with its default, and reads no config."""
    ran = inference_ops("--config", "nowhere.yaml", "load", "--help")

    assert ran.code == 0
    for words in ("--region-header", "x-inference-region", "1,2,4,8,16", "--picture"):
        assert words in ran.out


def test_a_file_that_the_system_refuses_is_a_message(inference_ops: InferenceOps, tmp_path: Path) -> None:
    """Exit code 2 with the name of the file."""
    name = f"{'x' * 300}.svg"
    ran = inference_ops("load", "--model", "m", "--url", URL, "--step-sec", "0.05", "--picture", str(tmp_path / name))

    assert ran.code == 2
    assert name in ran.err
    assert "Traceback" not in ran.err


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a mistake into `preflight`."""

    def fail(*_: object) -> None:
        raise KeyError("hunter2")

    monkeypatch.setattr("gke_inference.preflight.command._findings", fail)


@pytest.mark.usefixtures("broken")
def test_a_mistake_of_the_program_is_no_finding(inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 3 and one line with the kind of the error; where it is on demand only, and its text is not shown."""
    ran = inference_ops("--config", str(EXAMPLE), "preflight")
    monkeypatch.setenv("GKE_INFERENCE_TRACEBACK", "1")
    traced = inference_ops("--config", str(EXAMPLE), "preflight")

    assert (ran.code, ran.out, traced.code) == (3, "", 3)
    assert ran.err.startswith("Error: KeyError, a mistake of the program")
    assert len(ran.err.splitlines()) == 1
    assert "hunter2" not in ran.err
    assert "Traceback" in traced.err


def test_ctrl_c_is_one_word(inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 3: nothing is known."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gke_inference.preflight.command._findings", interrupted)
    ran = inference_ops("--config", str(EXAMPLE), "preflight")

    assert (ran.code, ran.out, ran.err.strip()) == (3, "", "Interrupted.")


def loaded_by(*arguments: str) -> set[str]:
    """Return the packages that the program has loaded when it ends, of those that are slow or not always installed."""
    code = (
        "import sys; from gke_inference.cli import main; main();"
        "print({m.split('.')[0] for m in sys.modules} & "
        "{'cdktf', 'jsii', 'constructs', 'googleapiclient', 'google', 'httpx', 'kubernetes', 'pygal', 'anyio'})"
    )
    command = [sys.executable, "-c", code, *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(ast.literal_eval(result.stdout.splitlines()[-1].replace("set()", "[]")))


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("validate", str(EXAMPLE)), ("synth", "--help")])
def test_what_asks_nobody_needs_the_base_install_alone(arguments: tuple[str, ...]) -> None:
    """Nothing of Google's clients, of HTTP or of cdktf is loaded."""
    assert loaded_by(*arguments) == set()


def test_each_command_of_the_list_is_there(inference_ops: InferenceOps) -> None:
    """Under its name, with a line in the help of the program."""
    ran = inference_ops("--help")

    for name in COMMANDS:
        assert f"Usage: gke-inference {name} " in inference_ops(name, "--help").out
        assert re.search(rf"^  {name} +[A-Z].*\.$", ran.out, re.M)


def test_the_version_is_that_of_the_package(inference_ops: InferenceOps, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clone that is not installed says so."""
    monkeypatch.setattr("importlib.metadata.version", lambda name: {PACKAGE: "1.2.3"}[name])
    assert inference_ops("--version").out == "gke-inference 1.2.3\n"

    monkeypatch.undo()
    ran = inference_ops("--version")
    assert (ran.code, ran.out.startswith("gke-inference")) == (0, True)


@pytest.mark.parametrize("command", ["synth", "preflight"])
def test_a_package_that_is_not_installed_is_named_with_its_extra(command: str) -> None:
    """With the pip command that brings it; exit code 2, no traceback."""
    missing = {"synth": "cdktf", "preflight": "httpx"}[command]
    code = f"import sys; sys.modules['{missing}'] = None; from gke_inference.cli import main; sys.exit(main())"
    arguments = [sys.executable, "-c", code, command, "--config", str(EXAMPLE)]
    ran = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert f"{missing} is not installed; `pip install 'gke-inference-cdktf[" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_commands_know_nothing_of_cdktf() -> None:
    """They start at once, and work where no binding is installed."""
    code = (
        "import sys, gke_inference.cli; print({m.split('.')[0] for m in sys.modules} & {'cdktf', 'jsii', 'constructs'})"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "set()"
