"""Several configs side by side, such as those of a platform's environments: all good, and none in another's way."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from platform_config.clashes import find_clashes, overlaps_of_two_networks
from platform_config.errors import ConfigError, Problem, SeveralConfigsError
from platform_config.load import Loaded, load_file


def load_several(paths: Sequence[Path]) -> list[Loaded]:
    """
    Load the config at each of *paths*.

    Raises:
        ConfigError: With every problem of each file, and with what two of them have that only one can have.
    """
    loaded: list[Loaded] = []
    errors: list[ConfigError] = []
    for path in dict.fromkeys(paths):
        try:
            loaded.append(load_file(path))
        except ConfigError as error:
            errors.append(error)
    errors += _repeated(paths)
    for one, other in combinations(loaded, 2):
        if one.path.resolve() != other.path.resolve() and (clashes := list(find_clashes(one, other))):
            errors.append(ConfigError(f"{one.path} and {other.path}", clashes))
    if errors:
        raise errors[0] if len(errors) == 1 else SeveralConfigsError(errors)
    return loaded


def warnings_of_several(platforms: Sequence[Loaded]) -> list[Problem]:
    """Return what is allowed in *platforms* together, but doubtful: one line for all whose ranges overlap."""
    pairs = [(pair, next(overlaps_of_two_networks(*pair), "")) for pair in combinations(platforms, 2)]
    found = [(pair, overlap) for pair, overlap in pairs if overlap]
    if not found:
        return []
    names = list(dict.fromkeys(str(each.path) for pair, _ in found for each in pair))
    message = (
        f"ranges overlap in different VPCs, such as {found[0][1]}: fine as long as nothing connects the VPCs, such "
        "as peering or a VPN"
    )
    fix = "give each platform another network.supernet before its first apply, or leave it so"
    return [Problem(f"{', '.join(names[:-1])} and {names[-1]}", message, fix)]


def _repeated(paths: Sequence[Path]) -> list[ConfigError]:
    """Return an error for each file that is named again."""
    places = [path.resolve() for path in paths]
    again = {
        path: places.index(place)
        for number, (path, place) in enumerate(zip(paths, places, strict=True))
        if places.index(place) < number
    }
    return [
        ConfigError(str(path), [Problem("", f"must be given once, got {paths[first]} too", "name it once")])
        for path, first in again.items()
    ]
