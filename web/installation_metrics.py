"""What Prometheus is told of the installation: its queue, workers, store and what jobs took."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from workers.engine.counts import Counts, read_counts
from workers.engine.jobs import Jobs
from workers.engine.ledger import Load, Waiting
from workers.engine.scenario_cache import CacheStats

USER_CLASSES = ("user", "administrator", "everyone")
"""Classes of those who wait: a series a user would tell a dashboard's readers who plays."""


class InstallationCollector(Collector):
    """Reads the ledger whenever it is asked; a Redis that is away fails the scrape.

    Parameters
    ----------
    jobs
        The installation's.
    class_of
        By user, which of :data:`USER_CLASSES`; "user" for whoever is not in it.
    """

    def __init__(self, jobs: Jobs, class_of: Mapping[str, str]) -> None:
        self._jobs = jobs
        self._class_of = class_of

    def collect(self) -> Iterator[Metric]:
        """Everything, as it is now."""
        ledger = self._jobs.ledger
        yield from _queue(ledger.waiting(), self._class_of)
        yield from _load(ledger.load())
        yield from _work(read_counts(self._jobs.redis))
        cache = self._jobs.cache.stats()
        if cache is not None:
            yield from _cache(cache)


def _queue(waiting: Iterable[Waiting], class_of: Mapping[str, str]) -> Iterator[Metric]:
    chunks: defaultdict[str, int] = defaultdict(int)
    oldest: defaultdict[str, float] = defaultdict(float)
    for each in waiting:
        name = class_of.get(each.user, "user")
        chunks[name] += each.chunks
        oldest[name] = max(oldest[name], each.oldest_seconds)
    size = GaugeMetricFamily(
        "axiomatic_queue_chunks", "Pieces of jobs that wait for a worker.", labels=["user_class"]
    )
    age = GaugeMetricFamily(
        "axiomatic_queue_age_seconds",
        "Longest time that a job with waiting pieces has been given nothing.",
        labels=["user_class"],
    )
    for name in USER_CLASSES:
        size.add_metric([name], chunks[name])
        age.add_metric([name], oldest[name])
    yield size
    yield age


def _load(load: Load) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "axiomatic_worker_slots", "Worker processes of this version.", value=load.slots
    )
    store = GaugeMetricFamily(
        "axiomatic_store_bytes",
        "Bytes in Redis: of arrays (stored), promised to running jobs, kept of ended ones.",
        labels=["what"],
    )
    store.add_metric(["stored"], load.stored_bytes)
    store.add_metric(["promised"], load.promised_bytes)
    store.add_metric(["kept"], load.kept_bytes)
    yield store


def _work(counts: Counts) -> Iterator[Metric]:
    pieces = HistogramMetricFamily(
        "axiomatic_chunk_seconds",
        "How long the pieces of a stage took, merges and joins included.",
        labels=["kind", "stage"],
    )
    for labels, times in sorted(counts.pieces.items()):
        pieces.add_metric(labels, times.cumulative(), times.seconds)
    yield pieces
    ended = CounterMetricFamily(
        "axiomatic_jobs", "Jobs that have ended, by outcome.", labels=["kind", "outcome"]
    )
    for labels, number in sorted(counts.jobs.items()):
        ended.add_metric(labels, number)
    yield ended
    yield CounterMetricFamily(
        "axiomatic_retries", "Pieces that failed and were tried again.", value=counts.retries
    )
    yield CounterMetricFamily(
        "axiomatic_leases_lost",
        "Pieces handed out again because their holder was gone.",
        value=counts.leases_lost,
    )
    yield CounterMetricFamily(
        "axiomatic_postponed",
        "Times that a piece waited for room in Redis.",
        value=counts.postponed,
    )


def _cache(cache: CacheStats) -> Iterator[Metric]:
    blocks = CounterMetricFamily(
        "axiomatic_cache_blocks",
        "Blocks of simulated races that the cache had (hit), lacked (miss) or gave up (evicted).",
        labels=["what"],
    )
    blocks.add_metric(["hit"], cache.hits)
    blocks.add_metric(["miss"], cache.misses)
    blocks.add_metric(["evicted"], cache.evictions)
    yield blocks
    yield GaugeMetricFamily(
        "axiomatic_cache_bytes", "Bytes that the cached blocks take.", value=cache.stored_bytes
    )
