"""Runs every check of a pull request, whatever the one before it said, and shows the verdicts where reviewers look."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx

PROGRAM = str(Path(sys.executable).with_name("pragma-contracts"))
# GitHub's own limits, in characters and in bytes.
COMMENT_LIMIT = 65_536
SUMMARY_LIMIT = 1 << 20
OUTPUT_LIMIT = 20_000
WOULD_CHANGE = 3
NOT_ALLOWED = (httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND)


class Result(NamedTuple):
    """Whether a check passed, and what it says in markdown."""

    passed: bool
    markdown: str


def main() -> int:
    """Gives 0 when every check passed, and 1 otherwise: one that could not run has not passed."""
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    results = list(_checks(event))
    report = "\n\n".join(result.markdown for result in results)
    with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as summary:
        summary.write(_cut(report, SUMMARY_LIMIT // 4) + "\n")
    passed = all(result.passed for result in results)
    if os.environ["COMMENT"] == "true" and "pull_request" in event:
        _comment(event["pull_request"]["number"], report, passed)
    return 0 if passed else 1


def _checks(event: dict[str, Any]) -> Iterator[Result]:
    schemas = ["--schemas", os.environ["SCHEMAS"]]
    waivers = [f"--waivers={os.environ['WAIVERS']}"] if os.environ["WAIVERS"] else []
    yield _judged("lint", schemas)
    against = os.environ["AGAINST"] or _base(event)
    if against:
        more = ["--changelog", os.environ["CHANGELOG"]]
        more += [f"--registry={os.environ['REGISTRY']}"] if os.environ["REGISTRY"] else []
        yield _judged("gate", [f"--against={against}", *schemas, *waivers, *more])
    else:
        yield _failed("gate", "this event has no base to compare with; name one with the input against")
    if os.environ["CHECK"]:
        yield _ran(os.environ["CHECK"], ["bash", "-c", os.environ["CHECK"]], (0,))
    if os.environ["REGISTRY"]:
        register = [PROGRAM, "register", "--dry-run", f"--registry={os.environ['REGISTRY']}", *schemas, *waivers]
        yield _ran("register --dry-run", register, (0, WOULD_CHANGE))


def _base(event: dict[str, Any]) -> str:
    """The commit before the change, by the kind of event; a new branch is compared with the default one."""
    if "pull_request" in event:
        return str(event["pull_request"]["base"]["sha"])
    if "merge_group" in event:
        return str(event["merge_group"]["base_sha"])
    before = str(event.get("before", ""))
    if before and not before.strip("0"):
        return f"origin/{event['repository']['default_branch']}"
    return before


def _judged(command: str, arguments: list[str]) -> Result:
    """Runs a command that prints annotations and writes markdown."""
    with tempfile.TemporaryDirectory() as scratch:
        markdown = Path(scratch) / "verdict.md"
        line = [PROGRAM, command, *arguments, "--output=github", f"--output=markdown={markdown}"]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        print(done.stdout, end="", flush=True)
        if not markdown.exists():
            return _failed(command, done.stderr)
        return Result(done.returncode == 0, markdown.read_text(encoding="utf-8").strip())


def _ran(title: str, command: list[str], good: tuple[int, ...]) -> Result:
    """Runs a command whose output is shown as it is."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    # What a program prints is not for GitHub to obey.
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}\n{done.stdout}\n::{token}::", flush=True)
    if done.returncode in good:
        return Result(True, f"### `{_code(title)}`: passed.\n\n{_block(done.stdout)}")
    return _failed(title, f"{done.stdout}exit code {done.returncode}")


def _failed(title: str, output: str) -> Result:
    _annotate("error", title, output.strip()[-OUTPUT_LIMIT:])
    return Result(False, f"### `{_code(title)}`: failed.\n\n{_block(output)}")


def _annotate(level: str, title: str, text: str) -> None:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    name = _code(title).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    print(f"::{level} title={name}::{escaped}", flush=True)


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").split())


def _block(output: str) -> str:
    """The end of an output as a code block that nothing in it can close."""
    lines = output.strip()[-OUTPUT_LIMIT:].splitlines() or ["(no output)"]
    return "\n".join(f"    {line}" for line in lines)


def _cut(text: str, limit: int) -> str:
    note = "\n\n(cut here; the job's log has all of it)"
    return text if len(text) <= limit else text[: limit - len(note)] + note


def _comment(number: int, report: str, passed: bool) -> None:
    """Keeps one comment of this job on the pull request; one that has nothing to complain about is not begun."""
    name = f"{os.environ['GITHUB_WORKFLOW']} / {os.environ['GITHUB_JOB']}".replace("-->", "")
    marker = f"<!-- pragma-contracts: {name} -->"
    body = {"body": _cut(f"{marker}\n{report}", COMMENT_LIMIT)}
    headers = {"Authorization": f"Bearer {os.environ['TOKEN']}", "Accept": "application/vnd.github+json"}
    issues = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    try:
        with httpx.Client(headers=headers, timeout=30) as client:
            mine = _found(client, f"{issues}/{number}/comments", marker)
            if mine is not None:
                client.patch(f"{issues}/comments/{mine}", json=body).raise_for_status()
            elif not passed:
                client.post(f"{issues}/{number}/comments", json=body).raise_for_status()
    except httpx.HTTPStatusError as error:
        if error.response.status_code in NOT_ALLOWED:
            _annotate("notice", "comment", "this token may not comment; the verdicts are in the job's summary")
        else:
            _annotate("warning", "comment", str(error))
    except httpx.TransportError as error:
        _annotate("warning", "comment", f"{type(error).__name__}: {error}")


def _found(client: httpx.Client, url: str, marker: str) -> int | None:
    """The id of the comment that begins with the marker."""
    page: str | None = f"{url}?per_page=100"
    while page is not None:
        answer = client.get(page).raise_for_status()
        for comment in answer.json():
            if str(comment["body"]).startswith(marker):
                return int(comment["id"])
        page = answer.links.get("next", {}).get("url")
    return None


if __name__ == "__main__":
    sys.exit(main())
