"""`pragma-contracts register` as a user runs it, against a real registry and the embedded one."""

import json
import shutil
import ssl
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import trustme

from pragma_contracts.testing import Stack, embedded
from pragma_contracts.testing.server import free_port

# A field, and another type for it, which no registry takes for the same.
PRICE = """string price = 6 [
    (pragma.contracts.v1.required) = true,
    (pragma.contracts.v1.decimal) = true
  ];"""
BROKEN_PRICE = "int64 price = 6;"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the command in a folder of the test's own."""

    def call(*arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("pragma-contracts")), "register", *map(str, arguments)]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120, env={"PATH": "/bin", **env}
        )

    return call


@pytest.fixture
def schemas(root: Path, tmp_path: Path) -> Path:
    """A copy of the schemas that a test may change."""
    return shutil.copytree(root / "schemas", tmp_path / "schemas")


def _edit(schemas: Path, name: str, old: str, new: str) -> None:
    (path,) = schemas.rglob(name)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def _raise(schemas: Path, *names: str) -> None:
    """Gives contracts the next version."""
    for name in names:
        _edit(schemas, name, 'version: "1.1"', 'version: "1.2"')


def _waive(folder: Path) -> None:
    """Waives what making the price an integer breaks."""
    entry = '[[waiver]]\nrule = "{}"\npath = "pragma.market.v1.Price.price"\nreason = "a test"\nexpires = 2999-01-01\n'
    rules = "FIELD_SAME_TYPE", "FIELD_SAME_REQUIRED", "FIELD_SAME_MEANING"
    (folder / "gate-waivers.toml").write_text("".join(map(entry.format, rules)), encoding="utf-8")


def _everything(url: str) -> dict[str, list[int]]:
    """Every subject and its versions."""
    subjects = httpx.get(f"{url}/subjects").json()
    return {subject: httpx.get(f"{url}/subjects/{quote(subject, safe='')}/versions").json() for subject in subjects}


def _contract_versions(url: str, result: dict[str, Any]) -> dict[str, list[int]]:
    subjects = [entry["subject"] for entry in result["subjects"] if entry["subject"].endswith("-value")]
    return {subject: httpx.get(f"{url}/subjects/{subject}/versions").json() for subject in subjects}


def test_the_first_run_the_second_and_the_dry_runs(
    empty_registry: str, run: Run, schemas: Path, tmp_path: Path
) -> None:
    where = ("--registry", empty_registry, "--schemas", schemas)
    dry = run(*where, "--dry-run")
    assert dry.returncode == 3
    assert "new subject, level unset -> BACKWARD_TRANSITIVE" in dry.stdout
    assert not (tmp_path / "contracts.lock").exists()
    first = run(*where)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.endswith("Wrote contracts.lock\n")
    lock = (tmp_path / "contracts.lock").read_text(encoding="utf-8")
    second = run(*where)
    assert second.returncode == 0
    assert "Nothing to do: the registry has all of it." in second.stdout
    assert (tmp_path / "contracts.lock").read_text(encoding="utf-8") == lock
    assert run(*where, "--dry-run").returncode == 0
    level = run(*where, "--compatibility", "FULL_TRANSITIVE", "--dry-run")
    assert level.returncode == 3
    assert "level BACKWARD_TRANSITIVE -> FULL_TRANSITIVE" in level.stdout


def test_a_break_is_refused_by_the_gate_before_anything_is_written(
    empty_registry: str, run: Run, schemas: Path
) -> None:
    where = ("--registry", empty_registry, "--schemas", schemas)
    assert run(*where).returncode == 0
    _edit(schemas, "price.proto", PRICE, BROKEN_PRICE)
    _raise(schemas, "price.proto")
    before = _everything(empty_registry)
    for arguments in (), ("--dry-run",):
        refused = run(*where, *arguments)
        assert refused.returncode == 1
        assert "      ! type of field price = 6 changed from string to int64\n" in refused.stdout
        assert "pragma/market/v1/price.proto:35:3: FIELD_SAME_TYPE pragma.market.v1.Price.price\n" in refused.stdout
        assert refused.stdout.endswith("Refused by gate; nothing is written.\n")
    result = json.loads(run(*where, "--output", "json").stdout)
    assert (result["refused"], result["applied"]) == (True, False)
    (lint, gate) = result["verdicts"]
    assert (lint["refused"], gate["refused"]) == (False, True)
    assert _everything(empty_registry) == before


