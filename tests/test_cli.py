"""The command line, as people type it: what it prints, where, and with which status."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

import guardrail as package
from guardrail.cli import app
from guardrail.store.sqlite import SqliteStore

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "docs" / "examples"
LEXICON = "classifier: {kind: lexicon}\n"
MODEL = ROOT / "models" / "companion-v1" / "model.onnx"


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of its own, where nobody's guardrail.yaml lies."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def guardrail(*words: str, stdin: str | bytes = "") -> Result:
    """Run the command line in this process."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, list(words), input=stdin)


def write(text: str, name: str = "guardrail.yaml") -> str:
    """Write a file on the desk."""
    Path(name).write_text(text, "utf-8")
    return name


# -- help --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("", ["serve", "demo", "check", "policy", "score", "doctor", "--version"]),
        ("serve", ["--config", "--upstream", "--port", "--admin-port", "--data", "--policy"]),
        ("demo", ["--port", "--admin-port", "--data"]),
        ("check", ["--config", "--json"]),
        ("policy", ["test"]),
        ("policy test", ["--json"]),
        ("score", ["--config", "JSON Lines"]),
        ("doctor", ["--config", "--json"]),
    ],
)
def test_help(command: str, says: list[str]) -> None:
    """Every command explains itself."""
    got = guardrail(*command.split(), "--help")
    assert got.exit_code == 0
    for word in says:
        assert word in got.stdout


def test_version() -> None:
    """One line, and what the package says of itself."""
    assert guardrail("--version").stdout == f"guardrail {package.__version__}\n"
    assert package.__version__[0].isdigit()


@pytest.mark.parametrize(
    "words", [["nonsense"], ["serve", "--port", "x"], ["score", "no-such-file"], ["score", "."]]
)
def test_a_wrong_command_line_is_status_2(words: list[str]) -> None:
    """Not 1, which means that something is wrong with what was given."""
    assert guardrail(*words).exit_code == 2


# -- check -------------------------------------------------------------------------------------

WRONG = """\
listen:
  port: lots
routs: []
policy: bad.yaml
"""


def test_check_clean() -> None:
    """With no file, with guardrail.yaml in the working directory, and with another one."""
    assert guardrail("check").exit_code == 0
    write(LEXICON)
    got = guardrail("check")
    assert (got.exit_code, got.stdout) == (0, "ok: settings and policy have no mistakes\n")
    assert guardrail("check", "--config", write("policy: adult-minimal\n", "b.yaml")).exit_code == 0
    assert json.loads(guardrail("check", "--json").stdout) == []


def test_check_names_every_mistake_at_once() -> None:
    """Those of the settings and those of the pack that they name, each with file and line."""
    write(WRONG)
    write("guardrail: 1\nnam: x\n", "bad.yaml")
    shutil.copy(EXAMPLES / "policies" / "resources.yaml", "resources.yaml")
    got = guardrail("check")
    assert got.exit_code == 1
    assert got.stdout == ""
    assert "guardrail.yaml:2: listen.port: " in got.stderr
    assert "guardrail.yaml:3: routs: " in got.stderr
    assert "bad.yaml:2: a policy has no 'nam'\n    hint: did you mean 'name'?\n" in got.stderr
    assert "bad.yaml:1: a policy needs 'rules'" in got.stderr
    found = json.loads(guardrail("check", "--json").stdout)
    assert {(m["file"], m["line"]) for m in found} == {
        ("guardrail.yaml", 2),
        ("guardrail.yaml", 3),
        ("bad.yaml", 1),
        ("bad.yaml", 2),
    }
    assert all(set(m) == {"file", "line", "message", "hint"} for m in found)


def test_check_looks_into_home_made_wires() -> None:
    """A start would refuse them, so a check does, with the line of the wire."""
    write(
        "routes: [{path: /chat, wire: mine}]\n"
        "wires:\n"
        "  good: {user_text: /m, reply_text: [/r], reply_template: {r: '{text}'}}\n"
        "  mine: {reply_text: [r], reply_template: {r: x}}\n"
    )
    got = guardrail("check")
    assert got.exit_code == 1
    lines = got.stderr.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("guardrail.yaml:4: wires.mine: ") for line in lines)


