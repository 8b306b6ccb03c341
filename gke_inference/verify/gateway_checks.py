"""What `verify` looks at of one gateway: with its routes and policies, on the cluster that has it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from constructs_lib.manifests.model_armor import template_path
from gke_inference import backend_policy
from gke_inference.api_error import ApiError
from gke_inference.backend_policy import drained_regions
from gke_inference.check import NO_ANSWER, Check
from gke_inference.concurrency import Once, Task
from gke_inference.findings import Finding, Status
from gke_inference.google_api import GoogleApi
from gke_inference.live_platform import LivePlatform, gateway_addresses
from gke_inference.load_balancer import Parts
from gke_inference.verify import topics
from gke_inference.verify.backends import Backends, has_iap, has_policy
from gke_inference.verify.gateway import judge_gateway, judge_import, judge_policy, judge_route, judge_scopes
from gke_inference.verify.google import judge_address, judge_feature
from gke_inference.verify.guard_rails import judge_apigee, judge_extension, judge_template, template_settings
from gke_inference.verify.topic import Topic
from gke_inference.verify.verdict import Verdict
from platform_config.called_extensions import called_extensions
from platform_config.model import Model, models_in, models_of
from platform_config.model_armor import own_templates, screening_templates


class GatewayChecks:
    """
    The gateway of all regions, with the fleet's feature that controls it; or that of one region.

    Args:
        live: The platform's live objects.
        google: Google's APIs.
        home: Key of the region whose cluster has it.
        keys: Regions to look at, of those whose clients ask it; the gateway is looked at as a whole in any case.
        models: Models to look at.
        parts: Returns the parts of all load balancers of the project.
    """

    def __init__(
        self, live: LivePlatform, *, google: GoogleApi, home: str, keys: Collection[str], models: Collection[str],
        parts: Once[Parts],
    ) -> None:  # fmt: skip
        self._live = live
        self._config = live.config
        self._google = google
        self._home = home
        self._where = home if live.config.is_regional else ""
        self._keys = keys
        self._gateway = Once(partial(live.gateway, home))
        routed = models_in(live.config, home) if live.config.is_regional else models_of(live.config)
        self._models = [model for model in routed if model.key in models]
        self._policies = {model.key: Once(partial(self._get, live.policy_path(model.key))) for model in routed}
        self._backends = Backends(
            live, google=google, gateway=self._found_gateway, policies=self._policies, parts=parts
        )

    def tasks(self) -> Iterator[Task]:
        """Return the tasks: the feature of the fleet, and the gateway where its cluster can be reached."""
        if not self._config.is_regional:
            yield topics.FEATURE.check(self._feature).task()
        elif self._home not in self._config.gateway_regions:
            return
        gateway = topics.GATEWAY.check(lambda: Verdict(found=""), self._where)
        yield Task(ask=partial(self._look, gateway), unknown=gateway.unknown)

    def url(self, key: str) -> str:
        """
        Return the base address of the gateway in region *key*, one of the gateway's regions.

        Raises:
            ApiError: The gateway cannot be read, or has no address there.
        """
        return self._live.url_in(self._found_gateway(), key)

    def answering(self, key: str, model: Model) -> set[str]:
        """Return Google's names of the regions that answer for *model* in region *key*, while none is too full."""
        own = self._config.regions[key].region
        if self._config.is_regional:
            return {own}
        regions = {served: self._config.regions[served] for served in model.regions}
        try:
            drained = drained_regions(self._policies[model.key]())
        except ApiError:
            drained = {spec.region for spec in regions.values() if spec.capacity_percent == 0}
        # Two clusters may be in one region of Google Cloud.
        open_regions = {spec.region for spec in regions.values() if spec.region not in drained}
        preferred = {spec.region for spec in regions.values() if spec.preferred} & open_regions
        return preferred or ({own} & open_regions) or open_regions

    def _look(self, gateway: Check) -> tuple[list[Finding], list[Task]]:
        try:
            self._get(self._live.namespace_path)
        except ApiError as error:
            name = self._live.names.cluster(self._home)
            cluster = f"its cluster {name}" if self._config.is_regional else f"the config cluster {name}"
            found = f"the gateway was not looked at, {cluster} does not answer; {NO_ANSWER}: {error.summary}"
            fix = f"see to CLUSTER and KUBERNETES of {self._home} first"
            return [gateway.finding(Status.UNKNOWN, found, fix)], []
        return [], [check.task() for check in (*self._gateway_checks(), *self._region_checks())]

    def _gateway_checks(self) -> Iterator[Check]:
        config = self._config
        addresses = 1 if config.is_regional else len(config.gateway_regions)
        yield self._check(topics.GATEWAY, lambda: judge_gateway(self._gateway(), addresses=addresses))
        kind = config.gateway.gateway_class
        if config.is_regional and (config.gateway.tls or not kind.public):
            path = self._live.gateway_policy_path
            yield self._check(topics.GATEWAY_POLICY, lambda: self._judge_policy(path, self._get(path)))
        if config.gateway.model_armor is not None or config.gateway.apigee is not None:
            yield from self._guard_checks()
        yield from self._client_checks()
        if config.scoped_regions:
            yield self._check(topics.SCOPES, lambda: judge_scopes(self._get(backend_policy.PATH)))
        for model in self._models:
            for topic, judge in self._judges(model).items():
                yield topic.of_model(model).check(judge, self._where)

    def _client_checks(self) -> Iterator[Check]:
        """Yield whether the load balancer limits clients, and asks who they are, as the config says."""
        name, gateway = self._live.names.client_limits(self._home), self._config.gateway
        if gateway.limits is not None:
            limited = partial(self._backends.judge_each, f"the policy {name}", partial(has_policy, name))
            yield self._check(topics.LIMITS, limited)
        if gateway.iap is not None:
            yield self._check(topics.IAP, partial(self._backends.judge_each, "Identity-Aware Proxy", has_iap))

    def _guard_checks(self) -> Iterator[Check]:
        """Yield what is looked at of what the gateway calls: the extension object, Apigee, Model Armor's templates."""
        gateway = self._config.gateway
        if any(spec is not None and spec.enabled for spec in (gateway.model_armor, gateway.apigee)):
            yield self._check(topics.EXTENSION, self._extension)
        if (apigee := gateway.apigee) is not None and apigee.enabled:
            path, environment = self._live.apigee_path, apigee.environment
            yield self._check(topics.APIGEE, lambda: judge_apigee(self._get(path), environment=environment))
        templates = screening_templates(self._config)
        for template in templates:
            topic = topics.TEMPLATE if len(templates) == 1 else replace(topics.TEMPLATE, id=f"TEMPLATE-{template}")
            yield self._check(topic, partial(self._template, template))

    def _extension(self) -> Verdict:
        found = self._get(self._live.extension_path)
        others = self._get(self._live.extensions_path).get("items", [])
        wanted = called_extensions(self._config, self._home)
        return judge_extension(found, gateway=self._live.names.gateway, others=others, wanted=wanted)

    def _template(self, template: str) -> Verdict:
        armor, region = self._config.gateway.model_armor, self._config.regions[self._home].region
        path = f"v1/{template_path(self._config.project, region, template)}"
        filters = own_templates(self._config).get(template)
        wanted = template_settings(armor, filters) if armor is not None and filters is not None else None
        return judge_template(self._google.get_regional("modelarmor", region, path), wanted=wanted)

    def _judges(self, model: Model) -> dict[Topic, Callable[[], Verdict]]:
        """Return what is looked at of one model: its import, then what the gateway needs where requests reach it."""
        live, key = self._live, model.key
        judges: dict[Topic, Callable[[], Verdict]] = {}
        if not self._config.is_regional:
            judges[topics.IMPORT] = partial(self._import, model)
        if model.is_routed:
            judges[topics.ROUTE] = lambda: judge_route(self._get(live.route_path(key)))
        if is_reached(model):
            health_check, balancing = live.health_check_path(key), live.policy_path(key)
            judges[topics.HEALTH_CHECK] = lambda: self._judge_policy(health_check, self._get(health_check))
            judges[topics.BALANCING] = lambda: self._judge_policy(balancing, self._policies[key]())
        return judges

    def _region_checks(self) -> Iterator[Check]:
        for key in self._keys:
            if key in self._config.gateway_regions and self._config.gateway.addresses == "named":
                yield self._check(topics.ADDRESS, partial(self._address, key), key)
            for model in self._models:
                if key in model.regions and is_reached(model):
                    yield topics.BACKENDS.of_model(model).check(partial(self._backends.judge, key, model), key)

    def _check(self, topic: Topic, judge: Callable[[], Verdict], where: str | None = None) -> Check:
        return topic.of_platform(self._config).check(judge, self._where if where is None else where)

    def _import(self, model: Model) -> Verdict:
        names = self._live.names
        return judge_import(
            self._get(self._live.import_path(model.key)),
            clusters=[names.cluster(region) for region in model.regions],
            platform=[names.cluster(region) for region in self._config.regions],
        )

    def _judge_policy(self, path: str, policy: dict[str, Any]) -> Verdict:
        """Judge the *policy* at *path* beside all others of its kind."""
        collection = path.rpartition("/")[0]
        return judge_policy(policy, others=lambda: self._get(collection).get("items", []))

    def _feature(self) -> Verdict:
        names = self._live.names
        return judge_feature(
            self._google.call("gkehub", "v1", "projects.locations.features.get", name=names.gateway_feature),
            config_membership=names.membership(self._home),
            memberships=[names.membership(key) for key in self._config.regions],
        )

    def _address(self, key: str) -> Verdict:
        region, name = self._config.regions[key].region, self._live.names.gateway_address(key)
        reserved = self._google.call(
            "compute", "v1", "addresses.get", project=self._config.project, region=region, address=name
        )
        return judge_address(reserved, gateway_addresses=gateway_addresses(self._found_gateway()))

    def _found_gateway(self) -> dict[str, Any]:
        """Return the gateway for what depends on it: where there is none, that alone is not there."""
        try:
            return self._gateway()
        except ApiError as error:
            if not error.missing:
                raise
            raise ApiError(status=None, reason="noGateway", message="the gateway is not there: see GATEWAY") from error

    def _get(self, path: str) -> dict[str, Any]:
        return self._live.clusters(self._home).get(path)


def is_reached(model: Model) -> bool:
    """Return whether requests reach *model*: by its own route, or by that of a model whose canary it is."""
    others = (other for other in models_of(model.config) if other.is_routed and other.spec.canary)
    return model.is_routed or any(other.spec.canary and other.spec.canary.model == model.key for other in others)
