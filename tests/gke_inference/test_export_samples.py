"""The samples of an export: each reads as its tool reads it, has the order of order.json, and stores no key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2
import pytest
import yaml

from gke_inference.export.run import ExportOptions, export_platform
from gke_inference.export.samples import SAMPLES
from gke_inference.export.samples.versions import ACTIONS
from platform_config.errors import ConfigError
from tests.configs import ALONE, EXAMPLE, config
from tests.shared import SharedFolders

WORKFLOW_KEYS = {"name", "on", "permissions", "concurrency", "jobs", "env", "defaults", "run-name"}
JOB_KEYS = {"name", "needs", "if", "runs-on", "timeout-minutes", "permissions", "environment", "concurrency", "env",
            "steps", "strategy", "uses", "with", "secrets", "outputs", "defaults", "container", "services",
            "continue-on-error"}  # fmt: skip
CALL_KEYS = {"name", "needs", "if", "permissions", "uses", "with", "secrets", "strategy", "concurrency"}
"""Of a job that calls another workflow."""
STEP_KEYS = {"name", "id", "if", "uses", "with", "run", "env", "shell", "working-directory", "timeout-minutes",
             "continue-on-error"}  # fmt: skip
INPUTS = {
    "actions/checkout": {"persist-credentials", "ref", "fetch-depth"},
    "actions/upload-artifact": {"name", "path", "retention-days", "if-no-files-found"},
    "google-github-actions/auth": {"workload_identity_provider", "service_account", "project_id", "universe"},
    "hashicorp/setup-terraform": {"terraform_version", "terraform_wrapper"},
}
"""Inputs of each action, of those in its action.yml that need no key."""
GITLAB_KEYS = {"image", "id_tokens", "before_script", "script", "stage", "extends", "variables", "rules", "artifacts",
               "resource_group", "environment", "interruptible", "timeout", "needs", "when"}  # fmt: skip
BUILD_KEYS = {"steps", "timeout", "options", "substitutions", "serviceAccount", "tags", "queueTtl"}
BUILD_STEP_KEYS = {"id", "name", "entrypoint", "args", "env", "dir", "waitFor", "timeout", "script"}
PROJECT_KEYS = {"name", "dir", "workspace", "workflow", "execution_order_group", "depends_on", "autoplan"}


@pytest.fixture(scope="module", params=[EXAMPLE, ALONE], ids=["cross_region", "regional"])
def folder(request: pytest.FixtureRequest, shared_folders: SharedFolders) -> Path:
    """Export a platform, with all samples."""

    def make(path: Path) -> None:
        given = config(request.param, state_bucket="states")
        export_platform(given, "mine.yaml", path / "export", ExportOptions())

    return shared_folders.get(f"samples-{request.param.stem}", make) / "export"


@pytest.fixture
def order(folder: Path) -> dict[str, Any]:
    """Return order.json."""
    document: dict[str, Any] = json.loads((folder / "order.json").read_text())
    return document


def needs(order: dict[str, Any]) -> dict[str, set[str]]:
    """Return each stack with those that it needs."""
    return {stack: set(one["needs"]) for stack, one in order["stacks"].items()}


def workflow(folder: Path, name: str) -> dict[str, Any]:
    """Read a workflow as GitHub does, for which `on` is a text; all names of files begin with the platform's."""
    platform = json.loads((folder / "order.json").read_text())["platform"]
    path = folder / "samples" / "github" / f"platform-{platform}-{name}.yml"
    document: dict[Any, Any] = yaml.safe_load(path.read_text())
    document["on"] = document.pop(True)
    return document


