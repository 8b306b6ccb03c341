"""From a config to what there is to watch of its platform."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from constructs_lib import model_servers
from constructs_lib.manifests.model_server import start_sec
from constructs_lib.monitoring.metrics import ENGINES, PICKER_FAMILIES
from constructs_lib.monitoring.platform import MonitoredModel, MonitoredPlatform, MonitoredRegion
from platform_config.config import Config
from platform_config.dns_plan import endpoint_records
from platform_config.model import Model, models_of
from platform_config.model_armor import screening_templates
from platform_config.names import Names
from platform_config.outside_plan import outside_models


def monitored_platform(config: Config) -> MonitoredPlatform:
    """Return what there is to watch of the platform of *config*, in an order that does not follow the file's."""
    names = Names(config)
    watched, several = config.observability, Counter(region.region for region in config.regions.values())
    models = {model.key: _model(model, names) for model in sorted(models_of(config), key=lambda model: model.key)}
    mounts = any(model.mounts_bucket for model in models.values())
    return MonitoredPlatform(
        name=config.name,
        project=config.project,
        namespace=config.namespace,
        gateway=names.gateway,
        regions={
            key: MonitoredRegion(
                region=region.region,
                cluster=names.cluster(key),
                capacity_percent=region.capacity_percent,
                preferred=region.preferred,
                zones=region.zones if several[region.region] > 1 else (),
            )
            for key, region in sorted(config.regions.items())
        },
        models=models,
        gateway_class=config.gateway.gateway_class,
        log_sample_percent=config.gateway.log_sample_percent,
        proxy_errors=names.proxy_errors if watched.log_metrics else "",
        mount_errors=names.mount_errors if watched.log_metrics and mounts else "",
        certificate_hosts=watched.certificate_hosts,
        model_armor_templates=tuple(dict.fromkeys((*screening_templates(config), *watched.model_armor_templates))),
        endpoints={key: target.address or "" for key, (target, _) in endpoint_records(config).items()},
        has_promql=config.universe.has("promql"),
    )


def monitored_outside(config: Config) -> MonitoredPlatform:
    """Return what there is to watch of servers in clusters outside that have `monitoring`: no model where none has."""
    watched = [key for key, cluster in config.outside.items() if cluster.monitoring != "none"]
    there = {model for key in watched for model in outside_models(config, key)}
    platform = monitored_platform(config)
    models = {key: replace(model, regions=()) for key, model in platform.models.items() if key in there}
    return replace(platform, regions={}, models=models, outside=True)


def _model(model: Model, names: Names) -> MonitoredModel:
    regions = tuple(sorted(model.regions))
    pools = [pool for key in regions for pool in model.serving_nodes(key).pools.values()]
    weights = model.weights
    download_sec = weights.download_timeout_minutes * 60 if weights and weights.from_hugging_face else 0
    exported = model_servers.metrics(model.server)
    return MonitoredModel(
        server=names.model_server(model.key),
        container=model_servers.container(model.server),
        backend=names.backend(model.key),
        regions=regions,
        fewest_servers={key: model.server_counts(key)[0] for key in regions},
        start_sec=start_sec(model.server, download_sec),
        picker=PICKER_FAMILIES[model.inference_pool.chart_version] if model.has_pool else None,
        engine=ENGINES.get(model.server.kind),
        gauge=exported.gauge if exported else "",
        spill_percent=model.balancing.max_utilization_percent,
        uses=frozenset(pool.machine.kind for pool in pools),
        mounts_bucket=model.mounts_bucket,
        objectives=model.spec.objectives,
    )
