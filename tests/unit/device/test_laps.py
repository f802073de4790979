# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose password Windows LAPS keeps in Entra: in manual and automatic mode, by each policy, and by its state."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import laps
from ansible_collections.winops.entra.plugins.plugin_utils.device.reading import Key, Unreadable

from . import scripted
from .fit import FitDevice, administrator

MACHINE = "S-1-5-21-1-2-3"
ENTRA, AD = {"BackupDirectory": 1}, {"BackupDirectory": 2}
AUTO = ENTRA | {"AutomaticAccountManagementEnabled": 1}
RANDOM = AUTO | {"AutomaticAccountManagementRandomizeName": 1}
STATE_OF_ENTRA = {"AzurePasswordExpiryTime": 133800000000000000}


class Told:
    """A registry read: what is there, or that it was refused."""

    def __init__(self, values: dict | None, error: dict | None = None) -> None:
        self._key = Key(None if values is None else {"values": values, "keys": {}}, "LAPS", error)

    def key(self) -> Key:
        return self._key


def answer(**told: dict | Told) -> dict[str, Told]:
    given = {name: value if isinstance(value, Told) else Told(value) for name, value in told.items()}
    return {name: Told(None) for name in laps.OBSERVATIONS} | given


def member(name: str | None, rid: int = 1005) -> dict:
    return {"name": name and rf"PC-1\{name}", "sid": f"{MACHINE}-{rid}", "kind": "local"}


BUILT_IN, RESCUE = member("Administrator", 500), member("rescue")


@pytest.mark.parametrize(
    ("policy", "who", "kept"),
    [
        # Manual: the named one, else the built-in account, whatever its name is.
        (ENTRA, BUILT_IN, True),
        (ENTRA, member("root", 500), True),
        (ENTRA, RESCUE, False),
        (ENTRA | {"AdministratorAccountName": "Rescue"}, RESCUE, True),
        (ENTRA | {"AdministratorAccountName": r".\rescue"}, RESCUE, True),
        (ENTRA | {"AdministratorAccountName": "rescue"}, BUILT_IN, False),
        (ENTRA | {"AdministratorAccountName": ""}, BUILT_IN, True),
        (ENTRA | {"AutomaticAccountManagementEnabled": 0}, RESCUE, False),
        # Into Active Directory, or nowhere.
        (AD, BUILT_IN, False),
        ({"BackupDirectory": 0}, BUILT_IN, False),
        ({"PasswordLength": 20}, BUILT_IN, False),
        # Automatic: one that LAPS has made, by default under its own name.
        (AUTO, member("WLapsAdmin"), True),
        (AUTO, member("wlapsadmin"), True),
        (AUTO, RESCUE, False),
        (AUTO, BUILT_IN, None),
        (AUTO | {"AdministratorAccountName": "rescue"}, RESCUE, None),
        (AUTO | {"AutomaticAccountManagementNameOrPrefix": "Keeper"}, member("keeper"), True),
        (AUTO | {"AutomaticAccountManagementNameOrPrefix": "Keeper"}, member("WLapsAdmin"), False),
        # With random digits behind twelve characters of the prefix at most.
        (RANDOM, member("WLapsAdmin48392017"), True),
        (AUTO, member("WLapsAdmin48392017"), True),
        (RANDOM, member("WLapsAdmins"), False),
        (RANDOM | {"AutomaticAccountManagementNameOrPrefix": "A-long-prefix-x"}, member("a-long-prefi00000001"), True),
        (RANDOM | {"AutomaticAccountManagementNameOrPrefix": "x.y"}, member("xzy12345678"), False),
        # Automatic, the built-in account.
        (AUTO | {"AutomaticAccountManagementTarget": 0}, member("WLapsAdmin77", 500), True),
        (AUTO | {"AutomaticAccountManagementTarget": 0}, RESCUE, False),
        (AUTO | {"AutomaticAccountManagementTarget": 0, "AdministratorAccountName": "rescue"}, RESCUE, None),
        (AUTO, member(None), False),
    ],
)
def test_the_policy_says_whose_password_is_in_entra(policy, who, kept):
    assert laps.keeps(answer(laps_mdm=policy), who) is kept
    # Alike as a group policy, and as a local setting.
    assert laps.keeps(answer(laps_policy=policy), who) is kept
    assert laps.keeps(answer(laps_config=policy), who) is kept


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({"laps_mdm": ENTRA, "laps_policy": AD}, True),
        ({"laps_mdm": AD, "laps_policy": ENTRA}, False),
        ({"laps_mdm": {}, "laps_policy": ENTRA}, True),
        ({"laps_policy": AD, "laps_config": ENTRA}, False),
        # Of the four roots the old LAPS is the last, and knows no Entra.
        ({"laps_legacy": {"AdmPwdEnabled": 1, "BackupDirectory": 1}}, False),
        ({"laps_config": ENTRA, "laps_legacy": {"AdmPwdEnabled": 1}}, True),
    ],
)
def test_the_first_root_with_a_value_rules_as_a_whole(told, kept):
    assert laps.keeps(answer(**told), BUILT_IN) is kept


