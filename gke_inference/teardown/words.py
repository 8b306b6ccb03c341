"""Which of Terraform's errors are worth another try."""

from __future__ import annotations

import re
from collections.abc import Iterable

GOES_AWAY = re.compile(
    # Google: in use, somebody else at work, too much at once.
    r"already being used by|resourceInUse|resourceNotReady|incompatible operation|operation in progress"
    r"|associated resources that should be cleaned up|error 409|error 429|error 5\d\d|rate ?limit ?exceeded"
    r"|resource_exhausted|quota exceeded for quota metric|quotaExceeded|acquiring the state lock"
    # Kubernetes: a control plane that is busy, or on its way.
    r"|server is currently unable to handle the request|server has received too many requests"
    r"|etcdserver: (request timed out|leader changed)|timeout while waiting|deadline exceeded"
    # The net.
    r"|i/o timeout|connection re(set|fused)|handshake timeout|unexpected EOF|: EOF\b|client connection lost"
    r"|no such host",
    re.IGNORECASE,
)
"""Something is still in use, somebody else is at work, too much was asked at once, or the net was down."""
TOKEN = re.compile(r"\bUnauthorized\b|error 401\b|invalid authentication credentials", re.IGNORECASE)
"""The access token ended on the way: another run gets another one, and a third would be refused as the second."""
REFUSED = re.compile(r"deletion.protection|force_destroy|bucket you tried to delete is not empty", re.IGNORECASE)
"""The same words would come again."""


def can_go_away(errors: Iterable[str], tries: int = 1) -> bool:
    """Whether each of *errors* may be over in a while, after *tries*: one refusal among them would only come again."""
    return all(
        (GOES_AWAY.search(words) or (tries == 1 and TOKEN.search(words))) and not REFUSED.search(words)
        for words in errors
    )
