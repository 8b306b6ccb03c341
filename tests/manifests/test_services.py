"""The Service, its export and the disruption budget."""

import pytest

from constructs_lib.manifests.services import pod_disruption_budget, service, service_export
from tests.checks.kubernetes_objects import problems
from tests.manifests.examples import LABELS, NAMESPACE


def test_the_service_selects_the_model_server() -> None:
    """Inside the cluster the server is at its own port."""
    made = service(name="gemma-server", namespace=NAMESPACE, labels=LABELS, port=8080)

    assert made["spec"]["selector"] == LABELS
    assert made["spec"]["type"] == "ClusterIP"
    assert [(port["port"], port["targetPort"]) for port in made["spec"]["ports"]] == [(8080, 8080)]
    assert problems(made) == []


def test_a_service_is_never_called_vllm() -> None:
    """It would set VLLM_PORT in every pod with service links."""
    with pytest.raises(ValueError, match="may not be called 'vllm'"):
        service(name="vllm", namespace=NAMESPACE, labels=LABELS, port=8000)


def test_an_export_has_the_name_of_its_service_and_nothing_else() -> None:
    """By name and namespace the fleet joins the Services of all clusters."""
    made = service_export(name="kokoro-server", namespace=NAMESPACE)

    assert made == {
        "apiVersion": "net.gke.io/v1",
        "kind": "ServiceExport",
        "metadata": {"name": "kokoro-server", "namespace": NAMESPACE},
    }
    assert problems(made) == []


def test_one_pod_may_go_at_a_time_and_a_sick_one_always() -> None:
    """Upgrades neither take every server nor wait for one that never starts."""
    made = pod_disruption_budget(name="gemma-server", namespace=NAMESPACE, labels=LABELS)

    assert made["spec"]["maxUnavailable"] == 1
    assert made["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    assert problems(made) == []