def test_check_reads_the_keys_of_the_tokens() -> None:
    """A start would stop at them; the pack is looked at all the same."""
    write(
        "identity: {jwt: {jwks_file: keys.json, issuer: i, audience: a}}\npolicy: adult-minimal\n"
    )
    write('{"keys": 1}', "keys.json")
    got = guardrail("check")
    assert got.exit_code == 1
    assert len(got.stderr.splitlines()) == 1
    assert "keys.json:1: is not a key set" in got.stderr


def test_check_reads_every_pack_that_is_named(pack: Path) -> None:
    """Those for regions and those on trial, too: one that is wrong would stop every reload."""
    for name in ("region", "trial"):
        shutil.copy(pack, pack.with_name(f"{name}.yaml"))
        edit(pack.with_name(f"{name}.yaml"), "name: minimal", f"name: {name}")
        edit(pack.with_name(f"{name}.yaml"), "mode: enforce", f"mode: {name}")
    write(
        "policies: {US-CA: packs/region.yaml}\n"
        "shadows: {packs/trial.yaml: 2999-01-01}\n"
        "identity: {trusted_peers: [127.0.0.1/32]}\n"
    )
    got = guardrail("check")
    assert got.exit_code == 1
    assert "packs/region.yaml:5: 'region' is not a mode" in got.stderr
    assert "packs/trial.yaml:5: 'trial' is not a mode" in got.stderr
    write("policies: {US-CA: nowhere.yaml}\nshadows: {packs/gone.yaml: 2999-01-01}\n")
    got = guardrail("check")
    assert "guardrail.yaml:1: policies: there is no file nowhere.yaml" in got.stderr
    assert "guardrail.yaml:2: shadows: there is no file packs/gone.yaml" in got.stderr


def test_check_knows_a_region_from_a_name() -> None:
    """A pack for `California` would never count, and a start would not notice."""
    write("policies: {California: us-ca, US-NY: us-ny}\nroutes: [{path: /a, region: ny}]\n")
    got = guardrail("check")
    assert got.exit_code == 1
    assert "guardrail.yaml:1: policies: 'California' is no region" in got.stderr
    assert "guardrail.yaml:2: routes.0.region: " in got.stderr
    assert got.stderr.count("hint: an ISO 3166 code such as US or US-CA") == 2
    assert "US-NY" not in got.stderr


def test_check_says_what_never_comes_to_anything() -> None:
    """A trial that is over, packs for regions that nobody can be of, cases that nobody hears of."""
    write(
        "shadows: {us-wa: 2020-01-31}\n"
        "policies: {US-CA: us-ca}\n"
        "notify: {webhooks: [{url: 'https://a.example', secrets: [whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=],"
        " audiences: [guardian]}]}\n"
        "listen: {port: no}\n"  # a mistake elsewhere hides none of them
    )
    got = guardrail("check")
    assert got.exit_code == 1
    assert "guardrail.yaml:4: listen.port: " in got.stderr
    assert "guardrail.yaml:1: shadows: the trial of us-wa ended on 2020-01-31" in got.stderr
    assert "guardrail.yaml:2: policies: nothing says where people are" in got.stderr
    assert "guardrail.yaml:3: notify: cases are opened, and nobody of your staff" in got.stderr
    write("policies: {US-CA: us-ca}\nroutes: [{path: /v1/chat/completions, region: US-CA}]\n")
    assert guardrail("check").exit_code == 0
    write(
        "policies: {US-CA: us-ca}\nroutes: [{path: v1, region: US-CA}]\nshadows: {us-wa: 2020-01-31}\n"
    )
    got = guardrail("check")
    assert len(got.stderr.splitlines()) == 3, (
        "who knows where people are, while the routes are wrong"
    )
    assert "guardrail.yaml:3: shadows: " in got.stderr


