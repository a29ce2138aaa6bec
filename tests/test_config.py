"""Settings: all mistakes at once, with file and line."""

from __future__ import annotations

import pytest

from guardrail._tables import link_base
from guardrail.config import load_settings
from guardrail.errors import ConfigError

LONG = "a-secret-that-nobody-guesses-soon"


def write(tmp_path, text):
    """A settings file."""
    path = tmp_path / "guardrail.yaml"
    path.write_text(text, "utf-8")
    return path


def test_no_file_is_all_defaults():
    """The demo needs no settings."""
    settings = load_settings(None, {})
    assert (settings.listen.port, settings.admin.port, settings.upstream.url) == (8080, 9090, "")


def test_the_later_source_wins(tmp_path):
    """File, then environment, then command line."""
    path = write(tmp_path, "listen: {port: 1}\nadmin: {port: 1}\npolicy: a\n")
    settings = load_settings(
        path,
        {"GUARDRAIL__ADMIN__PORT": "2", "GUARDRAIL__LISTEN__PORT": "2"},
        {"listen": {"port": 3, "host": None}},
    )
    assert (settings.listen.port, settings.admin.port, settings.policy) == (3, 2, "a")


def test_what_the_command_line_leaves_out_is_a_default():
    """`guardrail serve` without options and without a file starts."""
    settings = load_settings(None, {}, {"upstream": {"url": None}, "data": None})
    assert settings.upstream.url == ""


@pytest.mark.parametrize("above", [{}, {"upstream": {"url": None}, "listen": {"port": 1}}])
def test_a_word_where_a_table_belongs_is_a_mistake(tmp_path, above):
    """Options over it do not make it unwritten: a demo would answer instead of the backend."""
    path = write(tmp_path, "upstream: http://127.0.0.1:28999\nlisten: hello\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {}, above)
    assert [m.line for m in caught.value.mistakes] == [1, 2]


def test_secrets_come_from_elsewhere(tmp_path):
    """`${env:…}` and `${file:…}`, never literals."""
    (tmp_path / "key").write_text("abc\n")
    path = write(
        tmp_path,
        f"admin: {{token: '${{env:T}}'}}\nupstream: {{headers: {{authorization: 'Bearer ${{file:{tmp_path}/key}}'}}}}\n",
    )
    settings = load_settings(path, {"T": "tok"})
    assert settings.admin.token == "tok"
    assert settings.upstream.headers["authorization"] == "Bearer abc"


def test_every_mistake_is_told_with_its_line(tmp_path):
    """One run, all of them."""
    path = write(
        tmp_path,
        "listen:\n  port: no\n  prot: 1\nrouts: []\nadmin:\n  port: 99999\n",
    )
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    assert [m.line for m in caught.value.mistakes] == [2, 3, 4, 6]
    assert all(m.file == str(path) for m in caught.value.mistakes)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("lisen: {port: 1}\n", "did you mean 'listen'?"),
        ("routes: [{path: /a, methd: PUT}]\n", "did you mean 'method'?"),
        ("identity: {jwt: {isuer: a, audience: b}}\n", "did you mean 'issuer'?"),
        ("disclose: true\nupstream:\n  url: a: b\n", "a text with a colon needs quotes, or |"),
        ("listen:\n\tport: 1\n", "a tab stands here"),
        ("upstream: {url: 'https://x.example/api/v1'}\n", "leave out /v1"),
    ],
)
def test_a_hint_says_what_to_do(tmp_path, text, hint):
    """The names that a table knows, and what YAML's parser leaves unsaid."""
    with pytest.raises(ConfigError) as caught:
        load_settings(write(tmp_path, text), {})
    assert any(m.hint.startswith(hint) for m in caught.value.mistakes)


def test_a_base_url_may_have_a_path(tmp_path):
    """As long as no route begins with it."""
    path = write(tmp_path, "upstream: {url: 'https://x.example/v1/gateway'}\n")
    assert load_settings(path, {}).upstream.url.endswith("/gateway")


