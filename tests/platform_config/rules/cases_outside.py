"""Cases of the rules about clusters outside, what gives out GPUs, remotes, ExternalDNS, GitOps and the budget."""

from __future__ import annotations

from typing import Any

from tests.configs import REGIONAL
from tests.platform_config.rules.case import Case, Changes, More, beside, pool
from tests.platform_config.rules.cases_dns import PUBLIC, dns, public

SERVER: Changes = {"kind": "custom", "image": "example.com/speech:1.0", "port": 8880, "health_path": "/health"}
SPEECH = {
    **beside(server=SERVER, weights=None, served_name="speech"),
    "models__llama__address": {"host": "s.example.com"},
}
REACHED: Changes = {"kubeconfig": "~/.kube/hk.yaml", "context": "hk", "ingress_class": "nginx"}
L4 = "g2-standard-8"


def outside(preset: str = "plain", model: Changes | None = None, base: Changes = SPEECH, **settings: Any) -> Changes:
    """Return changes that give the example a second model, a speech server, which a cluster outside serves too."""
    cluster = {"preset": preset, **REACHED, "models": {"llama": model or {}}, **settings}
    return {**base, "outside": {"hk": {key: value for key, value in cluster.items() if value is not None}}}


def hosted(**settings: Any) -> Changes:
    """Return changes that reach the cluster by its address, with *settings*."""
    sign_in = {"host": "https://hk.example.com:6443", "exec": {"command": "sign-in"}}
    return outside(**{"kubeconfig": None, "context": None, **sign_in, **settings})


def remote(**settings: Any) -> Changes:
    """Return changes that give the example a remote."""
    return {"remotes": {"farm": {"endpoints": ["farm.example.com"], "address": {"path": "/farm"}, **settings}}}


def gitops(**settings: Any) -> Changes:
    """Return changes that have the objects come from Git."""
    return {"workloads": "gitops", "gitops": {"repository": "https://git.example.com/platform.git", **settings}}


VNG: Changes = {
    "chart_version": "0.1.7", "cluster_id": "c", "region": "hcm-3", "client_id": "id", "client_secret": "key",
}  # fmt: skip
HAMI: Changes = {"hami": {"kubernetes_version": "v1.34.1"}, "gpu_operator": {}}

