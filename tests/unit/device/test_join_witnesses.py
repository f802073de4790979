# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of several join keys is the join is told by the other witnesses, never by their order."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import requirements, state

from . import scripted
from .scripted import DEVICE_ID, TENANT, THUMBPRINT, OperationError, ScriptedDevice, key

EARLIER, EARLIER_THUMBPRINT = "9b1f5c2e-6d3a-4c87-8f10-2a7be4d5c601", "05" * 20
EARLIER_DEVICE = "1f0c7d44-92ab-4e0e-b1a5-7c5d3f2e8b90"
CLOUD_JOIN = r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin"
OURS = {THUMBPRINT: {"TenantId": TENANT, "UserEmail": "package_x@contoso.example"}}
THEIRS = {EARLIER_THUMBPRINT: {"TenantId": EARLIER, "UserEmail": "someone@woodgrove.example"}}
STALE = {
    "key": EARLIER_THUMBPRINT,
    "thumbprint": EARLIER_THUMBPRINT,
    "tenant_id": EARLIER,
    "tenant_name": "Woodgrove",
    "joined_by": "someone@woodgrove.example",
}


def certificate(thumbprint: str = THUMBPRINT, device_id: str = DEVICE_ID) -> dict:
    return scripted.join_certificate() | {"thumbprint": thumbprint, "subject": f"CN={device_id}"}


BOTH = [certificate(EARLIER_THUMBPRINT, EARLIER_DEVICE), certificate()]


def dsregcmd_says(thumbprint: str | None = None, tenant_id: str | None = None, joined: bool = True) -> str:
    rows = {"DeviceId": DEVICE_ID, "Thumbprint": thumbprint, "TenantName": "Contoso", "TenantId": tenant_id}
    line = "+" + "-" * 70 + "+\r\n"
    details = "".join(f"{name:>26} : {value}\r\n" for name, value in rows.items() if joined and value)
    return scripted.dsregcmd_text(joined) + f"\r\n{line}| {'Device Details':69}|\r\n{line}\r\n{details}"


LIVE = dsregcmd_says(THUMBPRINT, TENANT)


OWN = (certificate(),)


def device_with(*joins: dict, certificates=OWN, dsregcmd: str | None = LIVE) -> ScriptedDevice:
    """A device with these keys below JoinInfo, in this order. Without dsregcmd's text that read is refused."""
    device = ScriptedDevice()
    names = {TENANT: "Contoso", EARLIER: "Woodgrove"}
    root = key(
        JoinInfo=key(**{name: key(values) for join in joins for name, values in join.items()}),
        TenantInfo=key(**{tenant: key({"DisplayName": name}) for tenant, name in names.items()}),
    )
    device.handlers["registry_read"] = scripted.registry(scripted.fresh_registry() | {CLOUD_JOIN: root})
    device.handlers["certificates"] = lambda _p: {"certificates": list(certificates)}

    def status(_params):
        if dsregcmd is None:
            raise OperationError("System.UnauthorizedAccessException", "no")
        return {"present": True, "exit_code": 0, "text": dsregcmd}

    device.handlers["dsregcmd_status"] = status
    return device


def join_of(device: ScriptedDevice) -> dict:
    return state.build(device.session().run(state.observations(("join",))), ("join",))["join"]


def refusal(join: dict, tenant_id: str) -> str | None:
    found = requirements.join_state_refusal(join, tenant_id)
    return found and found.name


