"""`gke-inference export`: what it writes, what it refuses, and that it touches nothing of others."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml

from gke_inference.export.backend import TYPES, Backend
from gke_inference.export.folder import ExportFolder
from gke_inference.export.order import RemovedStack, removal_steps, waves
from gke_inference.export.run import ExportOptions, export_platform
from gke_inference.export.variables import Variable, use_variables
from gke_inference.import_blocks import write_blocks
from platform_config.errors import ConfigError
from platform_config.stack_graph import (
    FLEET_STACK,
    GATEWAY_STACK,
    NETWORK_STACK,
    base_stack,
    cluster_stack,
    needed_stacks,
    outside_stack,
    serving_stack,
)
from tests.configs import EXAMPLE, SOVEREIGN, changed, config
from tests.conftest import Platforms
from tests.gke_inference.conftest import InferenceOps, Ran

BUCKET = ("--backend-config", "bucket=my-terraform-state")
OF_EU = [cluster_stack("eu"), base_stack("eu"), serving_stack("eu")]

Export = Callable[..., Ran]


@pytest.fixture
def export(inference_ops: InferenceOps, tmp_path: Path) -> Export:
    """Export the example with some settings changed, to the folder `out`."""

    def run(*arguments: str, base: Path = EXAMPLE, **changes: Any) -> Ran:
        file = tmp_path / "mine.yaml"
        file.write_text(json.dumps(changed(base, **changes)))
        return inference_ops("export", str(file), "--to", str(tmp_path / "out"), *arguments)

    return run


def files_in(folder: Path) -> dict[str, bytes]:
    """Return all files, by their path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def order_in(folder: Path) -> dict[str, Any]:
    """Return order.json."""
    document: dict[str, Any] = json.loads((folder / "order.json").read_text())
    return document


def test_an_export_has_all_that_a_pipeline_needs(export: Export, tmp_path: Path) -> None:
    """Each stack with an empty backend and its settings in a file, order and edges as the stacks need them."""
    ran = export(*BUCKET)
    order = order_in(tmp_path / "out")
    needs = needed_stacks(config())

    assert ran.code == 0, ran.err
    assert {stack: set(one["needs"]) for stack, one in order["stacks"].items()} == {
        stack: set(needed) for stack, needed in needs.items()
    }
    assert sorted(order["edges"]) == sorted([needed, stack] for stack in needs for needed in needs[stack])
    assert [stack for wave in order["waves"] for stack in wave] == order["order"]
    assert order["destroy"] == order["order"][::-1]
    for stack in needs:
        folder = tmp_path / "out" / "stacks" / stack
        assert json.loads((folder / "backend.tf.json").read_text()) == {"terraform": {"backend": {"gcs": {}}}}
        assert "backend" not in json.loads((folder / "cdk.tf.json").read_text())["terraform"]
        settings = hcl2.loads((tmp_path / "out" / order["stacks"][stack]["backend_config"]).read_text())
        plain = {name: str(value).strip('"') for name, value in settings.items() if not name.startswith("__")}
        assert plain == {"bucket": "my-terraform-state", "prefix": f"gemma/{stack}"}


def test_two_exports_are_the_same_bytes(export: Export, tmp_path: Path) -> None:
    """The second writes what the first wrote, and no file names this machine."""
    export(*BUCKET)
    first = files_in(tmp_path / "out")
    export(*BUCKET)

    assert files_in(tmp_path / "out") == first
    assert [name for name, text in first.items() if str(tmp_path).encode() in text] == []
    assert sorted(first) == order_in(tmp_path / "out")["files"]


def test_json_is_one_document(export: Export) -> None:
    """`--output json` lists the order and the warnings."""
    document = export(*BUCKET, "--output", "json", kubernetes_auth="exec").document

    assert document["order"][0] == NETWORK_STACK
    assert "gke-gcloud-auth-plugin" in document["warnings"][0]


