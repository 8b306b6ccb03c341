"""`-v`: each call of an API as one line on stderr, without credentials and without bodies."""

from __future__ import annotations

import logging

import click

calls = logging.getLogger("gke_inference.calls")
"""Gets one line per call, with what is asked and never with what is sent or answered."""


class _Stderr(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self.format(record), err=True)


def log_calls() -> None:
    """Print each call from here on."""
    calls.setLevel(logging.INFO)
    calls.propagate = False
    if not calls.handlers:
        calls.addHandler(_Stderr())