@pytest.mark.parametrize("joins", [(THEIRS, OURS), (OURS, THEIRS)], ids=["stale first", "stale last"])
@pytest.mark.parametrize(
    ("certificates", "dsregcmd"),
    [
        ([certificate()], LIVE),
        ([certificate()], None),
        ([certificate()], dsregcmd_says()),
        (BOTH, LIVE),
        (BOTH, dsregcmd_says(None, TENANT)),
        (BOTH, dsregcmd_says(THUMBPRINT.lower(), None)),
    ],
    ids=["both", "certificate", "certificate, old dsregcmd", "thumbprint and tenant", "tenant", "thumbprint"],
)
def test_certificate_and_dsregcmd_say_which_join_is_live(joins, certificates, dsregcmd):
    join = join_of(device_with(*joins, certificates=certificates, dsregcmd=dsregcmd))
    assert (join["type"], join["tenant_id"], join["tenant_name"]) == ("entra", TENANT, "Contoso")
    assert (join["device_id"], join["thumbprint"]) == (DEVICE_ID, THUMBPRINT)
    assert join["joined_by"] == "package_x@contoso.example"
    assert join["stale_joins"] == [STALE]
    assert join["witnesses_agree"] is (None if dsregcmd is None else True)
    assert refusal(join, TENANT) is None and refusal(join, EARLIER) == "joined_to_another_tenant"


@pytest.mark.parametrize("dsregcmd", [None, dsregcmd_says()], ids=["refused", "names none"])
def test_a_join_that_nobody_can_tell_from_a_stale_one_is_of_no_tenant(dsregcmd):
    join = join_of(device_with(THEIRS, OURS, certificates=BOTH, dsregcmd=dsregcmd))
    assert join["type"] == "entra"
    assert (join["tenant_id"], join["joined_by"], join["stale_joins"]) == (None, None, None)
    assert refusal(join, TENANT) == refusal(join, EARLIER) == "joined_tenant_unknown"


def test_a_key_is_stale_where_certificate_and_dsregcmd_name_another_join():
    join = join_of(device_with(THEIRS))
    assert (join["type"], join["tenant_id"], join["thumbprint"]) == ("entra", TENANT, THUMBPRINT)
    assert join["stale_joins"] == [STALE] and join["witnesses_agree"] is False
    assert refusal(join, EARLIER) == "joined_to_another_tenant"


def test_a_key_against_dsregcmd_alone_is_no_tenants_until_a_certificate_speaks():
    join = join_of(device_with(THEIRS, certificates=[]))
    assert join["tenant_id"] == TENANT and join["stale_joins"] is None and join["witnesses_agree"] is False


@pytest.mark.parametrize("joins", [(THEIRS,), (THEIRS, OURS)], ids=len)
def test_all_keys_are_stale_where_the_device_is_joined_to_nothing(joins):
    join = join_of(device_with(*joins, certificates=[], dsregcmd=dsregcmd_says(joined=False)))
    assert join["type"] == "none" and join["tenant_id"] is None
    assert [stale["tenant_id"] for stale in join["stale_joins"]] == [EARLIER, TENANT][: len(joins)]
    assert join["witnesses_agree"] is False


def test_nothing_is_stale_on_a_device_with_one_join_or_none():
    assert join_of(device_with(OURS))["stale_joins"] == []
    assert join_of(ScriptedDevice())["stale_joins"] == []


def test_a_stale_key_that_is_closed_is_still_one():
    device = device_with(OURS)
    root = device.handlers["registry_read"]({"path": CLOUD_JOIN})["key"]
    refused = {"refused": {"type": "SecurityException", "message": "no", "hresult": None}}
    root["keys"]["JoinInfo"]["keys"] = {EARLIER_THUMBPRINT: refused, **root["keys"]["JoinInfo"]["keys"]}
    join = join_of(device)
    assert join["tenant_id"] == TENANT
    assert join["stale_joins"] == [
        {**dict.fromkeys(STALE), "key": EARLIER_THUMBPRINT, "thumbprint": EARLIER_THUMBPRINT}
    ]


def test_the_other_subset_that_needs_the_tenant_learns_it_from_the_certificate():
    device = device_with(THEIRS, OURS)
    answer = device.session().run(state.observations(("mdm",)))
    assert "dsregcmd_status" not in device.executed
    assert state.build(answer, ("mdm",))["mdm"]["enrolled"] is False


# --- keys that have the device's id as their name ---------------------------------------------------------------------

BY_DEVICE = {DEVICE_ID: OURS[THUMBPRINT]}
THEIRS_BY_DEVICE = {EARLIER_DEVICE.upper(): THEIRS[EARLIER_THUMBPRINT]}
STALE_BY_DEVICE = STALE | {"key": EARLIER_DEVICE.upper()}
NOT_JOINED = dsregcmd_says(joined=False)