def test_the_bucket_of_the_config_is_the_backend(export: Export, tmp_path: Path) -> None:
    """A config with `state_bucket` needs no option; in another universe its endpoint is in each file too."""
    assert export(base=SOVEREIGN).code == 0
    text = (tmp_path / "out" / "backend" / f"{NETWORK_STACK}.gcs.tfbackend").read_text()

    assert 'bucket = "my-project-id-terraform-states"' in text
    assert "storage_custom_endpoint = " in text
    assert "s3nsapis.fr" in (tmp_path / "out" / "samples" / "gitlab" / "platform.yml").read_text()
    assert "universe: s3nsapis.fr" in (tmp_path / "out" / "samples" / "github" / "platform-gemma-plan.yml").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "state_bucket: must be set for an export with the backend gcs"),
        (("--backend", "http"), "must have {stack} in a setting"),
        (("--backend", "gcs", *BUCKET, "--backend-config", "prefix=all"), "must have {stack} in a setting"),
        (("--backend", "s3", "--backend-config", "key={platform}"), "must have {stack} in a setting"),
        (("--backend", "cloud", "--backend-config", "workspace=x"), "must be of organization, hostname, project"),
        (("--backend", "cluod"), "'cluod' is not one of"),
        ((*BUCKET, "--samples", "github,jenkins"), "must be of github, gitlab, atlantis, cloud-build, terragrunt"),
        (("--backend", "local", "--samples", "github"), "must be none with the backend local"),
        (("--backend-config", "bucket"), "must read NAME=VALUE"),
        ((*BUCKET, *BUCKET), "must have 'bucket' once"),
        ((*BUCKET, "--variable", "Project=project"), "must be a name of small letters"),
        ((*BUCKET, "--variable", "project=projects"), "must name a setting that holds a text, got 'projects'"),
        ((*BUCKET, "--variable", "name=name"), "must name a setting of at least 6 characters"),
    ],
)
def test_what_makes_no_sense_is_refused(
    export: Export, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """Exit code 2, what is allowed, and nothing is written."""
    ran = export(*arguments)

    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert not (tmp_path / "out").exists()


def test_all_problems_are_reported_at_once(export: Export) -> None:
    """Of backend, variables and samples together."""
    ran = export("--backend", "http", "--variable", "a=nowhere", "--backend-config", "password=hunter2")

    assert "3 problems" in ran.err
    assert "hunter2" not in ran.err


@pytest.mark.parametrize("name", ["access_token", "password", "encryption_key", "secret_key", "sas_token", "conn_str"])
def test_a_secret_of_a_backend_is_refused(export: Export, name: str) -> None:
    """It belongs into no file, and is not repeated."""
    ran = export(*BUCKET, "--backend-config", f"{name}=hunter2")

    assert (ran.code, f"--backend-config {name}: must not be in a file" in ran.err) == (2, True)
    assert "hunter2" not in ran.err


@pytest.mark.parametrize(
    ("kind", "setting"),
    [
        ("gcs", "kms_encryption_key=projects/p/k"),
        ("kubernetes", "secret_suffix={stack}"),
        ("s3", "skip_credentials_validation=true"),
    ],
)
def test_what_only_sounds_like_a_secret_is_no_secret(export: Export, kind: str, setting: str) -> None:
    """The name of a key, of a Secret, or of a check."""
    more = ("--backend-config", "key={stack}") if kind == "s3" else BUCKET if kind == "gcs" else ()
    ran = export("--backend", kind, "--backend-config", setting, *more)

    assert ran.code == 0, ran.err


@pytest.mark.parametrize("address", ["https://user:hunter2@example.com/{stack}", "https://hunter2@example.com/{stack}"])
def test_a_password_in_an_address_is_refused(export: Export, tmp_path: Path, address: str) -> None:
    """It would be in a file of the repository; it is not repeated."""
    ran = export("--backend", "http", "--backend-config", f"address={address}")

    assert (ran.code, "hunter2" in ran.err) == (2, False)
    assert "--backend-config address: must hold no user, password or token" in ran.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "other",
    [
        ("--backend-config", "bucket=other"),
        ("--backend", "http", "--backend-config", "address=https://states.example.com/{stack}"),
    ],
)
def test_states_in_another_place_are_refused(export: Export, tmp_path: Path, other: tuple[str, ...]) -> None:
    """Every stack would be made a second time there; an option says that somebody moves them."""
    assert export(*BUCKET, "--samples", "none").code == 0
    before = files_in(tmp_path / "out")
    ran = export(*other, "--samples", "none")

    assert (ran.code, "must have its states where the last export had them, at gs://" in ran.err) == (2, True), ran.err
    assert files_in(tmp_path / "out") == before
    assert export(*other, "--samples", "none", "--move-states").code == 0
    assert export(*other, "--samples", "none").code == 0


