"""Rules about GitOps: where the objects are, and who registers the clusters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from platform_config.config import Config
from platform_config.errors import Problem, shown
from platform_config.rules.rule import Rule

HTTPS = r"https://[A-Za-z0-9.-]+(:\d+)?/[^\s@]+"
SSH = r"(ssh://)?git@[A-Za-z0-9.-]+[:/][^\s@]+"


def _repository(config: Config) -> Iterator[Problem]:
    if config.workloads == "gitops" and config.gitops is None:
        message = "must be given for workloads: gitops: where the objects of clusters are, got none"
        yield Problem("gitops", message, "write gitops: {repository: https://git.example.com/platform.git}")
    if config.workloads != "gitops" and config.gitops is not None:
        message = "must be left out for workloads: terraform, which applies the objects itself, got one"
        yield Problem("gitops", message, "write workloads: gitops, or remove the section")


def _url(config: Config) -> Iterator[Problem]:
    given = config.gitops.repository if config.gitops else ""
    if config.gitops is not None and "?" in given:
        # Not quoted: such a query holds a token as a rule.
        message = "must be a URL without a query, which may hold a token, got one that has it"
        yield Problem("gitops.repository", message, "remove what begins with ?, and change a token that is there")
        return
    if config.gitops is None or re.fullmatch(HTTPS, given) or re.fullmatch(SSH, given):
        return
    if re.match(r"\w+://[^/]*@", given):
        # Not quoted: what stands before the @ is a credential.
        message = "must be a URL without a user or a token, got one that has them"
        yield Problem("gitops.repository", message, "remove what stands before the @, and change the token")
    else:
        message = f"must be https:// or git@ and the address of a repository, got {shown(given)}"
        yield Problem("gitops.repository", message, "write https://git.example.com/platform.git")


def _path(config: Config) -> Iterator[Problem]:
    given = config.gitops.path if config.gitops else "."
    if given.startswith("/") or ".." in PurePosixPath(given).parts:
        message = f"must be a folder of the repository, got {shown(given)}"
        yield Problem("gitops.path", message, "write it below the repository, such as clusters")


def _charts(config: Config) -> Iterator[Problem]:
    """Refuse a chart that cannot be written into a repository."""
    for key, cluster in config.outside.items() if config.workloads == "gitops" else ():
        if cluster.load_balancer_controller is not None:
            message = "must be left out for workloads: gitops: no repository may hold the chart's credentials, got one"
            yield Problem(f"outside.{key}.load_balancer_controller", message, "remove it, and install it by hand")


def _cluster(config: Config) -> Iterator[Problem]:
    argo = config.gitops.argo_cd if config.gitops else None
    if argo is not None and argo.cluster not in config.regions:
        message = f"must be a region ({', '.join(config.regions)}), got {shown(argo.cluster)}"
        yield Problem("gitops.argo_cd.cluster", message, "write the one whose cluster runs Argo CD")


RULES = (
    Rule(
        "GITOPS-SECTION",
        "GitOps has a repository",
        "Nobody would apply the objects of clusters, or two would.",
        "by design",
        _repository,
    ),
    Rule(
        "GITOPS-URL",
        "The URL of the repository holds no credential",
        "It is in the Applications, which everybody with the cluster reads.",
        "argoproj/argo-cd, declarative setup",
        _url,
    ),
    Rule(
        "GITOPS-PATH",
        "The path is a folder of the repository",
        "Argo CD refuses any other.",
        "argoproj/argo-cd, Application, spec.source.path",
        _path,
    ),
    Rule(
        "GITOPS-CHART",
        "No chart in the repository needs credentials as values",
        "The controller would lose those that it has.",
        "vngcloud/cloud-provider-vngcloud, chart vngcloud-load-balancer-controller",
        _charts,
    ),
    Rule(
        "GITOPS-CLUSTER",
        "Argo CD runs in a cluster of the platform",
        "The clusters are registered there.",
        "by design",
        _cluster,
    ),
)
