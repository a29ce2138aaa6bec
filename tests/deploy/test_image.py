"""The image: built by a real engine, run as compose.yaml runs it, asked, killed, started again."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

STAND_IN = "localhost/guardrail-base:bookworm"
"""What `stand_in.sh` makes; kept, because that takes half a minute."""

PATIENCE = 90.0
"""Seconds until a container must answer."""

CRISIS = "我不想活了，今晚就结束这一切，药已经准备好了"


@dataclass(frozen=True, slots=True)
class Engine:
    """`docker` or `podman`; both understand the same words here."""

    program: str
    flags: tuple[str, ...] = ()

    def __call__(self, *arguments: str, check: bool = True, wait: float = 60) -> str:
        """Run one command; gives what it says on standard output."""
        command = [self.program, *self.flags, *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=wait, check=False)
        assert ran.returncode == 0 or not check, (ran.stdout + ran.stderr)[-4000:]
        return ran.stdout.strip()

    def builds(self, base: str) -> list[str]:
        """The words of a build. Podman's own format knows no health check; its layers would pile up."""
        form = ["--format", "docker", "--layers=false"] if self.program == "podman" else []
        return ["build", *form, "--network", "host", "--build-arg", f"PYTHON={base}"]


def _engine() -> Engine:
    """Docker, if its daemon answers; else podman, which has none."""
    if shutil.which("docker"):
        asked = subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False)
        if asked.returncode == 0:
            return Engine("docker")
    if not shutil.which("podman") or os.getuid() != 0:
        pytest.skip("no Docker daemon, no podman for root (Debian: apt-get install podman runc)")
    # Of the two runtimes crun refuses some layouts of control groups.
    return Engine("podman", ("--runtime", "runc") if shutil.which("runc") else ())


def _base(engine: Engine) -> str:
    """The base that is asked for, or a stand-in."""
    if given := os.environ.get("GUARDRAIL_IMAGE_BASE"):
        return given
    if not engine("images", "--quiet", STAND_IN):
        if not shutil.which("debootstrap") or os.getuid() != 0:
            pytest.skip(
                "set GUARDRAIL_IMAGE_BASE=python:3.11-slim-bookworm, or install debootstrap"
            )
        script = Path(__file__).with_name("stand_in.sh")
        subprocess.run([script, engine.program, STAND_IN], check=True, timeout=400)
    return STAND_IN


@dataclass(slots=True)
class Box:
    """A container of the image, confined as compose.yaml says, on ports of its own."""

    engine: Engine
    image: str
    service: dict[str, Any]
    name: str = field(default_factory=lambda: f"guardrail-check-{uuid.uuid4().hex[:8]}")
    chat: int = 0
    admin: int = 0

    def start(self) -> None:
        """Make it and start it."""
        self.chat, self.admin = _free(), _free()
        volumes = [f"{self.name}-{v.partition(':')[0]}:{v.split(':')[1]}" for v in self._volumes]
        words = [
            *("--name", self.name, "--network", "host"),
            *("--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"),
            *(("--read-only",) if self.service["read_only"] else ()),
            *[w for place in self.service["tmpfs"] for w in ("--tmpfs", place)],
            *[w for cap in self.service["cap_drop"] for w in ("--cap-drop", cap)],
            *("--security-opt", self.service["security_opt"][0].partition(":")[0]),
            *("--pids-limit", str(self.service["pids_limit"])),
            *("--memory", self.service["mem_limit"]),
            *[w for volume in volumes for w in ("--volume", volume)],
            *("--env", "GUARDRAIL__LISTEN__HOST=127.0.0.1"),
            *("--env", f"GUARDRAIL__LISTEN__PORT={self.chat}"),
            *("--env", f"GUARDRAIL__ADMIN__PORT={self.admin}"),
        ]
        self.engine("run", "--detach", *words, self.image)

    def end(self) -> None:
        """Leave nothing behind."""
        self.engine("kill", self.name, check=False)  # removing it would wait for a clean stop
        self.engine("rm", "--force", self.name, check=False)
        for volume in self._volumes:
            self.engine("volume", "rm", f"{self.name}-{volume.partition(':')[0]}", check=False)

    @property
    def _volumes(self) -> list[str]:
        return list(self.service["volumes"])

    def sh(self, script: str) -> str:
        """Run a script inside."""
        return self.engine("exec", self.name, "sh", "-c", script, check=False)

    def ready(self, check: list[str]) -> None:
        """Wait for the image's own health check to be content."""
        until = time.monotonic() + PATIENCE
        command = [self.engine.program, *self.engine.flags, "exec", self.name, *check]
        while subprocess.run(command, capture_output=True, timeout=30, check=False).returncode:
            assert time.monotonic() < until, self.engine("logs", self.name)
            time.sleep(0.5)

    def says(self, text: str) -> tuple[str, str]:
        """The action that guardrail took on a message, and the reply."""
        body = {"model": "honest", "messages": [{"role": "user", "content": text}]}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.chat}/v1/chat/completions",
            json.dumps(body).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  its own address
            reply = json.load(answer)["choices"][0]["message"]["content"]
            return answer.headers["x-guardrail-action"], reply

    def reaches(self, series: str, figure: float) -> None:
        """Wait for a sample: counts are written a moment after the answer."""
        until = time.monotonic() + PATIENCE
        while (found := self.figure(series)) != figure:
            assert time.monotonic() < until, found
            time.sleep(0.2)

    def figure(self, series: str) -> float:
        """One sample of /metrics; 0 if it is not there."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/metrics", timeout=20) as page:
            lines = page.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(series))


def _free() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def engine() -> Engine:
    """Whichever engine is here."""
    return _engine()


@pytest.fixture(scope="module")
def image(engine: Engine, deploy: Path) -> Iterator[str]:
    """The image, built as the docs say. Its last RUN is `guardrail doctor`: a bad one is not built."""
    name = f"localhost/guardrail-check:{uuid.uuid4().hex[:8]}"
    words = engine.builds(_base(engine))
    engine(*words, "-f", str(deploy / "Dockerfile"), "-t", name, str(deploy.parent), wait=600)
    yield name
    engine("rmi", "--force", name, check=False)


@pytest.fixture(scope="module")
def check(engine: Engine, image: str) -> list[str]:
    """The command of the image's health check."""
    config = json.loads(engine("image", "inspect", image))[0]
    found = config.get("Healthcheck") or config["Config"]["Healthcheck"]  # podman, Docker
    assert found["Test"][0] == "CMD"
    return list(found["Test"][1:])


