"""Rules about what stands in front of the gateway and is watched: certificates, and templates of Model Armor."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.specs.limits import masked
from constructs_lib.specs.model_armor import TEMPLATE_ID
from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.rules.rule import Rule

HOST = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+"


def _hosts(config: Config) -> Iterator[Problem]:
    for index, host in enumerate(config.observability.certificate_hosts):
        if not re.fullmatch(HOST, host):
            message = f"must be a host such as api.example.com, got {shown(host)}"
            likely = re.split(r"[/:?#]", re.sub(r"^\w+://", "", masked(host).lower()))[0]
            fix = f"write '{likely}'" if re.fullmatch(HOST, likely) else "write the host of the uptime check"
            yield Problem(f"observability.certificate_hosts[{index}]", message, fix)
    yield from _repeated("observability.certificate_hosts", config.observability.certificate_hosts)


def _templates(config: Config) -> Iterator[Problem]:
    for index, template in enumerate(config.observability.model_armor_templates):
        if not re.fullmatch(TEMPLATE_ID, template):
            message = f"must be the ID of a Model Armor template, got {shown(template)}"
            likely = template.rstrip("/").rpartition("/")[2]
            listed = "`gcloud model-armor templates list` shows them"
            fix = f"write '{likely}'" if re.fullmatch(TEMPLATE_ID, likely) else listed
            yield Problem(f"observability.model_armor_templates[{index}]", message, fix)
    yield from _repeated("observability.model_armor_templates", config.observability.model_armor_templates)


def _repeated(at: str, names: tuple[str, ...]) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Problem(f"{at}[{index}]", f"must be named once, got {shown(name)} again", "remove it")


RULES = (
    Rule(
        "ALERT-HOST",
        "A certificate is watched by its host",
        "The metric of uptime checks has the host alone as its label; another text matches none.",
        "Google, Cloud Monitoring metrics, uptime_check/time_until_ssl_cert_expires",
        _hosts,
    ),
    Rule(
        "ALERT-TEMPLATE",
        "A Model Armor template is watched by its ID",
        "The metric's label has the ID alone; another text matches none.",
        "Google, Model Armor, Manage templates",
        _templates,
    ),
)
