"""Cases of the rules about gateways of one region."""

from __future__ import annotations

from tests.configs import REGIONAL
from tests.platform_config.rules.case import Case, More
from tests.platform_config.rules.cases_models import SPEECH

SCREENED = {**REGIONAL, "gateway__model_armor": {}}

CASES: dict[str, Case] = {
    "GW-PUBLIC": Case(
        {**REGIONAL, "gateway__public": True},
        {"gateway__public": True},
        "gateway.public: must be false for gateway.scope: cross_region, whose one class is internal, got true"
        " -> write gateway.scope: regional, or remove the line",
    ),
    "GW-PATHS-SCREENED": Case(
        {**SCREENED, "gateway__paths": ["/v1/completions", "/v1/models"]},
        {**SCREENED, "gateway__paths": ["/v1/completions", "/v1"]},
        "gateway.paths[1]: should be among /v1/chat/completions, /v1/completions, /v1/models, since Model Armor "
        "screens no other, got '/v1' -> remove it, if a prompt can be sent there",
    ),
    "REGIONAL-ALONE": Case(
        REGIONAL,
        {"gateway__scope": "regional"},
        "regions.us.config_cluster: must be left out for gateway.scope: regional, where no region helps another, got "
        "true -> remove it",
    ),
    "REGIONAL-IDLE": Case(
        {**REGIONAL, "models__gemma__regions": ["us"], "gateway__regions": ["us"]},
        {**REGIONAL, "models__gemma__regions": ["us"], "gateway__regions": ["us", "eu"]},
        "gateway.regions[1]: must be a region that serves a model at its gateway, got eu, where none is served"
        " -> add eu to the regions of a model, or name only the others in gateway.regions",
    ),
    "REGIONAL-UNREACHED": Case(
        {**REGIONAL, "gateway__regions": ["eu", "us"]},
        {**REGIONAL, "gateway__regions": ["us"]},
        "gateway.regions: should name each region that serves a model, got none for eu: no gateway leads to its servers"
        " -> add eu, or take it out of the regions of its models",
    ),
    "REGIONAL-CHART": Case(
        {**REGIONAL, "inference_pool__chart_version": "v1.1.0"},
        {**REGIONAL, "inference_pool__chart_version": "v1.0.1"},
        "inference_pool.chart_version: must be v1.1.0 or later for gateway.scope: regional, got 'v1.0.1'"
        " -> write 'v1.5.0'",
    ),
}

_LEFT_OUT = "must be left out for gateway.scope: regional, where no region helps another, got"
MORE: dict[str, More] = {
    "llm-d-router, which can give its metrics without a token": (
        "REGIONAL-CHART",
        {**REGIONAL, "inference_pool__chart": "llm-d-router", "inference_pool__chart_version": "v0.10.0"},
        [],
    ),
    "a region of a screened gateway that is none": (
        "REG-KEY",
        {**SCREENED, "gateway__regions": ["us", "ue"]},
        ["gateway.regions[1]: must be a key of regions (us, eu), got 'ue' -> write one of us, eu"],
    ),
    "settings of requests that go elsewhere": (
        "REGIONAL-ALONE",
        {
            **REGIONAL,
            "regions__us__capacity_percent": 50,
            "regions__eu__preferred": True,
            "service_discovery": True,
            "gateway__max_utilization_percent": 70,
            "models__gemma__traffic": {"max_requests_per_second": 5},
            "models__gemma__objectives": {"failover_downtime_sec": 30},
        },
        [
            f"regions.us.capacity_percent: {_LEFT_OUT} 50 -> remove it",
            f"regions.eu.preferred: {_LEFT_OUT} true -> remove it",
            f"service_discovery: {_LEFT_OUT} true -> remove it",
            f"gateway.max_utilization_percent: {_LEFT_OUT} 70 -> remove it",
            f"models.gemma.traffic.max_requests_per_second: {_LEFT_OUT} 5 -> remove it",
            f"models.gemma.objectives.failover_downtime_sec: {_LEFT_OUT} 30 -> remove it",
        ],
    ),
    "a gateway of every region, also where nothing is served": (
        "REGIONAL-IDLE",
        {**REGIONAL, "models__gemma__regions": ["us"]},
        [
            "regions.eu: must be a region that serves a model at its gateway, got eu, where none is served"
            " -> add eu to the regions of a model, or name only the others in gateway.regions",
        ],
    ),
    "the old chart of one model": (
        "REGIONAL-CHART",
        {**REGIONAL, "models__gemma__inference_pool": {"chart_version": "v1.0.1"}},
        [
            "models.gemma.inference_pool.chart_version: must be v1.1.0 or later for gateway.scope: regional, got "
            "'v1.0.1' -> write 'v1.5.0'",
        ],
    ),
    "paths of a custom server behind Model Armor": (
        "GW-PATHS-SCREENED",
        {
            **SCREENED,
            "models__speech": {**SPEECH, "address": {"path": "/speech"}},
            "models__gemma__address": {"path": "/g"},
        },
        [
            "gateway.paths: should be given for a custom server: without it clients reach /v1/chat/completions, "
            "/v1/completions, /v1/models alone, got none beside models.speech -> name the paths of its API",
        ],
    ),
}