def test_what_is_well_is_read_together_all_the_same(tmp_path):
    """A wrong port hides no open admin server; what leans on the wrong part is left for later."""
    path = write(
        tmp_path,
        "listen: {port: no}\nadmin: {host: 0.0.0.0}\nwires: 1\nroutes: [{path: /a, wire: mine}]\n",
    )
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    assert [m.line for m in caught.value.mistakes] == [1, 2, 3]


def test_no_mistake_hides_another_one(tmp_path):
    """Beside a wrong port, a missing key and a name that nobody knows, in the same tables."""
    path = write(
        tmp_path,
        "listen: {port: 99999}\nadmin: {port: abc, host: 0.0.0.0}\n"
        "upstream:\n  url: ftp://x\n  read_seconds: -1\n"
        "routes:\n- {path: v1/chat, wire: nope}\n- {pathh: /x}\n"
        "wires:\n  w: {reply_text: /reply, user_text: message}\n"
        "identity:\n  trusted_peers: [300.0.0.0/8, 10.0.0.1/8]\n"
        "  jwt: {secret: '${env:NOPE}', algorithms: [HS256, none]}\n"
        "accounts: {idle_minutes: 0, local: false, public_url: 'http://x.example'}\n"
        "takeover: {enabled: x, staffed: always}\n",
    )
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    said = "\n".join(f"{m.line}: {m.message}" for m in caught.value.mistakes)
    for line in (
        "2: an admin server that others can reach needs admin.token",
        "4: upstream.url must be an http:// or https:// address",
        "7: routes.0.path: ",
        "7: unknown wire 'nope'",
        "8: routes.1.path: ",
        "10: wires.w: reply_text: must be a list",
        "10: wires.w: pointer 'message' must begin with a slash",
        "12: identity.trusted_peers: '300.0.0.0/8' ",
        "12: identity.trusted_peers: 10.0.0.1/8 ",
        "13: the environment has no NOPE",
        "13: identity.jwt.issuer: ",
        "13: name the algorithms to accept",
        "14: with accounts.local off",
        "14: accounts.public_url must be https",
        "15: takeover.staffed: ",
    ):
        assert line in said
    assert said.count("\n") == 22, said


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("admin: {port: 8080}\n", [1]),
        ("policy: default\nlisten: {port: 9090}\n", [2]),
        ("listen: {port: 9090}\nguardians: {enabled: true, port: 9090}\n", [2, 1]),
        ("listen: {host: 0.0.0.0}\nadmin:\n  host: localhost\n  port: 8080\n", [4]),
        ("listen: {port: 9091}\n", []),  # there is no portal
        ("listen: {port: 0}\nadmin: {port: 0}\n", []),
        ("listen: {host: '::'}\nadmin: {port: 8080}\n", []),
        ("listen: {host: '::'}\nadmin: {host: '::1', port: 8080}\n", [2]),
        ("listen: {host: 10.0.0.1}\nadmin: {port: 8080}\n", []),
    ],
)
def test_each_server_needs_a_port_of_its_own(tmp_path, text, lines):
    """Told before a start, with the line; another address or no portal is no clash."""
    path = write(tmp_path, text)
    if not lines:
        load_settings(path, {})
        return
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    assert sorted(m.line for m in caught.value.mistakes) == sorted(lines)
    assert all("is the port of" in m.message for m in caught.value.mistakes)