@pytest.mark.parametrize("kind", TYPES)
def test_every_backend_has_a_place_for_each_stack(kind: str) -> None:
    """No two stacks share a state, whatever the backend."""
    given = {} if kind in ("cloud", "local") else {"key": "{platform}/{stack}"}
    backend = Backend(type=kind, given=given)
    platform = config(state_bucket="states")
    stacks = list(needed_stacks(platform))

    assert backend.problems(platform) == []
    assert len({backend.place(platform, stack) for stack in stacks}) == len(stacks)
    assert kind in json.dumps(backend.block(platform, stacks[0]))


def test_hcp_terraform_has_a_workspace_for_each_stack(export: Export, tmp_path: Path) -> None:
    """Its block holds what can be in a file, and no init reads one."""
    export("--backend", "cloud", "--backend-config", "organization=acme", "--backend-config", "project=inference")
    folder = tmp_path / "out"
    block = json.loads((folder / "stacks" / NETWORK_STACK / "backend.tf.json").read_text())["terraform"]["cloud"]

    assert block == {"organization": "acme", "workspaces": {"name": f"gemma-{NETWORK_STACK}", "project": "inference"}}
    assert not (folder / "backend").exists()
    assert "-backend-config=../../" not in (folder / "platform.sh").read_text() + (folder / "README.md").read_text()


def test_local_states_are_warned_of(export: Export, tmp_path: Path) -> None:
    """A runner loses them: only `--backend local` makes them, and no sample uses them."""
    ran = export("--backend", "local")

    assert "a runner that is thrown away loses them" in ran.out.replace("\n", " ")
    assert not (tmp_path / "out" / "samples").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--backend", "http", "--backend-config", "address=https://states.example.com/{stack}"), "lock_address"),
        (("--backend", "s3", "--backend-config", "key={stack}"), "use_lockfile=true"),
    ],
)
def test_a_backend_without_locks_is_warned_of(export: Export, arguments: tuple[str, ...], message: str) -> None:
    """Two runs could overwrite each other's state."""
    ran = export(*arguments)

    assert (ran.code, message in ran.out) == (0, True)


def test_files_of_others_are_refused_and_kept(export: Export, tmp_path: Path) -> None:
    """Where a file of somebody else would be overwritten nothing is written; beside the export it is left alone."""
    (tmp_path / "out" / "stacks" / NETWORK_STACK).mkdir(parents=True)
    (tmp_path / "out" / "README.md").write_text("mine")
    ran = export(*BUCKET)
    assert (ran.code, "overwrites files of others, got README.md" in ran.err) == (2, True)
    assert files_in(tmp_path / "out") == {"README.md": b"mine"}

    (tmp_path / "out" / "README.md").unlink()
    own = {"notes.md": b"mine", f"stacks/{NETWORK_STACK}/extra.tf.json": b"{}"}
    for name, text in own.items():
        (tmp_path / "out" / name).write_bytes(text)
    assert export(*BUCKET).code == 0
    assert export(*BUCKET, "--samples", "none").code == 0
    left = files_in(tmp_path / "out")
    assert own.items() <= left.items()
    assert not any(name.startswith("samples/") for name in left)


def test_a_link_out_of_the_folder_is_refused(export: Export, tmp_path: Path) -> None:
    """What is elsewhere is neither overwritten nor deleted."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    export(*BUCKET)
    script = tmp_path / "out" / "platform.sh"
    script.rename(elsewhere / "platform.sh")
    script.symlink_to(elsewhere / "platform.sh")
    before = files_in(elsewhere)

    assert export(*BUCKET).code == 2
    assert files_in(elsewhere) == before


@pytest.mark.parametrize(
    "text", ["not json", "[]", '{"version": 2}', '{"version": 1, "platform": "gemma", "files": ["../mine"]}']
)
def test_another_order_file_is_refused(export: Export, tmp_path: Path, text: str) -> None:
    """A folder whose order.json no export wrote is left alone, and so is what it names."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "order.json").write_text(text)
    (tmp_path / "mine").write_text("mine")
    ran = export(*BUCKET)

    assert ran.code == 2
    assert "name an empty folder, or one that an export wrote" in ran.err
    assert (tmp_path / "mine").read_text() == "mine"


def test_another_platform_is_refused(export: Export) -> None:
    """Its stacks would be taken for removed ones."""
    export(*BUCKET)
    ran = export(*BUCKET, name="other")

    assert (ran.code, "must be the export of this platform, got that of gemma" in ran.err) == (2, True)


