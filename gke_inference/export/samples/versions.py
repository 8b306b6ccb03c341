"""Versions of what the samples use; each action is pinned to the commit of its release."""

TERRAFORM = "1.11.4"
"""The version that the tests apply every platform with."""
TERRAFORM_IMAGE = f"hashicorp/terraform:{TERRAFORM}"
RUNNER = "ubuntu-24.04"
ACTIONS = {
    "actions/checkout": ("3d3c42e5aac5ba805825da76410c181273ba90b1", "v7.0.1"),
    "actions/upload-artifact": ("bbbca2ddaa5d8feaa63e36b76fdaad77386f024f", "v7.0.0"),
    "google-github-actions/auth": ("7c6bc770dae815cd3e89ee6cdf493a5fab2cc093", "v3.0.0"),
    "hashicorp/setup-terraform": ("dfe3c3f87815947d99a8997f908cb6525fc44e9e", "v4.0.1"),
}
"""The commit and the tag of the release, as each repository's tags had them in 2026-11."""


def action(name: str) -> str:
    """Return what `uses` of a step says, with the tag as a comment."""
    commit, tag = ACTIONS[name]
    return f"{name}@{commit} # {tag}"
