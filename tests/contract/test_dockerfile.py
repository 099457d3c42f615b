"""The Dockerfile keeps the rules that matter; hadolint looks too, where it is installed."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
from fnmatch import fnmatch

import pytest

from scripts import order

Steps = list[tuple[str, str]]
TEXT = (order.REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
SECRET = re.compile(r"(?i)(token|password|secret|key)\w*\s*[= ]")
IGNORED = (order.REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()


def steps(text: str) -> Steps:
    """Instruction and words, with continued lines joined and comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    found = [line.strip().partition(" ") for line in joined.splitlines() if line.strip()]
    return [(name.upper(), " ".join(rest.split())) for name, _, rest in found]


def last_stage(found: Steps) -> Steps:
    """What the image that runs is made of."""
    return found[max(i for i, (name, _) in enumerate(found) if name == "FROM") :]


def mistakes(text: str) -> list[str]:
    """Each rule that the Dockerfile breaks, by one word."""
    found = steps(text)
    final = last_stage(found)
    stages = [words.partition(" AS ")[2] for name, words in found if name == "FROM"]
    broken = []
    for name, words in found:
        if name == "FROM" and words.split()[0] not in stages:
            image = words.split()[0]
            if not re.search(r"(:\d+\.\d+\.\d+[\w.-]*|@sha256:[0-9a-f]{64})$", image):
                broken.append("base")  # a version to the last figure, or a digest
        if name == "ADD":
            broken.append("add")
        if name in ("ENV", "ARG") and SECRET.search(words):
            broken.append("secret")  # it would stand in the image's history
        if name == "COPY" and re.search(r"(^|\s)\.{0,2}/?\s+\S+$", words):
            broken.append("copy-all")
        if name == "RUN" and re.search(r"curl|wget|sudo|chmod\s+(-R\s+)?777|--trusted-host", words):
            broken.append("run")
        calls = re.findall(r"pip (?:install|wheel)[^&|;]*", words)
        if any("--no-cache-dir" not in call for call in calls):
            broken.append("cache")
    users = [words for name, words in final if name == "USER"]
    if not users or not re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", users[-1]):
        broken.append("user")
    last = {name: i for i, (name, _) in enumerate(final)}
    if last.get("USER", 0) < max(last.get("COPY", 0), last.get("RUN", 0)):
        broken.append("user-early")  # what is written after it would belong to the server's user
    if not any(name == "HEALTHCHECK" and words != "NONE" for name, words in final):
        broken.append("health")
    for name in ("ENTRYPOINT", "CMD"):
        told = [words for n, words in final if n == name]
        if not told or not isinstance(_json(told[-1]), list):
            broken.append(name.lower())  # through a shell, SIGTERM would not reach the server
    if len(stages) < 2 or any("pip wheel" in words for _, words in final):
        broken.append("stages")
    return broken


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _words(name: str) -> list[str]:
    return json.loads([words for n, words in last_stage(steps(TEXT)) if n == name][-1])


def test_the_dockerfile_keeps_every_rule() -> None:
    """Pinned base, two stages, a user by number, a health check, no shell, no secret."""
    assert mistakes(TEXT) == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("python:3.11.14-slim-bookworm", "python:latest", "base"),
        ("python:3.11.14-slim-bookworm", "python:3.11-slim", "base"),
        ("USER 10001:10001", "", "user"),
        ("USER 10001:10001", "USER root", "user"),
        ("USER 10001:10001", "USER 0", "user"),
        ("EXPOSE 8000", "USER root\nEXPOSE 8000", "user"),
        ("EXPOSE 8000", "RUN touch /opt/x", "user-early"),
        ("COPY objektiv objektiv", "ADD https://x.org/objektiv.tar.gz /", "add"),
        ("COPY objektiv objektiv", "COPY . .", "copy-all"),
        ("COPY objektiv objektiv", "COPY ./ /source/", "copy-all"),
        ("EXPOSE 8000", "ENV OBJEKTIV_TOKEN=abc", "secret"),
        ("EXPOSE 8000", "ARG DATABASE_PASSWORD=abc", "secret"),
        ("RUN pip wheel", "RUN wget x && pip wheel", "run"),
        ("bin/pip install --no-cache-dir", "bin/pip install", "cache"),
        ("HEALTHCHECK", "# HEALTHCHECK", "health"),
        ('ENTRYPOINT ["objektiv"]', "ENTRYPOINT objektiv", "entrypoint"),
        ('CMD ["serve"', 'CMD serve #["serve"', "cmd"),
    ],
)
def test_every_rule_can_be_broken(old: str, new: str, rule: str) -> None:
    """The lint finds each mistake that is planted into the real file."""
    assert old in TEXT
    planted = TEXT.replace(old, new)
    if rule == "health":
        planted = planted.replace("  CMD [", "#  CMD [")

    assert rule in mistakes(planted)


