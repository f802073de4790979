# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of dsregcmd /status, held against published outputs where they lie beside the project."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.lab.device.accounts import Caller
from tests.lab.device.dsregcmd import status

from .world_lab import Lab, run

SAMPLES = Path(__file__).parents[4] / "shared/dsregcmd"
CONSOLE = Caller("PC\\user", "S-1-5-21-1-2-3-1001", elevated=True, network_logon=False)


def _keys(text: str) -> list[str]:
    """``section/key`` of each line, in order, read by hand."""
    found, section = [], ""
    for line in text.replace("\r", "").split("\n"):
        title = re.fullmatch(r"\| (.*?) *\|", line.strip())
        if title:
            section = title.group(1)
        elif " : " in line + " " and section:
            found.append(f"{section}/{line.split(' :')[0].strip()}")
    return found


def _values(text: str) -> dict[str, str]:
    pairs = [line.split(" :", 1) for line in text.replace("\r", "").split("\n") if " :" in line]
    return {key.strip(): value.strip() for key, value in pairs}


def _render(lab: Lab, kind: str, build: str = "", caller: Caller = CONSOLE) -> str:
    from tests.lab.device.images import image

    device = lab.device(kind)
    if build:
        device.image = image(device.image.edition.id, build, device.image.language)
    return status.render(device, caller)


# Rows that describe the signed-in user or a proxy, which differ by session and not by layout.
SESSION = re.compile(r"User State|SSO State|Work Account|Ngc|WorkAccountCount|Updated|Last HostName|footer|Virtual")


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the published outputs lie outside the project")
@pytest.mark.parametrize(
    ("sample", "kind", "build"),
    [
        ("06-entra-joined-win10-22h2-rdp-full", "joined", "19045.1"),
        ("07-entra-joined-local-user-no-prt", "joined", "19043.1"),
        ("46-not-joined-win11-device-state-only", "unjoined_pro", "22621.1"),
        ("01-workplace-registered-win11-italian", "registered", "22621.1"),
    ],
)
def test_device_sections_have_the_keys_of_published_outputs_in_their_order(sample, kind, build, tmp_path):
    published = _keys((SAMPLES / f"{sample}.txt").read_text(encoding="utf-8", errors="replace"))

    @run
    async def compare(lab: Lab):
        rendered = _keys(_render(lab, kind, build))
        wanted = [key for key in published if not SESSION.search(key)]
        sections = {key.split("/")[0] for key in wanted}
        assert [key for key in rendered if key.split("/")[0] in sections and not SESSION.search(key)] == wanted

    compare(tmp_path)


@run
async def test_each_state_prints_its_three_answers(lab: Lab):
    answers = {"unjoined_pro": "NO NO", "joined": "YES NO", "hybrid": "YES YES", "ad_joined": "NO YES"}
    for kind, expected in answers.items():
        values = _values(_render(lab, kind))
        assert f"{values['AzureAdJoined']} {values['DomainJoined']}" == expected, kind
        assert ("DeviceId" in values) == (kind in ("joined", "hybrid"))


@run
async def test_lines_end_with_crlf_and_sections_are_boxed(lab: Lab):
    text = _render(lab, "joined")
    assert text.count("\n") == text.count("\r\n") and text.startswith("\r\n+---")
    rules = [line for line in text.split("\r\n") if line.startswith("+")]
    assert rules and {len(rule) for rule in rules} == {72}
    assert text.rstrip().endswith("https://www.microsoft.com/aadjerrors")


@pytest.mark.parametrize(("build", "column"), [("14393.1", 18), ("17134.1", 23), ("19045.1", 26)])
def test_the_key_column_grew_with_the_layouts(build, column, tmp_path):
    @run
    async def width(lab: Lab):
        line = next(line for line in _render(lab, "joined", build).split("\r\n") if "AzureAdJoined" in line)
        assert line.index(":") == column + 1

    width(tmp_path)


@run
async def test_old_layouts_keep_the_device_in_device_state(lab: Lab):
    oldest, older = _render(lab, "joined", "14393.1"), _render(lab, "joined", "17134.1")
    for text in (oldest, older):
        assert "Device Details" not in text and "SSO State" not in text and "KeySignTest: : PASSED" in text
        assert _keys(text)[-1].startswith("Ngc Prerequisite Check/")
        state = [key for key in _keys(text) if key.startswith("Device State/")]
        assert state[-1] == "Device State/DomainJoined" and "Device State/TenantId" in state
    assert "X509CertRequired" in oldest and "X509CertRequired" not in older
    assert "WebAuthNSrvUrl" in older and "WebAuthNSrvUrl" not in oldest


@run
async def test_over_winrm_the_user_sections_know_nothing(lab: Lab):
    device = lab.device("joined")
    _code, text = await device.dsregcmd(["/status"], account="ansible")
    values = _values(text)
    assert values["AzureAdJoined"] == "YES" and values["DeviceAuthStatus"] == "SUCCESS"
    assert values["WamDefaultSet"].startswith("ERROR") and values["NgcPreReq"].startswith("ERROR")
    assert values["IsDeviceJoined"] == values["DeviceEligible"] == "UNKNOWN"
    assert values["SessionIsNotRemote"] == "YES" and values["AzureAdPrt"] == "NO"
    _code, system = await device.dsregcmd(["/status"], account="SYSTEM")
    assert _values(system)["IsDeviceJoined"] == "YES" and "NgcPreReq" not in _values(system)
    assert _values(system)["WamDefaultSet"].startswith("ERROR")


@run
async def test_device_auth_status_is_a_question_to_the_tenant(lab: Lab):
    from tests.lab.device import joinstate

    device = lab.device("joined")
    object_ = lab.world.tenant.device(joinstate.read(device).device_id)
    object_["accountEnabled"] = False
    assert _values(_render(lab, "joined"))["DeviceAuthStatus"] == "FAILED. Device is either disabled or deleted"
    device.network.blocked.add("login.microsoftonline.com")
    assert _values(_render(lab, "joined"))["DeviceAuthStatus"].startswith("FAILED. Error:")


@run
async def test_ad_joined_devices_print_the_tests_before_a_hybrid_join(lab: Lab):
    values = _values(_render(lab, "ad_joined"))
    assert values["AD Configuration Test"].startswith("FAIL [0x") and values["Error Phase"] == "discover"
    assert "Diagnostic Data" not in _render(lab, "unjoined_pro")


@pytest.mark.parametrize("arguments", [["/?"], ["/nonsense"], []])
def test_other_switches_print_the_help(arguments, tmp_path):
    async def main():
        lab = Lab(tmp_path)
        code, text = await lab.device("joined").dsregcmd(arguments, account="ansible")
        assert "/AzureSecureVMJoin" not in text and "/status" in text and code == (0 if arguments == ["/?"] else 1)

    asyncio.run(main())
