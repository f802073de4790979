# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trials of what reads Windows' own records: registry, certificates, CIM, event logs, dsregcmd.

Each asks for something that every Windows has and for something that none has.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import functools
import re

from .. import operations as op
from ..reading import Key, known
from .system import ENVIRONMENT, INTERNATIONAL, LANGUAGES, SESSION_MANAGER, WINDOWS_KEY
from .trial import Trial

NOBODY = "00000000-0000-0000-0000-000000000000"
NOWHERE = "winops.entra acceptance, absent"
_PERSON = re.compile(r"S-1-(5-21|12-1)-[0-9-]+")
_THUMBPRINT = re.compile(r"[0-9A-F]{40}")
_YEARS_AHEAD = "2099-01-01T00:00:00.000Z"
_EVENT_LOG_STARTED = 6005


def registry_read(trial: Trial) -> None:
    found = trial.values(
        windows=op.registry_read(WINDOWS_KEY),
        manager=op.registry_read(SESSION_MANAGER),
        environment=op.registry_read(ENVIRONMENT),
        languages=op.registry_read(LANGUAGES, depth=1),
        absent=op.registry_read(rf"SOFTWARE\{NOWHERE}"),
    )
    windows, languages = Key(found["windows"]["key"]), Key(found["languages"]["key"])
    manager, environment = Key(found["manager"]["key"]), Key(found["environment"]["key"])
    revision, binary = known(lambda: windows.number("UBR")), known(lambda: windows.data("DigitalProductId"))
    commands, shell = known(lambda: manager.texts("BootExecute")), known(lambda: environment.text("ComSpec"))
    trial.check("CurrentBuild is digits", _digits(known(lambda: windows.text("CurrentBuild"))))
    trial.check("UBR, a REG_DWORD, is a number from 0 on", revision is not None and revision >= 0)
    trial.check("DigitalProductId, a REG_BINARY, is base64", bool(binary))
    trial.check("BootExecute, a REG_MULTI_SZ, is a list", commands is not None)
    trial.check("ComSpec, a REG_EXPAND_SZ, is not expanded", (shell or "").startswith("%"))
    trial.check(
        "a subkey is read if depth asks for it",
        _digits(known(lambda: languages.child("CodePage").text("OEMCP"))),
    )
    trial.check("no subkey is read if depth is 0", not list(windows.children()))
    trial.check("a key that is not there does not exist", found["absent"] == {"exists": False, "key": None})
    trial.tell(values=len(windows.values), subkeys=len(list(languages.children())))


def registry_users_read(trial: Trial) -> None:
    found = trial.values(
        users=op.registry_users_read(INTERNATIONAL), absent=op.registry_users_read(rf"Software\{NOWHERE}")
    )
    users = found["users"]["users"]
    trial.check("only hives of people are read", all(_PERSON.fullmatch(sid) for sid in users))
    trial.check(
        "each has a culture",
        all(known(functools.partial(Key(key).text, "LocaleName")) for key in users.values()),
    )
    trial.check("a key that no user has is found for none", found["absent"]["users"] == {})
    trial.tell(users=len(users), own_hive=trial.ground.system.device.get("sid") in users)


def certificates(trial: Trial) -> None:
    found = trial.values(
        own=op.certificates("My"),
        roots=op.certificates("Root"),
        microsoft=op.certificates("Root", ("microsoft",)),
        absent=op.certificates(NOWHERE),
    )
    lists = {name: value["certificates"] for name, value in found.items()}
    everything = [item for items in lists.values() for item in items]
    roots = {item["thumbprint"] for item in lists["roots"]}
    trial.check("thumbprints are 40 digits", all(_THUMBPRINT.fullmatch(item["thumbprint"]) for item in everything))
    trial.check("dates are in order", all(item["not_before"] <= item["not_after"] for item in everything))
    trial.check("Windows trusts an authority of Microsoft", bool(lists["microsoft"]))
    trial.check(
        "issuers are looked for without regard to case",
        all("microsoft" in item["issuer"].lower() and item["thumbprint"] in roots for item in lists["microsoft"]),
    )
    trial.check("a store that is not there is empty", lists["absent"] == [])
    trial.tell(own=len(lists["own"]), roots=len(roots), of_microsoft=len(lists["microsoft"]))


