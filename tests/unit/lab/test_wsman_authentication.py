# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may speak to a device's WS-Man ports, and how."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from winrm.exceptions import InvalidCredentialsError
from winrm.protocol import Protocol

from .wsman_lab import WsmanLab


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WsmanLab]:
    lab = WsmanLab(tmp_path_factory.mktemp("lab"))
    yield lab
    lab.stop()


def ntlm(lab: WsmanLab, user: str, password: str, host: int = 0, encryption: str = "always") -> str:
    protocol = Protocol(
        lab.url("http", host), transport="ntlm", username=user, password=password, message_encryption=encryption
    )
    return protocol.open_shell()


def test_basic_over_http_is_refused_and_not_offered(lab: WsmanLab) -> None:
    answer = lab.post(lab.url("http"), b"<x/>", auth=("ops", lab.hosts[0].accounts["ops"]))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Negotiate"


def test_basic_over_https_needs_the_right_password(lab: WsmanLab) -> None:
    wrong = lab.post(lab.url("https"), b"<x/>", auth=("ops", "something else"))
    right = lab.post(lab.url("https"), b"<x/>", auth=("ops", lab.hosts[0].accounts["ops"]))
    assert wrong.status_code == 401
    assert "Basic" in wrong.headers["WWW-Authenticate"]
    assert right.status_code == 400  # let in, but this is no envelope


@pytest.mark.parametrize("user", ["ops", "OPS", ".\\ops", "PC0\\ops", "pc0\\ops"])
def test_local_accounts_are_found_in_the_forms_that_clients_send(lab: WsmanLab, user: str) -> None:
    password = lab.hosts[0].accounts["ops"]
    assert ntlm(lab, user, password)
    assert lab.post(lab.url("https"), b"<x/>", auth=(user, password)).status_code == 400


@pytest.mark.parametrize(("user", "password"), [("ops", "wrong"), ("nobody", "wrong"), ("OTHER\\ops", "wrong")])
def test_ntlm_refuses_a_wrong_password_and_an_unknown_account(lab: WsmanLab, user: str, password: str) -> None:
    with pytest.raises(InvalidCredentialsError):
        ntlm(lab, user, password)


def test_the_password_of_another_device_does_not_fit(lab: WsmanLab) -> None:
    of_first, of_second = (host.accounts["ops"] for host in lab.hosts)
    assert ntlm(lab, "ops", of_second, host=1)
    with pytest.raises(InvalidCredentialsError):
        ntlm(lab, "ops", of_first, host=1)


def test_a_changed_password_counts_at_the_next_connection(lab: WsmanLab) -> None:
    host = lab.hosts[1]
    before = host.accounts["guest"]
    assert ntlm(lab, "guest", before, host=1)
    host.accounts["guest"] = "a new password"
    assert ntlm(lab, "guest", "a new password", host=1)
    with pytest.raises(InvalidCredentialsError):
        ntlm(lab, "guest", before, host=1)


def test_plain_messages_over_http_are_refused_even_after_ntlm(lab: WsmanLab) -> None:
    with pytest.raises(InvalidCredentialsError):
        ntlm(lab, "ops", lab.hosts[0].accounts["ops"], encryption="never")


def test_ntlm_over_https_needs_no_message_encryption(lab: WsmanLab) -> None:
    protocol = Protocol(
        lab.url("https"), transport="ntlm", username="ops", password=lab.hosts[0].accounts["ops"], ca_trust_path=lab.ca
    )
    assert protocol.open_shell()


def test_authentication_belongs_to_the_connection(lab: WsmanLab) -> None:
    protocol = Protocol(
        lab.url("https"), transport="ntlm", username="ops", password=lab.hosts[0].accounts["ops"], ca_trust_path=lab.ca
    )
    protocol.open_shell()
    session = protocol.transport.session
    session.auth = None  # nothing but the connection speaks for the client now
    same = session.post(lab.url("https"), data=b"<x/>", verify=lab.ca, timeout=10)
    other = lab.post(lab.url("https"), b"<x/>")
    assert (same.status_code, other.status_code) == (400, 401)


def test_the_certificate_is_of_the_labs_own_authority(lab: WsmanLab) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.post(lab.url("https"), data=b"", timeout=10)


def test_the_account_files_are_private(lab: WsmanLab) -> None:
    ntlm(lab, "ops", lab.hosts[0].accounts["ops"])
    path = Path(os.environ["NTLM_USER_FILE"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_only_posts_to_wsman_are_served(lab: WsmanLab) -> None:
    assert requests.get(lab.url("https"), verify=lab.ca, timeout=10).status_code == 405
    assert lab.post(lab.url("https").replace("/wsman", "/other")).status_code == 404
