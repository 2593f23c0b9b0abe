"""The proxy that the environment names: used, named when it fails, and never shown with its password."""

import os
import threading
from base64 import b64encode
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest
import trustme

from pragma_contracts.errors import ConfigurationError, RegistryUnavailable
from pragma_contracts.registry import Registry, RegistrySettings
from pragma_contracts.testing.server import free_port
from tests.registry.serving import Answer, Asked, serving

_SECRET = "hunter2"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def _good(_: Asked) -> Answer:
    return Answer(200, [1])


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_is_asked_with_its_password(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    with serving(_good) as proxy:
        monkeypatch.setenv(variable, proxy.url.replace("//", f"//pulse:{_SECRET}%40@"))
        with Registry("http://registry.example") as asked:
            assert asked.versions("s") == [1]
        (request,) = proxy.asked
    assert request.path == "http://registry.example/subjects/s/versions"
    assert request.headers["proxy-authorization"] == f"Basic {b64encode(f'pulse:{_SECRET}@'.encode()).decode()}"


def test_who_needs_no_proxy_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    with serving(_good) as server, Registry(server.url) as asked:
        assert asked.versions("s") == [1]


@pytest.mark.parametrize(
    ("scheme", "variable"), [("http", "HTTP_PROXY"), ("https", "https_proxy"), ("http", "ALL_PROXY")]
)
def test_a_dead_proxy_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, scheme: str, variable: str
) -> None:
    port = free_port()
    monkeypatch.setenv(variable, f"http://pulse:{_SECRET}@127.0.0.1:{port}")
    with Registry(f"{scheme}://registry.example", tries=1) as asked, pytest.raises(RegistryUnavailable) as caught:
        asked.versions("s")
    assert f"refused (by the proxy http://127.0.0.1:{port} of {variable})" in str(caught.value)
    assert _SECRET not in f"{caught.value!r}{caught.value.__cause__!r}"


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_socks_proxy_needs_a_package(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://pulse:{_SECRET}@127.0.0.1:1080")
    with Registry("http://registry.example") as asked, pytest.raises(ConfigurationError) as caught:
        asked.versions("s")
    words = "ALL_PROXY: names a SOCKS proxy, which needs one more package: pip install 'httpx[socks]'"
    assert str(caught.value) == words


@pytest.mark.parametrize(
    "value", [f"ftp://u:{_SECRET}@proxy", "http://", f"http://u:{_SECRET}#@proxy", f"http://u:{_SECRET}/x@proxy"]
)
def test_what_is_no_proxy_says_which_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    with (
        Registry("https://registry.example") as asked,
        pytest.raises(ConfigurationError, match="HTTPS_PROXY") as caught,
    ):
        asked.versions("s")
    assert _SECRET not in f"{caught.value!r}"


def test_a_proxy_that_wants_a_password_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: Answer(407, b"", {"Proxy_Authenticate": "Basic"})) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with Registry("http://registry.example") as asked, pytest.raises(Exception, match="407") as caught:
            asked.versions("s")
    assert "user and a password in the URL of the proxy" in str(caught.value)


def test_tls_through_a_proxy_and_within_the_deadline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A proxy that takes the CONNECT and then says nothing holds a call no longer than its deadline."""
    authority, done = trustme.CA(), threading.Event()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            done.wait(60)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.server_address[1]}")
        settings = RegistrySettings("https://registry.example", ca_file=str(tmp_path / "ca.pem"))
        with Registry(settings, deadline=0.5) as asked, pytest.raises(RegistryUnavailable, match="timed out"):
            asked.versions("s")
        done.set()
        server.shutdown()
        thread.join()