def test_check_warns_of_cases_that_nobody_hears_of(pack: Path) -> None:
    """It does not fail: somebody may look at the console. The demo has nobody to tell."""
    assert "warning" not in guardrail("check").stderr
    write("upstream: {url: 'http://x.example'}\n")
    got = guardrail("check", "--json")
    assert (got.exit_code, json.loads(got.stdout)) == (0, [])
    assert "warning: guardrail.yaml: notify: cases are opened, and nobody" in got.stderr
    write("notify: {mail: {host: h, sender: s, moderators: [a@b.example]}}\n")
    assert "warning" not in guardrail("check").stderr
    write(f"policy: {pack}\n")
    assert "warning" in guardrail("check").stderr
    text = re.sub(r"\bescalate\b", "annotate", pack.read_text("utf-8"))
    pack.write_text(text, "utf-8")
    assert "warning" not in guardrail("check").stderr


def test_check_without_a_policy_of_that_name() -> None:
    """And what there is instead."""
    got = guardrail("check", "-c", write("policy: defalt\n"))
    assert got.exit_code == 1
    assert "did you mean 'default'?" in got.stderr


def test_long_mistakes_are_not_wrapped() -> None:
    """`file:line: message` stays one line, for editors and grep."""
    name = "a-settings-file-with-quite-a-long-name-so-that-eighty-columns-do-not-suffice.yaml"
    got = CliRunner(env={"COLUMNS": "40"}).invoke(app, ["check", "-c", write("routs: 1\n", name)])
    assert got.stderr.splitlines()[0].startswith(f"{name}:1: routs: ")


@pytest.mark.parametrize("command", ["check", "doctor", "score", "serve"])
def test_a_missing_file_is_a_clear_mistake(command: str) -> None:
    """Everywhere the same."""
    got = guardrail(command, "--config", "none.yaml")
    assert got.exit_code == 1
    assert got.stderr == "none.yaml: cannot be read: No such file or directory\n"


# -- policy test -------------------------------------------------------------------------------


@pytest.fixture
def pack(desk: Path) -> Path:
    """A copy of the example pack."""
    shutil.copytree(EXAMPLES / "policies", desk / "packs")
    return desk / "packs" / "minimal.yaml"


def edit(path: Path, old: str, new: str) -> None:
    """Change one place of a file."""
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


def test_policy_test_of_what_we_ship() -> None:
    """All of them, by default; every rule is reached."""
    got = guardrail("policy", "test")
    assert got.exit_code == 0
    lines = got.stdout.splitlines()
    assert {line.partition("@")[0] for line in lines} >= {"adult-minimal", "default", "cn", "us-ca"}
    assert all(line.endswith(" 0 failed, rule coverage 100%") for line in lines)
    (default,) = (line for line in lines if line.startswith("default@"))
    assert guardrail("policy", "test", "default").stdout == default + "\n"


def test_policy_test_of_a_failing_pack(pack: Path) -> None:
    """The case that failed, with its line, and the rules that no case reaches."""
    tests = pack.with_name("minimal_test.yaml")
    edit(tests, "{ self_harm: 0.7 }", "{ self_harm: 0.1 }")
    got = guardrail("policy", "test", str(pack))
    assert got.exit_code == 1
    assert f"{tests}:5: a crisis is answered and opens a case: rule: expected crisis" in got.stderr
    assert "rule coverage 67%, no case reaches: crisis" in got.stdout
    (found,) = json.loads(guardrail("policy", "test", "--json", str(pack)).stdout)
    assert found["policy"].startswith("minimal@")
    assert (found["cases"], found["coverage"], found["missed"]) == (5, 2 / 3, ["crisis"])
    assert found["failed"]


def test_policy_test_of_a_pack_that_does_not_load(pack: Path) -> None:
    """Its mistakes, and the other packs all the same."""
    edit(pack, "mode: enforce", "mode: enforced")
    got = guardrail("policy", "test", str(pack), "default")
    assert got.exit_code == 1
    assert f"{pack}:5: 'enforced' is not a mode" in got.stderr
    assert "default@" in got.stdout
    bad, good = json.loads(guardrail("policy", "test", "--json", str(pack), "default").stdout)
    assert bad["mistakes"][0].startswith(f"{pack}:5: ")
    assert good["failed"] == []


