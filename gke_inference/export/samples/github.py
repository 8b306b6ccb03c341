"""GitHub Actions: a plan for each pull request, jobs in order for apply, and in reverse for destroy."""

from __future__ import annotations

from collections.abc import Sequence

from gke_inference.export.backend import fill
from gke_inference.export.contents import Contents
from gke_inference.export.samples.versions import RUNNER, TERRAFORM, action

PLAN = """# Plans what can be planned, for each pull request, and before each apply. Copy to .github/workflows/.
# Set as variables of the repository: WORKLOAD_IDENTITY_PROVIDER_@SUFFIX@, which reads
# projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER, and PLAN_SERVICE_ACCOUNT_@SUFFIX@,
# which reads the project and locks states. No key is stored.
# GKE_INFERENCE_PACKAGE is what pip installs, if you want `gke-inference plan-check` to see each plan.
name: Plan platform @PLATFORM@
on:
  pull_request:
    paths: ["@PLACE@**"]
  workflow_call:
permissions:
  contents: read
concurrency:
  group: @PIPELINE@-plan-${{ github.ref }}
  # A plan that is cut off leaves its lock behind.
  cancel-in-progress: false
jobs:
  plan:
    # A fork gets no token, and needs none: its pull request is planned once somebody has pushed it to this repository.
    if: github.event_name != 'pull_request' || github.event.pull_request.head.repo.full_name == github.repository
    runs-on: @RUNNER@
    timeout-minutes: 60
    permissions:
      contents: read
      id-token: write
    steps:
      - uses: @CHECKOUT@
        with:
          persist-credentials: false
      - uses: @AUTH@
        with:
          workload_identity_provider: ${{ vars.WORKLOAD_IDENTITY_PROVIDER_@SUFFIX@ }}
          service_account: ${{ vars.PLAN_SERVICE_ACCOUNT_@SUFFIX@ }}@UNIVERSE@
      - uses: @SETUP@
        with:
          terraform_version: "@TERRAFORM@"
          terraform_wrapper: false
@CHECK@      # A stack that needs one that is not applied yet is named and left out.
      - run: sh @PLACE@platform.sh plan@ENV@
@UPLOAD@"""
UPLOAD = """      # Whoever may read the repository may read its artifacts: none where everybody may.
      - uses: @UPLOAD_ACTION@
        if: always() && github.event.repository.private
        with:
          name: @PIPELINE@-plans
          path: @PLACE@plans
          retention-days: 1
"""
CHECK = """      - if: vars.GKE_INFERENCE_PACKAGE != ''
        run: pipx install "$PACKAGE"
        env:
          PACKAGE: ${{ vars.GKE_INFERENCE_PACKAGE }}
"""
STACK = """# One command on one stack; the other workflows call it. Copy to .github/workflows/.
# Set as a variable of the repository: APPLY_SERVICE_ACCOUNT_@SUFFIX@. Bind it to runs of the main branch alone, as
# docs/pipeline.md shows (attribute.ref/refs/heads/main), and let nobody push to that branch without a review.
name: One stack of platform @PLATFORM@
on:
  workflow_call:
    inputs:
      stack:
        type: string
        default: ""
      command:
        type: string
        required: true
permissions:
  contents: read
jobs:
  run:
    runs-on: @RUNNER@
    timeout-minutes: 120
    permissions:
      contents: read
      id-token: write
    steps:
      - uses: @CHECKOUT@
        with:
          persist-credentials: false
      - uses: @AUTH@
        with:
          workload_identity_provider: ${{ vars.WORKLOAD_IDENTITY_PROVIDER_@SUFFIX@ }}
          service_account: ${{ vars.APPLY_SERVICE_ACCOUNT_@SUFFIX@ }}@UNIVERSE@
      - uses: @SETUP@
        with:
          terraform_version: "@TERRAFORM@"
          terraform_wrapper: false
@CHECK@      - run: sh @PLACE@platform.sh $COMMAND $STACK
        env:
          COMMAND: ${{ inputs.command }}
          STACK: ${{ inputs.stack }}@VARIABLES@
"""
APPLY = """# Applies each stack after those that it needs. Copy to .github/workflows/, beside the others.
# Give the environment @PIPELINE@ reviewers: nothing is applied before one of them agrees to the plans of this run.
# Each stack is planned again right before it is applied, with what those before it have changed.
name: Apply platform @PLATFORM@
on:
  push:
    branches: [main]
    paths: ["@PLACE@**"]
  workflow_dispatch:
permissions:
  contents: read
concurrency:
  group: @PIPELINE@
  cancel-in-progress: false
jobs:
  plan:
    uses: ./.github/workflows/@PIPELINE@-plan.yml
    permissions:
      contents: read
      id-token: write
@SECRETS@  approve:
    needs: [plan]
    runs-on: @RUNNER@
    environment: @PIPELINE@
    steps:
      - run: echo approved
"""
BY_HAND = """on:
  workflow_dispatch:
    inputs:
      confirm:
        description: The name of the platform
        required: true
permissions:
  contents: read
concurrency:
  group: @PIPELINE@
  cancel-in-progress: false
jobs:
  approve:
    if: inputs.confirm == '@PLATFORM@' && github.ref == 'refs/heads/main'
    runs-on: @RUNNER@
    environment: @PIPELINE@-destroy
    steps:
      - run: echo approved
"""
"""How workflows begin that somebody starts by hand, with the name of the platform."""
DESTROY = f"""# Destroys each stack after those that need it. Copy to .github/workflows/, beside @PIPELINE@-stack.yml.
# Clusters go only once the config has `cluster.deletion_protection: false` and that is applied.
name: Destroy platform @PLATFORM@
{BY_HAND}"""
REMOVE = f"""# Destroys the stacks that an older config had, and applies the rest, in the order of order.json, removal.
# Until then the workflow that applies is refused. Copy to .github/workflows/, beside @PIPELINE@-stack.yml.
name: Remove stacks of platform @PLATFORM@
{BY_HAND}  remove:
    needs: [approve]
    uses: ./.github/workflows/@PIPELINE@-stack.yml
    permissions:
      contents: read
      id-token: write
@SECRETS@    with:
      command: remove --yes @PLATFORM@
"""
JOB = """  {stack}:
    needs: [{needs}]
    uses: ./.github/workflows/@PIPELINE@-stack.yml
    permissions:
      contents: read
      id-token: write
{secrets}    with:
      stack: {stack}
      command: {command}
"""


