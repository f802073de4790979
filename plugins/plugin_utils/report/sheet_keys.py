# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of a hand-over sheet for those who have to register a security key: one a person, with what nobody can do
for them.

The steps are those of Microsoft's guides "Register a passkey (FIDO2)" and "Enable security key sign-in to Windows 10
and 11 devices with Microsoft Entra ID". Only named fields are read, and none of them is a secret.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable

from ..sheet import Section
from . import key_users
from .sheet_words import About, Page, Record, calling, text_of
from .told import object_in, objects_in

MOST_DEVICES = 20
"""Devices on the page of a person."""


class Person(t.NamedTuple):
    """Somebody who has to register a key: the user of a record, and the devices by whether they take keys already."""

    user: Record
    taking: tuple[str, ...] = ()
    not_yet: tuple[str, ...] = ()


def _who(person: Person, _about: About) -> Section:
    name = text_of(person.user, "display_name")
    said = [f"Name: {name}"] if name else []
    said.append(f"Account: {_account(person.user)}")
    said += [f"Devices: {_listed(person.taking)}"] if person.taking else []
    said += [f"Not set up for keys yet: {_listed(person.not_yet)}"] if person.not_yet else []
    return Section("You", tuple(said))


def _ready(person: Person, _about: About) -> Section:
    missing = person.user.get("missing") or ()
    said = ["Your security key, and a computer with a browser and a free USB port."]
    if "no_second_factor" not in missing and person.user.get("pass") in ("changed", "unchanged"):
        said.append("Your Temporary Access Pass, which you get from your service desk. It is not on this page.")
    elif "no_second_factor" in missing:
        said.append("A Temporary Access Pass, because you have no second factor yet: ask your service desk for one.")
    else:
        said.append("Your second factor, such as the app Microsoft Authenticator.")
        if person.user.get("mfa_capable") is not True:
            said.append("If you have none, ask your service desk for a Temporary Access Pass.")
    if "security_key_not_taken" in missing:
        said.append("The key that you have registered is of a model that is not allowed: take the new one.")
    if "passkey_limit" in missing:
        said.append("You have ten passkeys, which is the most: first remove one that you do not use any more.")
    others = person.user.get("other_passkeys") or ()
    if others:
        said.append("A passkey on your telephone, in a browser or of Windows Hello does not do at the lock screen.")
    return Section("What you need", tuple(said))


def _register(_person: Person, _about: About) -> Section:
    return Section(
        "Register your key",
        (
            f"Open {key_users.REGISTRATION_LINK} and sign in with your account.",
            "Choose Add sign-in method, then Security key (it may be called Passkey), then USB device.",
            "Insert the key when you are asked to.",
            "Give the key a PIN, or enter the one it has. The PIN is yours alone: nobody needs to know it.",
            "Touch the key when it blinks.",
            "Give it a name by which you will know it again.",
        ),
        ordered=True,
    )


def _unlock(_person: Person, _about: About) -> Section:
    return Section(
        "Sign in at the lock screen",
        (
            "Connect the device to the network: the first sign-in with a key needs it.",
            "Restart it, or sign out.",
            "Choose Sign-in options, then the picture of a key.",
            "Insert the key, enter its PIN, and touch it when it blinks.",
        ),
        ordered=True,
    )


def _trouble(_person: Person, about: About) -> Section:
    return Section(
        "If anything else happens",
        (
            calling(about),
            "If there is no picture of a key, say the name of the device.",
            "If you lose the key, call at once.",
        ),
    )


#: The sections of a page, in their order.
KEY_SECTIONS: tuple[Callable[[Person, About], Section], ...] = (_who, _ready, _register, _unlock, _trouble)


def pages(records: Iterable[Record], about: About) -> list[Page]:
    """A page for each person who has to register a key, in the order of the report, whatever the number of devices."""
    return [
        (_account(person.user), [section(person, about) for section in KEY_SECTIONS])
        for person in people(records).values()
        if key_users.needs_key(person.user)
    ]


def note(records: Iterable[Record]) -> str:
    """What the sheet says of people without a page: those who are ready need none."""
    left = [one.user for one in people(records).values() if not key_users.needs_key(one.user)]
    stuck = sum(1 for one in left if one.get("ready") is not True)
    said = f"{stuck} more people are not ready, and can do nothing yet: see the report." if stuck else ""
    return said


def people(records: Iterable[Record]) -> dict[str, Person]:
    """Everybody in the records of a report, each once, as the tenant was asked last."""
    found: dict[str, Person] = {}
    listed = [(record, user) for record in records for user in objects_in(record, "users") if text_of(user, "user")]
    # One may be named by an object id, too, and on a device whose users nobody has asked about yet.
    ids = {_folded(user): text_of(user, "object_id") for _record, user in listed if text_of(user, "object_id")}
    for record, user in listed:
        takes = object_in(record, "sign_in").get("takes_keys") is True
        device, name = text_of(record, "device"), ids.get(_folded(user), _folded(user))
        known = found.get(name, Person(user))
        newest = max(user, known.user, key=lambda one: text_of(one, "asked"))
        taking = known.taking + ((device,) if takes else ())
        found[name] = Person(newest, taking, known.not_yet + (() if takes else (device,)))
    return found


def _folded(user: Record) -> str:
    return text_of(user, "user").casefold()


def _account(user: Record) -> str:
    """What the user signs in with; the inventory may say an object id."""
    return text_of(user, "user_principal_name") or text_of(user, "user")


def _listed(devices: tuple[str, ...]) -> str:
    left = len(devices) - MOST_DEVICES
    return ", ".join(devices[:MOST_DEVICES]) + (f" and {left} more" if left > 0 else "")