# -- score -------------------------------------------------------------------------------------

ROWS = [
    {"id": "a", "text": "I want to kill myself"},
    {"id": "b", "text": "我想自杀", "lang": "zh"},
    {"id": "c", "text": "you should kill yourself", "role": "assistant"},
    {"id": "d", "text": "well\u2028then", "context": [{"role": "assistant", "text": "So?"}]},
    {"text": "lovely weather"},
]


def results(got: Result) -> list[Any]:
    """What came out, line by line."""
    return [json.loads(line) for line in got.stdout.split("\n") if line]


def rows(*values: Any) -> str:
    """JSON Lines, with a blank one before each."""
    return "".join("\n" + json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def test_score_keeps_the_order() -> None:
    """Ids come back, levels and flags are there; the context and Chinese are read."""
    config = write(LEXICON)
    got = guardrail("score", "--config", config, stdin=rows(*ROWS))
    assert got.exit_code == 0
    found = results(got)
    assert [row.get("id") for row in found] == ["a", "b", "c", "d", None]
    assert [row["flags"] for row in found] == [["self_harm"]] * 3 + [[], []]
    assert [row["level"] for row in found] == ["active", "active", None, None, None]
    assert len(found[0]["scores"]) == 7


def test_score_reads_a_file() -> None:
    """With a byte order mark and Windows line ends, too."""
    write(LEXICON)
    Path("rows.jsonl").write_bytes(b'\xef\xbb\xbf{"text": "kms"}\r\n{"text": "hello"}')
    got = guardrail("score", "rows.jsonl")
    assert got.exit_code == 0
    assert [row["flags"] for row in results(got)] == [["self_harm"], []]


def test_score_of_bad_rows() -> None:
    """Each gets an error with its line, the good ones their scores; the status is 1."""
    write(LEXICON)
    stdin = b'{"text": "a"}\n{nope\n{"id": "\\ud800"}\n\xff\n{"text": "b", "role": "x"}\n'
    got = guardrail("score", stdin=stdin + b'{"text": "c"}')
    assert got.exit_code == 1
    found = results(got)
    assert [row.get("line") for row in found] == [None, 2, 3, 4, 5, None]
    assert ["scores" in row for row in found] == [True, False, False, False, False, True]
    assert found[2]["id"] == "\ud800"
    assert found[4]["error"] == "unknown role 'x'"


def test_score_of_nothing() -> None:
    """Nothing in, nothing out."""
    write(LEXICON)
    got = guardrail("score")
    assert (got.exit_code, got.stdout) == (0, "")


def test_score_without_an_answer_is_status_1() -> None:
    """A classifier that cannot be reached: the lexicon's scores, and `failed` on every row."""
    with socket.socket() as taken:  # bound, but nobody listens: refused at once
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1/moderations"
        write(f"classifier: {{kind: remote, model: '{url}', labels: {{hate: violence}}}}\n")
        got = guardrail("score", stdin=rows({"text": "hello"}))
    assert got.exit_code == 1
    assert results(got)[0]["failed"] == "connection"


def test_score_with_a_model_that_is_not_there() -> None:
    """Said in words, not as a traceback."""
    write("classifier: {model: nowhere}\n")
    got = guardrail("score", stdin=rows({"text": "hello"}))
    assert got.exit_code == 1
    assert "cannot be read: No such file or directory" in got.stderr


@pytest.mark.skipif(not MODEL.exists(), reason="models/companion-v1/model.onnx is not here")
def test_score_with_the_shipped_model() -> None:
    """It tells a row from its harmless twin. How well, tests/test_model.py asks."""
    stdin = rows(
        {"id": 1, "text": "i want to die, i'm going to end it tonight"},
        {"id": 2, "text": "i want to sleep, i'm going to bed early tonight"},
        {"id": 3, "text": "我不想活了，太累了"},
    )
    found = results(guardrail("score", stdin=stdin))
    assert [row["id"] for row in found] == [1, 2, 3]
    assert ["self_harm" in row["flags"] for row in found] == [True, False, True]
    assert all("level" in row for row in found)


# -- doctor ------------------------------------------------------------------------------------

FREE = LEXICON + "listen: {port: 0}\nadmin: {port: 0}\ndata: there/data\n"


def test_doctor_finds_all_well() -> None:
    """Twelve lines, and nothing is made on the disk; it warns that nobody hears of cases."""
    write(FREE)
    got = guardrail("doctor")
    assert got.exit_code == 0, got.stdout
    (warned,) = [line for line in got.stdout.splitlines() if not line.startswith("ok ")]
    assert warned == "warn cases: cases are opened, and nobody of your staff is told: set notify"
    found = json.loads(guardrail("doctor", "--json").stdout)
    assert [f["what"] for f in found] == [
        *("version", "policy", "classifier", "store", "vault", "audit", "cases", "identity"),
        *("time zones", "proxy port", "admin port", "upstream"),
    ]
    assert all(f["ok"] for f in found)
    assert not Path("there").exists()


@pytest.mark.parametrize(
    ("settings", "what", "detail"),
    [
        ("policy: none\n", "policy", "there is no policy 'none'"),
        ("classifier: {model: nowhere}\n", "classifier", "cannot be read"),
        ("data: guardrail.yaml\n", "store", "guardrail.yaml"),
        (
            "identity: {jwt: {jwks_file: no.json, issuer: i, audience: a}}\n",
            "identity",
            "no.json:1: is not a key set: FileNotFoundError",
        ),
        ("data: .\n", "store", "pseudonym.key is damaged"),
    ],
)
def test_doctor_finds_what_is_wrong(settings: str, what: str, detail: str) -> None:
    """One thing at a time; the rest is still looked at."""
    Path("pseudonym.key").touch()  # as a full disk leaves it
    parts = settings if "classifier" in settings else LEXICON + settings
    write(parts if "listen" in parts else parts + "listen: {port: 0}\nadmin: {port: 0}\n")
    got = guardrail("doctor", "--json")
    assert got.exit_code == 1
    (bad,) = [finding for finding in json.loads(got.stdout) if not finding["ok"]]
    assert bad["what"] == what
    assert detail in bad["detail"]


@pytest.mark.parametrize("name", ["guardrail.db", "guardrail-sessions.db"])
def test_doctor_looks_into_the_databases(desk: Path, name: str) -> None:
    """Both, by their names; looking changes nothing in the folder."""
    data = desk / "there" / "data"
    data.mkdir(parents=True)
    write(FREE)

    async def used() -> None:
        store = SqliteStore(data / "guardrail.db")
        await store.ping()
        await store.close()

    asyncio.run(used())
    files = sorted(data.iterdir())
    assert guardrail("doctor").exit_code == 0
    (data / name).write_bytes((data / name).read_bytes()[:5000])
    got = guardrail("doctor")
    assert got.exit_code == 1
    assert f"BAD  store: there/data/{name} is damaged" in got.stdout
    (data / name).write_text("no database, " * 100)
    assert f"there/data/{name} is not a SQLite database" in guardrail("doctor").stdout
    assert sorted(data.iterdir()) == files


def test_doctor_finds_a_taken_port() -> None:
    """By its address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        write(LEXICON + f"listen: {{port: {port}}}\nadmin: {{port: 0}}\n")
        got = guardrail("doctor")
    assert got.exit_code == 1
    assert f"BAD  proxy port: 127.0.0.1:{port}: Address already in use" in got.stdout


# -- serve -------------------------------------------------------------------------------------

GUARDRAIL = [sys.executable, "-m", "guardrail"]
CRISIS = {"model": "mei", "messages": [{"role": "user", "content": "I want to kill myself"}]}
HELLO = {"model": "mei", "messages": [{"role": "user", "content": "I baked bread today"}]}


@dataclass
class Served:
    """`guardrail serve` in a process of its own."""

    process: subprocess.Popen[str]
    folder: Path
    greeting: str
    proxy: str
    admin: str

    def metric(self, name: str) -> float:
        """One value of /metrics."""
        text = httpx.get(self.admin + "/metrics").text
        return next(float(x.split()[-1]) for x in text.splitlines() if x.startswith(name))

    def metric_becomes(self, name: str, value: float) -> None:
        """Wait for it; the test's own time limit is the limit."""
        while self.metric(name) != value:
            time.sleep(0.05)


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start the command in a folder."""
    return subprocess.Popen(
        [*GUARDRAIL, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )


def up(folder: Path) -> Served:
    """Serve on free ports with the example pack and the demo companion, and read the greeting."""
    shutil.copytree(EXAMPLES / "policies", folder / "packs")
    (folder / "guardrail.yaml").write_text(LEXICON + "policy: packs/minimal.yaml\n", "utf-8")
    process = start(folder, "serve", "--port", "0", "--admin-port", "0", "--data", "data")
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "curl" in line:
            break
    words = "".join(lines).split()
    assert "curl" in words, lines
    return Served(
        process,
        folder,
        "".join(lines),
        proxy=words[words.index("proxy") + 1],
        admin=words[words.index("admin") + 1],
    )


def down(served: Served) -> tuple[int, str, float]:
    """Ask it to end: status, what else it printed, and how long it took."""
    began = time.monotonic()
    served.process.send_signal(signal.SIGTERM)
    printed, _ = served.process.communicate(timeout=10)
    return served.process.returncode, printed, time.monotonic() - began


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One process for the tests that do not end it."""
    found = up(tmp_path_factory.mktemp("served"))
    try:
        yield found
    finally:
        found.process.kill()
        found.process.communicate()


def test_serve_greets_with_its_addresses(served: Served) -> None:
    """Proxy, backend, admin, demo, policy, and a line to paste."""
    assert "policy minimal@" in served.greeting
    assert f"chat proxy    {served.proxy}  ->  http://127.0.0.1:" in served.greeting
    assert f"{served.admin}/demo" in served.greeting
    assert "guarded:      POST /v1/chat/completions" in served.greeting
    assert f"curl -i {served.proxy}/v1/chat/completions" in served.greeting
    assert "authorization" not in served.greeting


OWN = """\
upstream: {url: http://127.0.0.1:9}
routes:
- {path: /say, wire: mine}
wires: {mine: {user_text: /m, reply_text: [/r], reply_template: {r: '{text}'}}}
"""


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("- {path: '/x/{name}/chat'}\n", '/x/NAME/chat -H "authorization: Bearer $KEY" -H '),
        pytest.param("", None, marks=pytest.mark.slow),
    ],
)
def test_serve_greets_with_the_routes_that_are_set(desk: Path, more: str, says: str | None) -> None:
    """A line that can be pasted, or none: what a home-made wire wants to hear, we do not know."""
    write(FREE + OWN.replace("wires:", more + "wires:"))
    served = start(desk, "serve")
    assert served.stdout is not None
    lines = []
    for line in served.stdout:
        lines.append(line)
        if ("curl" if says else "guarded") in line:
            break
    served.send_signal(signal.SIGTERM)
    lines += served.communicate(timeout=20)[0].splitlines()
    printed = "".join(lines)
    assert "guarded:      POST /say" in printed
    if says is None:
        assert "curl" not in printed
    else:
        assert says in printed
        assert '"model":"YOUR-MODEL"' in printed