def workflows(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield all workflows."""
    for path in sorted((folder / "samples" / "github").iterdir()):
        yield workflow(folder, path.stem.rpartition("-")[2])


def test_each_sample_is_there(folder: Path) -> None:
    """All of them without being asked for, and each reads as YAML or HCL."""
    files = [path for path in (folder / "samples").rglob("*") if path.is_file()]

    assert {path.relative_to(folder / "samples").parts[0] for path in files} == set(SAMPLES)
    for path in files:
        document = hcl2.loads(path.read_text()) if path.suffix == ".hcl" else yaml.safe_load(path.read_text())
        assert document, path


def test_samples_store_no_key_and_name_no_machine(folder: Path) -> None:
    """No key of a service account, no token, no placeholder left, no path of a machine, lines that fit on a page."""
    for path in (path for path in (folder / "samples").rglob("*") if path.is_file()):
        text = path.read_text()
        assert not re.search(r"credentials_json|private_key|GOOGLE_CREDENTIALS|_KEY\b|SA_KEY|@[A-Z]+@", text), path
        assert not re.search(r"(^|[\s\"'=])/(home|root|tmp|work|Users)/", text), path
        assert all(len(line) <= 120 or line.startswith("# ") for line in text.splitlines()), path


def test_workflows_have_keys_that_github_knows(folder: Path) -> None:
    """Of workflow, job and step; each action has inputs of its own, and the commit of a release."""
    actions = set()
    for document in workflows(folder):
        assert set(document) <= WORKFLOW_KEYS
        assert document["permissions"] == {"contents": "read"}
        for job in document["jobs"].values():
            assert set(job) <= (CALL_KEYS if "uses" in job else JOB_KEYS)
            assert ("runs-on" in job) != ("uses" in job)
            for step in job.get("steps", []):
                assert set(step) <= STEP_KEYS
                assert ("run" in step) != ("uses" in step)
                if "uses" in step:
                    name, _, commit = step["uses"].partition("@")
                    actions.add(name)
                    assert re.fullmatch(r"[0-9a-f]{40}", commit)
                    assert set(step.get("with", {})) <= INPUTS[name]

    assert actions == set(ACTIONS) == set(INPUTS)


def test_github_applies_in_order_and_destroys_in_reverse(folder: Path, order: dict[str, Any]) -> None:
    """The jobs wait for each other as the stacks need each other; the first ones wait for an approval."""
    users = {stack: {one for one, needed in needs(order).items() if stack in needed} for stack in order["order"]}
    for name, after, command in (
        ("apply", needs(order), "apply"),
        ("destroy", users, f"destroy --yes {order['platform']}"),
    ):
        jobs = workflow(folder, name)["jobs"]
        approve = jobs.pop("approve")
        assert approve["environment"].startswith(f"platform-{order['platform']}")
        assert approve.get("needs", []) == (["plan"] if jobs.pop("plan", None) else [])
        assert {stack: set(job["needs"]) for stack, job in jobs.items()} == {
            stack: needed or {"approve"} for stack, needed in after.items()
        }
        for stack, job in jobs.items():
            assert job["with"] == {"stack": stack, "command": command}
            assert job["uses"] == f"./.github/workflows/platform-{order['platform']}-stack.yml"
            assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert list(workflow(folder, "apply")["jobs"])[2:] == order["order"]
    assert list(workflow(folder, "destroy")["jobs"])[1:] == order["destroy"]


def test_github_removes_what_an_older_config_had(folder: Path, order: dict[str, Any]) -> None:
    """By one command of the script, after an approval, and for the name of the platform alone."""
    jobs = workflow(folder, "remove")["jobs"]

    assert jobs["remove"]["with"] == {"command": f"remove --yes {order['platform']}"}
    assert jobs["remove"]["needs"] == ["approve"]
    assert f"inputs.confirm == '{order['platform']}'" in jobs["approve"]["if"]


def test_github_gives_a_fork_no_token(folder: Path) -> None:
    """A plan runs for pull requests of the repository itself; nothing runs with its rights on a fork's code."""
    plan = workflow(folder, "plan")

    assert set(plan["on"]) == {"pull_request", "workflow_call"}
    assert plan["jobs"]["plan"]["if"] == (
        "github.event_name != 'pull_request' || github.event.pull_request.head.repo.full_name == github.repository"
    )
    assert plan["concurrency"]["cancel-in-progress"] is False
    for document in workflows(folder):
        assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(document["on"])


def test_one_run_of_github_at_a_time_changes_the_platform(folder: Path) -> None:
    """Apply, remove and destroy share one group, and none is cut off."""
    groups = [workflow(folder, name)["concurrency"] for name in ("apply", "remove", "destroy")]

    assert groups[0] == groups[1] == groups[2]
    assert groups[0]["cancel-in-progress"] is False


def test_plans_are_private(folder: Path) -> None:
    """As artifacts for a short time: of private repositories alone, and not for guests of a project."""
    [upload] = [
        step for step in workflow(folder, "plan")["jobs"]["plan"]["steps"]
        if step.get("uses", "").startswith("actions/upload-artifact")
    ]  # fmt: skip
    gitlab = yaml.safe_load((folder / "samples" / "gitlab" / "platform.yml").read_text())

    assert "github.event.repository.private" in upload["if"]
    assert upload["with"]["retention-days"] == 1
    [plan] = [job for name, job in gitlab.items() if name.endswith("-plan")]
    assert plan["artifacts"] == {"public": False, "paths": ["export/plans"], "expire_in": "1 day"}


def test_plans_with_tokens_are_no_artifacts(tmp_path: Path) -> None:
    """With `kubernetes_auth: token` a saved plan holds one."""
    given = config(state_bucket="states", kubernetes_auth="token")
    export_platform(given, "mine.yaml", tmp_path, ExportOptions(samples=("github", "gitlab")))

    assert "upload-artifact" not in (tmp_path / "samples" / "github" / "platform-gemma-plan.yml").read_text()
    assert "artifacts" not in (tmp_path / "samples" / "gitlab" / "platform.yml").read_text()


def test_gitlab_plans_its_own_requests_and_applies_one_at_a_time(folder: Path, order: dict[str, Any]) -> None:
    """No job for a fork's merge request; apply and destroy share a resource group, and are started by hand."""
    document = yaml.safe_load((folder / "samples" / "gitlab" / "platform.yml").read_text())
    stages = document.pop("stages")
    jobs = {name: job for name, job in document.items() if not name.startswith(".")}

    assert {key for job in document.values() for key in job} <= GITLAB_KEYS
    assert list(dict.fromkeys(job["stage"] for job in jobs.values())) == stages
    platform = f"platform-{order['platform']}"
    assert "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID" in jobs[f"{platform}-plan"]["rules"][0]["if"]
    for name, environment in (
        ("apply", platform),
        ("remove", f"{platform}-destroy"),
        ("destroy", f"{platform}-destroy"),
    ):
        job = jobs[f"{platform}-{name}"]
        assert (job["resource_group"], job["environment"]) == (platform, environment)
        assert job["rules"][0]["when"] == "manual"
        assert job["rules"][0]["if"].startswith("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH")
        assert (job.get("needs") == []) == (name != "apply")
    [credentials] = [line for line in document[f".{platform}"]["before_script"] if "external_account" in line]
    config_of_sign_in = json.loads(re.search(r"<<EOF\n(.*)\nEOF", credentials, re.DOTALL)[1])  # type: ignore[index]
    assert config_of_sign_in["universe_domain"] == "googleapis.com"
    assert set(config_of_sign_in["credential_source"]) == {"file"}


def test_atlantis_waits_for_what_a_stack_needs(folder: Path, order: dict[str, Any]) -> None:
    """A project for each stack: groups are waves, depends_on are edges; its plan is made anew for all its files."""
    document = yaml.safe_load((folder / "samples" / "atlantis" / "atlantis.yaml").read_text())
    platform = order["platform"]
    projects = {project["name"].removeprefix(f"{platform}-"): project for project in document["projects"]}
    remove = projects.pop("remove")
    wave = {stack: number for number, stacks in enumerate(order["waves"]) for stack in stacks}

    assert document["version"] == 3
    assert document["abort_on_execution_order_fail"] is True
    assert (document["automerge"], document["parallel_apply"]) == (False, False)
    assert list(projects) == order["order"]
    for stack, project in projects.items():
        assert set(project) <= PROJECT_KEYS
        assert project["dir"] == f"export/stacks/{stack}"
        assert project["execution_order_group"] == wave[stack]
        assert project["name"] == f"{platform}-{stack}"
        assert set(project["depends_on"]) == {f"{platform}-{needed}" for needed in needs(order)[stack]}
        watched = project["autoplan"]["when_modified"]
        assert "*.tf.json" in watched
        assert (folder / "stacks" / stack / watched[-1]).resolve().is_file()
    assert (remove["dir"], remove["workflow"], remove["autoplan"]["enabled"]) == ("export", "platform-remove", False)


def test_the_server_of_atlantis_decides_what_runs(folder: Path) -> None:
    """A pull request chooses the workflow and cannot change it; the plan of a stack that cannot be planned ends."""
    document = yaml.safe_load((folder / "samples" / "atlantis" / "repos.yaml").read_text())
    [repo] = document["repos"]
    plan, apply = (document["workflows"]["platform"][name]["steps"] for name in ("plan", "apply"))

    assert repo["allow_custom_workflows"] is False
    assert repo["allowed_overrides"] == ["workflow"]
    assert {"approved", "mergeable", "undiverged"} <= set(repo["apply_requirements"])
    assert "platform.sh ready" in plan[0]["run"]
    assert ["plan" in step for step in plan] == [False, False, True, False]
    assert "platform.sh check" in plan[-1]["run"]
    assert "check-removed" in apply[0]["run"]


def test_cloud_build_runs_the_script(folder: Path) -> None:
    """One step each, with substitutions that are declared, and no account in the file: the trigger has it."""
    for name in ("plan", "apply", "remove", "destroy"):
        document = yaml.safe_load((folder / "samples" / "cloud-build" / f"{name}.yaml").read_text())
        [step] = document["steps"]
        assert set(document) <= BUILD_KEYS
        assert set(step) <= BUILD_STEP_KEYS
        assert step["args"][:2] == ["export/platform.sh", name]
        assert document["options"] == {"logging": "CLOUD_LOGGING_ONLY"}
        used = set(re.findall(r"\$(_[A-Z_]+)", json.dumps(document["steps"])))
        assert used == set(document.get("substitutions", {}))


def test_terragrunt_has_a_unit_for_each_stack(folder: Path, order: dict[str, Any]) -> None:
    """Its dependencies are the edges, and its paths lead to the stack and the settings of its state."""
    units = {path.parent.name: path for path in (folder / "samples" / "terragrunt").rglob("terragrunt.hcl")}
    assert set(units) == set(order["order"])
    for stack, path in units.items():
        document = hcl2.loads(path.read_text())
        paths = [plain(one) for block in document.get("dependencies", []) for one in block["paths"]]
        assert {one.removeprefix("../") for one in paths} == needs(order)[stack]
        assert all((path.parent / one / "terragrunt.hcl").is_file() for one in paths)
        [terraform] = document["terraform"]
        source = plain(terraform["source"]).replace("${get_terragrunt_dir()}", str(path.parent))
        assert Path(source).resolve() == (folder / "stacks" / stack).resolve()
        [settings] = re.findall(r"-backend-config=\$\{get_terragrunt_dir\(\)\}/([\w./-]+)", path.read_text())
        assert (path.parent / settings).resolve() == (folder / order["stacks"][stack]["backend_config"]).resolve()


def plain(value: str) -> str:
    """Return a text of HCL without its quotes."""
    return value.strip('"')


def test_each_pinned_commit_has_its_tag() -> None:
    """So that a person and a bot can see which release it is."""
    assert all(re.fullmatch(r"v\d+\.\d+\.\d+", tag) for _, tag in ACTIONS.values())


def exported(folder: Path, platform: str) -> Path:
    """Export a platform into a folder of a repository, as one of several."""
    (folder / ".git").mkdir(exist_ok=True)
    to = folder / "exports" / platform
    given = config(state_bucket=f"states-{platform}", name=platform, project=f"acme-{platform}")
    export_platform(given, "mine.yaml", to, ExportOptions(variables={"project": "project"}))
    return to / "samples"


def test_samples_of_several_platforms_are_in_one_repository(tmp_path: Path) -> None:
    """Files, jobs, projects, groups, environments and variables have the platform's name, and paths its folder."""
    dev, prod = exported(tmp_path, "llm-dev"), exported(tmp_path, "llm-prod")
    for samples, name, other in ((dev, "llm-dev", "llm-prod"), (prod, "llm-prod", "llm-dev")):
        for path in (path for path in samples.rglob("*") if path.is_file() and path.name != "repos.yaml"):
            assert other not in path.read_text(), path
            assert not re.search(rf"(?<!exports/{name}/)platform\.sh (plan|apply|ready)", path.read_text()) or (
                path.parts[-3] == "terragrunt" or path.name == "atlantis.yaml"
            ), path
        assert all(path.name.startswith(f"platform-{name}-") for path in (samples / "github").iterdir())
        gitlab = yaml.safe_load((samples / "gitlab" / "platform.yml").read_text())
        assert all(job == "stages" or job.removeprefix(".").startswith(f"platform-{name}") for job in gitlab)
        assert gitlab[f"platform-{name}-apply"]["rules"][0]["changes"] == [f"exports/{name}/**/*"]
        suffix = name.upper().replace("-", "_")
        assert gitlab[f".platform-{name}"]["variables"] == {"TF_VAR_project": f"$TF_VAR_PROJECT_{suffix}"}
        stack = (samples / "github" / f"platform-{name}-stack.yml").read_text()
        assert set(re.findall(r"(?:vars|secrets)\.(\w+)", stack)) - {"GKE_INFERENCE_PACKAGE"} == {
            f"{variable}_{suffix}"
            for variable in ("APPLY_SERVICE_ACCOUNT", "TF_VAR_PROJECT", "WORKLOAD_IDENTITY_PROVIDER")
        }
        projects = yaml.safe_load((samples / "atlantis" / "atlantis.yaml").read_text())["projects"]
        assert all(project["name"].startswith(f"{name}-") for project in projects)
        assert all((tmp_path / project["dir"]).is_dir() for project in projects)
    assert (dev / "atlantis" / "repos.yaml").read_text() == (prod / "atlantis" / "repos.yaml").read_text()


def test_an_export_may_be_a_repository_of_its_own(tmp_path: Path) -> None:
    """Then no path of a sample names a folder around it."""
    (tmp_path / ".git").mkdir()
    export_platform(config(state_bucket="states"), "mine.yaml", tmp_path, ExportOptions())

    assert "sh platform.sh plan" in (tmp_path / "samples" / "gitlab" / "platform.yml").read_text()
    assert workflow(tmp_path, "apply")["on"]["push"]["paths"] == ["**"]
    assert (
        yaml.safe_load((tmp_path / "samples" / "atlantis" / "atlantis.yaml").read_text())["projects"][-1]["dir"] == "."
    )


def test_a_folder_that_samples_cannot_name_is_refused(tmp_path: Path) -> None:
    """Its path would be in scripts and YAML; without samples it is no problem."""
    options = ExportOptions()
    with pytest.raises(ConfigError, match=r"--to: must be a path of letters, digits, \., _ and -, got 'my export/'"):
        export_platform(config(state_bucket="states"), "mine.yaml", tmp_path / "my export", options)

    export_platform(config(state_bucket="states"), "mine.yaml", tmp_path / "my export", ExportOptions(samples=()))


def test_a_plan_is_shown_before_somebody_approves_the_apply(folder: Path, order: dict[str, Any]) -> None:
    """Of the main branch, in the run or pipeline that waits for the approval, by the account that plans."""
    jobs = workflow(folder, "apply")["jobs"]
    gitlab = yaml.safe_load((folder / "samples" / "gitlab" / "platform.yml").read_text())
    plan, apply = (gitlab[f"platform-{order['platform']}-{name}"] for name in ("plan", "apply"))

    assert jobs["plan"]["uses"] == f"./.github/workflows/platform-{order['platform']}-plan.yml"
    assert jobs["approve"]["needs"] == ["plan"]
    assert plan["rules"][1] == {key: apply["rules"][0][key] for key in ("if", "changes")}
    assert gitlab["stages"].index(plan["stage"]) < gitlab["stages"].index(apply["stage"])
    assert plan["variables"] != apply["variables"]


def test_gitlab_says_how_the_account_that_applies_is_bound(folder: Path) -> None:
    """To a protected main branch: each job of the project gets a token of the same audience."""
    text = (folder / "samples" / "gitlab" / "platform.yml").read_text()

    assert "attribute.protected_ref=assertion.ref_protected == 'true' ? assertion.ref_path : 'none'" in text
    assert "attribute.protected_ref/refs/heads/main" in text


def test_each_way_to_apply_checks_plans_where_the_package_is(folder: Path) -> None:
    """GitHub installs it where a variable names it; Atlantis gives each plan to the script."""
    for name in ("plan", "stack"):
        [job] = workflow(folder, name)["jobs"].values()
        install, run = job["steps"][-3:-1] if name == "plan" and "uses" in job["steps"][-1] else job["steps"][-2:]
        assert install["if"] == "vars.GKE_INFERENCE_PACKAGE != ''"
        assert install["run"] == 'pipx install "$PACKAGE"'
        assert "platform.sh" in run["run"]
