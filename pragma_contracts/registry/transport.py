"""One exchange over HTTP: connections that are kept, proxies, and what it means when it fails."""

import ssl
import threading
from collections.abc import Iterator
from typing import Any

import httpcore
import httpx

from pragma_contracts.registry.deadlines import Backend, left
from pragma_contracts.registry.proxies import Proxy, proxy_for

_CONNECTIONS = 8
_KEPT_S = 5.0

_ADVICE = {
    "CERTIFICATE_VERIFY_FAILED": "name the authority that signed it with ca_file (--ca-file)",
    "WRONG_VERSION_NUMBER": "does it speak http, and not https?",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it wants a client certificate: cert_file and key_file",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "does it want a client certificate? give cert_file and key_file",
}
# OpenSSL's X509_V_ERR_…, where no authority would help.
_VERIFY_ADVICE = {
    9: "it is not valid yet; is this machine's clock right?",
    10: "it has to be renewed; is this machine's clock right?",
    62: "ask for it by a name that its certificate has",
    64: "ask for it by a name that its certificate has",
}

_FAILURES = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


class ExchangeFailed(Exception):
    """There was no whole answer. `final`: nor will there be one when it is tried again."""

    def __init__(self, request: httpx.Request, problem: str, advice: str, final: bool) -> None:
        super().__init__(problem)
        self.request = request
        self.problem = problem
        self.advice = advice
        self.final = final


class Transport(httpx.BaseTransport):
    """Exchanges with any number of hosts, each by the proxy that the environment has for it.

    Raises ExchangeFailed, and ConfigurationError for a proxy that cannot be used.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._lock = threading.Lock()
        self._pools: dict[str, tuple[httpcore.ConnectionPool, Proxy | None]] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request, and reads the whole response."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        pool, proxy = self._pool(url)
        try:
            answer = pool.request(
                request.method,
                url,
                headers=request.headers.raw,
                content=request.read(),
                extensions={"timeout": {"pool": left()}},
            )
            return httpx.Response(answer.status, headers=answer.headers, content=answer.content)
        except _FAILURES as error:
            raise _failed(request, error, proxy) from error
        except httpx.DecodingError as error:
            raise ExchangeFailed(request, f"an answer that cannot be unpacked: {error}", "", True) from error

    def close(self) -> None:
        """Closes the connections."""
        for pool, _ in self._pools.values():
            pool.close()

    def _pool(self, url: httpcore.URL) -> tuple[httpcore.ConnectionPool, Proxy | None]:
        origin = str(url.origin)
        with self._lock:
            if origin not in self._pools:
                proxy = proxy_for(url)
                self._pools[origin] = (self._connections(proxy), proxy)
            return self._pools[origin]

    def _connections(self, proxy: Proxy | None) -> httpcore.ConnectionPool:
        options: dict[str, Any] = {
            "ssl_context": self._tls,
            "max_connections": _CONNECTIONS,
            "keepalive_expiry": _KEPT_S,
            "network_backend": Backend(),
        }
        if proxy is None:
            return httpcore.ConnectionPool(**options)
        kind = httpcore.SOCKSProxy if proxy.url.startswith("socks") else httpcore.HTTPProxy
        return kind(proxy.url, proxy_auth=proxy.auth, **options)


def _failed(request: httpx.Request, error: Exception, proxy: Proxy | None) -> ExchangeFailed:
    problem = str(error) or type(error).__name__
    if proxy is not None:
        problem = f"{problem} (by {proxy})"
    final = isinstance(error, (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError))
    advice = ""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            advice = _ADVICE.get(cause.reason or "", "")
        if isinstance(cause, ssl.SSLCertVerificationError):
            advice = _VERIFY_ADVICE.get(cause.verify_code, advice)
            final = True
    return ExchangeFailed(request, problem, advice, final)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
