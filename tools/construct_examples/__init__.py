"""
One example for each public construct, shown in docs/constructs.md; tests synthesize each.

Each module is a section of the page and each public function an example, in the order of the page. A function is named
after its construct, in snake case; its arguments after the stack are providers. To put a construct on the page, write
its function.
"""

SECTIONS = (
    "project_and_network",
    "clusters",
    "serving",
    "guard_rails",
    "observability",
    "other_clouds",
    "building_blocks",
)
"""The modules, in the order of the page; a module's name is the title of its section."""
SETUP = """\
import fast_synth

fast_synth.enable()  # optional: seconds instead of half a minute, and the Node of the package

from cdktf import App, TerraformStack
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google_beta.provider import GoogleBetaProvider
from cdktf_cdktf_provider_helm.provider import HelmProvider
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

stack = TerraformStack(App(), "inference")
google = GoogleProvider(stack, "google", project="my-project")
google_beta = GoogleBetaProvider(stack, "google-beta", project="my-project")
kubernetes = KubernetesProvider(stack, "kubernetes")
helm = HelmProvider(stack, "helm")
time = TimeProvider(stack, "time")
"""
"""What every example starts from."""
