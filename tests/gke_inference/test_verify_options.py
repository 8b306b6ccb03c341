"""What `verify` refuses, and what it reports without credentials."""

from __future__ import annotations

import pytest

from tests.gke_inference.verify_platform import HealthyPlatform
from tests.gke_inference.verify_rig import example, example_running

__all__ = ["example", "example_running"]


def test_without_credentials_nothing_is_known(example: HealthyPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says how to sign in."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/does/not/exist.json")

    ran = example.run()

    [found] = ran.document["findings"]
    assert (found["id"], found["status"], found["fix"]) == (
        "CREDENTIALS", "unknown", "gcloud auth application-default login",
    )  # fmt: skip
    assert ran.code == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--region", "uk"), "must be one of us, eu, got 'uk'"),
        (("--url-for", "http://10.0.0.5"), "must read KEY=http://ADDRESS, got 'http://10.0.0.5'"),
        (("--url-for", "us=10.0.0.5"), "must read http://HOST[:PORT] or https://HOST[:PORT], got '10.0.0.5'"),
        (("--url-for", "uk=http://10.0.0.5"), "--url-for: must name one of us, eu, got 'uk'"),
        (
            ("--url-for", "us=http://10.0.0.5"),
            "--url-for: must name each region once, got 'us' 2 times",
        ),
        (
            ("--no-completion", "--url-for", "us=http://10.0.0.5"),
            "--url-for: must not stand beside --no-completion, which asks at no address",
        ),
    ],
)
def test_bad_options_are_refused(example: HealthyPlatform, arguments: tuple[str, ...], words: str) -> None:
    """Nothing is asked then."""
    ran = example.run(*arguments)

    assert words in ran.err
    assert ran.code == 2
    assert example.google.requests == []
