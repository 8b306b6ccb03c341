"""What makes a report evidence: which config, of which commit, with which versions, and when. No personal data."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Literal

from gke_inference.api_error import ApiError
from gke_inference.extras import PACKAGE
from gke_inference.live_platform import LivePlatform
from platform_config.model import Model
from platform_config.reading.layers import read_layers

GIT_TIMEOUT_SEC = 20
UNKNOWN = "unknown"
CommitState = Literal["as committed", "changed since", "not in the commit", "unknown"]
WORST_FIRST: tuple[CommitState, ...] = ("not in the commit", "changed since", "as committed")


@dataclass(frozen=True, kw_only=True)
class ConfigOrigin:
    """
    Where a config file is from.

    Attributes:
        file: Its path in the repository, else its name alone: a whole path may name its owner.
        sha256: Of its bytes, and of those of each file that it extends, one after the other.
        commit: Commit of the repository that holds it, or `unknown`.
        state: Whether all of them are what that commit has.
        problem: Why the commit is unknown; empty where it is known.
    """

    file: str
    sha256: str
    commit: str = UNKNOWN
    state: CommitState = "unknown"
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class RunningVersions:
    """
    What runs in a region, as its cluster says; `unknown` with the reason where it does not.

    Attributes:
        kubernetes: Version of its control plane, GKE's build in it.
        images: Image of each Deployment of the platform, by its name.
    """

    kubernetes: str
    images: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """
    What a measurement was made with.

    Attributes:
        platform: Name of the platform.
        project: Its project.
        config: Where the config is from.
        product_version: Version of this package.
        gke_version: What the config asks for; None for the release channel's own.
        chart_version: Of the endpoint picker's chart; None for a model behind a Service.
        regions: What ran in each region when it began, by the region's key.
        began_at: When it began, UTC.
        ended_at: When it ended, UTC.
    """

    platform: str
    project: str
    config: ConfigOrigin
    product_version: str
    gke_version: str | None
    chart_version: str | None
    regions: Mapping[str, RunningVersions]
    began_at: str
    ended_at: str


def make_evidence(
    model: Model, config: ConfigOrigin, regions: Mapping[str, RunningVersions], began_sec: float, ended_sec: float
) -> Evidence:
    """
    Return what a measurement of *model* was made with.

    Args:
        model: What was measured.
        config: Where its config is from.
        regions: What ran when it began.
        began_sec: When it began, as `time.perf_counter` reads: that clock is never set, and has no date.
        ended_sec: When it ended.
    """
    now, now_sec = datetime.now(timezone.utc), perf_counter()
    began_at, ended_at = (utc(now - timedelta(seconds=now_sec - at_sec)) for at_sec in (began_sec, ended_sec))
    return Evidence(
        platform=model.config.name,
        project=model.config.project,
        config=config,
        product_version=product_version(),
        gke_version=model.config.cluster.gke_version,
        chart_version=model.inference_pool.chart_version if model.has_pool else None,
        regions=regions,
        began_at=began_at,
        ended_at=ended_at,
    )


def product_version() -> str:
    """Return the version of this package, as it is installed."""
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return f"{UNKNOWN} ({PACKAGE} is not installed: it runs from a clone)"


def utc(moment: datetime) -> str:
    """Return *moment* to the second, such as `2026-11-27T20:00:00Z`."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def config_origin(path: Path) -> ConfigOrigin:
    """Return where the config at *path* is from; git is asked where it is in a repository."""
    folder, name = path.resolve().parent, path.resolve().name
    files = [file.resolve() for file in read_layers(path).files]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    try:
        # Without a link between them: the repository is that of the file itself.
        inside = _git(folder, "rev-parse", "--show-prefix").strip()
        commit = _git(folder, "rev-parse", "--verify", "HEAD").strip()
        states = {_state(file.parent, file.name) for file in files}
        state = next(one for one in WORST_FIRST if one in states)
        return ConfigOrigin(file=f"{inside}{name}", sha256=digest, commit=commit, state=state)
    except OSError:
        problem = "git is not installed"
    except subprocess.TimeoutExpired:
        problem = "git did not answer"
    except subprocess.CalledProcessError as error:
        problem = _problem(error.stderr)
    return ConfigOrigin(file=name, sha256=digest, problem=problem)


def _state(folder: Path, name: str) -> CommitState:
    if not _git(folder, "ls-tree", "--name-only", "HEAD", "--", f"./{name}"):
        return "not in the commit"
    return "changed since" if _git(folder, "status", "--porcelain", "--", f"./{name}") else "as committed"


def _git(folder: Path, *arguments: str) -> str:
    # Variables of a hook that runs this would name another repository. No lock: others may work in it.
    named = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
    variables = {name: value for name, value in os.environ.items() if name not in named}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], env=variables | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=GIT_TIMEOUT_SEC, check=True,
    )  # fmt: skip
    return done.stdout


def _problem(error: str) -> str:
    """Return why git did not answer, without the paths in its own message."""
    known = {
        "not a git repository": "the config is in no git repository",
        "single revision": "the repository has no commit",
        "dubious ownership": "the repository is another user's, and git does not read it",
    }
    return next((reason for part, reason in known.items() if part in error), "git could not read the repository")


def running_versions(platform: LivePlatform, regions: Iterable[str]) -> dict[str, RunningVersions]:
    """Return what runs in each of *regions*, by its key."""
    return {key: _running(platform, key) for key in regions}


def _unknown(error: ApiError) -> str:
    """Return what an answer that failed leaves; its message may name the caller."""
    return f"{UNKNOWN} ({' '.join(str(part) for part in (error.status, error.reason) if part)})"


def _running(platform: LivePlatform, key: str) -> RunningVersions:
    try:
        kubernetes = str(platform.clusters(key).get("/version").get("gitVersion", UNKNOWN))
    except ApiError as error:
        kubernetes = _unknown(error)
    try:
        deployments = platform.items(key, platform.object_path("apps/v1", "deployments"))
    except ApiError as error:
        return RunningVersions(kubernetes=kubernetes, images={"servers": _unknown(error)})
    images = {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]["containers"][0]["image"] for each in deployments
    }
    return RunningVersions(kubernetes=kubernetes, images=dict(sorted(images.items())))
