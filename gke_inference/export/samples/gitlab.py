"""GitLab CI: a plan for each merge request, one apply at a time, destroy by hand."""

from __future__ import annotations

from gke_inference.export.backend import fill
from gke_inference.export.contents import Contents
from gke_inference.export.samples.versions import TERRAFORM_IMAGE

PIPELINE = """\
# Include it in .gitlab-ci.yml, beside those of other platforms:
# `include: [{local: @PLACE@samples/gitlab/platform.yml}]`
# Set as CI/CD variables: WORKLOAD_IDENTITY_PROVIDER_@SUFFIX@ (projects/NUMBER/locations/global/workloadIdentityPools/
# POOL/providers/PROVIDER), PLAN_SERVICE_ACCOUNT_@SUFFIX@, APPLY_SERVICE_ACCOUNT_@SUFFIX@. No key is stored.
# The provider's condition names this project (assertion.project_path == 'GROUP/PROJECT'): a fork's token is refused.
# Each job of the project gets a token, also one that a merge request changes. So map in the provider
#   attribute.protected_ref=assertion.ref_protected == 'true' ? assertion.ref_path : 'none'
# and let impersonate the account that applies attribute.protected_ref/refs/heads/main alone (docs/pipeline.md).
# Protect the main branch, and these environments: who may deploy to them starts the jobs below.
#   @PIPELINE@, @PIPELINE@-destroy
# An image of yours with the package too lets `gke-inference plan-check` see each plan.
@VARIABLES@stages: [plan, apply, destroy]

.@PIPELINE@:
  image:
    name: @IMAGE@
    entrypoint: [""]
@VALUES@  id_tokens:
    GOOGLE_TOKEN:
      aud: https://iam.googleapis.com/$WORKLOAD_IDENTITY_PROVIDER_@SUFFIX@
  before_script:
    - private=$(mktemp -d)
    - printf %s "$GOOGLE_TOKEN" > "$private/token"
    - |
      cat > "$private/google.json" <<EOF
      {
        "type": "external_account",
        "universe_domain": "@UNIVERSE@",
        "audience": "//iam.googleapis.com/$WORKLOAD_IDENTITY_PROVIDER_@SUFFIX@",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.@UNIVERSE@/v1/token",
        "service_account_impersonation_url":
          "https://iamcredentials.@UNIVERSE@/v1/projects/-/serviceAccounts/$SERVICE_ACCOUNT:generateAccessToken",
        "credential_source": {"file": "$private/token"}
      }
      EOF
    - export GOOGLE_APPLICATION_CREDENTIALS="$private/google.json"
  interruptible: false
  timeout: 3h

@PIPELINE@-plan:
  extends: .@PIPELINE@
  stage: plan
  variables:
    SERVICE_ACCOUNT: $PLAN_SERVICE_ACCOUNT_@SUFFIX@
  script:
    # A stack that needs one that is not applied yet is named and left out.
    - sh @PLACE@platform.sh plan
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event" && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID
      changes: ["@PLACE@**/*"]
    # What somebody sees who starts the apply of the same pipeline.
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
      changes: ["@PLACE@**/*"]
@ARTIFACTS@
# Each stack after those that it needs, planned again right before it is applied. One pipeline at a time, across all
# pipelines of the project.
@PIPELINE@-apply:
  extends: .@PIPELINE@
  stage: apply
  resource_group: @PIPELINE@
  environment: @PIPELINE@
  variables:
    SERVICE_ACCOUNT: $APPLY_SERVICE_ACCOUNT_@SUFFIX@
  script:
    - sh @PLACE@platform.sh apply
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
      changes: ["@PLACE@**/*"]
      when: manual

# Destroys what an older config had, and applies the rest, in the order of order.json, removal: until then the apply is
# refused. Run a pipeline with the variable CONFIRM=@PLATFORM@, and start this job by hand; it waits for no other.
@PIPELINE@-remove:
  extends: .@PIPELINE@
  stage: destroy
  needs: []
  resource_group: @PIPELINE@
  environment: @PIPELINE@-destroy
  variables:
    SERVICE_ACCOUNT: $APPLY_SERVICE_ACCOUNT_@SUFFIX@
  script:
    - sh @PLACE@platform.sh remove --yes "$CONFIRM"
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CONFIRM == "@PLATFORM@"
      when: manual

# In reverse. Run a pipeline with the variable CONFIRM=@PLATFORM@, once `cluster.deletion_protection: false` is applied.
@PIPELINE@-destroy:
  extends: .@PIPELINE@
  stage: destroy
  needs: []
  resource_group: @PIPELINE@
  environment: @PIPELINE@-destroy
  variables:
    SERVICE_ACCOUNT: $APPLY_SERVICE_ACCOUNT_@SUFFIX@
  script:
    - sh @PLACE@platform.sh destroy --yes "$CONFIRM"
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CONFIRM == "@PLATFORM@"
      when: manual
"""
ARTIFACTS = """  artifacts:
    # Without it guests of the project could read plans.
    public: false
    paths: [@PLACE@plans]
    expire_in: 1 day
"""


def gitlab(contents: Contents) -> dict[str, str]:
    """Return the file to include."""
    names = {f"TF_VAR_{name}": f"TF_VAR_{name.upper()}_{contents.suffix}" for name in contents.named_variables}
    lines = "".join(f"    {name}: ${given}\n" for name, given in names.items())
    values = {
        # Where plans hold a token, they stay on the runner.
        "@ARTIFACTS@": "" if contents.config.kubernetes_auth == "token" else ARTIFACTS,
        "@VALUES@": f"  variables:\n{lines}" if names else "",
        "@PIPELINE@": contents.pipeline,
        "@PLACE@": contents.place,
        "@SUFFIX@": contents.suffix,
        "@PLATFORM@": contents.config.name,
        "@IMAGE@": TERRAFORM_IMAGE,
        "@UNIVERSE@": contents.config.universe.api_domain,
        "@VARIABLES@": f"# Also, masked: {', '.join(names.values())}.\n" if names else "",
    }
    return {"platform.yml": fill(PIPELINE, values)}