def test_stacks_of_an_older_config_are_moved_aside(export: Export, tmp_path: Path) -> None:
    """With their backend and lock file; named, with the order to destroy them, until their folders are gone."""
    folder = tmp_path / "out"
    export(*BUCKET)
    (folder / "stacks" / cluster_stack("eu") / ".terraform.lock.hcl").write_text("# locked")
    ran = export(*BUCKET, regions__eu=None)
    order = order_in(folder)

    assert {one["stack"] for one in order["removed"]} == set(OF_EU)
    assert f"destroy {cluster_stack('eu')}" in ran.out
    stale = folder / "stale" / cluster_stack("eu")
    assert (stale / ".terraform.lock.hcl").read_text() == "# locked"
    assert f'prefix = "gemma/{cluster_stack("eu")}"' in (stale / "backend.tfbackend").read_text()
    assert not (folder / "stacks" / cluster_stack("eu")).exists()
    assert "check-removed" in (folder / "samples" / "terragrunt" / NETWORK_STACK / "terragrunt.hcl").read_text()
    steps = order["removal"]
    export(*BUCKET, regions__eu=None)
    assert order_in(folder)["removal"] == steps

    for stack in OF_EU:
        for file in (folder / "stale" / stack).iterdir():
            file.unlink()
        (folder / "stale" / stack).rmdir()
    export(*BUCKET, regions__eu=None)
    assert (order_in(folder)["removed"], order_in(folder)["removal"]) == ([], [])


def test_a_stack_that_comes_back_is_no_longer_aside(export: Export, tmp_path: Path) -> None:
    """Its lock file comes back with it."""
    folder = tmp_path / "out"
    export(*BUCKET)
    before = files_in(folder)
    (folder / "stacks" / cluster_stack("eu") / ".terraform.lock.hcl").write_text("# locked")
    export(*BUCKET, regions__eu=None)
    export(*BUCKET)

    assert files_in(folder) == {**before, f"stacks/{cluster_stack('eu')}/.terraform.lock.hcl": b"# locked"}
    assert not any((folder / "stale").glob("*"))


def test_a_removed_region_leaves_before_its_network() -> None:
    """Servers go first, while the gateway has their address; cluster after gateway and fleet, before the network."""
    older = needed_stacks(config())
    needs = needed_stacks(config(regions__eu=None))
    removed = [
        RemovedStack(
            stack=stack, needs=older[stack], users=tuple(user for user in older if stack in older[user]), state="",
            backend_config="",
        )
        for stack in OF_EU
    ]  # fmt: skip
    first, again = removal_steps(needs, removed, older), removal_steps(needs, removed, needs)
    steps = [(step.action, step.stack) for step in first]
    places = [
        steps.index(step)
        for step in (
            ("destroy", serving_stack("eu")),
            ("destroy", base_stack("eu")),
            ("apply", GATEWAY_STACK),
            ("apply", FLEET_STACK),
            ("destroy", cluster_stack("eu")),
            ("apply", NETWORK_STACK),
        )
    ]

    assert places == sorted(places)
    assert [step.stack for step in again if step.action == "destroy"] == [
        step.stack for step in first if step.action == "destroy"
    ]


def test_waves_hold_stacks_that_do_not_need_each_other() -> None:
    """Each stack is in a later wave than those that it needs."""
    needs = needed_stacks(config())
    number = {stack: place for place, wave in enumerate(waves(needs)) for stack in wave}

    assert all(number[needed] < number[stack] for stack in needs for needed in needs[stack])


def test_a_variable_is_in_no_file(export: Export, tmp_path: Path) -> None:
    """Its value is neither in a stack nor beside it; each stack that uses it declares it."""
    ran = export(*BUCKET, "--variable", "project=project")
    folder = tmp_path / "out"
    order = order_in(folder)

    assert ran.code == 0, ran.err
    assert [name for name, text in files_in(folder).items() if config().project.encode() in text] == []
    assert order["variables"] == [{"name": "project", "setting": "project", "stacks": order["order"]}]
    declared = json.loads((folder / "stacks" / NETWORK_STACK / "variables.tf.json").read_text())
    assert declared["variable"]["project"]["type"] == "string"
    workflow = (folder / "samples" / "github" / "platform-gemma-stack.yml").read_text()
    assert "TF_VAR_project: ${{ secrets.TF_VAR_PROJECT_GEMMA }}" in workflow
    assert "secrets: inherit" in (folder / "samples" / "github" / "platform-gemma-apply.yml").read_text()
    assert "TF_VAR_project=$_PROJECT" in (folder / "samples" / "cloud-build" / "apply.yaml").read_text()


