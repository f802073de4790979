# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials: chosen by what is given, refused before anything is sent, and never shown."""

from __future__ import annotations

import json
import os
import types

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.plugin_utils.environment import Environment
from ansible_collections.winops.entra.plugins.plugin_utils.option_door import ansible_spec
from ansible_collections.winops.entra.plugins.plugin_utils.options import TENANT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import (
    credentials,
    libraries,
    session,
    sign_in,
    tokens,
)

from ..fake_graph import SECRET

NAMES = (
    "AZURE_TENANT_ID",
    "AZURE_TENANT",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_SECRET",
    "AZURE_AUTHORITY_HOST",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_FEDERATED_TOKEN_FILE",
    "WINOPS_ENTRA_GRAPH_URL",
    "WINOPS_ENTRA_CA_FILE",
    "WINOPS_ENTRA_DISABLE_INSTANCE_DISCOVERY",
    "WINOPS_ENTRA_TOKEN_CACHE",
)
WHO = {"tenant_id": "contoso.com", "client_id": "0c1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8"}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_text("x", encoding="utf-8")
    return str(path)


def settings(**options) -> credentials.CredentialSettings:
    return settings_of(Environment(), **options)


def settings_of(environment: Environment, **options) -> credentials.CredentialSettings:
    checked = ArgumentSpecValidator(ansible_spec(TENANT_SPEC, environment)).validate(options)
    assert not checked.error_messages
    return credentials.settings(checked.validated_parameters, frozenset(options), environment)


def refusal(**options) -> str:
    with pytest.raises(Failure) as caught:
        settings(**options)
    assert caught.value.error["side"] == "controller"
    return caught.value.msg


def test_the_given_option_says_which_kind(file):
    assert settings(**WHO, client_secret=SECRET).kind == "client_secret"
    assert settings(**WHO, certificate_path=file).kind == "certificate"
    assert settings(**WHO, federated_token_file=file).kind == "workload_identity"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({}, "no credential"),
        ({"auth": "client_secret", **WHO}, "client_secret"),
        ({"client_secret": SECRET}, "tenant_id"),
        ({"client_secret": SECRET, "tenant_id": "contoso.com"}, "client_id"),
        ({"auth": "device_code"}, "tenant_id"),
        ({"auth": "managed_identity", "client_secret": SECRET}, "client_secret"),
        ({**WHO, "certificate_path": "/nowhere.pem"}, "certificate_path"),
        ({**WHO, "client_secret": SECRET, "ca_file": "/no"}, "ca_file"),
        ({"auth": "environment"}, "AZURE_TENANT_ID"),
        ({"client_id": "x", "client_secret": SECRET, "tenant_id": "a/b"}, "tenant_id"),
        ({**WHO, "client_secret": SECRET, "authority": "http://login.example"}, "authority"),
        ({**WHO, "client_secret": SECRET, "authority": "https://login.example/tenant"}, "authority"),
        ({**WHO, "client_secret": SECRET, "graph_url": "http://graph.example"}, "graph_url"),
        ({**WHO, "client_secret": SECRET, "graph_url": "https://graph.microsoft.com/v1.0"}, "graph_url"),
        ({**WHO, "client_secret": SECRET, "graph_url": "https://user@graph.example"}, "graph_url"),
    ],
    ids=str,
)
def test_what_is_missing_or_contradictory_is_named(options, named):
    assert named in refusal(**options)
    assert SECRET not in refusal(**options)


def test_two_kinds_at_once_are_refused(file):
    assert "client_secret and certificate_path" in refusal(**WHO, client_secret=SECRET, certificate_path=file)


def test_the_task_goes_before_the_environment(monkeypatch, file):
    monkeypatch.setenv("AZURE_CLIENT_SECRET", SECRET)
    monkeypatch.setenv("AZURE_TENANT_ID", "fabrikam.com")
    chosen = settings(**WHO, certificate_path=file)
    assert (chosen.kind, chosen.tenant_id, chosen.client_secret) == ("certificate", "contoso.com", None)
    assert settings(auth="managed_identity").kind == "managed_identity"


