"""Where a drill sends its requests: to one gateway for all regions, or to the one of each region."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gke_inference.live_platform import ModelEndpoint
from gke_inference.openai import Endpoint
from platform_config.config import Config
from platform_config.errors import shown
from platform_config.model import Model

Url = tuple[str, str]
"""Key of a region and the address of its gateway; without a key, the address of the one gateway."""


def asked_regions(model: Model) -> dict[str, str]:
    """Return the names of the regions that a drill of *model* is about, by key; a regional gateway must be there."""
    config = model.config
    keys = [key for key in model.regions if not config.is_regional or key in config.gateway_regions]
    names = {key: config.regions[key].region for key in keys}
    if not config.is_regional:
        return names
    # Each gateway is asked by its key, and two of them may be in one region of Google Cloud.
    several = Counter(names.values())
    return {key: f"{name} ({key})" if several[name] > 1 else name for key, name in names.items()}


def beside(model: Model, key: str) -> tuple[str, ...]:
    """Return the other regions with *model* whose clusters are in the same region of Google Cloud as that of *key*."""
    regions = model.config.regions
    alike = (other for other in model.regions if key in regions and regions[other].region == regions[key].region)
    return tuple(other for other in alike if other != key)


def endpoint_at(url: str, model: Model, endpoint: Endpoint) -> Endpoint:
    """Return *endpoint* at the gateway at *url*; without one, its address is looked up later."""
    at = ModelEndpoint.at(url, model) if url else ModelEndpoint(url="", model=model.name)
    return replace(endpoint, url=at.url, headers=at.headers, server_name=at.server_name)


def regional_endpoints(urls: Sequence[Url], model: Model, endpoint: Endpoint) -> Mapping[str, Endpoint]:
    """Return *endpoint* at the gateway of each region, by key; nothing where one gateway has all regions."""
    given = dict(urls)
    keys = asked_regions(model) if model.config.is_regional else ()
    return {key: endpoint_at(given.get(key, ""), model, endpoint) for key in keys}


def url_problems(config: Config, model: Model, urls: Sequence[Url]) -> Iterator[str]:
    """Yield why --url does not say where the gateways are."""
    if not config.is_regional:
        if len(urls) > 1 or any(key for key, _ in urls):
            yield "--url: must be one address without a key: one gateway has all regions"
        return
    keys = asked_regions(model)
    for key, count in Counter(key for key, _ in urls).items():
        if key not in keys:
            given = f"key {shown(key)}" if key else "no key"
            yield f"--url: must read KEY=URL with one of {', '.join(keys)}, got {given}"
        elif count > 1:
            yield f"--url: must be given once for each region, got {key} {count} times"
