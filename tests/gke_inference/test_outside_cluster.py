"""A cluster outside, asked by kubectl: what is read, what kubectl is given, and what its refusals become."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from constructs_lib.specs import ExecSpec, OutsideSpec
from gke_inference.api_error import ApiError
from gke_inference.outside_cluster import OutsideCluster
from tests.gke_inference.kubectl_stand_in import KubectlStandIn, OutsideStandIn

NODES = "/api/v1/nodes"


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KubectlStandIn:
    """Return kubectl with one cluster, whose context is `farm`."""
    farm = OutsideStandIn(secrets=["tls"])
    farm.put(NODES, {"metadata": {"name": "node"}})
    made = KubectlStandIn(tmp_path, {"farm": farm, "outside": OutsideStandIn()})
    made.install(monkeypatch)
    return made


def by_file(kubectl: KubectlStandIn, context: str = "farm") -> OutsideCluster:
    """Return the cluster of *context* in the stand-in's kubeconfig file."""
    return OutsideCluster(spec=OutsideSpec(preset="plain", kubeconfig=str(kubectl.kubeconfig), context=context))


def test_objects_are_read_by_the_file_and_its_context(kubectl: KubectlStandIn) -> None:
    """And nothing but `get` is asked."""
    cluster = by_file(kubectl)

    assert [one["metadata"]["name"] for one in cluster.get(NODES)["items"]] == ["node"]
    assert (cluster.has_secret("inference", "tls"), cluster.has_secret("inference", "none")) == (True, False)
    assert {arguments[0] for call, _ in kubectl.calls for arguments in [[a for a in call if a[0] != "-"]]} == {"get"}


def test_the_content_of_a_secret_is_not_asked_for(kubectl: KubectlStandIn) -> None:
    """Its name alone is printed."""
    by_file(kubectl).has_secret("inference", "tls")

    [(arguments, _)] = kubectl.calls
    assert arguments[-2:] == ["--output", "name"]


def test_an_address_and_a_program_become_a_file_for_the_call(kubectl: KubectlStandIn) -> None:
    """With the certificate authority, and without any credential; it is gone afterwards."""
    program = ExecSpec(command="sign-in", args=("--cluster", "farm"), env={"REGION": "hk"})
    spec = OutsideSpec(preset="plain", host="https://192.0.2.1", ca="-----BEGIN CERTIFICATE-----", exec=program)

    OutsideCluster(spec=spec).get("/version")

    [(arguments, written)] = kubectl.calls
    document = yaml.safe_load(written)
    assert document["users"][0]["user"] == {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": "sign-in", "args": ["--cluster", "farm"],
            "env": [{"name": "REGION", "value": "hk"}], "interactiveMode": "Never",
        }
    }  # fmt: skip
    assert document["clusters"][0]["cluster"]["server"] == "https://192.0.2.1"
    [path] = [one.partition("=")[2] for one in arguments if one.startswith("--kubeconfig=")]
    assert not Path(path).exists()


@pytest.mark.parametrize(
    ("error", "status", "fix"),
    [
        ('Error from server (Forbidden): nodes is forbidden: User "x" cannot list', 403, "does not answer here"),
        ("error: You must be logged in to the server (Unauthorized)", None, "does not answer here"),
        ("The connection to the server 192.0.2.1:6443 was refused", None, "--context=farm get --raw /version"),
    ],
)
def test_what_kubectl_refuses_is_an_error_with_what_to_run(
    kubectl: KubectlStandIn, monkeypatch: pytest.MonkeyPatch, error: str, status: int | None, fix: str
) -> None:
    """Google's credentials would not help: it is never 401."""
    kubectl.clusters["farm"].error = error
    kubectl.install(monkeypatch)
    cluster = by_file(kubectl)

    with pytest.raises(ApiError) as refused:
        cluster.get(NODES)

    assert (refused.value.status, refused.value.message) == (status, error)
    assert fix in cluster.remedy(refused.value)


def test_without_kubectl_the_fix_is_to_install_it(kubectl: KubectlStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Terraform needs none, so its absence is no fault of the platform."""
    monkeypatch.setenv("PATH", "")
    cluster = by_file(kubectl)

    with pytest.raises(ApiError) as refused:
        cluster.get(NODES)

    assert cluster.remedy(refused.value).startswith("install kubectl")


@pytest.mark.parametrize(
    ("text", "found"),
    [(None, "No such file or directory"), ("[]", "it is no kubeconfig file"), ("contexts: [{name: hk}]", "no context")],
)
def test_a_file_that_terraform_could_not_use_is_a_problem(
    kubectl: KubectlStandIn, text: str | None, found: str
) -> None:
    """Missing, of another kind, or without the context; what is allowed stands in the fix."""
    if text is None:
        kubectl.kubeconfig.unlink()
    else:
        kubectl.kubeconfig.write_text(text)

    problem = by_file(kubectl).access_problem("outside.farm")

    assert problem is not None
    assert found in problem[0]
    assert "outside.farm." in problem[1]