def test_a_variable_that_nothing_uses_is_refused(export: Export) -> None:
    """Another variable has the value already."""
    ran = export(*BUCKET, "--variable", "project=project", "--variable", "again=project")

    assert ran.code == 2
    assert "--variable again: must name a setting whose value is in a stack, got project" in ran.err


def test_import_blocks_of_a_synth_are_exported_once(export: Export, tmp_path: Path) -> None:
    """Those of resources that the config has; an export without the option leaves them out again."""
    address = next(iter(stack_with("google_compute_network", tmp_path, export)))
    known, gone = (
        {"to": address, "id": "projects/p/global/networks/n"},
        {"to": "google_compute_network.gone", "id": "n"},
    )
    for stack in (NETWORK_STACK, "infra-unknown"):
        (tmp_path / "synth" / "stacks" / stack).mkdir(parents=True)
        write_blocks(tmp_path / "synth", stack, [known, gone])
    written = tmp_path / "out" / "stacks" / NETWORK_STACK / "import.tf.json"

    assert export(*BUCKET, "--imports", str(tmp_path / "synth")).code == 0
    assert json.loads(written.read_text()) == {"import": [known]}
    assert not (tmp_path / "out" / "stacks" / "infra-unknown").exists()
    assert export(*BUCKET).code == 0
    assert not written.exists()


def stack_with(kind: str, folder: Path, export: Export) -> list[str]:
    """Return the addresses of one type in the first stack of an export."""
    export(*BUCKET)
    document = json.loads((folder / "out" / "stacks" / NETWORK_STACK / "cdk.tf.json").read_text())
    return [f"{kind}.{name}" for name in document["resource"][kind]]


def test_a_value_that_cannot_be_a_variable_is_refused(export: Export, tmp_path: Path) -> None:
    """The name of the state's bucket is in the settings of a backend, where Terraform takes no variable."""
    ran = export("--variable", "bucket=state_bucket", state_bucket="my-terraform-state")

    assert (ran.code, "cannot keep state_bucket out of" in ran.err) == (2, True)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("my-project", "${var.p}"),
        ("projects/my-project/zones", "projects/${var.p}/zones"),
        ("my-projects", "my-projects"),
        ('${f("my-project")}', '${f("${var.p}")}'),
        ("${data.my-project.id}", "${data.my-project.id}"),
        ("$${my-project}", "$${${var.p}}"),
        ("${a}/my-project/${b}", "${a}/${var.p}/${b}"),
    ],
)
def test_only_texts_are_replaced(text: str, replaced: str) -> None:
    """A longer name stays, and so does a reference in an expression."""
    variable = Variable(name="p", setting="project", value="my-project")
    document, used = use_variables({"resource": {"a": {"b": {"c": text, "depends_on": [text]}}}}, [variable])

    assert document["resource"]["a"]["b"] == {"c": replaced, "depends_on": [text]}
    assert bool(used) == (text != replaced)


def test_a_lock_that_cannot_be_made_says_how(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Terraform the export is written, and the command that makes the lock files is printed: exit code 3."""
    monkeypatch.setenv("TERRAFORM", "no-such-program")
    ran = export(*BUCKET, "--lock")

    assert ran.code == 3
    assert "platform.sh lock" in ran.err


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """With the reason, and no traceback."""
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match=r"file"):
        export_platform(config(state_bucket="states"), "mine.yaml", tmp_path / "file" / "out", ExportOptions())
    assert ExportFolder(tmp_path / "nowhere").last().files == ()


def test_the_script_is_portable_and_explains_itself(export: Export, tmp_path: Path) -> None:
    """Plain sh accepts it; help has each command; a wrong one ends with 2."""
    export(*BUCKET)
    script = str(tmp_path / "out" / "platform.sh")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", script, *arguments], capture_output=True, text=True, check=False)

    text = Path(script).read_text()
    commands = set(re.findall(r"^  ([a-z-]+)\)", text, re.MULTILINE)) - {"help"}
    assert len(commands) > 8
    assert {line.split()[0] for line in run("help").stdout.splitlines() if re.match(r"[a-z-]+ .*  ", line)} == commands
    assert run("order").stdout.split() == order_in(tmp_path / "out")["order"]
    assert "@" not in text.replace('"$@"', "").replace("$# -", "")
    for wrong in (("nonsense",), ("plan", "no-stack"), ("destroy",), ("destroy", "--yes", "other"), ("remove",)):
        assert run(*wrong).returncode == 2, wrong
    assert yaml.safe_load((tmp_path / "out" / ".gitignore").read_text().splitlines()[1]) == ".terraform/"


class FakeTerraform:
    """
    A program in place of Terraform, which notes how it is called, and answers with states that a test writes.

    Args:
        folder: Where it and what it notes are.
    """

    PROGRAM = """#!/bin/sh
folder=${1#-chdir=}
shift
echo "$folder $*" >> "$NOTES/calls"
env > "$NOTES/environment"
case "$1 $2" in
  "state pull") cat "$NOTES/$(basename "$folder").json" 2>/dev/null || [ ! -e "$NOTES/denied" ] ;;
  "show -json") echo '{}' ;;