def github(contents: Contents) -> dict[str, str]:
    """Return the workflows."""
    users = {stack: [one for one in contents.order if stack in contents.needs[one]] for stack in contents.order}
    destroy = f"destroy --yes {contents.config.name}"
    apply_jobs = [_job(contents, stack, contents.needs[stack], "apply") for stack in contents.order]
    destroy_jobs = [_job(contents, stack, users[stack], destroy) for stack in reversed(contents.order)]
    # Where plans hold a token, nobody else gets one.
    plan = PLAN.replace("@UPLOAD@", "" if contents.config.kubernetes_auth == "token" else UPLOAD)
    texts = {
        "plan": plan,
        "stack": STACK,
        "apply": APPLY + "".join(apply_jobs),
        "remove": REMOVE,
        "destroy": DESTROY + "".join(destroy_jobs),
    }
    return {f"{contents.pipeline}-{name}.yml": _filled(text, contents) for name, text in texts.items()}


def _job(contents: Contents, stack: str, after: Sequence[str], command: str) -> str:
    needs = ", ".join(after or ["approve"])
    return JOB.format(stack=stack, needs=needs, secrets=_secrets(contents), command=command)


def _secrets(contents: Contents) -> str:
    return "    secrets: inherit\n" if contents.named_variables else ""


def _filled(text: str, contents: Contents) -> str:
    universe = contents.config.universe.api_domain
    variables = "".join(
        f"\n          TF_VAR_{name}: ${{{{ secrets.TF_VAR_{name.upper()}_{contents.suffix} }}}}"
        for name in contents.named_variables
    )
    values = {
        "@CHECK@": CHECK,
        "@SECRETS@": _secrets(contents),
        "@PIPELINE@": contents.pipeline,
        "@PLACE@": contents.place,
        "@SUFFIX@": contents.suffix,
        "@PLATFORM@": contents.config.name,
        "@RUNNER@": RUNNER,
        "@TERRAFORM@": TERRAFORM,
        "@CHECKOUT@": action("actions/checkout"),
        "@AUTH@": action("google-github-actions/auth"),
        "@SETUP@": action("hashicorp/setup-terraform"),
        "@UPLOAD_ACTION@": action("actions/upload-artifact"),
        "@UNIVERSE@": "" if universe == "googleapis.com" else f"\n          universe: {universe}",
        "@ENV@": f"\n        env:{variables}" if variables else "",
        "@VARIABLES@": variables,
    }
    return fill(text, values)