def test_schemas_that_do_not_pass_the_linter_are_not_registered(empty_registry: str, run: Run, schemas: Path) -> None:
    _edit(schemas, "price.proto", '"pragma-prices-v1"', '"prices"')
    refused = run("--registry", empty_registry, "--schemas", schemas)
    assert refused.returncode == 1
    assert "pragma/market/v1/price.proto:10:1: CONTRACT_TOPIC_CONVENTION\n" in refused.stdout
    assert refused.stdout.endswith("Refused by lint; nothing is written.\n")
    assert httpx.get(f"{empty_registry}/subjects").json() == []


def test_a_waived_break_is_refused_with_the_registrys_words(
    empty_registry: str, run: Run, schemas: Path, tmp_path: Path
) -> None:
    where = ("--registry", empty_registry, "--schemas", schemas, "--output", "json")
    assert run(*where).returncode == 0
    _edit(schemas, "price.proto", PRICE, BROKEN_PRICE)
    _raise(schemas, "price.proto")
    _waive(tmp_path)
    refused = run(*where)
    result = json.loads(refused.stdout)
    assert refused.returncode == 1
    assert result["refused"] is True
    (step,) = [entry for entry in result["subjects"] if entry["opinion"] == "refused"]
    assert step["subject"].endswith("-prices-v1-value")
    assert step["words"]
    assert set(map(tuple, _contract_versions(empty_registry, result).values())) == {(1,)}


def test_a_compatible_change_of_an_import_gives_its_contracts_a_version(
    empty_registry: str, run: Run, schemas: Path
) -> None:
    where = ("--registry", empty_registry, "--schemas", schemas, "--output", "json")
    assert run(*where).returncode == 0
    _edit(schemas, "envelope.proto", "string version = 5;", "string version = 5;\n  // More.\n  string host = 6;")
    _raise(schemas, "price.proto", "market_depth.proto")
    dry = run(*where, "--dry-run")
    assert dry.returncode == 3
    changed = {
        entry["subject"]: entry for entry in json.loads(dry.stdout)["subjects"] if entry["state"] == "new version"
    }
    assert len(changed) == 3
    done = run(*where)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(map(tuple, _contract_versions(empty_registry, json.loads(done.stdout)).values())) == {(1, 2)}
    assert run(*where, "--dry-run").returncode == 0


def test_imports_before_a_refusal_are_harmless_and_a_run_after_it_converges(
    empty_registry: str, run: Run, schemas: Path, tmp_path: Path
) -> None:
    where = ("--registry", empty_registry, "--schemas", schemas)
    first = run(*where, "--output", "json")
    assert first.returncode == 0
    _edit(schemas, "envelope.proto", "string version = 5;", "string version = 5;\n  // More.\n  string host = 6;")
    _edit(schemas, "price.proto", PRICE, BROKEN_PRICE)
    _raise(schemas, "price.proto", "market_depth.proto")
    _waive(tmp_path)
    dry = run(*where, "--dry-run")
    assert dry.returncode == 3
    assert "envelope.proto changes, and must be registered before the registry can say" in dry.stdout
    refused = run(*where)
    assert refused.returncode == 1
    assert "Refused: " in refused.stdout
    assert "Registered before the refusal, and harmless" in refused.stdout
    assert "envelope.proto" in refused.stdout.partition("harmless")[2]
    versions = _contract_versions(empty_registry, json.loads(first.stdout))
    (prices,) = [found for subject, found in versions.items() if "-prices-" in subject]
    assert prices == [1]
    _edit(schemas, "price.proto", BROKEN_PRICE, PRICE)
    assert run(*where).returncode == 0
    assert run(*where, "--dry-run").returncode == 0