esac
"""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.program = folder / "terraform"
        self.program.write_text(self.PROGRAM)
        self.program.chmod(0o755)

    def run(self, export: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the script of an export with it."""
        given = {**os.environ, "NOTES": str(self.folder), "TERRAFORM": str(self.program), **environment}
        return subprocess.run(["sh", str(export / "platform.sh"), *arguments], env=given, capture_output=True,
                              text=True, check=False)  # fmt: skip

    def write_state(
        self, stack: str, *resources: dict[str, Any], outputs: dict[str, Any] | None = None, indent: int | None = 2
    ) -> None:
        """Write the state of a stack: Terraform prints it in lines, and OpenTofu in one, without spaces."""
        separators = None if indent else (",", ":")
        state = {"version": 4, "outputs": outputs or {}, "resources": list(resources), "check_results": None}
        (self.folder / f"{stack}.json").write_text(json.dumps(state, indent=indent, separators=separators))

    def calls(self, what: str) -> list[str]:
        """Return the folders in which it was called so, in order."""
        notes = (self.folder / "calls").read_text().splitlines() if (self.folder / "calls").exists() else []
        return [call.split()[0] for call in notes if call.split(" ", 1)[1].startswith(what)]


@pytest.fixture
def fake(tmp_path: Path) -> FakeTerraform:
    """Make the program."""
    return FakeTerraform(tmp_path / "fake")


DATA = {"mode": "data", "type": "google_compute_network", "name": "n", "instances": []}
MANAGED = {**DATA, "mode": "managed"}


@pytest.mark.parametrize("indent", [2, None], ids=["Terraform", "OpenTofu"])
@pytest.mark.parametrize(
    ("resources", "outputs", "applied"),
    [((), {}, False), ((MANAGED,), {}, True), ((DATA,), {}, True), ((), {"a": {"value": 1, "type": "number"}}, True)],
)
def test_a_stack_is_applied_once_its_state_holds_anything(
    export: Export, tmp_path: Path, fake: FakeTerraform, resources: tuple[Any, ...], outputs: dict[str, Any],
    applied: bool, indent: int | None,
) -> None:  # fmt: skip
    """A stack of what exists already has data alone; one that was destroyed has a state that is empty."""
    export(*BUCKET)
    fake.write_state(NETWORK_STACK, *resources, outputs=outputs, indent=indent)
    ran = fake.run(tmp_path / "out", "ready", cluster_stack("us"))

    assert (ran.returncode, NETWORK_STACK in ran.stderr) == ((0, False) if applied else (1, True))


def test_the_script_runs_the_program_that_cdktf_would_run(export: Export, tmp_path: Path, fake: FakeTerraform) -> None:
    """`TERRAFORM_BINARY_NAME`, such as `tofu`, where `TERRAFORM` names none."""
    export(*BUCKET)
    ran = fake.run(tmp_path / "out", "init", NETWORK_STACK, TERRAFORM="", TERRAFORM_BINARY_NAME=str(fake.program))

    assert (ran.returncode, fake.calls("init")) == (0, [f"stacks/{NETWORK_STACK}"])


def test_a_state_that_cannot_be_read_is_no_empty_state(export: Export, tmp_path: Path, fake: FakeTerraform) -> None:
    """A plan, an apply and a destroy end with 1, and change nothing."""
    export(*BUCKET)
    (fake.folder / "denied").write_text("")
    for command in (("plan",), ("apply", cluster_stack("us")), ("destroy", "--yes", "gemma"), ("ready",)):
        assert fake.run(tmp_path / "out", *command).returncode == 1, command
    assert fake.calls("apply") == []