@pytest.mark.parametrize(
    ("told", "who", "kept"),
    [
        # The account that LAPS has dealt with last is its own, whatever the policy says by now.
        ({"laps_mdm": ENTRA, "laps_state": {"ManagedAccount": "rescue"}}, RESCUE, True),
        ({"laps_mdm": ENTRA, "laps_state": {"LastSid": f"{MACHINE}-1005"}}, RESCUE, True),
        ({"laps_state": STATE_OF_ENTRA | {"ManagedAccountName": "rescue"}}, RESCUE, True),
        ({"laps_state": STATE_OF_ENTRA | {"ManagedAccountName": "rescue"}}, BUILT_IN, False),
        ({"laps_mdm": {"BackupDirectory": 0}, "laps_state": STATE_OF_ENTRA}, RESCUE, None),
        ({"laps_state": STATE_OF_ENTRA}, BUILT_IN, None),
        ({"laps_state": {"ManagedAccountName": "rescue"}}, RESCUE, False),
        ({"laps_state": {"LastPasswordUpdateTime": 1}}, BUILT_IN, False),
    ],
)
def test_the_state_of_laps_is_a_witness(told, who, kept):
    assert laps.keeps(answer(**told), who) is kept


@pytest.mark.parametrize(
    "told",
    [
        *({name: Told(None, {"type": "X", "message": "denied", "hresult": None})} for name in laps.OBSERVATIONS),
        {"laps_mdm": {"BackupDirectory": "1"}},
        {"laps_mdm": AUTO | {"AutomaticAccountManagementEnabled": "1"}},
        {"laps_mdm": AUTO | {"AutomaticAccountManagementNameOrPrefix": 7}},
    ],
)
def test_what_cannot_be_read_is_no_answer(told):
    with pytest.raises(Unreadable):
        laps.keeps(answer(**told), RESCUE)


def test_the_only_usable_administrator_may_not_be_one_whose_password_goes_with_the_entra_object():
    device = FitDevice()
    device.members = [
        administrator(500) | {"enabled": False},
        administrator(1007) | {"name": r"PC-1\WLapsAdmin48392017"},
    ]
    device.registry[laps.POLICIES["laps_mdm"]] = scripted.key(RANDOM)
    found = device.check("local_administrator")
    assert found.result == "fail" and "LAPS keeps its password" in found.observed


def test_each_member_is_judged_by_itself():
    device = FitDevice()
    device.members = [administrator(500), administrator(1008) | {"name": r"PC-1\site"}]
    device.registry[laps.POLICIES["laps_mdm"]] = scripted.key(AUTO)
    assert device.check("local_administrator").result == "pass"