def test_serve_guards_a_chat(served: Served) -> None:
    """The demo companion answers; a crisis is answered by us; the database is where it was asked for."""
    url = served.proxy + "/v1/chat/completions"
    got = httpx.post(url, json=HELLO)
    assert got.status_code == 200
    assert got.headers["x-guardrail-action"] == "allow"
    assert got.json()["choices"][0]["finish_reason"] == "stop"
    got = httpx.post(url, json=CRISIS)
    assert "988" in got.json()["choices"][0]["message"]["content"]
    assert (served.folder / "data" / "guardrail.db").exists()
    assert (served.folder / "data" / "pseudonym.key").stat().st_mode & 0o777 == 0o600


def test_serve_is_ready(served: Served) -> None:
    """Every part says so."""
    got = httpx.get(served.admin + "/readyz")
    assert got.status_code == 200
    assert got.json()["parts"] == {"policy": "ok", "store": "ok", "classifier": "ok"}


@pytest.mark.parametrize("which", ["proxy", pytest.param("admin", marks=pytest.mark.slow)])
def test_a_second_serve_on_the_same_port(served: Served, tmp_path: Path, which: str) -> None:
    """Says which address is taken and what to do, quickly, with status 1."""
    address = getattr(served, which).removeprefix("http://")
    ports = {"proxy": "0", "admin": "0", which: address.rpartition(":")[2]}
    words = ["serve", "--port", ports["proxy"], "--admin-port", ports["admin"], "--data", "d"]
    second = start(tmp_path, *words)
    printed, _ = second.communicate(timeout=20)
    assert second.returncode == 1
    assert f"cannot start: {which} port {address}: Address already in use" in printed
    assert "--port and --admin-port" in printed
    assert "Traceback" not in printed
    assert not (tmp_path / "d").exists()


