"""Deploy files: what can be said of them without an engine (test_image.py) or a systemd."""

from __future__ import annotations

import configparser
import json
import re
import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from guardrail.config import Settings, load_settings
from guardrail.errors import ConfigError

SECRETS = {"GUARDRAIL_ADMIN_TOKEN": "made-up", "UPSTREAM_KEY": "made-up"}


@pytest.fixture(scope="module")
def dockerfile(deploy: Path) -> list[list[str]]:
    """The instructions of the Dockerfile, continued lines joined: word and rest."""
    text = (deploy / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    return [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def services(deploy: Path) -> dict[str, Any]:
    """The services of the compose file."""
    found: dict[str, Any] = YAML(typ="safe").load((deploy / "compose.yaml").read_text("utf-8"))[
        "services"
    ]
    return found


@pytest.fixture(scope="module")
def unit(deploy: Path) -> configparser.ConfigParser:
    """The systemd unit; a key that stands twice keeps its last value."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read(deploy / "systemd/guardrail.service", "utf-8")
    return parser


# -- all of them ---------------------------------------------------------------------------------


def test_yaml_files_are_well_formed(deploy: Path) -> None:
    """Every one, and no key stands twice in any."""
    files = sorted(deploy.rglob("*.yaml")) + sorted(deploy.rglob("*.yml"))
    assert len(files) >= 8
    for file in files:
        assert YAML(typ="safe").load(file.read_text("utf-8")), file


def test_links_of_the_docs_lead_somewhere(deploy: Path) -> None:
    """Files that the two pages name exist, and sections that they jump to."""
    docs = deploy.parent / "docs"
    for page in ("deploy.md", "runbook.md"):
        text = (docs / page).read_text("utf-8")
        sections = {
            s.lower().replace(" ", "-") for s in re.findall(r"^##+ (.+)$", text, re.MULTILINE)
        }
        for target in re.findall(r"\]\(([^)]+)\)", text):
            if target.startswith("#"):
                assert target[1:] in sections, target
            elif target != "benchmarks.md":  # written by the benchmark itself
                assert (docs / target.partition("#")[0]).exists(), target


# -- settings ------------------------------------------------------------------------------------


def test_example_settings_load(deploy: Path) -> None:
    """As they stand, once the two secrets are there."""
    settings = load_settings(deploy / "guardrail.example.yaml", SECRETS)
    assert settings.admin.token == "made-up"
    assert settings.upstream.headers == {"authorization": "Bearer made-up"}
    assert settings.data == Path("/var/lib/guardrail")


def test_example_settings_ask_for_their_secrets(deploy: Path) -> None:
    """Without them there is no start with an empty token."""
    with pytest.raises(ConfigError) as caught:
        load_settings(deploy / "guardrail.example.yaml", {})
    found = " ".join(mistake.message for mistake in caught.value.mistakes)
    assert all(name in found for name in SECRETS)


def test_example_settings_name_every_table(deploy: Path) -> None:
    """Whoever reads the example has seen what there is."""
    written = YAML(typ="safe").load((deploy / "guardrail.example.yaml").read_text("utf-8"))
    assert written.keys() == Settings.model_fields.keys()


def test_example_settings_are_the_defaults_where_they_do_not_say_otherwise(deploy: Path) -> None:
    """A changed default is a changed example."""
    example = load_settings(deploy / "guardrail.example.yaml", SECRETS).model_dump()
    default = Settings().model_dump()
    for place in (("admin", "token"), ("upstream", "url"), ("upstream", "headers")):
        example[place[0]][place[1]] = default[place[0]][place[1]]
    example["data"] = default["data"]
    assert example == default


# -- Dockerfile ----------------------------------------------------------------------------------


def test_the_image_does_not_run_as_root(dockerfile: list[list[str]]) -> None:
    """By number, so that an orchestrator can see it, too; nothing becomes root after it."""
    users = [rest for word, rest in dockerfile if word == "USER"]
    assert users == ["10001:10001"]
    after = dockerfile[dockerfile.index(["USER", "10001:10001"]) :]
    assert {word for word, _ in after}.isdisjoint({"COPY", "ADD", "FROM"})


def test_images_are_pinned(dockerfile: list[list[str]], services: dict[str, Any]) -> None:
    """No `latest`, said or unsaid."""
    argument = next(rest for word, rest in dockerfile if word == "ARG")
    images = [argument.partition("=")[2], *(s["image"] for s in services.values())]
    assert len(images) == 4
    for image in images:
        name, _, tag = image.partition(":")
        assert name
        assert re.match(r"v?\d+\.\d+", tag), image
    assert {rest.split()[0] for word, rest in dockerfile if word == "FROM"} == {"${PYTHON}"}


def test_packages_come_from_the_hash_locks_only(dockerfile: list[list[str]]) -> None:
    """Whatever is installed has a hash, or was built here from this tree."""
    text = " ".join(rest for word, rest in dockerfile if word == "RUN")
    installs = re.findall(r"pip install ([^&]+)", text)
    assert len(installs) == 3
    for install in installs:
        locked = "--require-hashes" in install and "requirements/" in install
        assert locked or ("--no-deps --no-index" in install and "/dist/" in install)
    assert "pip wheel --no-deps --no-build-isolation" in text
    assert not re.search(r"curl|wget|apt-get", text)


def test_commands_are_in_exec_form(dockerfile: list[list[str]]) -> None:
    """A shell in between would not pass SIGTERM on."""
    forms = {word: rest for word, rest in dockerfile if word in {"ENTRYPOINT", "CMD"}}
    assert {word: json.loads(rest) for word, rest in forms.items()} == {
        "ENTRYPOINT": ["guardrail"],
        "CMD": ["serve"],
    }


def test_the_build_context_holds_what_is_copied_and_little_else(
    deploy: Path, dockerfile: list[list[str]]
) -> None:
    """Everything is left out, then let in by name; keys, data and history cannot slip in."""
    lines = (deploy.parent / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    allowed = [rule[1:] for rule in rules if rule.startswith("!")]
    copied = {
        source
        for word, rest in dockerfile
        if word == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    }
    for source in copied:
        assert any(a == source or a.startswith(source + "/") for a in allowed), source
        assert (deploy.parent / source).exists(), source
    for rule in allowed:
        assert any(rule == c or rule.startswith(c + "/") for c in copied), rule


def test_the_build_context_holds_all_that_a_wheel_takes_of_each_model(deploy: Path) -> None:
    """By whole names: Docker 20.10 never looks into a folder for a name with a `*`."""
    root = deploy.parent
    rules = (root / ".dockerignore").read_text("utf-8").splitlines()
    hook = runpy.run_path(str(root / "hatch_build.py"))
    models = [manifest.parent for manifest in (root / "models").glob("*/manifest.json")]
    wanted = {f"!{(m / n).relative_to(root)}" for m in models for n in hook["MODEL_FILES"]}
    assert wanted == {rule for rule in rules if rule.startswith("!models")}


def test_nothing_is_told_to_the_maker_of_the_runtime(
    dockerfile: list[list[str]], unit: configparser.ConfigParser, deploy: Path
) -> None:
    """Onnxruntime speaks to its maker unless the environment forbids it."""
    word = "ORT_DISABLE_TELEMETRY=1"
    assert any(kind == "ENV" and word in rest.split() for kind, rest in dockerfile)
    assert unit["Service"]["Environment"] == word  # the last of the lines, the parser's way
    assert word in (deploy / "systemd/as-guardrail").read_text("utf-8")


class _Probed(BaseHTTPRequestHandler):
    """Answers `/readyz` with the status that the test wants."""

    status = 200

    def do_GET(self) -> None:
        """Serve one probe."""
        self.send_response(self.status if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def probed() -> Iterator[HTTPServer]:
    """A server that can be ready or not."""
    with HTTPServer(("127.0.0.1", 0), type("Handler", (_Probed,), {})) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_tells_ready_from_not_ready(
    dockerfile: list[list[str]], probed: HTTPServer, status: int, healthy: bool
) -> None:
    """The very command of the image, against a server that is ready or not."""
    check = next(rest for word, rest in dockerfile if word == "HEALTHCHECK")
    program, *arguments = json.loads(check[check.index("[") :])
    assert program == "python"
    probed.RequestHandlerClass.status = status  # type: ignore[attr-defined]
    port = str(probed.server_address[1])
    environment = {"GUARDRAIL__ADMIN__PORT": port, "http_proxy": "http://192.0.2.1:9"}
    ran = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, timeout=20, check=False
    )
    assert (ran.returncode == 0) == healthy, ran.stderr


# -- compose -------------------------------------------------------------------------------------


def test_compose_has_no_default_secrets(services: dict[str, Any]) -> None:
    """What is secret must be given; nothing starts with a value that everybody knows."""
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if re.search("TOKEN|PASSWORD|SECRET|KEY", name):
                assert re.fullmatch(r"\$\{[A-Z_]+:\?.+\}", value), name
    assert "GF_SECURITY_ADMIN_PASSWORD" in services["grafana"]["environment"]
    assert "GUARDRAIL__ADMIN__TOKEN" in services["guardrail"]["environment"]


def test_compose_asks_for_no_more_than_the_example_env_file_names(deploy: Path) -> None:
    """And the example holds no values."""
    text = (deploy / "compose.yaml").read_text("utf-8")
    wanted = set(re.findall(r"\$\{([A-Z_]+)", text))
    lines = (deploy / "env.example").read_text("utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert given == dict.fromkeys(wanted, "")


def test_compose_settings_are_settings(services: dict[str, Any]) -> None:
    """Every GUARDRAIL__ variable means something, and together they start."""
    written = {**services["guardrail"]["environment"], "GUARDRAIL__ADMIN__TOKEN": "made-up"}
    written["GUARDRAIL__UPSTREAM__URL"] = "https://api.example.com"
    given = {k: re.sub(r"\$\{[A-Z_]+:-(.*)\}", r"\1", v) for k, v in written.items()}
    settings = load_settings(None, given)
    assert settings.admin.host == given["GUARDRAIL__ADMIN__HOST"] != "127.0.0.1"
    assert settings.guardians.enabled is False
    links = [settings.accounts.public_url, settings.guardians.public_url]
    published = [port.rpartition(":")[0] for port in services["guardrail"]["ports"]]
    assert links == [f"http://{place}" for place in published[1:]]  # a browser gets there
    with pytest.raises(ConfigError):
        load_settings(None, {k: v for k, v in given.items() if "TOKEN" not in k})


def test_compose_publishes_on_loopback_only(services: dict[str, Any]) -> None:
    """Docker writes its own firewall rules: a port without an address is open to the world."""
    ports = [port for service in services.values() for port in service["ports"]]
    assert len({port.split(":")[1] for port in ports}) == len(ports) == 5
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_compose_services_are_confined_and_watched(
    deploy: Path, services: dict[str, Any], dockerfile: list[list[str]]
) -> None:
    """No capabilities, bounded memory, a health check, volumes with names, files that exist."""
    compose = YAML(typ="safe").load((deploy / "compose.yaml").read_text("utf-8"))
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "mem_limit" in service, name
        assert "privileged" not in service, name
        assert "healthcheck" in service or name == "guardrail", name
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            if source.startswith("."):
                assert (deploy / source).exists(), source
                assert volume.endswith(":ro"), volume
            else:
                assert source in compose["volumes"], source
    assert services["guardrail"]["read_only"] is True
    assert any(word == "HEALTHCHECK" for word, _ in dockerfile)
    observers = {n for n, s in services.items() if s.get("profiles") == ["observability"]}
    assert observers == {"prometheus", "grafana"}


def test_prometheus_and_grafana_look_where_compose_puts_things(
    deploy: Path, services: dict[str, Any]
) -> None:
    """Names and ports of one file are those of the other."""
    config = YAML(typ="safe").load((deploy / "prometheus/prometheus.yml").read_text("utf-8"))
    jobs = {
        job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]
    }
    assert jobs["guardrail"] == ["guardrail:9090"]
    assert "guardrail" in services
    grafana = deploy / "grafana/provisioning"
    sources = YAML(typ="safe").load((grafana / "datasources/prometheus.yaml").read_text("utf-8"))
    assert sources["datasources"][0]["url"] == "http://prometheus:9090"
    boards = YAML(typ="safe").load((grafana / "dashboards/guardrail.yaml").read_text("utf-8"))
    path = boards["providers"][0]["options"]["path"]
    assert any(f":{path}:" in volume for volume in services["grafana"]["volumes"])


# -- systemd -------------------------------------------------------------------------------------


def test_the_unit_is_confined(unit: configparser.ConfigParser) -> None:
    """It may write to two folders and become nobody else."""
    wanted = {
        "DynamicUser": "yes",
        "StateDirectory": "guardrail guardrail-checkpoints",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "PrivateDevices": "yes",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
        "UMask": "0077",
    }
    service = unit["Service"]
    assert {key: service.get(key) for key in wanted} == wanted
    assert "MemoryMax" in service
    assert "User" not in service


def test_commands_run_as_the_service_does(unit: configparser.ConfigParser, deploy: Path) -> None:
    """With its user, folders and secrets; and what the folders are open to stays as it was."""
    script = (deploy / "systemd/as-guardrail").read_text("utf-8")
    given = dict(re.findall(r"--property=(\w+)='?([^'\n]+?)'? \\", script))
    assert given.pop("User") == Path(unit["Service"]["ExecStart"].split()[0]).name
    assert given == {key: unit["Service"].get(key) for key in given}
    assert {"StateDirectory", "StateDirectoryMode", "UMask", "EnvironmentFile"} <= given.keys()
    key = re.search(r"^#LoadCredential=(.+)$", unit_text(deploy), re.MULTILINE)
    assert key is not None
    assert key[1].partition(":")[2] in script
    assert (
        subprocess.run(["sh", "-n", deploy / "systemd/as-guardrail"], check=False).returncode == 0
    )


def unit_text(deploy: Path) -> str:
    """The unit with its comments."""
    return (deploy / "systemd/guardrail.service").read_text("utf-8")


def test_the_unit_comes_back_and_reloads(unit: configparser.ConfigParser, deploy: Path) -> None:
    """It restarts after a failure, loads policies on reload, and gives streams their grace."""
    service = unit["Service"]
    assert service["Restart"] == "on-failure"
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert int(service["TimeoutStopSec"]) > 20
    program, *arguments = service["ExecStart"].split()
    assert Path(program).is_absolute()
    assert arguments == ["serve", "--config", "/etc/guardrail/guardrail.yaml"]
    state = load_settings(deploy / "guardrail.example.yaml", SECRETS).data
    assert state == Path("/var/lib") / service["StateDirectory"].split()[0]
