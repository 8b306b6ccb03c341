"""What sends the requests of a drill, by its plan."""

from __future__ import annotations

import secrets
from functools import partial

import httpx

from gke_inference.drill.plan import DrillPlan
from gke_inference.drill.senders.pod_manifest import sender_pod, sender_prefix
from gke_inference.drill.senders.pod_sender import PodSender
from gke_inference.drill.senders.regional import OnResult, RegionalSender
from gke_inference.drill.senders.sender import LocalSender, Sender
from gke_inference.live_platform import LivePlatform
from gke_inference.openai_client import make_prompt, send

PROMPT_TOKENS = 32


def make_sender(platform: LivePlatform, plan: DrillPlan, client: httpx.AsyncClient, on_result: OnResult) -> Sender:
    """Return what sends; where each region has a gateway of its own, from each region to its own."""
    if not plan.is_regional:
        return _sender_at(platform, plan, client, plan.region, on_result)
    senders = RegionalSender(on_result=on_result)
    for key in plan.endpoints:
        senders.add(plan.region_names[key], partial(_sender_at, platform, plan, client, key))
    return senders


def _sender_at(
    platform: LivePlatform, plan: DrillPlan, client: httpx.AsyncClient, key: str, on_result: OnResult
) -> Sender:
    """Return what sends to the gateway that region *key* asks."""
    endpoint = plan.endpoints[key]
    if plan.sender == "here":
        return LocalSender(
            rate_per_sec=plan.rate_per_sec,
            send=lambda: send(client, endpoint, make_prompt(PROMPT_TOKENS)),
            on_result=on_result,
        )
    secret = secrets.token_urlsafe(16)
    return PodSender(
        cluster=platform.clusters(key),
        cluster_key=key,
        pod=pod_for(platform, plan, key=secret),
        key=secret,
        endpoint=endpoint,
        prompt_tokens=PROMPT_TOKENS,
        rate_per_sec=plan.rate_per_sec,
        on_result=on_result,
    )


def pod_for(platform: LivePlatform, plan: DrillPlan, *, key: str) -> dict[str, object]:
    """Return the pod that sends; in the cluster of the region, so that the region is the nearest one to it."""
    return sender_pod(
        name=f"{sender_prefix(platform.config)}-{secrets.token_hex(4)}",
        namespace=platform.config.namespace,
        key=key,
        deadline_sec=plan.max_duration_sec,
    )