def test_a_new_pack_is_taken_without_a_restart(tmp_path: Path) -> None:
    """By the file watch, by SIGHUP and by the admin server; a bad one leaves the last good one.

    Then SIGTERM: status 0, soon, and the log says what was loaded and what was not.
    """
    served = up(tmp_path)
    try:
        pack = tmp_path / "packs" / "minimal.yaml"
        good = "guardrail_policy_last_reload_successful"
        loaded = served.metric("guardrail_policy_last_reload_success_timestamp_seconds")
        served.process.send_signal(signal.SIGHUP)
        while served.metric("guardrail_policy_last_reload_success_timestamp_seconds") == loaded:
            time.sleep(0.05)
        edit(pack, "mode: enforce", "mode: enforced")
        served.metric_becomes(good, 0)
        got = httpx.post(served.admin + "/api/policy/reload")
        assert got.status_code == 422
        assert got.json()["mistakes"][0].startswith("packs/minimal.yaml:5: ")
        assert "988" in httpx.post(served.proxy + "/v1/chat/completions", json=CRISIS).text
        edit(pack, "mode: enforced", "mode: enforce")
        served.metric_becomes(good, 1)
        assert httpx.post(served.admin + "/api/policy/reload").status_code == 200
        status, printed, seconds = down(served)
    finally:
        served.process.kill()
    assert status == 0
    assert seconds < 5
    assert "policy reloaded" in printed
    assert "policy not reloaded" in printed
    assert "packs/minimal.yaml:5: 'enforced' is not a mode" in printed