def device_key_proof(trial: Trial) -> None:
    """Nothing here has a device certificate of this id; where this device has one, its key is not asked to sign."""
    found = trial.values(absent=op.device_key_proof(NOBODY, "00" * 32))["absent"]
    trial.check("nothing is signed for an id that no certificate has", set(found.values()) == {None})


def dsregcmd_status(trial: Trial) -> None:
    status = trial.values(status=op.dsregcmd_status())["status"]
    trial.check("dsregcmd.exe is there", status["present"])
    trial.check("it has an exit code", status["exit_code"] is not None)
    trial.check("it says whether the device is joined", bool(re.search(r"AzureAdJoined *: *(YES|NO)", status["text"])))
    trial.tell(present=status["present"], exit_code=status["exit_code"], lines=len(status["text"].splitlines()))


def cim_query(trial: Trial) -> None:
    wanted = ("BuildNumber", "ProductType", "LastBootUpTime", "MUILanguages")
    query = op.cim_query("Win32_OperatingSystem", wanted)
    found = trial.values(
        system=query,
        client_or_server=query | {"filter": "ProductType < 4"},
        neither=query | {"filter": "ProductType > 3"},
        firewall=op.cim_query("MSFT_NetFirewallProfile", ("Name", "Enabled"), "root/standardcimv2"),
    )
    lists = {name: value["instances"] for name, value in found.items()}
    system = lists["system"][0] if lists["system"] else {}
    booted = system.get("LastBootUpTime")
    trial.check("there is one operating system", len(lists["system"]) == 1)
    trial.check("exactly the requested properties are returned", set(system) == set(wanted))
    trial.check("the build is the registry's", system.get("BuildNumber") == trial.ground.system.build)
    trial.check("the product type is 1, 2 or 3", system.get("ProductType") in (1, 2, 3))
    trial.check(
        "the last boot is UTC and in the past",
        isinstance(booted, str) and booted.endswith("Z") and booted < str(trial.ground.system.device.get("utc")),
    )
    trial.check("a list of one is a list", isinstance(system.get("MUILanguages"), list))
    trial.check("a filter keeps what it names", len(lists["client_or_server"]) == 1 and lists["neither"] == [])
    trial.check("another namespace is read", len(lists["firewall"]) == 3)
    unknown = trial.results(unknown=op.cim_query("Win32_NoSuchClassAnywhere", ("Name",)))["unknown"]
    trial.refused("a class that is not there is an error", unknown)
    trial.tell(languages=len(system.get("MUILanguages") or []), firewall_profiles=len(lists["firewall"]))


def events(trial: Trial) -> None:
    found = trial.values(
        system=op.events("System", (), None, 5),
        started=op.events("System", (_EVENT_LOG_STARTED,), None, 3),
        grave=op.events("System", (), None, 9, levels=(1, 2), each=1),
        ahead=op.events("System", (), _YEARS_AHEAD, 5),
        absent=op.events(f"{NOWHERE}/Operational", (), None, 5),
    )
    newest = found["system"]["events"]
    records = [event["record"] for event in newest]
    trial.check("the log System is there and has events", found["system"]["log_exists"] and bool(newest))
    trial.check("no more events are read than requested", len(newest) <= 5)
    trial.check("the newest comes first", records == sorted(records, reverse=True))
    trial.check(
        "only events of the id are read", {event["id"] for event in found["started"]["events"]} <= {_EVENT_LOG_STARTED}
    )
    grave = found["grave"]["events"]
    trial.check("only events of the level are read", {event["level"] for event in grave} <= {1, 2})
    trial.check("no more events of one id are read than requested", len({event["id"] for event in grave}) == len(grave))
    trial.check("no event is older than since", found["ahead"] == {"log_exists": True, "events": []})
    trial.check("a log that is not there does not exist", found["absent"] == {"log_exists": False, "events": []})
    if newest:
        later = trial.values(later=op.events("System", (), records[-1], 50))["later"]["events"]
        numbers = {event["record"] for event in later}
        trial.check("all that is newer than a record is read", numbers >= set(records[:-1]))
        trial.check("nothing is read that is as old as a record", all(number > records[-1] for number in numbers))
    trial.tell(events=len(newest), with_message=sum(event["message"] is not None for event in newest))


def _digits(value) -> bool:
    return isinstance(value, str) and bool(re.fullmatch("[0-9]+", value))