def test_two_at_once_end_in_one_version(empty_registry: str, run: Run, schemas: Path) -> None:
    where = ("--registry", empty_registry, "--schemas", schemas, "--output", "json")
    results: list[subprocess.CompletedProcess[str]] = []
    threads = [threading.Thread(target=lambda: results.append(run(*where))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.returncode for result in results] == [0, 0], [result.stderr for result in results]
    found = [json.loads(result.stdout) for result in results]
    assert _contract_versions(empty_registry, found[0]) == _contract_versions(empty_registry, found[1])
    assert set(map(tuple, _contract_versions(empty_registry, found[0]).values())) == {(1,)}


def test_text_is_registered_when_asked_for(empty_registry: str, run: Run, schemas: Path) -> None:
    where = ("--registry", empty_registry, "--schemas", schemas, "--form", "text")
    assert run(*where).returncode == 0
    again = run(*where, "--dry-run")
    assert again.returncode == 0, again.stdout


def test_what_another_repository_does_not_copy_is_registered_from_the_package(
    empty_registry: str, run: Run, schemas: Path
) -> None:
    for path in schemas.rglob("*.proto"):
        if path.name != "price.proto":
            path.unlink()
    for form in "descriptor", "text":
        done = run("--registry", empty_registry, "--schemas", schemas, "--form", form, "--compatibility", "NONE")
        assert done.returncode == 0, done.stdout + done.stderr
    assert "pragma-prices-v1-value" in _everything(empty_registry)
    assert "pragma/market/v1/envelope.proto" in _everything(empty_registry)


@contextmanager
def _proxy(
    target: str, limit: int | None = None, authorization: str | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """A real HTTP proxy that dies after some requests, wants an Authorization header, or talks TLS."""
    left = [limit if limit is not None else 1 << 30]

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            if authorization is not None and self.headers.get("Authorization") != authorization:
                body, status = b'{"error_code": 40101, "message": "Unauthorized"}', 401
            elif left[0] <= 0:
                self.close_connection = True
                return
            else:
                left[0] -= 1
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {"Content-Type": "application/json"} if data else {}
                answer = httpx.request(self.command, target + self.path, content=data, headers=headers)
                body, status = answer.content, answer.status_code
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = answer  # noqa: N815

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hangs up, or shows no certificate, is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with _serving(server) as port:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"


@contextmanager
def _serving(server: ThreadingHTTPServer) -> Iterator[int]:
    """Runs a server on a thread; gives its port."""
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("requests", [1, 12, 18, 24, 31, 36])
def test_a_run_that_breaks_off_converges_when_it_is_run_again(run: Run, requests: int) -> None:
    with embedded() as running:
        with _proxy(running.registry_url, limit=requests) as url:
            broken = run("--registry", url)
        assert broken.returncode == 2
        assert broken.stderr.startswith("error: ")
        assert len(broken.stderr.splitlines()) == 1
        assert run("--registry", running.registry_url).returncode == 0
        done = run("--registry", running.registry_url, "--dry-run", "--output", "json")
        assert done.returncode == 0
        assert {entry["version"] for entry in json.loads(done.stdout)["subjects"]} == {1}


def test_a_secret_never_appears(run: Run) -> None:
    secret = "s3cr3t-t0ken"
    with embedded() as running, _proxy(running.registry_url, authorization=f"Bearer {secret}") as url:
        for arguments, env in [
            (("--token", secret), {}),
            ((), {"PRAGMA_CONTRACTS_REGISTRY_TOKEN": secret}),
        ]:
            done = run("--registry", url, *arguments, **env)
            assert done.returncode == 0
            assert secret not in done.stdout + done.stderr
        wrong = run("--registry", url, "--token", "wr0ng-secret")
        assert wrong.returncode == 2
        assert "401 40101: Unauthorized" in wrong.stderr
        assert "wr0ng-secret" not in wrong.stdout + wrong.stderr


def test_basic_auth(run: Run) -> None:
    with (
        embedded() as running,
        _proxy(running.registry_url, authorization=f"Basic {b64encode(b'ci:hunter2').decode()}") as url,
    ):
        assert run("--registry", url, "--user", "ci", "--password", "hunter2").returncode == 0
        env = {"PRAGMA_CONTRACTS_REGISTRY_USER": "ci", "PRAGMA_CONTRACTS_REGISTRY_PASSWORD": "hunter3"}
        wrong = run("--registry", url, **env)
        assert wrong.returncode == 2
        assert "401 40101: Unauthorized" in wrong.stderr
        assert "hunter3" not in wrong.stdout + wrong.stderr
        half = run("--registry", url, "--user", "ci")
        assert (half.returncode, half.stderr) == (2, "error: registry: basic auth needs both a user and a password\n")


def test_a_token_with_a_line_end_is_refused_and_not_shown(run: Run) -> None:
    done = run("--registry", "http://127.0.0.1:1", "--token", "s3cr3t\n")
    assert done.returncode == 2
    assert "the token has characters that an HTTP header cannot carry" in done.stderr
    assert "s3cr3t" not in done.stderr


def test_tls_with_a_private_authority_and_a_client_certificate(run: Run, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    client = authority.issue_cert("ci.pragma.example")
    client.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    client.private_key_pem.write_to_path(tmp_path / "key.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with embedded() as running, _proxy(running.registry_url, tls=context) as url:
        authorities = ("--ca-file", "ca.pem")
        done = run("--registry", url, *authorities, "--cert-file", "cert.pem", "--key-file", "key.pem")
        assert (done.returncode, done.stderr) == (0, "")
        assert run("--registry", url, *authorities).returncode == 2
        stranger = run("--registry", url)
        assert stranger.returncode == 2
        assert "certificate verify failed" in stranger.stderr
        missing = run("--registry", url, "--ca-file", "none.pem")
        assert missing.returncode == 2
        assert "none.pem" in missing.stderr


@pytest.mark.parametrize(
    ("lock", "text", "sentence"),
    [
        ("contracts.lock", "", "is no JSON"),
        ("contracts.lock", "{}", "is not of format 1; take it from version control again"),
        ("contracts.lock", '{"format": 1, "registries": []}', "is damaged"),
        ("none/contracts.lock", None, "none is no folder that can be written to"),
    ],
)
def test_a_lock_that_cannot_be_written_stops_before_anything_is_registered(
    run: Run, tmp_path: Path, lock: str, text: str | None, sentence: str
) -> None:
    if text is not None:
        (tmp_path / lock).write_text(text, encoding="utf-8")
    with embedded() as running:
        done = run("--registry", running.registry_url, "--lock", lock)
        assert (done.returncode, done.stdout) == (2, "")
        assert sentence in done.stderr
        assert httpx.get(f"{running.registry_url}/subjects").json() == []


@contextmanager
def _answers(status: int, kind: str, body: bytes) -> Iterator[str]:
    """A web server that is no registry."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = answer  # noqa: N815

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002
            pass

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("status", "kind", "body", "sentence"),
    [
        pytest.param(200, "text/html", b"<html>", "text/html that no schema registry answers with", id="a-web-page"),
        pytest.param(200, "application/json", b"[1]", "is this the root of its API?", id="other-json"),
        pytest.param(404, "application/json", b'{"error_code": "E7"}', "404 0: Not Found", id="other-error-codes"),
        pytest.param(302, "text/html", b"", "302 0: Found", id="a-redirect"),
        pytest.param(503, "text/html", b"", "503: Service Unavailable (after 4 tries within ", id="an-outage"),
    ],
)
def test_what_is_no_registry_is_one_clear_line(run: Run, status: int, kind: str, body: bytes, sentence: str) -> None:
    with _answers(status, kind, body) as url:
        done = run("--registry", url)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("registry", "sentence"),
    [
        pytest.param(f"http://127.0.0.1:{free_port()}", "no answer in 4 tries within ", id="nobody-there"),
        ("http://user:hunter2@127.0.0.1:1", "has credentials in its URL"),
        ("ftp://127.0.0.1", "is no http or https URL"),
        ("localhost:8081", "is no http or https URL"),
    ],
)
def test_a_registry_that_cannot_be_used_is_one_clear_line(run: Run, registry: str, sentence: str) -> None:
    done = run("--registry", registry)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "hunter2" not in done.stderr


def test_a_wrong_path_says_so(run: Run, pragma_stack: Stack) -> None:
    done = run("--registry", pragma_stack.registry_url.removesuffix("/apis/ccompat/v7"))
    assert done.returncode == 2
    assert "GET http://127.0.0.1" in done.stderr
    assert len(done.stderr.splitlines()) == 1