def test_what_it_calls_exists() -> None:
    """The program, its command and its options are those of the command line."""
    from typer.main import get_command

    from objektiv.cli.main import app

    name, *words = [*_words("ENTRYPOINT"), *_words("CMD")]
    project = (order.REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    commands = get_command(app).commands  # type: ignore[attr-defined]
    options = {o for p in commands[words[0]].params for o in p.opts}

    assert f'{name} = "objektiv.cli.main:main"' in project
    assert [word for word in words if word.startswith("--") and word not in options] == []


def test_the_health_check_is_python_that_asks_the_server() -> None:
    """It parses, asks /healthz at the port that is served, and goes through no proxy."""
    (check,) = [words for name, words in steps(TEXT) if name == "HEALTHCHECK"]
    command = json.loads(check.partition("CMD ")[2])
    port = _words("CMD")[_words("CMD").index("--port") + 1]

    assert command[:2] == ["python", "-c"]
    ast.parse(command[2])
    assert f"http://127.0.0.1:{port}/healthz" in command[2]
    assert "ProxyHandler({})" in command[2] and "timeout=" in command[2]
    assert ("EXPOSE", port) in steps(TEXT)


def test_the_health_check_tells_a_server_from_none() -> None:
    """The command of the check ends with 0 where /healthz answers 200, else not with 0."""
    import sys
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    (check,) = [words for name, words in steps(TEXT) if name == "HEALTHCHECK"]
    program = json.loads(check.partition("CMD ")[2])[2]
    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = program.replace(":8000/", f":{server.server_port}/")
    codes = [
        subprocess.run([sys.executable, "-c", text], capture_output=True, check=False).returncode
        for text in (here, here.replace("/healthz", "/elsewhere"))
    ]
    server.shutdown()
    server.server_close()
    gone = subprocess.run([sys.executable, "-c", here], capture_output=True, check=False)

    assert codes[0] == 0
    assert codes[1] != 0 and gone.returncode != 0


def test_what_is_copied_is_there_and_nothing_else_is_sent() -> None:
    """.dockerignore leaves out everything but what the Dockerfile copies."""
    copied = {
        source
        for name, words in steps(TEXT)
        if name == "COPY" and "--from" not in words
        for source in words.split()[:-1]
    }
    sent = {line.removeprefix("!") for line in IGNORED if line.startswith("!")}
    rules = [line for line in IGNORED if line and not line.startswith("#")]

    assert rules[0] == "*"
    assert copied == sent
    assert [name for name in copied if not (order.REPOSITORY / name).exists()] == []
    assert any(fnmatch("objektiv/base/__pycache__", r.replace("**/", "*/")) for r in rules[1:])


def test_the_python_of_the_image_is_allowed() -> None:
    """The base has a Python that the package takes, with the fixed tar filter (3.11.13)."""
    versions = re.findall(r"FROM python:(\d+)\.(\d+)\.(\d+)-slim", TEXT)

    assert len(versions) == 2 and len(set(versions)) == 1
    assert tuple(map(int, versions[0])) >= (3, 11, 13)


def test_hadolint_has_nothing_to_say() -> None:
    """A linter of the trade finds no mistake."""
    program = shutil.which("hadolint")
    if program is None:
        pytest.skip("hadolint is not installed")
    done = subprocess.run(
        [program, str(order.REPOSITORY / "Dockerfile")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "")