CASES: dict[str, Case] = {
    "OUT-ACCESS": Case(
        outside(),
        outside(context=None),
        "outside.hk.context: must be given beside kubeconfig, got none: another cluster of the "
        "file could be meant -> `kubectl config get-contexts` shows them",
    ),
    "OUT-SECRET": Case(
        hosted(exec={"command": "sign-in", "args": ["--token-file=/run/token"], "env": {"TOKEN_PATH": "/run/token"}}),
        hosted(exec={"command": "sign-in", "args": ["--token=abc"], "env": {"API_TOKEN": "abc"}}),
        [
            (
                "outside.hk.exec.args[0]: must hold no secret, which would be in plan and JSON, got one "
                "-> remove it here, change it there, and let the program read it from a file or from its "
                "environment"
            ),
            (
                "outside.hk.exec.env.API_TOKEN: must hold no secret, which would be in plan and JSON, "
                "got one -> remove it here, change it there, and let the program read it from a file or "
                "from its environment"
            ),
        ],
    ),
    "OUT-MODEL": Case(
        outside(),
        {**outside(), "outside": {"hk": {"preset": "plain", **REACHED}}},
        [
            (
                "outside.hk.models: must name models that can run there, got gemma, whose weights need a "
                "token that the cluster does not have -> write hugging_face_token: {name: <Secret "
                "there>, key: token} of the cluster"
            ),
            (
                "outside.hk.models: must name models that can run there, got gemma, whose image is for "
                "TPUs -> name the other models alone; or make a model with an image for GPUs"
            ),
        ],
    ),
    "OUT-ENTRY": Case(
        outside("k3s", ingress_class=None),
        outside("rke2", ingress_class=None),
        "outside.hk.ingress_class: must be given for a cluster of the kind rke2, got none -> "
        "`kubectl get ingressclasses` shows them",
    ),
    "OUT-TLS": Case(
        {**outside(address="203.0.113.9", near="asia-east2", tls_secret="tls", base={**SPEECH, **public()})}
        | {"gateway__tls": {"hosts": ["llm.ai.example.com"]}},
        {**outside(address="203.0.113.9", near="asia-east2", base={**SPEECH, **public()})}
        | {"gateway__tls": {"hosts": ["llm.ai.example.com"]}},
        "outside.hk.tls_secret: must be given: dns.records.llm leads here, and is asked by "
        "HTTPS, got none -> name the Secret with its certificate",
    ),
    "OUT-SCALING": Case(
        outside(model={"autoscaling": {"min_replicas": 2, "max_replicas": 2}}),
        outside(model={"autoscaling": {"min_replicas": 3, "max_replicas": 2}}),
        "outside.hk.models.llama.autoscaling.min_replicas: must not be more than max_replicas "
        "(2), got 3 -> write fewer",
    ),
    "OUT-ENDPOINTS": Case(
        outside(endpoints={"farm": {"addresses": ["10.0.0.5"], "port": 8000}}),
        outside(endpoints={"llama-server": {"addresses": ["farm.example.com"], "port": 8000}}),
        [
            (
                "outside.hk.endpoints.llama-server.addresses[0]: must be an IPv4 address, got "
                "'farm.example.com' -> an EndpointSlice takes no names here"
            ),
            (
                "outside.hk.endpoints.llama-server: must be a name that no model's Service has, got "
                "'llama-server' -> rename it"
            ),
        ],
    ),
    "OUT-CONTROLLER": Case(
        outside(
            "vks",
            load_balancer_controller={
                "chart_version": "1.0.0",
                "cluster_id": "k8s-1",
                "region": "hcm-3",
                "client_id": "vng-id",
                "client_secret": "vng-secret",
            },
        ),
        outside(
            "k3s",
            load_balancer_controller={
                "chart_version": "1.0.0",
                "cluster_id": "k8s-1",
                "region": "hcm-3",
                "client_id": "vng-id",
                "client_secret": "vng-secret",
            },
        ),
        "outside.hk.load_balancer_controller: must be left out for a cluster of the kind k3s: it "
        "is VNG Cloud's, got one -> remove it, or write preset: vks",
    ),
    "GPU-OPERATOR": Case(
        pool(L4, gpu_operator={}),
        pool(L4, gpu_operator={}, gpu_driver_version="LATEST"),
        "node_pools.tpu.gpu_driver_version: must be left out beside gpu_operator, which takes "
        "the place of GKE's own way, got one -> remove one of the two",
    ),
    "GPU-ONE-OPERATOR": Case(
        {"node_pools": {key: {"machine_type": L4, "gpu_operator": {}} for key in ("tpu", "more")}},
        {
            "node_pools": {
                "tpu": {"machine_type": L4, "gpu_operator": {}},
                "more": {"machine_type": L4, "gpu_operator": {"chart_version": "v25.10.1"}},
            },
            "regions__eu": None,
        },
        "node_pools.more.gpu_operator: must be the same as that of node_pools.tpu: a cluster has "
        "one operator, got another -> copy it from node_pools.tpu",
    ),
    "GPU-HAMI-MIG": Case(
        outside(model={"gpu_memory_gib": 5}, **HAMI),
        outside(model={"gpu_memory_gib": 5}, **{**HAMI, "gpu_operator": {"mig": "single"}}),
        "outside.hk.gpu_operator.mig: must be none where HAMi divides GPUs, got single -> remove the line, or HAMi",
    ),
    "GPU-ONE-WAY": Case(
        outside("ack", model={"gpu_memory_gib": 3}, gpu_sharing="cgpu"),
        outside("ack", model={"gpu_memory_gib": 3}, gpu_sharing="cgpu", **HAMI),
        [
            (
                "outside.hk.gpu_operator: must be left out for Alibaba Cloud, whose AI suite gives out "
                "GPUs, got one -> write gpu_sharing: cgpu"
            ),
            (
                "outside.hk.hami: must be left out for Alibaba Cloud, whose AI suite gives out GPUs, got "
                "one -> write gpu_sharing: cgpu"
            ),
        ],
    ),
    "GPU-PARTS": Case(
        outside("ack", model={"gpu_memory_gib": 3, "gpu_cores_percent": 50}, gpu_sharing="core_mem"),
        outside(model={"gpu_memory_gib": 3, "gpu_cores_percent": 50}),
        [
            (
                "outside.hk.models.llama.gpu_memory_gib: must be left out where GPUs are whole, got 3 -> "
                "remove it; or write hami, or gpu_sharing of the cluster"
            ),
            (
                "outside.hk.models.llama.gpu_cores_percent: must be left out where nothing limits "
                "compute, got 50 -> remove it; or write hami, or gpu_sharing: core_mem"
            ),
        ],
    ),
    "REMOTE-KEY": Case(
        remote(),
        {"remotes": {"gemma": remote()["remotes"]["farm"]}},
        "remotes.gemma: must be a key that no model has, got 'gemma' in both -> rename the newer one",
    ),
    "REMOTE-ADDRESS": Case(
        {**remote(), **beside()},
        {**remote(address={"path": "/llama"}), **beside()},
        "remotes.farm.address: must differ from that of models.llama: one of them would get no "
        "requests, got the same -> write {path: /farm}",
    ),
    "REMOTE-DISCOVERY": Case(
        {**remote(), "service_discovery": True},
        remote(),
        "service_discovery: must be on for farm, behind a multi-cluster Service, got false -> write true",
    ),
    "REMOTE-BODY": Case(
        {**REGIONAL, **remote(), "gateway__body_routing": {}},
        {**REGIONAL, **remote(address={"headers": {"x-farm": "1"}}), "gateway__body_routing": {}},
        "remotes.farm.address: must have a path or a host beside gateway.body_routing, which "
        "writes headers itself, got neither -> write {path: /farm}",
    ),
    "EXT-DNS-ZONE": Case(
        {**dns(), "external_dns": {"subdomain": "apps"}},
        {"external_dns": {"subdomain": "apps"}},
        "external_dns: must stand beside dns, below whose zone its own is, got no dns -> write "
        "dns: {zone: {domain: ai.example.com}}",
    ),
    "EXT-DNS-FILTER": Case(
        outside(
            base={**SPEECH, **public()},
            external_dns={"provider": "cloudflare", "secret": "dns", "domain": "hk.ai.example.com"},
        ),
        outside(
            base={**SPEECH, **public()},
            external_dns={"provider": "cloudflare", "secret": "dns", "domain": "ai.example.com"},
        ),
        [
            (
                "outside.hk.external_dns.domain: must end below ai.example.com, whose records with a "
                "policy it would fail at, got 'ai.example.com' -> write hk.ai.example.com"
            ),
            (
                "outside.hk.external_dns.domain: must not hold llm.ai.example.com, whose record has a "
                "policy, got 'ai.example.com' -> write apps.ai.example.com"
            ),
        ],
    ),
    "GITOPS-SECTION": Case(
        gitops(),
        {"workloads": "gitops"},
        "gitops: must be given for workloads: gitops: where the objects of clusters are, got "
        "none -> write gitops: {repository: https://git.example.com/platform.git}",
    ),
    "GITOPS-URL": Case(
        gitops(),
        gitops(repository="https://user:abc@git.example.com/platform.git"),
        "gitops.repository: must be a URL without a user or a token, got one that has them -> remove what "
        "stands before the @, and change the token",
    ),
    "GITOPS-PATH": Case(
        gitops(path="clusters/prod"),
        gitops(path="../other"),
        "gitops.path: must be a folder of the repository, got '../other' -> write it below the "
        "repository, such as clusters",
    ),
    "GITOPS-CLUSTER": Case(
        gitops(argo_cd={"cluster": "us"}),
        gitops(argo_cd={"cluster": "asia"}),
        "gitops.argo_cd.cluster: must be a region (us, eu), got 'asia' -> write the one whose cluster runs Argo CD",
    ),
    "SHUTDOWN-TIMES": Case(
        {"shutdown": "fast"},
        {"shutdown": "fast", "gateway__draining_sec": 60, "models__gemma__server__termination_grace_sec": 70},
        [
            (
                "gateway.draining_sec: must be left out for shutdown: fast, which makes it 10, got 60 -> "
                "remove the line, or write shutdown: graceful"
            ),
            (
                "models.gemma.server.termination_grace_sec: must be left out for shutdown: fast, which "
                "makes it 10, got 70 -> remove the line, or write shutdown: graceful"
            ),
        ],
    ),
    "SHUTDOWN-CUT": Case(
        {"shutdown": "fast", "gateway__timeout_sec": 10},
        {"shutdown": "fast"},
        "shutdown: should be graceful where requests may take 600 s: what runs longer than 10 s "
        "is cut when a pod goes, got fast -> write graceful; or set gateway.timeout_sec to what "
        "requests take",
    ),
    "BUDGET-DETECTION": Case(
        {"failover_budget": {"downtime_sec": 10}},
        {"failover_budget": {"downtime_sec": 9}},
        "failover_budget.downtime_sec: must be at least 10, the seconds until "
        "gateway.health_check sees a dead region, got 9 -> write 10 or more, or lower "
        "interval_sec or unhealthy_threshold of its health check",
    ),
    "OUT-TWICE": Case(
        outside(),
        {**outside(), "outside": {key: outside()["outside"]["hk"] for key in ("hk", "sg")}},
        "outside.sg: must be another cluster than outside.hk: each would delete what the other "
        "made, got the same -> correct kubeconfig and context, or put the models into one of "
        "them",
    ),
    "REMOTE-LOCAL": Case(
        {**remote(), "service_discovery": True},
        {**remote(endpoints=["169.254.169.254"], host="a.example.com"), "service_discovery": True},
        "remotes.farm.endpoints[0]: must be a server that is reached by the network, got "
        "'169.254.169.254' -> write the address or the name of the server itself",
    ),
    "REMOTE-PLAIN": Case(
        {**remote(), "service_discovery": True},
        {**remote(tls=False), "service_discovery": True},
        "remotes.farm.tls: should be true for farm.example.com: prompts would cross the internet "
        "in clear, got false -> remove it, and give the server a certificate",
    ),
    "GITOPS-CHART": Case(
        {**outside(), **gitops()},
        {**outside("vks", load_balancer_controller=VNG), **gitops()},
        "outside.hk.load_balancer_controller: must be left out for workloads: gitops: no "
        "repository may hold the chart's credentials, got one -> remove it, and install it by "
        "hand",
    ),
    "BUDGET-FENCE": Case(
        {**public(), "failover_budget": {"downtime_sec": 90}},
        {**public(geofence=True), "failover_budget": {"downtime_sec": 90}},
        "dns.records.llm.geofence: must be left out beside failover_budget: its clients stay at "
        "a target that is down, got true -> remove it, or failover_budget",
    ),
    "BUDGET-MET": Case(
        {**public(), "failover_budget": {"downtime_sec": 90}},
        {**public(), "failover_budget": {"downtime_sec": 60}},
        "failover_budget.downtime_sec: should be at least 90, when the last client of "
        "dns.records.llm leaves a dead target (60 s until it counts as down, 30 s of TTL), got "
        "60 -> write downtime_sec: 90",
    ),
}

