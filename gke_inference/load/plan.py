"""What a load run is asked to do, and when it counts as good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gke_inference.command import Exit
from gke_inference.load.figures import RunFigures
from gke_inference.openai import Endpoint


@dataclass(frozen=True, kw_only=True)
class LoadPlan:
    """
    One load run.

    Attributes:
        endpoint: Where requests go and what they ask.
        concurrency: Requests at once, step by step.
        step_sec: Length of each step.
        prompt_tokens: Lengths of prompts, about, in tokens; one after the other.
        max_error_rate: Errors per request, 0 to 1, that are still good.
    """

    endpoint: Endpoint
    concurrency: tuple[int, ...]
    step_sec: float
    prompt_tokens: tuple[int, ...]
    max_error_rate: float

    def describe(self) -> dict[str, Any]:
        """Return the plan as the report prints it, without the token; of secret headers it has the names alone."""
        return {
            "url": self.endpoint.url,
            "model": self.endpoint.model,
            "api": self.endpoint.api if self.endpoint.is_openai else None,
            "path": self.endpoint.path or None,
            "headers": dict(self.endpoint.headers),
            "secret_headers": list(self.endpoint.secret_headers),
            "stream": self.endpoint.stream,
            "concurrency": self.concurrency,
            "step_sec": self.step_sec,
            "prompt_tokens": self.prompt_tokens,
            "max_tokens": self.endpoint.max_tokens,
            "timeout_sec": self.endpoint.timeout_sec,
            "region_header": self.endpoint.region_header,
            "objective": self.endpoint.objective,
            "max_error_rate": self.max_error_rate,
        }

    def outcome(self, run: RunFigures) -> Exit:
        """Return what *run* says about the platform."""
        if not run.answered_requests:
            return Exit.UNKNOWN
        return Exit.WRONG if (run.total.error_rate or 0) > self.max_error_rate else Exit.GOOD