def test_the_script_keeps_roots_and_clusters_apart(export: Export, tmp_path: Path, fake: FakeTerraform) -> None:
    """Terraform gets no shared folder of data, and no setting of another cluster."""
    export(*BUCKET)
    given = {
        "TF_DATA_DIR": "shared",
        "TF_WORKSPACE": "dev",
        "KUBE_CONFIG_PATH": "other",
        "KUBE_HOST": "https://other.example.com",
    }
    assert fake.run(tmp_path / "out", "init", NETWORK_STACK, **given).returncode == 0

    assert not re.search(r"^(TF_DATA_DIR|TF_WORKSPACE|KUBE_)", (fake.folder / "environment").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", ["TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_CLI_ARGS_apply"])
def test_the_script_plans_no_part_of_a_stack(export: Export, tmp_path: Path, fake: FakeTerraform, name: str) -> None:
    """A stack of which a part is applied would count as applied for those that need it."""
    export(*BUCKET)
    ran = fake.run(tmp_path / "out", "plan", NETWORK_STACK, **{name: "-target=google_compute_network.n"})

    assert (ran.returncode, "a stack is planned as a whole" in ran.stderr) == (2, True)
    assert fake.calls("plan") == []


def test_plans_are_checked_where_the_package_is(export: Export, tmp_path: Path, fake: FakeTerraform) -> None:
    """By itself where `gke-inference` is a program of the runner; another check, or an empty one, replaces it."""
    export(*BUCKET)
    program = tmp_path / "bin" / "gke-inference"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$*" >> "$NOTES/asked"\n[ ! -e "$NOTES/refused" ]\n')
    program.chmod(0o755)
    path = {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    asked = fake.folder / "asked"
    fake.run(tmp_path / "out", "plan", NETWORK_STACK, PLAN_CHECK="", **path)
    fake.run(tmp_path / "out", "plan", NETWORK_STACK, PLAN_CHECK="true", **path)
    assert not asked.exists()

    assert fake.run(tmp_path / "out", "apply", NETWORK_STACK, **path).returncode == 0
    assert asked.read_text() == "plan-check plans\n"
    (fake.folder / "refused").write_text("")
    applied = fake.calls("apply")
    assert fake.run(tmp_path / "out", "apply", NETWORK_STACK, **path).returncode == 1
    assert fake.run(tmp_path / "out", "check", **path).returncode == 1
    assert fake.calls("apply") == applied


def test_chosen_stacks_are_run_in_order(export: Export, tmp_path: Path, fake: FakeTerraform) -> None:
    """Whatever the order on the command line; destroy in reverse, where nothing that is there needs them."""
    export(*BUCKET)
    for stack in needed_stacks(config()):
        fake.write_state(stack, MANAGED)
    chosen = (GATEWAY_STACK, NETWORK_STACK, cluster_stack("us"))
    assert fake.run(tmp_path / "out", "plan", *chosen).returncode == 0
    assert fake.calls("plan") == [f"stacks/{stack}" for stack in (NETWORK_STACK, cluster_stack("us"), GATEWAY_STACK)]

    assert fake.run(tmp_path / "out", "destroy", "--yes", "gemma", *chosen).returncode == 1
    assert fake.calls("apply") == [f"stacks/{GATEWAY_STACK}"]


def test_no_stack_runs_a_program_beside_terraform(every_platform: Platforms) -> None:
    """So that remote runs of HCP Terraform work: no provisioner, no data of programs; a plugin with `exec` alone."""
    for platform, app in every_platform.values():
        for stack, document in app.stacks.items():
            blocks = [block for named in document.get("resource", {}).values() for block in named.values()]
            assert not any("provisioner" in block or "connection" in block for block in blocks)
            assert not {"external", "local_command"} & {*document.get("data", {}), *document.get("resource", {})}
            assert not {"null_resource", "local_file"} & set(document.get("resource", {}))
            plugins = re.findall(r'"exec": ', json.dumps(document.get("provider", {})))
            theirs = [cluster.exec for key, cluster in platform.outside.items() if outside_stack(key) == stack]
            assert bool(plugins) <= (any(theirs) if theirs else platform.kubernetes_auth == "exec")