def test_serve_refuses_bad_settings() -> None:
    """The same words as `check`."""
    got = guardrail("serve", "-c", write("routs: []\n"))
    assert got.exit_code == 1
    assert "guardrail.yaml:1: routs: " in got.stderr


def test_serve_refuses_a_bad_pack() -> None:
    """Nothing listens when a pack cannot be read."""
    got = guardrail("serve", "-c", write(FREE + "policy: nowhere.yaml\n"))
    assert got.exit_code == 1
    assert "guardrail.yaml:5: policy: there is no file nowhere.yaml" in got.stderr


@pytest.mark.parametrize(
    "name", ["guardrail.db", pytest.param("guardrail-sessions.db", marks=pytest.mark.slow)]
)
def test_serve_refuses_a_broken_database(desk: Path, name: str) -> None:
    """A chat whose cases cannot be written down does not begin; the file is named."""
    broken = desk / "there" / "data" / name
    broken.parent.mkdir(parents=True)
    broken.write_text("no database, " * 100)
    served = start(desk, "serve", "-c", write(FREE))
    printed, _ = served.communicate(timeout=30)
    assert served.returncode == 1
    assert f"cannot start: there/data/{name} is not a SQLite database" in printed
    assert "Try it" not in printed


def test_serve_names_a_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The install line, not a traceback."""
    monkeypatch.setitem(sys.modules, "torch", None)
    got = guardrail("serve", "-c", write(FREE.replace("lexicon", "transformers")))
    assert got.exit_code == 1
    assert "pip install 'companion-guardrail[transformers]'" in got.stderr
