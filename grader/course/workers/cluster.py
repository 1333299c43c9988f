"""
Grade on a Dask cluster: its workers hold sandboxes of their own and return reports.

Each worker gets cases and expected arrays once, then sources; whoever runs the scheduler or a worker can read them. A
worker that is lost loses nothing: others do what it had. What a lost worker had in hand is suspected: it is done once more
at the end, one request after the other; one that then takes its worker with it again is left ungraded.

Import this module only where a scheduler is asked for: it needs `distributed`.
"""

from __future__ import annotations

import ipaddress
import logging
import queue
import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import dask
from distributed import Client, Future, KilledWorker, LocalCluster, Security, Worker, WorkerPlugin, get_worker

from grader.course.workers.grading import ungraded
from grader.course.workers.remote import Judges, RemoteWorker, decode_report, encode_request, encode_setup
from grader.course.workers.request import GradingRequest
from grader.errors import Fault, GraderError
from grader.outcome import Report
from grader.reference.prepare import ENGINE
from grader.version import VERSION

if TYPE_CHECKING:
    from grader.sandbox import Isolation

LOCAL: Final = "local"
CONNECT_SECONDS: Final = 10
WORKERS_SECONDS: Final = 600.0  # without a single worker: one that waits in a queue may take a while
_LOOK_SECONDS: Final = 2.0  # between looks at how many workers there are
_FEWEST_AHEAD: Final = 4  # also without a worker: some clusters start workers when there is something to do


class Cluster:
    """A pool of the workers of a Dask cluster: at an address, of a client, or started here by `local`."""

    def __init__(
        self,
        scheduler: str | Client,
        jobs: int,
        isolation: Isolation,
        judges: Judges,
        *,
        insecure: bool = False,
    ) -> None:
        self._judges = judges
        self._insecure = insecure
        self._local: LocalCluster | None = None
        self._owns_client = isinstance(scheduler, str)
        self._where = str(scheduler)
        self._name = f"grader-{secrets.token_hex(8)}"
        self._done: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        self._in_hand: dict[str, tuple[GradingRequest, Future[Any]]] = {}
        self._count = 0
        self._looked, self._alive, self._threads = 0.0, time.monotonic(), 0
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # we report lost workers ourselves
        self._client = self._connect(scheduler, jobs) if isinstance(scheduler, str) else scheduler
        try:
            self._count_workers()
            self._equip(encode_setup(isolation, judges))
        except BaseException:
            self.close()
            raise

    def reports(self, requests: Iterable[GradingRequest]) -> Iterator[tuple[GradingRequest, Report]]:
        """Grade the requests and yield each with its report. Raises SandboxError, and GraderError where the cluster is gone."""
        rest = iter(requests)
        suspects: list[GradingRequest] = []
        while self._fill(rest):
            request, answer, failure = self._next()
            if failure is None:
                yield request, decode_report(request, answer, self._judges)
            else:
                suspects.append(request)
        for request in suspects:
            self._send(request)
            _, answer, failure = self._next()
            yield (
                request,
                decode_report(request, answer, self._judges) if failure is None else self._given_up(request, failure),
            )

    def close(self) -> None:
        """Forget what is in hand, take the key from the workers, and end what was started here."""
        with suppress(Exception):  # a cluster that is gone has forgotten all
            self._client.cancel([future for _, future in self._in_hand.values()])
            self._client.unregister_worker_plugin(self._name)
        if self._owns_client:
            with suppress(Exception):
                self._client.close()
        if self._local is not None:
            with suppress(Exception):
                self._local.close()

    # Requests

    def _fill(self, rest: Iterator[GradingRequest]) -> bool:
        """Send enough requests to keep the workers busy; return whether something is in hand."""
        if time.monotonic() - self._looked > _LOOK_SECONDS:
            self._count_workers()
        while len(self._in_hand) < max(_FEWEST_AHEAD, 2 * self._threads):
            request = next(rest, None)
            if request is None:
                break
            self._send(request)
        return bool(self._in_hand)

    def _send(self, request: GradingRequest) -> None:
        self._count += 1
        key = f"{self._name}-{self._count}"
        message = encode_request(request)
        try:
            future = self._client.submit(_answer, self._name, message, key=key, pure=False)
        except Exception as error:
            raise self._lost() from error
        self._in_hand[key] = request, future
        future.add_done_callback(self._done.put)

    def _next(self) -> tuple[GradingRequest, bytes, BaseException | None]:
        """Wait for a request that is done; return its answer, or why there is none. Raises GraderError when none can come."""
        while True:
            try:
                future = self._done.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                self._count_workers()
                continue
            request, _ = self._in_hand.pop(str(future.key))
            if future.status == "cancelled":
                raise self._lost()
            try:
                return request, future.result(timeout=60), None
            except Exception as error:
                if self._client.status != "running":
                    raise self._lost() from error
                return request, b"", error

    def _given_up(self, request: GradingRequest, failure: BaseException) -> Report:
        if isinstance(failure, KilledWorker):
            detail = "Workers of the cluster ended while they graded this, the last time with nothing else to do."
        else:
            detail = f"A worker of the cluster failed: {type(failure).__name__}: {failure}"
        return ungraded(request, self._judges[request.exercise], detail)

    # The cluster

    def _connect(self, address: str, jobs: int) -> Client:
        if address == LOCAL:
            self._local = _start_here(jobs)
            return Client(self._local, set_as_default=False)
        protocol, has_protocol, _ = address.rpartition("://")
        if has_protocol and protocol not in {"tcp", "tls"}:
            remedy = "Write tls://HOST:PORT, tcp://127.0.0.1:PORT or local; docs/many_machines.md tells of others."
            raise GraderError(Fault(f"--scheduler {address}", "That is no address of a Dask scheduler.", remedy))
        self._check(address)
        security = _certificates(address) if protocol == "tls" else Security(require_encryption=False)
        try:
            return Client(address, timeout=CONNECT_SECONDS, security=security, set_as_default=False)
        except (OSError, ValueError) as error:
            what = f"No Dask scheduler answers there within {CONNECT_SECONDS} seconds."
            remedy = "Look at the address that `dask scheduler` printed, or leave `--scheduler` out to grade on this machine."
            raise GraderError(Fault(f"--scheduler {address}", what, remedy)) from error

    def _equip(self, setup: bytes) -> None:
        try:
            self._client.register_plugin(RemoteWorkers(setup), name=self._name)
        except GraderError:
            raise
        except Exception as error:
            what = f"The workers cannot be prepared: {type(error).__name__}: {error}"
            remedy = "Install the same version of autograd-grader on the workers as here."
            raise GraderError(Fault(f"--scheduler {self._where}", what, remedy)) from error

    def _count_workers(self) -> None:
        """Count the workers. Raises GraderError when there have been none for long, or one must not be used."""
        try:
            workers: dict[str, int] = self._client.nthreads()
        except Exception as error:
            raise self._lost() from error
        for address in workers:
            self._check(address)
        self._looked = time.monotonic()
        self._threads = sum(workers.values())
        if workers:
            self._alive = self._looked
        elif self._looked - self._alive > WORKERS_SECONDS:
            what = f"The scheduler has had no worker for {WORKERS_SECONDS / 60:.0f} minutes."
            raise GraderError(Fault(f"--scheduler {self._where}", what, "Start some, and give the same command again."))

    def _check(self, address: str) -> None:
        """Raise GraderError for an address whose traffic others could read."""
        if self._owns_client and not self._insecure and address != LOCAL and not _is_safe(address):
            what = f"{address} is on another machine, and what goes there and comes back would not be encrypted."
            remedy = "Use TLS (docs/many_machines.md), or say --insecure if everyone on that network may read keys and answers."
            raise GraderError(Fault(f"--scheduler {self._where}", what, remedy))

    def _lost(self) -> GraderError:
        remedy = "What is graded is kept: start the scheduler and give the same command again."
        return GraderError(Fault(f"--scheduler {self._where}", "The connection to the scheduler was lost.", remedy))


