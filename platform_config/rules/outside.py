"""Rules about clusters outside Google Cloud: how they are reached, what can run there, and what leads to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from itertools import pairwise

from constructs_lib.certificate_pem import wrong_certificate
from constructs_lib.outside_presets import PRESETS
from constructs_lib.specs import OutsideSpec
from constructs_lib.specs.limits import is_secret
from platform_config.config import Config
from platform_config.dns_plan import protocol, records, targets_of
from platform_config.errors import Problem, shown
from platform_config.model import Model
from platform_config.outside_plan import outside_models
from platform_config.rules.rule import Rule

FILE = r"(/|~/)[^\n\0]*"
URL = r"https://[^@\s/]+(/\S*)?"
SECRET_NAMES = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|ACCESS_?KEY|API_?KEY", re.IGNORECASE)
TOKEN = r"eyJ[\w-]{8,}"
"""How a JSON Web Token begins."""
REFERENCES = re.compile(r"(file|path|profile|name|id)$", re.IGNORECASE)
"""How names of variables end that say where a secret is."""
PROVIDER = "hashicorp/terraform-provider-kubernetes 2.38, provider settings"


def _clusters(config: Config) -> Iterator[tuple[str, OutsideSpec]]:
    for key, cluster in config.outside.items():
        yield f"outside.{key}", cluster


def _access(config: Config) -> Iterator[Problem]:
    for path, cluster in _clusters(config):
        if (cluster.kubeconfig is None) == (cluster.host is None):
            given = "both" if cluster.host else "none"
            message = f"must be reached by kubeconfig and context, or by host and exec, got {given}"
            yield Problem(path, message, "write kubeconfig: ~/.kube/<file>, and context")
            continue
        if cluster.kubeconfig is not None:
            yield from _kubeconfig(path, cluster)
        else:
            yield from _host(path, cluster)


def _twice(config: Config) -> Iterator[Problem]:
    seen: dict[tuple[str | None, ...], str] = {}
    for path, cluster in _clusters(config):
        place = (cluster.host, cluster.kubeconfig, cluster.context)
        if not any(place):
            continue
        if other := seen.get(place):
            message = f"must be another cluster than {other}: each would delete what the other made, got the same"
            yield Problem(path, message, "correct kubeconfig and context, or put the models into one of them")
        seen.setdefault(place, path)


def _kubeconfig(path: str, cluster: OutsideSpec) -> Iterator[Problem]:
    if not re.fullmatch(FILE, cluster.kubeconfig or ""):
        # Not quoted: it may be the file itself, with a token in it.
        message = "must be the path of a file, which begins with / or ~/, got something else"
        yield Problem(f"{path}.kubeconfig", message, "write the path: Terraform reads the file, and keeps none of it")
    if not cluster.context:
        message = "must be given beside kubeconfig, got none: another cluster of the file could be meant"
        yield Problem(f"{path}.context", message, "`kubectl config get-contexts` shows them")
    for setting in ("ca", "exec"):
        if getattr(cluster, setting) is not None:
            message = "must be left out beside kubeconfig, which has it, got one"
            yield Problem(f"{path}.{setting}", message, "remove it")


def _host(path: str, cluster: OutsideSpec) -> Iterator[Problem]:
    if not re.fullmatch(URL, cluster.host or ""):
        message = "must be https:// and an address, without a user, got something else"
        yield Problem(f"{path}.host", message, "`kubectl config view` shows it as `server`")
    if cluster.exec is None:
        message = "must be given beside host: a program that signs in, got none"
        yield Problem(f"{path}.exec", message, "copy it from the cluster's kubeconfig file; or write kubeconfig")
    if cluster.context is not None:
        yield Problem(f"{path}.context", f"must be left out beside host, got {shown(cluster.context)}", "remove it")
    if cluster.ca is not None and wrong_certificate(cluster.ca):
        message = "must be a certificate in PEM form, got something else"
        yield Problem(f"{path}.ca", message, "decode certificate-authority-data of the kubeconfig file with base64")


def _secrets(config: Config) -> Iterator[Problem]:
    for path, cluster in _clusters(config):
        if cluster.exec is None:
            continue
        fix = "remove it here, change it there, and let the program read it from a file or from its environment"
        before = ""
        for index, argument in enumerate(cluster.exec.args):
            if _holds_secret(argument, before):
                message = "must hold no secret, which would be in plan and JSON, got one"
                yield Problem(f"{path}.exec.args[{index}]", message, fix)
            before = argument
        for name, value in cluster.exec.env.items():
            if is_secret(value) or (value and _names_secret(name)):
                message = "must hold no secret, which would be in plan and JSON, got one"
                yield Problem(f"{path}.exec.env.{name}", message, fix)


def _holds_secret(argument: str, before: str) -> bool:
    """Return whether *argument*, which follows *before*, is a secret, or a command line that has one."""
    words = [before, *argument.split()] if before.startswith("-") else argument.split()
    if is_secret(argument) or any(is_secret(word) or re.match(TOKEN, word) for word in words):
        return True
    named = (word.partition("=") for word in words)
    if any(value and _names_secret(name) for name, _, value in named):
        return True
    # An option and its value, as two words.
    return any(
        option.startswith("-") and "=" not in option and _names_secret(option) and not value.startswith("-")
        for option, value in pairwise(words)
    )


def _names_secret(name: str) -> bool:
    return bool(SECRET_NAMES.search(name)) and not REFERENCES.search(name)


def _models(config: Config) -> Iterator[Problem]:
    for key, cluster in config.outside.items():
        path = f"outside.{key}"
        for model in cluster.models:
            if model not in config.models:
                message = f"must be a model ({', '.join(config.models)}), got {shown(model)}"
                yield Problem(f"{path}.models.{model}", message, "write one of them, or add the model")
        for model in outside_models(config, key):
            for what, fix in _missing(Model(config, model), cluster):
                where = f"{path}.models.{model}" if cluster.models else f"{path}.models"
                yield Problem(where, f"must name models that can run there, got {model}, {what}", fix)


def _missing(model: Model, cluster: OutsideSpec) -> Iterator[tuple[str, str]]:
    """Yield what keeps *model* from running in *cluster*, with the fix."""
    weights, pods = model.weights, cluster.models.get(model.key)
    others = "name the other models alone"
    if weights is not None:
        buckets = [weights.bucket_path, *(adapter.bucket_path for adapter in weights.lora_adapters.values())]
        if any(buckets):
            yield "whose weights are in a bucket of Google Cloud", f"{others}; or write weights.repository"
        if weights.repository and weights.hugging_face_token and cluster.hugging_face_token is None:
            fix = "write hugging_face_token: {name: <Secret there>, key: token} of the cluster"
            yield "whose weights need a token that the cluster does not have", fix
    if model.server.kind != "custom" and "tpu" in model.server.image.lower():
        yield "whose image is for TPUs", f"{others}; or make a model with an image for GPUs"
    if model.server.kind != "custom" and pods is not None and pods.gpus == 0:
        yield f"which is {model.server.kind}, without a GPU", "write gpus: 1"


def _entry(config: Config) -> Iterator[Problem]:
    for key, cluster in config.outside.items():
        path = f"outside.{key}"
        if cluster.gateway is not None and cluster.ingress_class is not None:
            message = f"must be left out beside gateway, got {shown(cluster.ingress_class)}"
            yield Problem(f"{path}.ingress_class", message, "choose one of the two ways in")
        if cluster.gateway is not None and not re.fullmatch(r"[a-z0-9-]+/[a-z0-9.-]+", cluster.gateway):
            message = f"must be namespace/name of a Gateway, got {shown(cluster.gateway)}"
            yield Problem(f"{path}.gateway", message, "`kubectl get gateways -A` shows both")
        if cluster.gateway is None and cluster.ingress_class is None and not PRESETS[cluster.preset].ingress_class:
            message = f"must be given for a cluster of the kind {cluster.preset}, got none"
            yield Problem(f"{path}.ingress_class", message, "`kubectl get ingressclasses` shows them")
        if cluster.gateway is not None and cluster.tls_secret is not None:
            message = "must be left out beside gateway, whose listener has the certificate, got one"
            yield Problem(f"{path}.tls_secret", message, "remove the line")
        for model in outside_models(config, key) if cluster.gateway is None else ():
            address = config.models[model].address
            if address is not None and (address.path or address.headers):
                message = f"must be given for {model}, whose address has a path or a header that no Ingress takes away"
                yield Problem(f"{path}.gateway", f"{message}, got none", "name a Gateway; or give the model a host")


def _https(config: Config) -> Iterator[Problem]:
    for path, record, _ in records(config):
        for target in targets_of(config, record) if protocol(config) == "HTTPS" else ():
            cluster = config.outside.get(target.key)
            if cluster is not None and cluster.gateway is None and cluster.tls_secret is None:
                message = f"must be given: {path} leads here, and is asked by HTTPS, got none"
                yield Problem(f"outside.{target.key}.tls_secret", message, "name the Secret with its certificate")


def _numbers(config: Config) -> Iterator[Problem]:
    for key, cluster in config.outside.items():
        for model, pods in cluster.models.items():
            scaling = pods.autoscaling
            if scaling is not None and scaling.min_replicas > scaling.max_replicas:
                message = f"must not be more than max_replicas ({scaling.max_replicas}), got {scaling.min_replicas}"
                yield Problem(f"outside.{key}.models.{model}.autoscaling.min_replicas", message, "write fewer")


def _endpoints(config: Config) -> Iterator[Problem]:
    for key, cluster in config.outside.items():
        for name, spec in cluster.endpoints.items():
            path = f"outside.{key}.endpoints.{name}"
            if not re.fullmatch(r"[a-z]([a-z0-9-]{0,56}[a-z0-9])?", name):
                yield Problem(path, f"must be the name of a Service, got {shown(name)}", "write one such as farm")
            if not spec.addresses:
                yield Problem(f"{path}.addresses", "must be at least one, got none", "write an IPv4 address")
            for index, address in enumerate(spec.addresses):
                if not re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", address) or any(int(n) > 255 for n in address.split(".")):
                    message = f"must be an IPv4 address, got {shown(address)}"
                    yield Problem(f"{path}.addresses[{index}]", message, "an EndpointSlice takes no names here")
                elif ip_address(address).is_loopback or ip_address(address).is_link_local:
                    message = f"must not be a machine's own address, which Kubernetes refuses, got {address}"
                    yield Problem(f"{path}.addresses[{index}]", message, "write one that the cluster's nodes reach")
            if name in {f"{model}-server" for model in outside_models(config, key)}:
                yield Problem(path, f"must be a name that no model's Service has, got {shown(name)}", "rename it")


def _controller(config: Config) -> Iterator[Problem]:
    for path, cluster in _clusters(config):
        if cluster.load_balancer_controller is not None and cluster.preset != "vks":
            message = f"must be left out for a cluster of the kind {cluster.preset}: it is VNG Cloud's, got one"
            yield Problem(f"{path}.load_balancer_controller", message, "remove it, or write preset: vks")


RULES = (
    Rule(
        "OUT-TWICE",
        "Each cluster outside has one key",
        "Two stacks would own the same objects, and destroying one deletes those of the other.",
        "by design",
        _twice,
    ),
    Rule(
        "OUT-ACCESS",
        "A cluster outside is reached by a kubeconfig file and its context, or by an address and a program",
        "Without a context Terraform would take the file's current one, which changes; tokens and certificates as "
        "settings would be in plan and JSON.",
        PROVIDER,
        _access,
    ),
    Rule(
        "OUT-SECRET",
        "What signs in holds no secret",
        "Arguments and environment of the program are in plan and JSON.",
        PROVIDER,
        _secrets,
    ),
    Rule(
        "OUT-MODEL",
        "A model that runs outside needs nothing of Google Cloud",
        "Its pods would wait for a bucket, a secret or a chip that is not there.",
        "by design",
        _models,
    ),
    Rule(
        "OUT-ENTRY",
        "One way leads to the servers: an Ingress of a class, or a route of a Gateway",
        "An Ingress cannot take a prefix off a path, nor look at headers, in a way that all controllers have.",
        "Kubernetes, Ingress; Gateway API, HTTPRoute; rancher/rke2-docs, networking_services",
        _entry,
    ),
    Rule(
        "OUT-TLS",
        "What is asked by HTTPS has a certificate",
        "The health check would fail, and DNS never lead there.",
        "Google, Configure DNS routing policies",
        _https,
    ),
    Rule(
        "OUT-SCALING",
        "An autoscaler's fewest pods are not more than its most",
        "Kubernetes refuses it.",
        "Kubernetes API, HorizontalPodAutoscalerSpec",
        _numbers,
    ),
    Rule(
        "OUT-ENDPOINTS",
        "Fixed endpoints are IPv4 addresses behind a Service of their own",
        "An EndpointSlice of the type IPv4 takes nothing else.",
        "Kubernetes API, EndpointSlice",
        _endpoints,
    ),
    Rule(
        "OUT-CONTROLLER",
        "The controller of VNG Cloud's load balancers is for its clusters",
        "Elsewhere it finds no load balancers to make.",
        "seed 004, VNG Cloud",
        _controller,
    ),
)