@pytest.mark.parametrize(
    ("secret", "tenant"), [("AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"), ("AZURE_SECRET", "AZURE_TENANT")]
)
def test_the_environment_fills_what_the_task_leaves_out(monkeypatch, secret, tenant):
    for name, value in (
        (secret, SECRET),
        (tenant, "contoso.com"),
        ("AZURE_CLIENT_ID", "x"),
        ("WINOPS_ENTRA_GRAPH_URL", "http://127.0.0.1:1"),
        ("AZURE_AUTHORITY_HOST", "login.example"),
        ("WINOPS_ENTRA_DISABLE_INSTANCE_DISCOVERY", "true"),
    ):
        monkeypatch.setenv(name, value)
    chosen = settings()
    assert (chosen.kind, chosen.client_secret, chosen.graph_url) == ("client_secret", SECRET, "http://127.0.0.1:1")
    assert (chosen.authority, chosen.disable_instance_discovery) == ("https://login.example", True)


@pytest.mark.parametrize(
    ("cloud", "authority", "graph"),
    [
        ("public", "login.microsoftonline.com", "graph.microsoft.com"),
        ("us_government", "login.microsoftonline.us", "graph.microsoft.us"),
        ("us_government_dod", "login.microsoftonline.us", "dod-graph.microsoft.us"),
        ("china", "login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn"),
    ],
)
def test_national_clouds(cloud, authority, graph):
    chosen = settings(**WHO, client_secret=SECRET, cloud=cloud)
    assert (chosen.authority, chosen.graph_url) == (f"https://{authority}", f"https://{graph}")
    assert chosen.scope == f"https://{graph}/.default"


def test_secrets_are_not_in_the_text_of_settings(file):
    chosen = settings(**WHO, certificate_path=file, certificate_password=SECRET)
    assert chosen.certificate_password == SECRET and SECRET not in repr(chosen) + str(chosen)


def test_the_fingerprint_differs_with_everything_that_matters(file):
    base = {**WHO, "client_secret": SECRET}
    prints = {
        settings(**options).fingerprint()
        for options in (
            base,
            {**base, "client_secret": "other-" + SECRET},
            {**base, "tenant_id": "fabrikam.com"},
            {**base, "cloud": "china"},
            {**base, "graph_url": "https://localhost"},
            {**WHO, "certificate_path": file},
        )
    }
    assert len(prints) == 6
    assert settings(**base).fingerprint() == settings(**base).fingerprint()
    assert not any(SECRET in text for text in prints)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({**WHO, "client_secret": SECRET}, "ClientSecretCredential"),
        ({"auth": "managed_identity"}, "ManagedIdentityCredential"),
        ({"auth": "azure_cli"}, "AzureCliCredential"),
        ({"auth": "device_code", **WHO}, "DeviceCodeCredential"),
    ],
    ids=str,
)
def test_each_kind_is_azure_identity_s(options, expected):
    assert type(credentials.create(settings(**options), lambda url, code: None, 60)).__name__ == expected


def test_the_kinds_that_read_files(monkeypatch, file):
    made = credentials.create(settings(**WHO, federated_token_file=file), lambda url, code: None, 60)
    assert type(made).__name__ == "ClientAssertionCredential"
    with pytest.raises(Failure, match="certificate_path") as caught:
        credentials.create(
            settings(**WHO, certificate_path=file, certificate_password=SECRET), lambda url, code: None, 60
        )
    assert SECRET not in str(caught.value.error)
    for name, value in (("AZURE_TENANT_ID", "contoso.com"), ("AZURE_CLIENT_ID", "x"), ("AZURE_CLIENT_SECRET", SECRET)):
        monkeypatch.setenv(name, value)
    made = credentials.create(settings(auth="environment"), lambda url, code: None, 60)
    assert type(made).__name__ == "ClientSecretCredential"


def test_a_process_has_one_session_for_each_credential():
    first, same = settings(**WHO, client_secret=SECRET), settings(**WHO, client_secret=SECRET)
    other = settings(**WHO, client_secret="other-" + SECRET)
    assert session.session_for(first, print, 60) is session.session_for(same, print, 60)
    assert session.session_for(first, print, 60) is not session.session_for(other, print, 60)


OF_TASK = {"AZURE_TENANT_ID": "fabrikam.com", "AZURE_CLIENT_ID": "task", "AZURE_CLIENT_SECRET": "task-" + SECRET}


