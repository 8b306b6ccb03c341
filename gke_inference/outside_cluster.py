"""The Kubernetes API of a cluster outside Google Cloud, by `kubectl`, which signs in as the cluster's owner does."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from constructs_lib.specs import OutsideSpec
from gke_inference.api_error import ApiError

KUBECTL = "kubectl"
TIMEOUT_SEC = 30
STATUSES = {"NotFound": 404, "Forbidden": 403}
"""HTTP status of each refusal that kubectl prints, as in `Error from server (NotFound)`."""
NAME = "outside"
NO_KUBECTL = "noKubectl"
"""The reason where this machine has no kubectl."""


@dataclass(frozen=True, kw_only=True)
class OutsideCluster:
    """
    Reads objects by the paths of the Kubernetes API, and changes none.

    What signs in stays in kubectl: no credential of the kubeconfig file is read here.

    Attributes:
        spec: How the cluster is reached.
    """

    spec: OutsideSpec

    def get(self, path: str) -> dict[str, Any]:
        """
        Return the object, or the list, at *path*, such as `/apis/apps/v1/namespaces/inference/deployments`.

        Raises:
            ApiError: It failed; `missing` where there is no such object or kind.
        """
        answer: dict[str, Any] = json.loads(self._ask("get", "--raw", path))
        return answer

    def has_secret(self, namespace: str, name: str) -> bool:
        """
        Return whether there is a Secret *name*; its content stays in kubectl.

        Raises:
            ApiError: The cluster did not say.
        """
        try:
            self._ask("get", "secret", name, "--namespace", namespace, "--output", "name")
        except ApiError as error:
            if error.missing:
                return False
            raise
        return True

    def access_problem(self, at: str) -> tuple[str, str] | None:
        """
        Return why Terraform cannot even try to sign in on this machine, and what to do; None where it can.

        Args:
            at: Path of the cluster's section in the config.
        """
        spec = self.spec
        if spec.exec is not None and shutil.which(spec.exec.command) is None:
            return f"{spec.exec.command} is not on PATH", f"install it, or correct {at}.exec.command"
        if spec.kubeconfig is None:
            return None
        try:
            there = contexts(spec.kubeconfig)
        except OSError as error:
            return f"{spec.kubeconfig}: {error.strerror}", f"put the file there, or correct {at}.kubeconfig"
        except ValueError as error:
            return f"{spec.kubeconfig}: {error}", f"correct {at}.kubeconfig"
        if spec.context in there:
            return None
        return f"{spec.kubeconfig} has no context {spec.context}", f"set {at}.context to one of {', '.join(there)}"

    @property
    def command(self) -> str:
        """What a person runs to see whether the cluster answers."""
        if self.spec.kubeconfig is None:
            return f"{KUBECTL} --server={self.spec.host} get --raw /version, with what `exec` gives"
        return f"{KUBECTL} --kubeconfig={self.spec.kubeconfig} --context={self.spec.context} get --raw /version"

    def remedy(self, error: ApiError) -> str:
        """Return what to do about *error* of this cluster, where Google's credentials do not help."""
        if error.reason == NO_KUBECTL:
            return f"install {KUBECTL}: clusters outside are asked with it"
        return f"see why `{self.command}` does not answer here, then run it again"

    def _ask(self, *arguments: str) -> str:
        if shutil.which(KUBECTL) is None:
            raise ApiError(status=None, reason=NO_KUBECTL, message=f"{KUBECTL} is not on PATH")
        with self._access() as access:
            try:
                ran = subprocess.run(
                    [KUBECTL, *access, f"--request-timeout={TIMEOUT_SEC}s", *arguments],
                    capture_output=True, text=True, check=False, timeout=2 * TIMEOUT_SEC, stdin=subprocess.DEVNULL,
                )  # fmt: skip
            except (OSError, subprocess.TimeoutExpired) as error:
                raise ApiError(status=None, reason=type(error).__name__, message="kubectl gave no answer") from None
        if ran.returncode:
            raise _refusal(ran.stderr)
        return ran.stdout

    @contextmanager
    def _access(self) -> Iterator[tuple[str, ...]]:
        """Yield kubectl's arguments: the kubeconfig file and its context, or a file that is made for the call."""
        spec = self.spec
        if spec.kubeconfig is not None:
            yield f"--kubeconfig={Path(spec.kubeconfig).expanduser()}", f"--context={spec.context}"
            return
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "kubeconfig.yaml"
            path.write_text(yaml.safe_dump(_kubeconfig(spec, folder)), encoding="utf-8")
            yield f"--kubeconfig={path}", f"--context={NAME}"


def contexts(path: str) -> list[str]:
    """
    Return the contexts of the kubeconfig file at *path*; nothing else of it is kept.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no kubeconfig file.
    """
    try:
        document = yaml.safe_load(Path(path).expanduser().read_text(encoding="utf-8"))
        return [str(context["name"]) for context in document["contexts"]]
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError):
        raise ValueError("it is no kubeconfig file") from None


def _kubeconfig(spec: OutsideSpec, folder: str) -> dict[str, Any]:
    cluster: dict[str, Any] = {"server": spec.host}
    if spec.ca:
        authority = Path(folder) / "ca.pem"
        authority.write_text(spec.ca, encoding="utf-8")
        cluster["certificate-authority"] = str(authority)
    user: dict[str, Any] = {}
    if spec.exec is not None:
        user["exec"] = {
            "apiVersion": spec.exec.api_version,
            "command": spec.exec.command,
            "args": list(spec.exec.args),
            "env": [{"name": name, "value": value} for name, value in spec.exec.env.items()],
            "interactiveMode": "Never",
        }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": NAME, "cluster": cluster}],
        "users": [{"name": NAME, "user": user}],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
    }


def _refusal(printed: str) -> ApiError:
    """Return what kubectl *printed* as an error; it prints no credential."""
    lines = [line for line in printed.splitlines() if line.strip()]
    message = lines[-1].strip() if lines else "kubectl gave no reason"
    reason = next((name for name in STATUSES if f"({name})" in message), "")
    # An API group or a kind that is not there.
    if "could not find the requested resource" in message:
        reason = "NotFound"
    return ApiError(status=STATUSES.get(reason), reason=reason or "kubectl", message=message)
