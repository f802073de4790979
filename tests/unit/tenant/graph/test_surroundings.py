# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies and CAs of the controller's environment: used, passed over, or refused by the name of their variable."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.environment import Environment
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import surroundings

GRAPH = "https://graph.microsoft.com/v1.0/groups"
PROXY = "http://proxy.example.com:8080"
VARIABLES = ("https_proxy", "http_proxy", "all_proxy", "no_proxy")


def proxy_for(url: str, **of_task: str) -> str | None:
    return surroundings.proxy_for(url, Environment(of_task))


def trust(ca_file: str | None, **of_task: str):
    return surroundings.trust(ca_file, Environment(of_task))


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in surroundings.CA_VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"HTTPS_PROXY": PROXY}, PROXY),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other:1"}, PROXY),
        ({"HTTPS_PROXY": "proxy.example.com:8080"}, PROXY),
        ({"ALL_PROXY": PROXY}, PROXY),
        ({"ALL_PROXY": "http://other:1", "HTTPS_PROXY": PROXY}, PROXY),
        ({"HTTP_PROXY": PROXY}, None),
        ({"HTTPS_PROXY": "http://user:p%40ss@proxy:3128"}, "http://user:p%40ss@proxy:3128"),
        ({"HTTPS_PROXY": "http://[fe80::1]:3128"}, "http://[fe80::1]:3128"),
    ],
    ids=str,
)
def test_the_proxy_of_a_request(monkeypatch, environment, proxy):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(GRAPH) == proxy


@pytest.mark.parametrize(
    ("spared", "url", "straight"),
    [
        ("localhost,fe80::/10", GRAPH, False),
        ("fe80::/10", "https://[fe80::1]/", True),
        ("10.0.0.0/8, 192.0.2.7", "https://10.1.2.3/", True),
        ("10.0.0.0/8, 192.0.2.7", "https://192.0.2.7/", True),
        ("10.0.0.0/8", "https://192.0.2.7/", False),
        ("[2001:db8::1]", "https://[2001:db8::1]:8443/", True),
        ("[2001:db8::1]:8443", "https://[2001:db8::1]:8443/", True),
        ("[2001:db8::1]:8443", "https://[2001:db8::1]/", False),
        ("*", GRAPH, True),
        (".microsoft.com", GRAPH, True),
        ("*.microsoft.com", GRAPH, True),
        ("microsoft.com", GRAPH, True),
        ("MICROSOFT.COM.", GRAPH, True),
        ("soft.com", GRAPH, False),
        ("graph.microsoft.com:443", GRAPH, True),
        ("graph.microsoft.com:8443", GRAPH, False),
        ("graph.microsoft.com:99999999999999999999", GRAPH, False),
        ("a b\tgraph.microsoft.com\n", GRAPH, True),
        (",,::/0/1,[,]:,:443,http://,\x7f", GRAPH, False),
    ],
    ids=str,
)
def test_what_is_reached_without_it(monkeypatch, spared, url, straight):
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", spared)
    assert proxy_for(url) == (None if straight else PROXY)


def test_the_identity_endpoint_of_a_vm_is_never_behind_a_proxy(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", PROXY)
    assert proxy_for("http://169.254.169.254/metadata/identity/oauth2/token") is None


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "all_proxy"])
@pytest.mark.parametrize(
    "value",
    [
        "ftp://proxy:21",
        "http://",
        "http://proxy:notaport",
        "http://[::1",
        "://x",
        "http://a b",
        "http://proxy:0",
        "\x01",
    ],
    ids=ascii,
)
def test_a_proxy_that_is_none_is_refused_by_its_variable(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(Failure, match=f"environment variable {variable} cannot be used") as caught:
        proxy_for(GRAPH)
    assert (caught.value.error["side"], caught.value.error["name"]) == ("controller", "bad_environment")


def test_a_proxys_password_is_in_no_message(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "ftp://user:hunter22@proxy")
    with pytest.raises(Failure) as caught:
        proxy_for(GRAPH)
    assert "hunter22" not in f"{caught.value.msg}{caught.value.error}"


@pytest.mark.parametrize("there", [False, True])
def test_socks_needs_its_package(monkeypatch, there):
    monkeypatch.setenv("ALL_PROXY", "socks5h://proxy:1080")
    monkeypatch.setattr(surroundings.importlib.util, "find_spec", lambda _name: object() if there else None)
    if there:
        assert proxy_for(GRAPH) == "socks5h://proxy:1080"
    else:
        with pytest.raises(Failure, match="ALL_PROXY cannot be used: .*socksio"):
            proxy_for(GRAPH)


@pytest.mark.parametrize("variable", surroundings.CA_VARIABLES)
def test_a_file_of_cas_that_cannot_be_used_is_refused_by_its_variable(monkeypatch, tmp_path, variable):
    (tmp_path / "ca.pem").write_text("x", encoding="ascii")
    for path in (tmp_path / "gone.pem", tmp_path / "ca.pem"):
        monkeypatch.setenv(variable, str(path))
        with pytest.raises(Failure, match=f"environment variable {variable} cannot be used") as caught:
            trust(None)
        assert caught.value.error["side"] == "controller"


def test_the_option_goes_before_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    with pytest.raises(Failure, match="bad option ca_file"):
        trust(str(tmp_path / "gone too.pem"))


def test_without_anything_the_library_decides():
    assert trust(None) is True


def test_the_tasks_environment_goes_before_the_controllers(monkeypatch, tmp_path):
    monkeypatch.setenv("https_proxy", "http://controller:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "the controller's.pem"))
    assert proxy_for(GRAPH, HTTPS_PROXY=PROXY) == proxy_for(GRAPH, ALL_PROXY=PROXY) == PROXY
    assert proxy_for(GRAPH, NO_PROXY="graph.microsoft.com") is None
    assert proxy_for(GRAPH, HTTPS_PROXY="") is None and proxy_for(GRAPH) == "http://controller:1"
    with pytest.raises(Failure, match="SSL_CERT_FILE cannot be used: .*the task's"):
        trust(None, SSL_CERT_FILE=str(tmp_path / "the task's.pem"))
    assert surroundings.ways(Environment({"HTTPS_PROXY": PROXY})) != surroundings.ways(Environment())
    assert surroundings.ways(Environment({"LANG": "C"})) == surroundings.ways(Environment())
