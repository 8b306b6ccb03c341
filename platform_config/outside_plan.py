"""What of a platform runs in its clusters outside Google Cloud, and under which names."""

from __future__ import annotations

from constructs_lib.outside_plan import OutsidePlan
from constructs_lib.specs import OutsideModelSpec
from platform_config.config import Config
from platform_config.dns_plan import targets_of
from platform_config.model import Model, models_of
from platform_config.names import Names


def outside_models(config: Config, key: str) -> dict[str, OutsideModelSpec]:
    """Return the models of the cluster outside *key*, by key: those named, or all."""
    named = config.outside[key].models
    if named:
        return {model: spec for model, spec in named.items() if model in config.models}
    return {model.key: OutsideModelSpec() for model in models_of(config)}


def outside_hosts(config: Config, key: str, model: Model) -> tuple[str, ...]:
    """Return the host names by which clients reach *model* in the cluster outside *key*; none for every host."""
    if model.spec.address and model.spec.address.host:
        return (model.spec.address.host,)
    records = config.dns.records.values() if config.dns else ()
    leading = (record for record in records if record.model in (None, model.key))
    return tuple(record.host for record in leading if key in {target.key for target in targets_of(config, record)})


def outside_plan(config: Config, key: str, model: str, pods: OutsideModelSpec) -> OutsidePlan:
    """Return what the cluster outside *key* has of *model*."""
    served = Model(config, model)
    return OutsidePlan(
        name=Names(config).model_server(model),
        model=served.name,
        namespace=config.namespace,
        place=key,
        server=served.server,
        weights=served.weights,
        disk_gib=served.file_cache_gib,
        cluster=config.outside[key],
        pods=pods,
        hosts=outside_hosts(config, key, served),
        address=served.spec.address,
        health_check=config.gateway.health_check,
    )
