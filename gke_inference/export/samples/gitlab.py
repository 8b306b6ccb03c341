"""GitLab CI: a plan for each merge request, one apply at a time, destroy by hand."""

from __future__ import annotations

from gke_inference.export.contents import Contents
from gke_inference.export.samples.versions import TERRAFORM_IMAGE

PIPELINE = """\
# Include it in .gitlab-ci.yml, with this export in `export/`: `include: [{local: export/samples/gitlab/platform.yml}]`
# Set as CI/CD variables: WORKLOAD_IDENTITY_PROVIDER (projects/NUMBER/locations/global/workloadIdentityPools/POOL/
# providers/PROVIDER), PLAN_SERVICE_ACCOUNT, and for protected branches alone APPLY_SERVICE_ACCOUNT. No key is stored.
# The provider's condition names this project (assertion.project_path == 'GROUP/PROJECT'): a fork's token is refused.
@VARIABLES@stages: [plan, apply, destroy]

.platform:
  image:
    name: @IMAGE@
    entrypoint: [""]
  id_tokens:
    GOOGLE_TOKEN:
      aud: https://iam.googleapis.com/$WORKLOAD_IDENTITY_PROVIDER
  before_script:
    - private=$(mktemp -d)
    - printf %s "$GOOGLE_TOKEN" > "$private/token"
    - |
      cat > "$private/google.json" <<EOF
      {
        "type": "external_account",
        "universe_domain": "@UNIVERSE@",
        "audience": "//iam.googleapis.com/$WORKLOAD_IDENTITY_PROVIDER",
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

platform-plan:
  extends: .platform
  stage: plan
  variables:
    SERVICE_ACCOUNT: $PLAN_SERVICE_ACCOUNT
  script:
    # A stack that needs one that is not applied yet is named and left out.
    - sh export/platform.sh plan
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event" && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID
      changes: ["export/**/*"]
@ARTIFACTS@
# Each stack after those that it needs. One pipeline at a time, across all pipelines of the project.
platform-apply:
  extends: .platform
  stage: apply
  resource_group: platform-@PLATFORM@
  environment: platform-@PLATFORM@
  variables:
    SERVICE_ACCOUNT: $APPLY_SERVICE_ACCOUNT
  script:
    - sh export/platform.sh apply
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
      changes: ["export/**/*"]
      when: manual

# Destroys what an older config had, and applies the rest, in the order of order.json, removal: until then the apply is
# refused. Start it with the variable CONFIRM=@PLATFORM@.
platform-remove:
  extends: .platform
  stage: destroy
  resource_group: platform-@PLATFORM@
  variables:
    SERVICE_ACCOUNT: $APPLY_SERVICE_ACCOUNT
  script:
    - sh export/platform.sh remove --yes "$CONFIRM"
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CONFIRM == "@PLATFORM@"
      when: manual

# In reverse. Start it with the variable CONFIRM=@PLATFORM@, once `cluster.deletion_protection: false` is applied.
platform-destroy:
  extends: .platform
  stage: destroy
  resource_group: platform-@PLATFORM@
  variables:
    SERVICE_ACCOUNT: $APPLY_SERVICE_ACCOUNT
  script:
    - sh export/platform.sh destroy --yes "$CONFIRM"
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CONFIRM == "@PLATFORM@"
      when: manual
"""
ARTIFACTS = """  artifacts:
    # Without it guests of the project could read plans.
    public: false
    paths: [export/plans]
    expire_in: 1 day
"""


def gitlab(contents: Contents) -> dict[str, str]:
    """Return the file to include."""
    names = [f"TF_VAR_{name}" for name in contents.named_variables]
    values = {
        "@PLATFORM@": contents.config.name,
        "@IMAGE@": TERRAFORM_IMAGE,
        "@UNIVERSE@": contents.config.universe.api_domain,
        "@VARIABLES@": f"# Also, masked: {', '.join(names)}.\n" if names else "",
        # Where plans hold a token, they stay on the runner.
        "@ARTIFACTS@": "" if contents.config.kubernetes_auth == "token" else ARTIFACTS,
    }
    text = PIPELINE
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return {"platform.yml": text}
