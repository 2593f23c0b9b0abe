"""The action that checks pull requests, run as a job runs it, beside a server that answers as GitHub's comments API."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ZEROS = "0" * 40
PRICE = "schemas/pragma/market/v1/price.proto"


@dataclass
class Comments:
    """The comments of a pull request; allowed says whether the token may write."""

    url: str = ""
    allowed: bool = True
    bodies: dict[int, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def comments() -> Iterator[Comments]:
    """A server with two comments a page."""
    kept = Comments(bodies={1: "first", 2: "second", 3: "third"})

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            kept.asked.append(f"{self.command} {self.path}")
            sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
            found = re.search(r"[?&]page=(\d+)", self.path)
            page = int(found[1]) if found else 1
            status, link, answer = 200, "", []
            if self.command != "GET" and not kept.allowed:
                status = 403
            elif self.command == "GET":
                every = [{"id": number, "body": body} for number, body in kept.bodies.items()]
                answer = every[2 * page - 2 : 2 * page]
                if len(every) > 2 * page:
                    link = f'<{kept.url}/repos/o/r/issues/7/comments?per_page=100&page={page + 1}>; rel="next"'
            elif self.command == "POST":
                kept.bodies[max(kept.bodies) + 1], status = sent["body"], 201
            else:
                kept.bodies[int(self.path.rpartition("/")[2])] = sent["body"]
            self.send_response(status)
            if link:
                self.send_header("Link", link)
            body = json.dumps(answer).encode()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = answer  # noqa: N815

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield kept
    server.shutdown()
    server.server_close()
    thread.join()


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(root: Path, tmp_path: Path) -> Path:
    """A checkout whose one commit has our schemas."""
    folder = tmp_path / "checkout"
    shutil.copytree(root / "schemas", folder / "schemas")
    git(folder, "init", "--initial-branch", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "one")
    return folder


@dataclass
class Job:
    """What a run of the action leaves."""

    code: int
    output: str
    summary: str


def run(root: Path, repository: Path, event: dict[str, Any], url: str = "http://127.0.0.1:1", **inputs: str) -> Job:
    """Runs the last step of the action, with the shell line that it has, as a job with these inputs would."""
    action = root / ".github/actions/contracts"
    (line,) = re.findall(r"^      run: '(.*)'$", (action / "action.yml").read_text(encoding="utf-8"), re.MULTILINE)
    place = repository.parent / "runner/pragma-contracts/bin"
    place.mkdir(parents=True, exist_ok=True)
    python = place / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    (repository.parent / "event.json").write_text(json.dumps(event), encoding="utf-8")
    summary = repository.parent / "summary.md"
    summary.unlink(missing_ok=True)
    environment = {
        **os.environ,
        **{"RUNNER_TEMP": str(repository.parent / "runner"), "GITHUB_ACTION_PATH": str(action)},
        **{"GITHUB_EVENT_PATH": str(repository.parent / "event.json"), "GITHUB_STEP_SUMMARY": str(summary)},
        **{"GITHUB_API_URL": url, "GITHUB_REPOSITORY": "o/r", "GITHUB_WORKFLOW": "contracts", "GITHUB_JOB": "check"},
        **{"SCHEMAS": "schemas", "AGAINST": "", "CHANGELOG": "CHANGELOG.md", "WAIVERS": ""},
        **{"CHECK": "", "REGISTRY": "", "COMMENT": "true", "TOKEN": "t0ken"},
        **inputs,
    }
    done = subprocess.run(
        ["bash", "-e", "-c", line], cwd=repository, env=environment, capture_output=True, text=True, check=False
    )
    return Job(done.returncode, done.stdout + done.stderr, summary.read_text(encoding="utf-8"))


def pull_request(repository: Path) -> dict[str, Any]:
    return {"pull_request": {"number": 7, "base": {"sha": git(repository, "rev-parse", "HEAD")}}}


def rename(repository: Path, old: str = "string price = 6", new: str = "string last_price = 6") -> None:
    path = repository / PRICE
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_a_break_is_annotated_summed_up_and_kept_in_one_comment(
    root: Path, repository: Path, comments: Comments
) -> None:
    event = pull_request(repository)
    rename(repository)
    job = run(root, repository, event, comments.url)
    assert job.code == 1
    assert f"::error file={PRICE},line=35,col=3,title=FIELD_SAME_NAME::name of field" in job.output
    assert "### `lint`: Passed" in job.summary
    assert "**FIELD_SAME_NAME** on `pragma.market.v1.Price.last_price` at `" in job.summary
    assert comments.bodies.keys() == {1, 2, 3, 4}
    assert comments.bodies[4].startswith("<!-- pragma-contracts: contracts / check -->\n### `lint`: Passed")
    assert "FIELD_SAME_NAME" in comments.bodies[4]
    rename(repository, "string last_price = 6", "string price = 6")
    job = run(root, repository, event, comments.url)
    assert job.code == 0
    assert comments.bodies.keys() == {1, 2, 3, 4}
    assert "### `gate`: Nothing changed" in comments.bodies[4]


def test_what_passes_begins_no_comment(root: Path, repository: Path, comments: Comments) -> None:
    job = run(root, repository, pull_request(repository), comments.url)
    assert (job.code, set(comments.bodies)) == (0, {1, 2, 3})
    # Every page was looked at.
    assert [asked.rpartition("page=")[2] for asked in comments.asked] == ["100", "2"]
    run(root, repository, pull_request(repository), comments.url, COMMENT="false")
    assert len(comments.asked) == 2


def test_a_token_that_may_not_comment_fails_nothing(root: Path, repository: Path, comments: Comments) -> None:
    event = pull_request(repository)
    rename(repository)
    comments.allowed = False
    job = run(root, repository, event, comments.url)
    assert job.code == 1
    assert "::notice title=comment::this token may not comment" in job.output
    assert "FIELD_SAME_NAME" in job.summary
    nobody = run(root, repository, event)
    assert "::warning title=comment::ConnectError" in nobody.output
    assert "t0ken" not in job.output + nobody.output + job.summary


def test_every_check_runs_whatever_the_one_before_it_said(root: Path, repository: Path, comments: Comments) -> None:
    event = pull_request(repository)
    rename(repository, '"pragma-prices-v1"', '"prices"')
    check = "echo '::error::from the check'; exit 3"
    job = run(root, repository, event, comments.url, CHECK=check, REGISTRY="http://127.0.0.1:1")
    assert job.code == 1
    assert "CONTRACT_TOPIC_CONVENTION" in job.summary
    assert "CONTRACT_SAME_TOPIC" in job.summary
    assert "    exit code 3" in job.summary
    assert "### `register --dry-run`: failed." in job.summary
    # GitHub obeys nothing that stands between these.
    assert re.search(r"::stop-commands::(\w+)\n::error::from the check\n\n::\1::\n", job.output)
    good = run(root, repository, event, comments.url, CHECK="true")
    assert "### `true`: passed." in good.summary


@pytest.mark.parametrize(
    ("event", "against", "line"),
    [
        ({"before": "HEAD"}, "", "Nothing changed against HEAD"),
        ({"before": ZEROS, "repository": {"default_branch": "main"}}, "", "git does not know 'origin/main' here"),
        ({"merge_group": {"base_sha": "main"}}, "", "Nothing changed against main"),
        ({}, "main", "Nothing changed against main"),
        ({}, "", "this event has no base to compare with; name one with the input against"),
    ],
)
def test_the_base_is_that_of_the_event(
    root: Path, repository: Path, event: dict[str, Any], against: str, line: str
) -> None:
    job = run(root, repository, event, AGAINST=against)
    assert line in job.summary
    assert job.code == (0 if line.startswith("Nothing") else 1)


def test_no_name_is_run(root: Path, repository: Path) -> None:
    for name in "$(touch pwned)", "--explain=FIELD_SAME_NAME", "`touch pwned`", "x\n::error::y":
        job = run(root, repository, {}, AGAINST=name)
        assert (job.code, list(repository.glob("pwned"))) == (1, [])
        assert "### `gate`: failed." in job.summary
        assert not any(line.startswith("::error::") for line in job.output.splitlines())
    for path in (root / ".github").rglob("*.yml"):
        runs = re.findall(r"^ *(?:- )?run: .*(?:\n {8}.*)*", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert not any("${{" in text for text in runs), path
