"""Certificates: the registry's, which is trusted or not, and the client's, whose key may be encrypted."""

import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from pragma_contracts.errors import ConfigurationError, RegistryUnavailable
from pragma_contracts.registry import Registry, RegistrySettings
from tests.registry.serving import Answer, Asked, dripping, serving

_PASSWORD = "correct-horse"


def _good(_: Asked) -> Answer:
    return Answer(200, [1])


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return str(tmp_path / "ca.pem")


@pytest.fixture
def client_files(authority: trustme.CA, tmp_path: Path) -> dict[str, Any]:
    """A certificate and its encrypted key."""
    issued = authority.issue_cert("ci.example")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    key = load_pem_private_key(issued.private_key_pem.bytes(), password=None)
    encryption = BestAvailableEncryption(_PASSWORD.encode())
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return {"cert_file": str(tmp_path / "cert.pem"), "key_file": str(tmp_path / "key.pem")}


def _server(authority: trustme.CA, name: str = "127.0.0.1", *, wants_one: bool = False) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    if wants_one:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_a_stranger_is_not_trusted_and_said_so_once(authority: trustme.CA) -> None:
    with serving(_good, _server(authority)) as server, Registry(server.url) as asked:
        with pytest.raises(RegistryUnavailable, match=r"in 1 try .*certificate verify failed") as caught:
            asked.versions("s")
        assert caught.value.advice == "name the authority that signed it with ca_file (--ca-file)"


def test_a_certificate_for_another_name_is_not_trusted(authority: trustme.CA, ca_file: str) -> None:
    with (
        serving(_good, _server(authority, "127.0.0.2")) as server,
        Registry(RegistrySettings(server.url, ca_file=ca_file)) as asked,
        pytest.raises(RegistryUnavailable, match="ask for it by a name that its certificate has"),
    ):
        asked.versions("s")


def test_a_certificate_error_is_not_got_round_by_another_url(authority: trustme.CA) -> None:
    with serving(_good, _server(authority)) as secured, serving(_good) as plain:
        with Registry(f"{secured.url},{plain.url}") as asked, pytest.raises(RegistryUnavailable, match="verify failed"):
            asked.versions("s")
        assert plain.asked == []


def test_https_where_http_is_spoken() -> None:
    with (
        serving(_good) as server,
        Registry(server.url.replace("http:", "https:"), tries=1) as asked,
        pytest.raises(RegistryUnavailable, match="does it speak http, and not https"),
    ):
        asked.versions("s")


def test_a_handshake_that_hangs_is_no_longer_than_the_deadline() -> None:
    with (
        dripping([b"\x16"] + [b"\x00"] * 100, 0.05) as url,
        Registry(url.replace("http:", "https:"), deadline=0.5) as asked,
        pytest.raises(RegistryUnavailable, match="no answer"),
    ):
        asked.versions("s")


def test_an_encrypted_key_with_its_password(authority: trustme.CA, ca_file: str, client_files: dict[str, Any]) -> None:
    with serving(_good, _server(authority, wants_one=True)) as server:
        settings = RegistrySettings(server.url, ca_file=ca_file, key_password=_PASSWORD, **client_files)
        assert _PASSWORD not in repr(settings)
        with Registry(settings) as asked:
            assert asked.versions("s") == [1]
        bare = RegistrySettings(server.url, ca_file=ca_file)
        with Registry(bare, tries=1) as asked, pytest.raises(RegistryUnavailable):
            asked.versions("s")


def test_without_its_password_nobody_is_asked_for_it(client_files: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"is encrypted; give its password as key_password \(--key-password\)"):
        Registry(RegistrySettings("https://127.0.0.1:1", **client_files))
    with pytest.raises(ConfigurationError, match="is key_password the password of the key") as caught:
        Registry(RegistrySettings("https://127.0.0.1:1", key_password="hunter2", **client_files))
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ConfigurationError, match="a key password needs the certificate"):
        RegistrySettings("https://127.0.0.1:1", key_password="hunter2")