@pytest.mark.parametrize(
    "dsregcmd", [LIVE, None, dsregcmd_says(None, TENANT)], ids=["both", "refused", "no thumbprint"]
)
@pytest.mark.parametrize("name", [DEVICE_ID, DEVICE_ID.upper()])
def test_a_key_may_be_named_by_the_device_of_its_certificate(name, dsregcmd):
    join = join_of(device_with({name: OURS[THUMBPRINT]}, dsregcmd=dsregcmd))
    assert (join["type"], join["tenant_id"], join["device_id"]) == ("entra", TENANT, DEVICE_ID)
    assert join["thumbprint"] == THUMBPRINT and join["certificate_expires"] == certificate()["not_after"]
    assert join["stale_joins"] == [] and join["witnesses_agree"] is (None if dsregcmd is None else True)


def test_registry_and_certificate_are_a_join_without_dsregcmd():
    """As the wait for a join sees it before dsregcmd follows."""
    device = device_with(BY_DEVICE, dsregcmd=NOT_JOINED)
    join = join_of(device)
    assert join["type"] == "entra" and join["tenant_id"] == TENANT


@pytest.mark.parametrize("joins", [(THEIRS_BY_DEVICE, BY_DEVICE), (THEIRS_BY_DEVICE, OURS), (THEIRS, BY_DEVICE)])
@pytest.mark.parametrize("both", [True, False], ids=["both certificates", "one certificate"])
def test_of_several_keys_of_any_name_certificate_and_dsregcmd_tell_the_join(joins, both):
    join = join_of(device_with(*joins, certificates=BOTH if both else OWN))
    assert (join["tenant_id"], join["device_id"], join["thumbprint"]) == (TENANT, DEVICE_ID, THUMBPRINT)
    assert [(item["tenant_id"], item["key"]) for item in join["stale_joins"]] == [(EARLIER, next(iter(joins[0])))]
    known = EARLIER_THUMBPRINT if both or joins[0] is THEIRS else None
    assert join["stale_joins"][0]["thumbprint"] == known, "a device's id is no thumbprint"


def test_a_device_id_is_never_told_as_a_thumbprint():
    join = join_of(device_with(BY_DEVICE, certificates=[], dsregcmd=dsregcmd_says(None, TENANT)))
    assert join["type"] == "entra" and join["device_id"] == DEVICE_ID and join["thumbprint"] is None
    refused = device_with(BY_DEVICE)
    refused.handlers["certificates"] = refused.handlers["dsregcmd_status"]
    assert join_of(refused)["thumbprint"] == THUMBPRINT, "as dsregcmd prints it"


def test_a_key_of_another_device_is_stale_where_certificate_and_dsregcmd_name_this_one():
    join = join_of(device_with(THEIRS_BY_DEVICE))
    assert join["tenant_id"] == TENANT and join["witnesses_agree"] is False
    assert join["stale_joins"] == [STALE_BY_DEVICE | {"thumbprint": None}]


def test_of_two_keys_of_one_certificate_windows_takes_the_one_of_its_thumbprint():
    join = join_of(device_with(BY_DEVICE, OURS))
    assert (join["type"], join["tenant_id"], join["witnesses_agree"]) == ("entra", TENANT, True)
    assert [item["key"] for item in join["stale_joins"]] == [DEVICE_ID]


def test_a_device_that_was_registered_again_under_its_id_has_the_certificate_that_dsregcmd_prints():
    older = certificate(EARLIER_THUMBPRINT) | {"not_before": "2020-01-01T00:00:00.000Z"}
    for issued in ([older, certificate()], [certificate(), older]):
        assert join_of(device_with(BY_DEVICE, certificates=issued))["thumbprint"] == THUMBPRINT
        assert join_of(device_with(BY_DEVICE, certificates=issued, dsregcmd=None))["thumbprint"] == THUMBPRINT
