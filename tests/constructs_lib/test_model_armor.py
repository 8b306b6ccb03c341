"""Templates of Model Armor, and the roles of the agent that calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_google_beta.provider import GoogleBetaProvider
from cdktf_cdktf_provider_time.provider import TimeProvider

from constructs_lib.model_armor import ModelArmorTemplates, ServiceExtensionsAgent
from constructs_lib.specs import ModelArmorFiltersSpec, ModelArmorSpec, UniverseSpec
from constructs_lib.universe import PUBLIC, UNIVERSES
from tests.conftest import Synth
from tests.synthesized import Synthesized

STRICT = ModelArmorFiltersSpec(
    prompt_injection="OFF",
    hate_speech="LOW_AND_ABOVE",
    dangerous="OFF",
    harassment="OFF",
    sexually_explicit="HIGH",
    malicious_urls=True,
    sensitive_data=True,
)


def templates(
    filters: Mapping[str, ModelArmorFiltersSpec] | None = None, **settings: Any
) -> Callable[[Any], ModelArmorTemplates]:
    """Build the templates of one region."""

    def made(stack: Any) -> ModelArmorTemplates:
        return ModelArmorTemplates(
            stack,
            "armor",
            google=GoogleProvider(stack, "google", project="my-project"),
            time=TimeProvider(stack, "time"),
            project="my-project",
            region="us-central1",
            templates=filters or {"gemma-prompts": ModelArmorFiltersSpec()},
            spec=ModelArmorSpec(**settings),
        )

    return made


def agent(stack: Any, universe: UniverseSpec = PUBLIC) -> ServiceExtensionsAgent:
    """Build the agent of one project."""
    return ServiceExtensionsAgent(
        stack,
        "agent",
        google=GoogleProvider(stack, "google", project="my-project"),
        google_beta=GoogleBetaProvider(stack, "google-beta", project="my-project"),
        time=TimeProvider(stack, "time"),
        project="my-project",
        project_number="123456789",
        universe=universe,
    )


def address(app: Synthesized, kind: str, part: str) -> str:
    """Return the address of the only block of *kind* whose name has *part*."""
    [key] = [key for key in app.named(kind) if part in key]
    return f"{kind}.{key.removeprefix('test/')}"


def test_a_template_has_googles_filters_and_says_what_happens(synth: Synth) -> None:
    """Prompt injection and all four harms from a medium confidence on; prompts are in no log."""
    template = synth(templates()).one("google_model_armor_template")

    assert (template["location"], template["template_id"]) == ("us-central1", "gemma-prompts")
    assert template["filter_config"] == {
        "pi_and_jailbreak_filter_settings": {"filter_enforcement": "ENABLED", "confidence_level": "MEDIUM_AND_ABOVE"},
        "rai_settings": {
            "rai_filters": [
                {"filter_type": kind, "confidence_level": "MEDIUM_AND_ABOVE"}
                for kind in ("DANGEROUS", "HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT")
            ]
        },
    }
    assert template["template_metadata"] == {
        "enforcement_type": "INSPECT_AND_BLOCK",
        "log_template_operations": True,
        "log_sanitize_operations": False,
    }


def test_only_the_filters_that_are_on_are_sent(synth: Synth) -> None:
    """Some regions refuse a template that names a filter which they lack."""
    template = synth(templates({"strict": STRICT})).one("google_model_armor_template")

    assert template["filter_config"] == {
        "rai_settings": {
            "rai_filters": [
                {"filter_type": "HATE_SPEECH", "confidence_level": "LOW_AND_ABOVE"},
                {"filter_type": "SEXUALLY_EXPLICIT", "confidence_level": "HIGH"},
            ]
        },
        "malicious_uri_filter_settings": {"filter_enforcement": "ENABLED"},
        "sdp_settings": {"basic_config": {"filter_enforcement": "ENABLED"}},
    }


def test_inspection_alone_and_logs_are_the_templates_own(synth: Synth) -> None:
    """Every template of a region has them."""
    app = synth(templates({"one": STRICT, "two": STRICT}, enforcement="INSPECT_ONLY", log_prompts=True))

    for template in app.all("google_model_armor_template"):
        assert template["template_metadata"]["enforcement_type"] == "INSPECT_ONLY"
        assert template["template_metadata"]["log_sanitize_operations"] is True


def test_a_template_outlives_its_use(synth: Synth) -> None:
    """Each has a wait of its own between it and what names it, and goes after what named it has changed."""
    app = synth(templates({"one": STRICT, "two": STRICT}))

    for name in ("one", "two"):
        [wait] = [block for key, block in app.named("time_sleep").items() if name in key]
        assert wait["destroy_duration"] == "300s"
        assert wait["depends_on"] == [address(app, "google_model_armor_template", name)]
        assert wait["lifecycle"] == {"create_before_destroy": True}
    assert all(
        block["lifecycle"] == {"create_before_destroy": True} for block in app.all("google_model_armor_template")
    )


def test_paths_and_waits_are_known_to_others(synth: Synth) -> None:
    """The extension names the paths, and comes after the waits."""
    made: list[ModelArmorTemplates] = []
    synth(lambda stack: made.append(templates()(stack)))

    assert made[0].paths == {"gemma-prompts": "projects/my-project/locations/us-central1/templates/gemma-prompts"}
    assert len(made[0].ready) == 1


def test_the_agent_has_the_four_roles_and_no_other(synth: Synth) -> None:
    """As single grants: the roles of others stay."""
    app = synth(agent)
    grants = app.all("google_project_iam_member")

    assert {grant["role"] for grant in grants} == {
        "roles/container.admin", "roles/modelarmor.calloutUser", "roles/modelarmor.user",
        "roles/serviceusage.serviceUsageConsumer",
    }  # fmt: skip
    assert {grant["member"] for grant in grants} == {
        "serviceAccount:service-123456789@gcp-sa-dep.iam.gserviceaccount.com"
    }


def test_the_agent_of_another_universe_has_its_own_address(synth: Synth) -> None:
    """The guide's, with one `iam.` less, which its page has too many."""
    grants = synth(lambda stack: agent(stack, UNIVERSES["s3ns"])).all("google_project_iam_member")

    assert {grant["member"] for grant in grants} == {
        "serviceAccount:service-123456789@gcp-sa-dep.s3ns-system.iam.gserviceaccount.com"
    }


def test_roles_wait_for_the_agent_and_others_for_the_roles(synth: Synth) -> None:
    """The identity, a bounded wait, the roles, a bounded wait: an agent without roles would deny every request."""
    app = synth(agent)
    known, granted = (
        app.named("time_sleep")[key] for key in sorted(app.named("time_sleep"), key=lambda k: "granted" in k)
    )

    assert app.one("google_project_service_identity")["service"] == "networkservices.googleapis.com"
    assert (known["create_duration"], granted["create_duration"]) == ("60s", "120s")
    assert known["depends_on"] == [address(app, "google_project_service_identity", "identity")]
    for grant in app.all("google_project_iam_member"):
        assert grant["depends_on"] == [address(app, "time_sleep", "known")]
    assert len(granted["depends_on"]) == 4