def _start_here(jobs: int) -> LocalCluster:
    """Start worker processes on this machine, with certificates of their own: nobody else on it must be able to join in."""
    settings = {
        "distributed.scheduler.allowed-failures": 0,  # `reports` gives a request another chance by itself
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
    }
    with dask.config.set(settings):
        return LocalCluster(
            n_workers=jobs,
            threads_per_worker=1,
            processes=True,
            memory_limit=0,  # students' memory is the sandbox's to limit
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            security=Security.temporary(),
            preload=["import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"],  # a Ctrl-C is ours to handle
            silence_logs=logging.CRITICAL,
        )


def _certificates(address: str) -> Security:
    """Return the certificates that Dask's configuration names. Raises GraderError where they cannot be used."""
    security = Security()
    try:
        found = security.get_connection_args("client")["ssl_context"] is not None
        why = "Dask's configuration names none"
    except OSError as error:
        found, why = False, str(error)
    if not found:
        remedy = (
            "Set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT and "
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY to the files (docs/many_machines.md)."
        )
        raise GraderError(Fault(f"--scheduler {address}", f"There are no certificates for TLS: {why}.", remedy))
    return security


def _is_safe(address: str) -> bool:
    """
    Return whether nobody on the way can read what is sent to an address.

    >>> [_is_safe(one) for one in ("tls://10.1.2.3:8786", "tcp://127.0.0.1:8786", "localhost:8786", "tcp://10.1.2.3:8786")]
    [True, True, True, False]
    """
    protocol, has_protocol, rest = address.rpartition("://")
    if has_protocol and protocol != "tcp":
        return protocol == "tls"
    host = urlsplit(f"//{rest}").hostname or ""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


# On the workers


class RemoteWorkers(WorkerPlugin):
    """The workers of one run in one Dask worker: one a thread, since a sandbox belongs to the thread that made it."""

    def __init__(self, setup: bytes) -> None:
        self._setup = setup
        self._version = (VERSION, ENGINE)

    def setup(self, worker: Worker) -> None:
        """Prepare for requests, on the worker. Raises GraderError where another version is installed."""
        if self._version != (VERSION, ENGINE):
            what = "Another version of autograd-grader is installed there than here."
            raise GraderError(Fault(f"worker {worker.address}", what, "Install the same version everywhere."))
        self._own = threading.local()
        self._open: list[RemoteWorker] = []

    def teardown(self, worker: Worker) -> None:
        """End the sandboxes, when the run or the worker ends."""
        for remote in self._open:
            remote.close()

    def answer(self, message: bytes) -> bytes:
        """Grade a serialised request with the worker of this thread."""
        remote: RemoteWorker | None = getattr(self._own, "worker", None)
        if remote is None:
            remote = self._own.worker = RemoteWorker(self._setup)
            self._open.append(remote)
        return remote.answer(message)


def _answer(name: str, message: bytes) -> bytes:
    workers: Any = get_worker().plugins[name]
    answer: bytes = workers.answer(message)
    return answer
