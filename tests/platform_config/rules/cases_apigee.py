"""Cases of the rules about Apigee."""

from __future__ import annotations

from tests.configs import REGIONAL
from tests.platform_config.rules.case import Case, Changes, More

APIGEE: Changes = {**REGIONAL, "gateway__regions": ["us"], "gateway__apigee": {"environment": "prod"}}
"""Has the gateway of one region ask Apigee."""

CASES: dict[str, Case] = {
    "APIGEE-CLASS": Case(
        APIGEE,
        {"gateway__apigee": {"environment": "prod"}},
        "gateway.apigee: must be left out for gke-l7-cross-regional-internal-managed-mc, which takes no such "
        "extension, got a map -> write gateway.scope: regional, or remove the section",
    ),
    "APIGEE-REGION": Case(
        APIGEE,
        {**APIGEE, "gateway__regions": None},
        "gateway.apigee: must be for the gateway of one region, got gateways in us, eu"
        " -> write gateway.regions: [us], and make a platform for each other region",
    ),
    "APIGEE-CHART": Case(
        APIGEE,
        {**APIGEE, "gateway__apigee": {"environment": "prod", "operator_version": "1.1.2"}},
        "gateway.apigee.operator_version: must be one of 1.1.1, got '1.1.2' -> did you mean '1.1.1'?",
    ),
    "APIGEE-NAMESPACE": Case(
        REGIONAL,
        APIGEE,
        "namespace: should be default for Apigee by Google's page, which its own sample does not follow, got "
        "'inference' -> see that `gke-inference verify` finds NO-KEY good after the deploy",
    ),
    "APIGEE-ORGANIZATION": Case(
        {**APIGEE, "gateway__apigee": {"environment": "prod", "organization": "my-project-id"}},
        {**APIGEE, "gateway__apigee": {"environment": "prod", "organization": "another-project"}},
        "gateway.apigee.organization: should be 'my-project-id', the name of the project, got 'another-project'"
        " -> remove it, or grant the operator's account its roles there",
    ),
}

MORE: dict[str, More] = {}