def test_the_tasks_environment_goes_before_the_controllers_and_after_the_options(monkeypatch, file):
    for name, value in (("AZURE_TENANT_ID", "contoso.com"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", SECRET)):
        monkeypatch.setenv(name, value)
    chosen = settings_of(Environment(OF_TASK))
    assert (chosen.tenant_id, chosen.client_id, chosen.client_secret) == tuple(OF_TASK.values())
    assert chosen.described() == {
        "auth": "client_secret",
        "tenant_id": "fabrikam.com",
        "tenant_id_from": "task_environment",
        "client_id": "task",
        "client_id_from": "task_environment",
    }
    assert settings_of(Environment(OF_TASK), client_id="option").described()["client_id_from"] == "option"
    assert settings().described()["tenant_id_from"] == "controller_environment"
    # A certificate of the task's environment is meant, whatever secret the controller has.
    assert settings_of(Environment({"AZURE_CLIENT_CERTIFICATE_PATH": file})).kind == "certificate"


def test_auth_environment_takes_the_variables_of_the_task_and_no_options(monkeypatch, file):
    monkeypatch.setenv("AZURE_CLIENT_SECRET", SECRET)
    chosen = settings_of(Environment(OF_TASK), auth="environment", client_id="option")
    assert (chosen.proof, chosen.client_id, chosen.secrets) == ("client_secret", "task", ("task-" + SECRET,))
    of_certificate = {**OF_TASK, "AZURE_CLIENT_SECRET": "", "AZURE_CLIENT_CERTIFICATE_PATH": file}
    of_certificate["AZURE_CLIENT_CERTIFICATE_PASSWORD"] = "password-" + SECRET
    chosen = settings_of(Environment(of_certificate), auth="environment")
    assert (chosen.proof, chosen.certificate_path, chosen.secrets) == ("certificate", file, ("password-" + SECRET,))
    with pytest.raises(Failure, match="certificate_path"):
        credentials.create(chosen, lambda url, code: None, 60)


def test_two_environments_share_neither_session_nor_token():
    base = {**WHO, "client_secret": SECRET}
    plain, proxied = (settings_of(Environment(env), **base) for env in ({}, {"HTTPS_PROXY": "http://proxy:1"}))
    assert plain.fingerprint() == proxied.fingerprint()
    assert session.session_for(plain, print, 60) is not session.session_for(proxied, print, 60)
    for auth, variable in (("azure_cli", "AZURE_CONFIG_DIR"), ("managed_identity", "IDENTITY_ENDPOINT")):
        prints = {settings_of(Environment({variable: value}), auth=auth).fingerprint() for value in ("/a", "/b")}
        assert len(prints) == 2


def test_a_library_reads_the_tasks_variables_and_the_process_keeps_its_own(monkeypatch):
    monkeypatch.setenv("AZURE_CONFIG_DIR", "/the/controllers")
    read = []

    class Reading(Counting):
        def __init__(self):
            read.append(os.environ["AZURE_CONFIG_DIR"])

        def get_token(self, *scopes, **options):
            read.append(os.environ["AZURE_CONFIG_DIR"])
            return super().get_token(*scopes, **options)

    of_task = settings_of(Environment({"AZURE_CONFIG_DIR": "/the/tasks"}), auth="azure_cli")
    tokens.TokenSource(of_task, Reading, clock=lambda: 0.0).token()
    assert read == ["/the/tasks"] * 2 and os.environ["AZURE_CONFIG_DIR"] == "/the/controllers"


def test_a_missing_library_is_said_with_its_cure(monkeypatch):
    monkeypatch.setattr(libraries, "MISSING", ImportError("No module named 'azure'", name="azure"))
    with pytest.raises(Failure) as caught:
        libraries.require()
    assert "-m pip install 'azure-identity" in caught.value.error["fix"] and "azure" in caught.value.msg


# --- tokens in a file ---


class Counting:
    issued = 0

    def get_token(self, *scopes, **options):
        Counting.issued += 1
        return types.SimpleNamespace(token=f"token-{Counting.issued}", expires_on=5000)


def source(directory, now=1000.0):
    return tokens.TokenSource(
        settings(**WHO, client_secret=SECRET), Counting, tokens.TokenFile(str(directory), "print"), lambda: now
    )


def test_tasks_share_a_token_through_a_private_file(tmp_path):
    directory = tmp_path / "cache"
    first = source(directory).token()
    assert source(directory).token() == first
    (file,) = directory.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600 and directory.stat().st_mode & 0o777 == 0o700
    assert SECRET not in file.read_text(encoding="utf-8")


def test_a_full_disk_fails_no_task_and_leaves_nothing_in_the_cache(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    directory = tmp_path / "cache"
    assert source(directory).token() and list(directory.iterdir()) == []


def test_a_token_that_is_about_to_end_or_was_refused_is_not_taken_from_the_file(tmp_path):
    directory = tmp_path / "cache"
    first = source(directory).token()
    assert source(directory, now=4900).token() != first
    kept = source(directory)
    kept.token()
    kept.renew()
    assert list(directory.iterdir()) == []


def test_a_directory_that_others_can_read_is_refused(tmp_path):
    directory = tmp_path / "cache"
    directory.mkdir(mode=0o755)
    os.chmod(directory, 0o755)
    with pytest.raises(Failure, match="token_cache"):
        source(directory)
    link = tmp_path / "link"
    os.chmod(directory, 0o700)
    link.symlink_to(directory)
    with pytest.raises(Failure, match="token_cache"):
        source(link)


@pytest.mark.parametrize("text", ["", "{}", "[]", "{", '{"token": "x"}', '{"token": "x", "expires_on": "y"}'])
def test_a_damaged_file_is_no_token(tmp_path, text):
    directory = tmp_path / "cache"
    kept = source(directory)
    file = directory / "print.json"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    assert kept.token().startswith("token-")


def test_a_file_that_others_can_write_is_not_trusted(tmp_path):
    directory = tmp_path / "cache"
    kept = source(directory)
    file = directory / "print.json"
    file.write_text(json.dumps({"token": "planted", "expires_on": 9e9}), encoding="utf-8")
    file.chmod(0o666)
    assert kept.token() != "planted"


# --- sign-in failures ---


def failed(text: str, kind: str = "client_secret", cause: Exception | None = None) -> Failure:
    exc = libraries.azure_errors.ClientAuthenticationError(message=text)
    exc.__cause__ = cause
    return sign_in.sign_in_failure(exc, kind)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("7000215", "client_secret_wrong"),
        ("7000222", "client_secret_expired"),
        ("700016", "application_unknown"),
        ("90002", "tenant_unknown"),
        ("53003", "conditional_access"),
        ("7000218", "not_a_public_client"),
        ("1234567", "sign_in_refused"),
    ],
)
def test_each_sign_in_code_has_its_name(code, name):
    text = (
        f"Authentication failed: AADSTS{code}: Something odd. Trace ID: 0a1b2c3d-0000-1111-2222-333344445555 "
        "Correlation ID: 1 Timestamp: 2026-11-21"
    )
    failure = failed(text)
    assert (failure.error["name"], failure.error["code"]) == (name, f"AADSTS{code}")
    assert failure.error["request_id"] == "0a1b2c3d-0000-1111-2222-333344445555"


def test_what_a_sign_in_exception_quotes_does_not_come_through():
    assertion = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2xvZ2luIn0.c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmU"
    for text in (f"AADSTS1234567: Assertion '{assertion}' is odd. Trace ID: x", f"bad answer {assertion} and {SECRET}"):
        failure = failed(text)
        assert assertion not in failure.msg + str(failure.error) and SECRET not in failure.msg + str(failure.error)


def test_a_sign_in_that_reached_nobody_is_of_the_network():
    errors = libraries.azure_errors
    cause = errors.ServiceRequestError("Failed to resolve 'login' ([Errno -2] Name or service not known)")
    failure = failed("Authentication failed", cause=cause)
    assert (failure.error["side"], failure.error["name"]) == ("network", "name_unresolved")
    tls = errors.ServiceRequestError("SSLError(SSLCertVerificationError(1, 'CERTIFICATE_VERIFY_FAILED'))")
    assert failed("x", cause=tls).error["name"] == "tls_untrusted"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("azure_cli", "azure_cli_unavailable"),
        ("managed_identity", "managed_identity_unavailable"),
        ("environment", "environment_incomplete"),
    ],
)
def test_a_credential_that_is_not_there_says_what_to_do(kind, name):
    exc = libraries.identity.CredentialUnavailableError(message="Please run 'az login'")
    assert sign_in.sign_in_failure(exc, kind).error["name"] == name
