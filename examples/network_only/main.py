"""A VPC with one region for inference and nothing else: subnets, NAT, firewall and the gateway's address."""

import fast_synth

fast_synth.enable()  # optional: seconds instead of half a minute

from ipaddress import IPv4Network

from cdktf import App, LocalBackend, TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from constructs_lib.global_network import GlobalNetwork
from constructs_lib.inferencepool_chart import EXT_PROC_PORT, GRPC_HEALTH_PORT
from constructs_lib.network_plan import NetworkPlan, NetworkRegionPlan
from constructs_lib.provider_versions import pin_google
from constructs_lib.specs import NetworkSpec

PROJECT = "my-project-id"

app = App()
stack = TerraformStack(app, "network")
LocalBackend(stack, path="../../../network.tfstate")  # beside this file
pin_google(stack)  # or state a version of your own

network = GlobalNetwork(
    stack,
    "vpc",
    google=GoogleProvider(stack, "google", project=PROJECT),
    time=TimeProvider(stack, "time"),
    plan=NetworkPlan(
        project=PROJECT,
        name="team-vpc",
        node_service_account=f"team-nodes@{PROJECT}.iam.gserviceaccount.com",
        ports=(8000, EXT_PROC_PORT, GRPC_HEALTH_PORT),
    ),
    spec=NetworkSpec(),
)
network.add_region(
    "us",
    NetworkRegionPlan(
        region="us-east5",
        node_subnet="team-nodes-us",
        proxy_subnet="team-proxy-us",
        nodes=IPv4Network("10.2.0.0/20"),
        pods=IPv4Network("10.3.0.0/16"),
        services=IPv4Network("10.2.16.0/20"),
        proxy=IPv4Network("10.2.32.0/23"),
        gateway_address="team-gateway-us",
        nat="team-nat-us",
    ),
)
app.synth()
