"""Rules about Apigee: which gateways it can be asked by, where it is, and which operator connects them."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.manifests.apigee import VERSIONS
from platform_config.config import Config
from platform_config.errors import Problem, nearest, shown
from platform_config.rules.rule import Rule

PATH = "gateway.apigee"
INSTALL_PAGE = "Google, Install the Apigee Operator for Kubernetes"
OVERVIEW_PAGE = "Google, Apigee Operator for Kubernetes overview, limitations"


def _class(config: Config) -> Iterator[Problem]:
    kind = config.gateway.gateway_class
    if config.gateway.apigee is not None and not kind.extensions:
        message = f"must be left out for {kind.name}, which takes no such extension, got {shown({})}"
        yield Problem(PATH, message, "write gateway.scope: regional, or remove the section")


def _region(config: Config) -> Iterator[Problem]:
    keys = config.gateway_regions
    if config.gateway.apigee is not None and config.is_regional and len(keys) > 1:
        message = f"must be for the gateway of one region, got gateways in {', '.join(keys)}"
        yield Problem(PATH, message, f"write gateway.regions: [{keys[0]}], and make a platform for each other region")


def _namespace(config: Config) -> Iterator[Problem]:
    if config.gateway.apigee is not None and config.is_regional:
        message = "should be default for Apigee by Google's page, which its own sample does not follow, got "
        message += shown(config.namespace)
        yield Problem("namespace", message, "see that `gke-inference verify` finds NO-KEY good after the deploy")


def _chart(config: Config) -> Iterator[Problem]:
    apigee = config.gateway.apigee
    if apigee is not None and apigee.operator_version not in VERSIONS:
        message = f"must be one of {', '.join(VERSIONS)}, got {shown(apigee.operator_version)}"
        fix = nearest(apigee.operator_version, VERSIONS, f"write '{VERSIONS[-1]}'")
        yield Problem(f"{PATH}.operator_version", message, fix)


def _organization(config: Config) -> Iterator[Problem]:
    apigee = config.gateway.apigee
    if apigee is not None and apigee.organization not in (None, config.project):
        message = f"should be {shown(config.project)}, the name of the project, got {shown(apigee.organization)}"
        yield Problem(f"{PATH}.organization", message, "remove it, or grant the operator's account its roles there")


RULES = (
    Rule(
        "APIGEE-CLASS",
        "Only regional gateways ask Apigee",
        "No page of Google's has a traffic extension for the multi-cluster gateway: the object would be accepted, and "
        "nobody asked for a key.",
        "Google, Customize GKE Gateway traffic using Service Extensions; Google, About multi-cluster GKE Inference "
        "Gateway, limitations",
        _class,
    ),
    Rule(
        "APIGEE-REGION",
        "Apigee is asked by the gateway of one region",
        "The operator has no region expansion: its environment is attached to one instance, in the cluster's region.",
        OVERVIEW_PAGE,
        _region,
    ),
    Rule(
        "APIGEE-CHART",
        "`gateway.apigee.operator_version` is a version of the operator's charts that is known",
        "The values of another could be wrong without anybody noticing.",
        INSTALL_PAGE,
        _chart,
    ),
    Rule(
        "APIGEE-NAMESPACE",
        "Google documents Apigee for gateways in the namespace `default`",
        "The platform's namespace is its own, and goes with it, so it is never `default`. Google's sample has another "
        "too, and works; where Apigee does not, all requests are refused.",
        "Google, Apigee Operator for Kubernetes, before you begin; GoogleCloudPlatform/apigee-samples 9798199, "
        "llm-inference-gateway",
        _namespace,
        severity="warning",
    ),
    Rule(
        "APIGEE-ORGANIZATION",
        "The Apigee organization is that of the project",
        "Google documents no other, and the operator's account has its roles in the project alone.",
        INSTALL_PAGE,
        _organization,
        severity="warning",
    ),
)
