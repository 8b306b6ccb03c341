"""Who hears of alerts, as notification channels of Cloud Monitoring. Their secrets are in no plan and no state."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cdktf import TerraformResourceLifecycle, TerraformStack
from cdktf_cdktf_provider_google.data_google_secret_manager_secret_version import DataGoogleSecretManagerSecretVersion
from cdktf_cdktf_provider_google.monitoring_notification_channel import MonitoringNotificationChannel
from cdktf_cdktf_provider_google.provider import GoogleProvider
from constructs import Construct

from constructs_lib.specs import ChannelSpec
from constructs_lib.specs.observability import ChannelKind

SECRET_ARGUMENTS: Mapping[ChannelKind, str] = {
    "pagerduty": "service_key",
    "slack": "auth_token",
    "webhook": "password",
}
"""The argument of a channel's secret. Source: hashicorp/terraform-provider-google, sensitive_labels."""


class NotificationChannels(Construct):
    """
    A notification channel for each entry, or the name of one that somebody else made.

    A secret is read from Secret Manager at each plan and each apply, by whoever runs them: that takes
    `secretmanager.versions.get` and `secretmanager.versions.access` on it. It goes to Cloud Monitoring as a write-only
    argument, which needs Terraform or OpenTofu 1.11. The number of its latest version is in the plan: a new version of
    the secret is a change of the channel.

    A channel that is removed goes after the policies that name it have changed. Cloud Monitoring refuses it before.

    Args:
        google: Provider of the project, 7.19.0 or newer.
        project: Project ID; it has the secrets, too.
        platform: Name of the platform, in the channels' names and labels.
        channels: Who hears of alerts, by key.

    Attributes:
        names: Full name of each channel by its key, such as `projects/p/notificationChannels/123` (known after apply,
            but for existing ones).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        google: GoogleProvider,
        project: str,
        platform: str,
        channels: Mapping[str, ChannelSpec],
    ) -> None:
        super().__init__(scope, id_)
        self._google = google
        self._project = project
        self._platform = platform
        self.names = {key: spec.id or self._add(key, spec).name for key, spec in channels.items()}

    def _add(self, key: str, spec: ChannelSpec) -> MonitoringNotificationChannel:
        type_, labels = _TYPES[spec.kind](spec)
        channel = MonitoringNotificationChannel(
            self,
            key,
            provider=self._google,
            project=self._project,
            type=type_,
            display_name=f"{self._platform}: {key}",
            labels=labels or None,
            user_labels={"platform": self._platform},
            force_delete=False,
            # So that Terraform deletes a channel after it has changed the policies, in place of before.
            lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
        )
        if spec.secret:
            self._add_secret(channel, SECRET_ARGUMENTS[spec.kind], spec.secret)
        return channel

    def _add_secret(self, channel: MonitoringNotificationChannel, argument: str, secret: str) -> None:
        """Give *channel* the latest version of *secret*."""
        latest = DataGoogleSecretManagerSecretVersion(
            channel,
            "secret",
            provider=self._google,
            project=self._project,
            secret=secret,
            # Its number alone: the secret itself would be in the state.
            fetch_secret_data=False,
        )
        # The bindings know neither ephemeral blocks nor write-only arguments: cdktf 0.21 is older.
        block = f"{latest.terraform_resource_type}.{latest.friendly_unique_id}"
        read = {"provider": self._google.fqn, "project": self._project, "secret": secret, "version": latest.version}
        TerraformStack.of(self).add_override(f"ephemeral.{block}", read)
        # The end of a line is in many a secret, and in no key of PagerDuty or token of Slack.
        value = f"${{trimspace(ephemeral.{block}.secret_data)}}"
        given = {f"{argument}_wo": value, f"{argument}_wo_version": latest.version}
        channel.add_override("sensitive_labels", given)


def _email(spec: ChannelSpec) -> tuple[str, dict[str, str]]:
    return "email", {"email_address": spec.address or ""}


def _pagerduty(spec: ChannelSpec) -> tuple[str, dict[str, str]]:
    return "pagerduty", {}


def _slack(spec: ChannelSpec) -> tuple[str, dict[str, str]]:
    return "slack", {"channel_name": spec.channel or ""}


def _webhook(spec: ChannelSpec) -> tuple[str, dict[str, str]]:
    """Return a webhook that signs in with a password, or with what is in its URL, which is nothing."""
    labels = {"url": spec.url or ""}
    if spec.username is None:
        return "webhook_tokenauth", labels
    return "webhook_basicauth", {**labels, "username": spec.username}


_TYPES: Mapping[ChannelKind, Callable[[ChannelSpec], tuple[str, dict[str, str]]]] = {
    "email": _email,
    "pagerduty": _pagerduty,
    "slack": _slack,
    "webhook": _webhook,
}
"""Type and labels of a channel of each kind, as `gcloud beta monitoring channel-descriptors list` shows them."""
