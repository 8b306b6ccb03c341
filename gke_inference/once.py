"""A question that several have."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from gke_inference.api_error import ApiError

T = TypeVar("T")


class Once(Generic[T]):
    """A question that several checks have: asked once, by whoever comes first, and answered or refused to all."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answer: list[T] = []
        self._error: ApiError | None = None

    def __call__(self) -> T:
        """
        The answer.

        Raises:
            ApiError: What the question was refused with.
        """
        with self._lock:
            if self._error:
                raise self._error
            if not self._answer:
                try:
                    self._answer.append(self._ask())
                except ApiError as error:
                    self._error = error
                    raise
        return self._answer[0]
