"""Each platform as a bill of materials: every address, and per stack what there is of each type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.configs import ELASTIC, EXAMPLE, GUARDED, PUBLIC, SOVEREIGN, SPEECH
from tests.synthesized import Synthesized

FOLDER = Path(__file__).parent


def address_lines(app: Synthesized) -> str:
    """List every Terraform address of the app, one a line: a diff here is a move in users' state."""
    return "\n".join(sorted(app.addresses())) + "\n"


def count_lines(app: Synthesized) -> str:
    """Count resources by stack and type, as YAML."""
    lines = []
    for stack, document in app.stacks.items():
        counts = Counter({kind: len(blocks) for kind, blocks in document["resource"].items()})
        lines += [f"{stack}:", *(f"  {kind}: {count}" for kind, count in sorted(counts.items()))]
    return "\n".join(lines) + "\n"


FILES: dict[str, tuple[Path, Callable[[Synthesized], str]]] = {
    "addresses.txt": (EXAMPLE, address_lines),
    "example.yaml": (EXAMPLE, count_lines),
    "h100-elastic.txt": (ELASTIC, address_lines),
    "h100-elastic.yaml": (ELASTIC, count_lines),
    "guarded.txt": (GUARDED, address_lines),
    "guarded.yaml": (GUARDED, count_lines),
    "public.txt": (PUBLIC, address_lines),
    "public.yaml": (PUBLIC, count_lines),
    "sovereign.txt": (SOVEREIGN, address_lines),
    "sovereign.yaml": (SOVEREIGN, count_lines),
    "speech.txt": (SPEECH, address_lines),
    "speech.yaml": (SPEECH, count_lines),
}
"""By file, the config and what is told of its platform."""