def test_a_pack_may_stand_beside_the_settings(tmp_path, monkeypatch):
    """From where we were started first; if it is nowhere, both places are named."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "etc"
    folder.mkdir()
    path = write(folder, "policy: mine.yaml\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    (mistake,) = caught.value.mistakes
    assert (mistake.line, mistake.message) == (1, "policy: there is no file mine.yaml")
    assert mistake.hint == f"tried {tmp_path}/mine.yaml and {folder}/mine.yaml"
    (folder / "mine.yaml").touch()
    assert load_settings(path, {}).policy == str(folder / "mine.yaml")
    (tmp_path / "mine.yaml").touch()
    assert load_settings(path, {}).policy == "mine.yaml"


def test_a_missing_key_is_told_once(tmp_path):
    """Not a second time as a table that has no key."""
    path = write(tmp_path, "identity:\n  jwt: {secret: '${env:K}', issuer: i, audience: a}\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    assert [m.message for m in caught.value.mistakes] == ["the environment has no K"]


def test_what_no_file_holds_has_no_line():
    """The environment has no lines to point to: the variable is named."""
    with pytest.raises(ConfigError, match=r"^GUARDRAIL__ADMIN__PORT: admin\.port: "):
        load_settings(None, {"GUARDRAIL__ADMIN__PORT": "x"})


PORT = {"GUARDRAIL__LISTEN__PORT": "abc"}


@pytest.mark.parametrize(
    ("environment", "overrides", "place"),
    [
        (PORT, {}, "GUARDRAIL__LISTEN__PORT"),
        ({}, {"listen": {"port": 99999}}, "command line"),
        (PORT, {"listen": {"port": 99999}}, "command line"),
        (PORT, {"listen": {"port": None}}, "GUARDRAIL__LISTEN__PORT"),
        ({"GUARDRAIL__UPSTREAM__URL": "foo"}, {}, "GUARDRAIL__UPSTREAM__URL"),
        ({}, {"upstream": {"url": "foo"}}, "command line"),
        ({"GUARDRAIL__UPSTRAEM__URL": "foo"}, {}, "GUARDRAIL__UPSTRAEM__URL"),
        ({"GUARDRAIL__ROUTES": "[{path: /a, wire: mine}]"}, {}, "GUARDRAIL__ROUTES"),
        ({"GUARDRAIL__ROUTES": "[{path: /a"}, {}, "GUARDRAIL__ROUTES"),
        ({"GUARDRAIL__IDENTITY": "{jwt: {secret: s}}"}, {}, "GUARDRAIL__IDENTITY"),
        ({"GUARDRAIL__POLICY": "no.yaml"}, {}, "GUARDRAIL__POLICY"),
        ({"GUARDRAIL__ADMIN__HOST": "::"}, {}, "GUARDRAIL__ADMIN__HOST"),
    ],
)
def test_a_mistake_is_said_where_it_was_made(tmp_path, environment, overrides, place):
    """Not of the file, which has good values at these very lines."""
    path = write(
        tmp_path,
        "upstream: {url: 'http://x'}\nlisten:\n  port: 1\nadmin: {port: 2}\npolicy: default\n"
        "routes: [{path: /b}]\n",
    )
    with pytest.raises(ConfigError) as caught:
        load_settings(path, environment, overrides)
    assert {(m.file, m.line) for m in caught.value.mistakes} == {(place, 0)}


def test_the_file_is_blamed_for_what_it_says_itself(tmp_path):
    """However much the environment has to say about the same table."""
    path = write(tmp_path, "listen:\n  port: abc\npolicies: {US: no.yaml}\n")
    more = {"GUARDRAIL__LISTEN__HOST": "::1", "GUARDRAIL__POLICIES": "{CN: cn}"}
    with pytest.raises(ConfigError) as caught:
        load_settings(path, more, {"listen": {"port": None}})
    assert [(m.file, m.line) for m in caught.value.mistakes] == [(str(path), 2), (str(path), 3)]


def test_mistakes_between_settings_are_told_too(tmp_path):
    """A wire that is not there, an open admin server, a bad network, a bad address."""
    path = write(
        tmp_path,
        "routes:\n- {path: /chat, wire: mine}\nadmin: {host: 0.0.0.0}\n"
        "identity: {trusted_peers: [nonsense]}\nupstream: {url: 'ftp://x'}\n",
    )
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    assert {m.line for m in caught.value.mistakes} == {2, 3, 4, 5}


def test_every_shift_that_cannot_be_read_is_told(tmp_path):
    """Each with what is wrong with it, and the good one beside them passes."""
    path = write(
        tmp_path,
        "takeover:\n  staffed: Mon-Fri 8-18 UTC; Sat 08:00-18:00 UTC; Sun 08:00-18:00 Mars/Base\n",
    )
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    first, second = caught.value.mistakes
    assert (first.line, second.line) == (2, 2)
    assert "takeover.staffed: 'Mon-Fri 8-18 UTC' is no shift" in first.message
    assert "no time zone Mars/Base" in second.message


@pytest.mark.parametrize("text", ["- a\n", "a: [", "a: 1\na: 2\n", "\x00"])
def test_what_is_no_settings_file_is_refused(tmp_path, text):
    """A list, broken YAML, a key given twice, bytes."""
    with pytest.raises(ConfigError):
        load_settings(write(tmp_path, text), {})


def test_a_missing_file_is_a_clear_mistake(tmp_path):
    """Not a traceback."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path / "none.yaml", {})


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("env:NOPE", "the environment has no NOPE"),
        ("file:/nowhere/key", "cannot read /nowhere/key: No such file or directory"),
        ("file:/bin/sh", "cannot read /bin/sh: it is not UTF-8 text"),
    ],
)
def test_a_missing_secret_is_a_mistake(tmp_path, secret, why):
    """An empty key must not go unnoticed; the line says where it is asked for."""
    path = write(tmp_path, f"policy: default\nadmin:\n  hosts: [a]\n  token: '${{{secret}}}'\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    (mistake,) = caught.value.mistakes
    assert (mistake.line, mistake.message) == (4, why)


def test_nothing_but_comments_is_all_defaults(tmp_path):
    """A file in which everything was commented out."""
    assert load_settings(write(tmp_path, "# listen: {port: 1}\n"), {}) == load_settings(None, {})


@pytest.mark.parametrize(
    "environment",
    [
        {"GUARDRAIL__ROUTES": "[{path: /chat"},
        {"GUARDRAIL__LISTEN": "here", "GUARDRAIL__ADMIN__PORT": "1"},
        {"GUARDRAIL__LISTEN__PORT": "1", "GUARDRAIL__LISTEN": "here"},
        {"GUARDRAIL__POLICY__NAME": "default"},
    ],
)
def test_a_broken_environment_is_a_clear_mistake(environment):
    """Broken YAML, a word for a section, a section for a word: never a traceback."""
    with pytest.raises(ConfigError):
        load_settings(None, environment)


def test_lists_come_from_the_environment_too():
    """What begins with a bracket is YAML."""
    settings = load_settings(None, {"GUARDRAIL__ADMIN__HOSTS": "[a, b]"})
    assert settings.admin.hosts == ("a", "b")


@pytest.mark.parametrize(
    "text",
    [
        "routes: [{path: /chat, method: post}]\n",
        "identity: {jwt: {jwks_file: s, issuer: i, audience: a, algorithms: [none]}}\n",
        "identity: {jwt: {jwks_file: s, issuer: i, audience: a, algorithms: []}}\n",
        f"identity: {{jwt: {{secret: {LONG}, issuer: i, audience: a, header: x_token}}}}\n",
        f"identity: {{jwt: {{secret: {LONG}, jwks_file: s, issuer: i, audience: a}}}}\n",
        "identity: {jwt: {secret: s, issuer: i, audience: a}}\n",
        "upstream: {url: 'https://api.example.com/v1/'}\n",
        "policy: nowhere.yaml\n",
        "wires: {mine: {reply_text: [/r], reply_template: {r: '{text}'}}}\n",
    ],
    ids=[
        "method",
        "none",
        "no algorithm",
        "header",
        "both keys",
        "short secret",
        "base",
        "pack",
        "wire",
    ],
)
def test_what_would_only_fail_later_is_refused_now(tmp_path, text):
    """A route that never matches would leave its chat unseen."""
    with pytest.raises(ConfigError) as caught:
        load_settings(write(tmp_path, text), {})
    assert [m.line for m in caught.value.mistakes] == [1]


@pytest.mark.parametrize(
    ("host", "link"),
    [
        ("0.0.0.0", "http://127.0.0.1:9"),  # noqa: S104
        ("::", "http://[::1]:9"),
        ("fd00::2", "http://[fd00::2]:9"),
        ("10.0.0.2", "http://10.0.0.2:9"),
    ],
)
def test_links_lead_to_where_a_browser_can_go(host: str, link: str) -> None:
    """An address to listen on is not always one to visit."""
    assert link_base(host, 9) == link