MORE: dict[str, More] = {
    "a part of no GPU": (
        "GPU-PARTS",
        outside(model={"gpus": 0, "gpu_memory_gib": 5}, **HAMI),
        [
            (
                "outside.hk.models.llama.gpus: must be 1 or more for a part of a GPU, got 0 -> write 1; "
                "or remove gpu_memory_gib and gpu_cores_percent"
            )
        ],
    ),
    "an endpoint that is the node itself": (
        "OUT-ENDPOINTS",
        outside(endpoints={"farm": {"addresses": ["127.0.0.1"], "port": 80}}),
        [
            (
                "outside.hk.endpoints.farm.addresses[0]: must not be a machine's own address, which "
                "Kubernetes refuses, got 127.0.0.1 -> write one that the cluster's nodes reach"
            )
        ],
    ),
    "a secret after its option, or in a command line": (
        "OUT-SECRET",
        hosted(
            exec={"command": "sh", "args": ["-c", "login --password abc", "--token", "abc", "eyJhbGciOiJIUzI1NiJ9"]}
        ),
        [
            (
                "outside.hk.exec.args[1]: must hold no secret, which would be in plan and JSON, got one "
                "-> remove it here, change it there, and let the program read it from a file or from its "
                "environment"
            ),
            (
                "outside.hk.exec.args[3]: must hold no secret, which would be in plan and JSON, got one "
                "-> remove it here, change it there, and let the program read it from a file or from its "
                "environment"
            ),
            (
                "outside.hk.exec.args[4]: must hold no secret, which would be in plan and JSON, got one "
                "-> remove it here, change it there, and let the program read it from a file or from its "
                "environment"
            ),
        ],
    ),
    "a token in the query of the repository": (
        "GITOPS-URL",
        gitops(repository="https://git.example.com/platform.git?private_token=abc"),
        [
            (
                "gitops.repository: must be a URL without a query, which may hold a token, got one that "
                "has it -> remove what begins with ?, and change a token that is there"
            )
        ],
    ),
    "a remote that is the platform itself": (
        "REMOTE-LOCAL",
        {**public(), **remote(endpoints=["llm.ai.example.com"])},
        [
            (
                "remotes.farm.endpoints[0]: must not lead back to the platform's own gateways, got "
                "'llm.ai.example.com' -> write the name of the server itself"
            )
        ],
    ),
    "a remote that is a Service of the cluster": (
        "REMOTE-LOCAL",
        {**remote(endpoints=["kubernetes.default.svc.cluster.local"]), "service_discovery": True},
        [
            (
                "remotes.farm.endpoints[0]: must be a server that is reached by the network, got "
                "'kubernetes.default.svc.cluster.local' -> write the address or the name of the server "
                "itself"
            )
        ],
    ),
    "a kubeconfig file in place of its path": (
        "OUT-ACCESS",
        outside(kubeconfig="apiVersion: v1\nusers:\n- user: {token: hf_secretsecret}\n"),
        [
            (
                "outside.hk.kubeconfig: must be the path of a file, which begins with / or ~/, got "
                "something else -> write the path: Terraform reads the file, and keeps none of it"
            )
        ],
    ),
    "a relative path": (
        "OUT-ACCESS",
        outside(kubeconfig="hk.yaml"),
        [
            (
                "outside.hk.kubeconfig: must be the path of a file, which begins with / or ~/, got "
                "something else -> write the path: Terraform reads the file, and keeps none of it"
            )
        ],
    ),
    "two ways to a cluster": (
        "OUT-ACCESS",
        outside(host="https://hk.example.com"),
        [
            (
                "outside.hk: must be reached by kubeconfig and context, or by host and exec, got both -> "
                "write kubeconfig: ~/.kube/<file>, and context"
            )
        ],
    ),
    "an address with a password, and nothing that signs in": (
        "OUT-ACCESS",
        hosted(host="https://admin:abc@hk.example.com", exec=None, ca="abc", context="hk"),
        [
            (
                "outside.hk.host: must be https:// and an address, without a user, got something else -> "
                "`kubectl config view` shows it as `server`"
            ),
            (
                "outside.hk.exec: must be given beside host: a program that signs in, got none -> copy "
                "it from the cluster's kubeconfig file; or write kubeconfig"
            ),
            "outside.hk.context: must be left out beside host, got 'hk' -> remove it",
            (
                "outside.hk.ca: must be a certificate in PEM form, got something else -> decode "
                "certificate-authority-data of the kubeconfig file with base64"
            ),
        ],
    ),
    "a model outside that is none": (
        "OUT-MODEL",
        outside(models={"mistral": {}}),
        [
            (
                "outside.hk.models.mistral: must be a model (gemma, llama), got 'mistral' -> write one "
                "of them, or add the model"
            )
        ],
    ),
    "weights in a bucket": (
        "OUT-MODEL",
        {
            **outside(models={"gemma": {"gpus": 0}}, base={}),
            "models__gemma__weights": {"bucket_path": "gs://models/gemma"},
        },
        [
            (
                "outside.hk.models.gemma: must name models that can run there, got gemma, whose weights "
                "are in a bucket of Google Cloud -> name the other models alone; or write "
                "weights.repository"
            ),
            (
                "outside.hk.models.gemma: must name models that can run there, got gemma, whose image is "
                "for TPUs -> name the other models alone; or make a model with an image for GPUs"
            ),
            (
                "outside.hk.models.gemma: must name models that can run there, got gemma, which is vllm, "
                "without a GPU -> write gpus: 1"
            ),
        ],
    ),
    "two ways in": (
        "OUT-ENTRY",
        outside(gateway="infra/public"),
        [("outside.hk.ingress_class: must be left out beside gateway, got 'nginx' -> choose one of the two ways in")],
    ),
    "a Gateway without its namespace": (
        "OUT-ENTRY",
        outside(ingress_class=None, gateway="public", tls_secret="t"),
        [
            (
                "outside.hk.gateway: must be namespace/name of a Gateway, got 'public' -> `kubectl get "
                "gateways -A` shows both"
            ),
            (
                "outside.hk.tls_secret: must be left out beside gateway, whose listener has the "
                "certificate, got one -> remove the line"
            ),
        ],
    ),
    "a path that no Ingress takes away": (
        "OUT-ENTRY",
        outside(base={**SPEECH, "models__llama__address": {"path": "/speech"}}),
        [
            (
                "outside.hk.gateway: must be given for llama, whose address has a path or a header that "
                "no Ingress takes away, got none -> name a Gateway; or give the model a host"
            )
        ],
    ),
    "an operator for TPUs": (
        "GPU-OPERATOR",
        pool(gpu_operator={"driver": False}),
        [
            (
                "node_pools.tpu.gpu_operator: must be left out for ct6e-standard-4t, which has no GPUs, "
                "got one -> remove it"
            ),
            (
                "node_pools.tpu.gpu_operator.driver: must be true on GKE: nothing else installs one for "
                "the operator there, got false -> remove the line"
            ),
        ],
    ),
    "an operator in Autopilot": (
        "GPU-OPERATOR",
        {**pool(L4, gpu_operator={}), "cluster__mode": "autopilot"},
        [("node_pools.tpu.gpu_operator: must be left out in Autopilot clusters, got one -> remove it")],
    ),
    "Alibaba's sharing elsewhere": (
        "GPU-ONE-WAY",
        outside("k3s", model={"gpu_memory_gib": 3}, gpu_sharing="cgpu"),
        [
            (
                "outside.hk.gpu_sharing: must be left out for a cluster of the kind k3s: the label is "
                "Alibaba Cloud's, got cgpu -> remove it, or write hami"
            )
        ],
    ),
    "a part of no size": (
        "GPU-PARTS",
        outside("ack", model={"gpus": 2}, gpu_sharing="cgpu"),
        [
            (
                "outside.hk.models.llama.gpu_memory_gib: must be given with gpu_sharing: cgpu, which "
                "counts GiB, got none -> write the GiB that the server needs"
            ),
            (
                "outside.hk.models.llama.gpus: must be 1 with gpu_sharing: cgpu, got 2 -> write 1, or "
                "gpu_sharing: default"
            ),
        ],
    ),
    "compute without memory": (
        "GPU-PARTS",
        outside(model={"gpu_cores_percent": 50}, **HAMI),
        [
            (
                "outside.hk.models.llama.gpu_memory_gib: must be given beside gpu_cores_percent: without "
                "it a pod gets the whole GPU, got none -> write the GiB that the server needs"
            )
        ],
    ),
    "a repository of no protocol": (
        "GITOPS-URL",
        gitops(repository="git.example.com/platform"),
        [
            (
                "gitops.repository: must be https:// or git@ and the address of a repository, got "
                "'git.example.com/platform' -> write https://git.example.com/platform.git"
            )
        ],
    ),
    "a section that nobody reads": (
        "GITOPS-SECTION",
        {**gitops(), "workloads": "terraform"},
        [
            (
                "gitops: must be left out for workloads: terraform, which applies the objects itself, "
                "got one -> write workloads: gitops, or remove the section"
            )
        ],
    ),
    "a record outside that ExternalDNS would write": (
        "EXT-DNS-FILTER",
        outside(
            base={**SPEECH, **dns(PUBLIC, host="llm.hk.ai.example.com")},
            external_dns={"provider": "google", "secret": "dns", "domain": "hk.ai.example.com"},
        ),
        [
            (
                "outside.hk.external_dns.domain: must not hold llm.hk.ai.example.com, whose record has a "
                "policy, got 'hk.ai.example.com' -> write apps.hk.ai.example.com"
            )
        ],
    ),
    "a budget below what DNS needs to see": (
        "BUDGET-DETECTION",
        {**public(), "failover_budget": {"downtime_sec": 30}},
        [
            (
                "failover_budget.downtime_sec: must be at least 60, the seconds until dns.records.llm "
                "sees a dead region, got 30 -> write 60 or more, or lower interval_sec or "
                "unhealthy_threshold of its health check"
            )
        ],
    ),
}
