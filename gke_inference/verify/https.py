"""What clients meet at a gateway with HTTPS: its certificate, and what its port of HTTP answers."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import httpx

from constructs_lib.specs import TlsSpec
from constructs_lib.specs.tls import HTTPS_PORT
from gke_inference.api_error import ApiError
from gke_inference.check import NO_ANSWER
from gke_inference.concurrency import Task
from gke_inference.findings import Finding, Status
from gke_inference.live_platform import certificate_host
from gke_inference.verify.completion import CONNECT_SEC, no_address, not_reachable
from platform_config.model import Model

CERTIFICATE, REDIRECT = "CERTIFICATE", "REDIRECT"
"""Ids of the findings."""
FEWEST_DAYS = 14
"""Google renews its certificates a month before they end; whoever renews others needs some days, too."""
DAY_SEC = 24 * 3600
NEEDED = {
    CERTIFICATE: f"a certificate that clients accept, for {FEWEST_DAYS} days and more",
    REDIRECT: "HTTP serves no model: it is redirected to HTTPS, or closed",
}


@dataclass(frozen=True, kw_only=True)
class HttpsChecks:
    """
    The checks of the front of one gateway, as a client of one model meets it.

    Attributes:
        key: Key of the region whose address is asked.
        model: The model whose host is asked for.
        address: Returns the gateway's base address; its `ApiError` becomes the finding.
        now_sec: Returns the time, in seconds since 1970.
    """

    key: str
    model: Model
    address: Callable[[], str]
    now_sec: Callable[[], float] = time.time

    def tasks(self) -> list[Task]:
        """Return the checks as two of several that run side by side; none for a gateway without HTTPS."""
        tls = self.model.config.gateway.tls
        if tls is None:
            return []
        return [
            Task(ask=partial(self._ask, id_, judge), unknown=partial(self._unknown, id_))
            for id_, judge in ((CERTIFICATE, self._certificate), (REDIRECT, partial(self._redirect, tls)))
        ]

    def _ask(self, id_: str, judge: Callable[[str], Finding]) -> tuple[list[Finding], list[Task]]:
        try:
            return [judge(self.address())], []
        except ApiError as error:
            return [self._finding(id_, Status.UNKNOWN, *no_address(error, self.key))], []

    def _certificate(self, url: str) -> Finding:
        parts = urlsplit(url)
        host = parts.hostname or ""
        name = certificate_host(url, self.model) or host
        try:
            ends_sec = _certificate_end(host, parts.port or HTTPS_PORT, name)
        except ssl.SSLCertVerificationError as error:
            fix = (
                "wait while Google makes it, which takes up to an hour after the DNS record is there: gcloud "
                "certificate-manager certificates list; or take one that is for this host, and from an authority that "
                "this machine knows (SSL_CERT_FILE names another)"
            )
            return self._finding(CERTIFICATE, Status.WRONG, f"not accepted for {name}: {error.verify_message}", fix)
        except ssl.SSLError as error:
            fix = "see that the listener has a certificate: GATEWAY shows what GKE says of it"
            return self._finding(CERTIFICATE, Status.WRONG, f"no TLS for {name}: {error.reason or error}", fix)
        except OSError as error:
            detail = f"{type(error).__name__}: {error}"
            return self._finding(CERTIFICATE, Status.UNKNOWN, *not_reachable(url, self.key, self.model, detail))
        days = int((ends_sec - self.now_sec()) // DAY_SEC)
        if days < FEWEST_DAYS:
            fix = "renew it; of Google's own, see that the DNS record is still there"
            return self._finding(CERTIFICATE, Status.WRONG, f"for {name}, it ends in {days} days", fix)
        return self._finding(CERTIFICATE, Status.GOOD, f"accepted for {name}, for another {days} days")

    def _redirect(self, tls: TlsSpec, url: str) -> Finding:
        port = self.model.config.gateway.port
        plain = f"http://{urlsplit(url).hostname}:{port}/"
        try:
            # Once HTTPS cannot be reached from here, a closed port of HTTP means nothing.
            answer = httpx.get(plain, timeout=CONNECT_SEC, trust_env=False, follow_redirects=False)
        except httpx.HTTPError as error:
            return self._closed(tls, url, f"{plain} does not answer ({type(error).__name__})")
        target = answer.headers.get("location", "")
        if answer.is_redirect and target.startswith("https://"):
            return self._finding(REDIRECT, Status.GOOD, f"{plain} answers {answer.status_code} to {target}")
        fix = "look at GATEWAY, and at the HTTPRoute whose name ends in -redirect"
        return self._finding(REDIRECT, Status.WRONG, f"{plain} answers {answer.status_code} without HTTPS", fix)

    def _closed(self, tls: TlsSpec, url: str, found: str) -> Finding:
        parts = urlsplit(url)
        try:
            socket.create_connection((parts.hostname or "", parts.port or HTTPS_PORT), CONNECT_SEC).close()
        except OSError as error:
            detail = f"{type(error).__name__}: {error}"
            return self._finding(REDIRECT, Status.UNKNOWN, *not_reachable(url, self.key, self.model, detail))
        if tls.redirect:
            return self._finding(REDIRECT, Status.WRONG, found, "look at GATEWAY: its listener of HTTP is not there")
        return self._finding(REDIRECT, Status.GOOD, f"{found}, as redirect: false says")

    def _unknown(self, id_: str, why: str) -> Finding:
        return self._finding(id_, Status.UNKNOWN, f"{NO_ANSWER}: {why}", "run it again")

    def _finding(self, id_: str, status: Status, found: str, fix: str = "") -> Finding:
        return Finding(id=id_, where=self.key, status=status, found=found, needed=NEEDED[id_], fix=fix)


def _certificate_end(host: str, port: int, name: str) -> float:
    """
    Return when the certificate at *host* ends that a client accepts for *name*, in seconds since 1970.

    Raises:
        ssl.SSLError: It accepts none.
        OSError: Nobody answers there.
    """
    with (
        socket.create_connection((host, port), CONNECT_SEC) as opened,
        ssl.create_default_context().wrap_socket(opened, server_hostname=name) as secured,
    ):
        found = secured.getpeercert() or {}
    return ssl.cert_time_to_seconds(str(found["notAfter"]))