@pytest.fixture
def box(engine: Engine, image: str, check: list[str], deploy: Path) -> Iterator[Box]:
    """A container that is ready."""
    compose = YAML(typ="safe").load((deploy / "compose.yaml").read_text("utf-8"))
    found = Box(engine, image, compose["services"]["guardrail"])
    try:
        found.start()
        found.ready(check)
        yield found
    finally:
        found.end()


def test_the_image_guards_survives_and_stops(box: Box, check: list[str]) -> None:
    """A harmless line passes, a crisis is met in its language, a case outlives kill -9, a stop is clean."""
    assert box.says("What is a nice name for a cat?")[0] == "allow"
    action, reply = box.says(CRISIS)
    assert action == "support"
    assert "12356" in reply
    box.reaches("guardrail_requests_total", 2)

    box.engine("kill", "--signal", "KILL", box.name)
    box.engine("start", box.name)
    box.ready(check)
    assert box.figure("guardrail_requests_total") == 0
    case = 'guardrail_cases_open{severity="imminent"}'
    box.reaches(case, 1)
    assert "ok: nothing was changed" in box.sh("guardrail audit verify")

    began = time.monotonic()
    box.engine("stop", "--time", "30", box.name)
    assert time.monotonic() - began < 30
    state = json.loads(box.engine("inspect", box.name))[0]["State"]
    assert state["ExitCode"] == 0, box.engine("logs", box.name)
    with pytest.raises(urllib.error.URLError):
        box.figure(case)


def test_the_container_can_do_little(box: Box) -> None:
    """Uid 10001, no capability, nothing to gain; only three places to write to; tells nobody."""
    lines = box.sh("cat /proc/1/status").splitlines()
    status = {key: value.split() for key, _, value in (line.partition(":") for line in lines)}
    assert set(status["Uid"]) == set(status["Gid"]) == {"10001"}
    assert {status[cap][0].strip("0") for cap in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {""}
    assert status["NoNewPrivs"] == ["1"]
    assert status["Seccomp"] == ["2"]
    places = (
        "/ /etc/guardrail /opt/guardrail /tmp /var/lib/guardrail /var/lib/guardrail-checkpoints"
    )
    script = f"for p in {places}; do touch $p/probe 2>/dev/null && echo $p; done"
    assert box.sh(script).split() == places.split()[3:]
    assert "ORT_DISABLE_TELEMETRY=1" in box.sh("tr '\\0' '\\n' </proc/1/environ").splitlines()
    keys = box.sh("stat -c '%a %U' /var/lib/guardrail/*.key").splitlines()
    assert set(keys) == {"600 guardrail"}
