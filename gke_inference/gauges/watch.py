"""Reading gauges in the background of a run, which nothing of it can hold up or end."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from time import monotonic, perf_counter
from types import TracebackType

from gke_inference.api_error import ApiError, remedy, unreadable
from gke_inference.concurrency import Once
from gke_inference.gauges.record import GaugeRecord, Sample, Unread
from gke_inference.gauges.sources import KV_CACHE, LOAD_BALANCER, Google, Source, cluster_labels, sources_of
from gke_inference.google_api import GoogleApi
from gke_inference.live_platform import LivePlatform, connect_clusters
from platform_config.model import Model

INTERVAL_SEC = 5.0
"""Between two reads of a source."""
FIRST_READ_SEC = 5.0
"""How long the begin of a run waits for what was there before it."""
NO_CONFIG = "no config names the platform"
BEHIND_SERVICE = "its servers have no metric"
NO_PROMQL = "its universe has no query methods of PromQL"


@dataclass
class _Reads:
    """How the reads of one source went."""

    ended: int = 0
    failed: int = 0
    reason: str = ""
    fix: str = ""
    had_value: bool = False
    first: threading.Event = field(default_factory=threading.Event)


class GaugeWatch:
    """
    Reads the gauges of a model until it is left; used as a context manager.

    Each source has a thread of its own, so that one that hangs delays no other. Whatever goes wrong becomes a reason in
    the record. Threads are daemons: a read that still runs at the end is left behind.

    Args:
        known: What there is to say without any read: regions, spill-over, and what cannot be read at all.
        sources: Where gauges are read.
    """

    def __init__(self, known: GaugeRecord, sources: Iterable[Source] = ()) -> None:
        self._known = known
        self._reads = {source: _Reads() for source in sources}
        self._samples: list[Sample] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()

    @classmethod
    def of(cls, model: Model, platform: LivePlatform, google: Google) -> GaugeWatch:
        """Return the watch of *model* of the live *platform*; *google* returns Google's APIs or raises ApiError."""
        labels = cluster_labels(platform.config)
        regions = tuple(labels[key] for key in model.regions)
        known = GaugeRecord(
            regions=regions,
            spill_over_percent=model.balancing.max_utilization_percent,
            unread=tuple(_never_read(model)),
        )
        return cls(known, sources_of(platform, model, google))

    @classmethod
    def of_config(cls, model: Model | None) -> GaugeWatch:
        """Return the watch of *model* with application default credentials; one that reads nothing without a model."""
        if model is None:
            fix = "name it with --config, and its model with --model"
            return cls(GaugeRecord(unread=(Unread(what="gauges", reason=NO_CONFIG, fix=fix),)))
        config = model.config
        # Credentials that are not there are looked for once; a cluster that was not found is looked for again.
        google = Once(lambda: GoogleApi.from_environment(config.project, config.universe))
        clusters = connect_clusters(config, lambda: google().quick())
        return cls.of(model, LivePlatform(config=config, clusters=clusters), google)

    def __enter__(self) -> GaugeWatch:
        for source in self._reads:
            threading.Thread(target=self._watch, args=(source,), daemon=True).start()
        until = monotonic() + FIRST_READ_SEC
        for reads in self._reads.values():
            reads.first.wait(max(0.0, until - monotonic()))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            self._ended.set()

    @property
    def record(self) -> GaugeRecord:
        """What was read so far."""
        with self._lock:
            unread = [found for source, reads in self._reads.items() if (found := _unread(source, reads))]
            samples = tuple(sorted(self._samples, key=lambda sample: sample.at_sec))
        return replace(self._known, samples=samples, unread=(*self._known.unread, *unread))

    def _watch(self, source: Source) -> None:
        while not self._ended.is_set():
            self._read(source)
            self._reads[source].first.set()
            self._ended.wait(INTERVAL_SEC)

    def _read(self, source: Source) -> None:
        at_sec, reason, fix = perf_counter() - source.late_sec, "", ""
        values = dict[str, float | None].fromkeys(source.gauges)
        try:
            values |= source.read()
        except ApiError as error:
            reason, fix = error.summary, remedy(error, source.role, otherwise="")
        # Whatever an unexpected answer breaks, it must not end the reading.
        except Exception as error:
            reason = unreadable(error)
        with self._lock:
            if self._ended.is_set():
                return
            self._samples.append(Sample(at_sec=at_sec, region=source.region, values=values))
            reads = self._reads[source]
            reads.ended += 1
            reads.had_value = reads.had_value or any(value is not None for value in values.values())
            if reason:
                reads.failed, reads.reason, reads.fix = reads.failed + 1, reason, fix


def _unread(source: Source, reads: _Reads) -> Unread | None:
    """Return what there is to say of a source that failed, has not answered yet, or never had a value."""
    found = Unread(
        what=source.what, regions=(source.region,), reads=reads.ended, failed_reads=reads.failed, reason=reads.reason,
        fix=reads.fix,
    )  # fmt: skip
    if reads.failed:
        return found
    if not reads.ended:
        return replace(found, reason="no answer yet")
    return None if reads.had_value else replace(found, failed_reads=reads.ended, reason="no sample", fix=source.missing)


def _never_read(model: Model) -> Iterator[Unread]:
    """Yield the gauges of *model* that nothing can be asked for."""
    if not model.config.universe.has("promql"):
        yield from (Unread(what=what, reason=NO_PROMQL) for what in (KV_CACHE, LOAD_BALANCER))
    elif not model.has_pool:
        yield Unread(what=KV_CACHE, reason=BEHIND_SERVICE)
