"""Settings: all mistakes at once, with file and line."""

from __future__ import annotations

import pytest

from guardrail.config import load_settings
from guardrail.errors import ConfigError


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
    assert sorted(m.line for m in caught.value.mistakes) == [2, 3, 4, 6]
    assert all(m.file == str(path) for m in caught.value.mistakes)


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


@pytest.mark.parametrize("text", ["- a\n", "a: [", "a: 1\na: 2\n", "\x00"])
def test_what_is_no_settings_file_is_refused(tmp_path, text):
    """A list, broken YAML, a key given twice, bytes."""
    with pytest.raises(ConfigError):
        load_settings(write(tmp_path, text), {})


def test_a_missing_file_is_a_clear_mistake(tmp_path):
    """Not a traceback."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path / "none.yaml", {})


def test_a_missing_secret_is_a_mistake(tmp_path):
    """An empty key must not go unnoticed."""
    path = write(tmp_path, "upstream: {headers: {authorization: '${env:NOPE}'}}\n")
    with pytest.raises(ConfigError, match="NOPE"):
        load_settings(path, {})
