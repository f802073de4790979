# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of a hand-over sheet for those who unpack a device, to be put into its box: one a device.

A feature that has more to say about a device adds a section to SHEET_SECTIONS. Only named fields are read, and none of
them is a secret.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..sheet import Section
from .sheet_words import About, Page, Record, calling, text_of

#: What has come to a device that somebody can, or could, unpack. Of any other there is no page: its box stays closed.
HANDED_OVER = ("ready", "reset", "deploying", "deployed", "incomplete")


def _device(record: Record, _about: About) -> Section:
    said = [_named("Name in the inventory", record, "device")]
    made = " ".join(filter(None, (text_of(record, "manufacturer"), text_of(record, "model"))))
    said += [f"Device: {made}"] if made else []
    said += [_named("Serial number", record, "serial_number")]
    said += [
        "The serial number is on the label of the device. If it is another one, do not switch the device on: call."
    ]
    return Section("This device", tuple(filter(None, said)))


def _account(record: Record, _about: About) -> Section:
    if _mode(record) == "self_deploying":
        return Section("Account", ("Nobody signs in to set this device up.",))
    user = text_of(record, "assigned_user")
    if not user:
        return Section("Account", ("The account of the person who will use the device, who becomes its owner.",))
    only = "Only this person can set the device up, with their own password and second factor."
    return Section("Account", (user, only))


def _press(record: Record, _about: About) -> Section:
    if record.get("outcome") == "deployed":
        return Section("What to press", ("Nothing: this device has been set up. Switch it on and sign in.",))
    steps = [
        "Connect the power supply, and a network cable if there is one. Leave both connected until the end.",
        "Switch the device on.",
    ]
    mode = _mode(record)
    if mode == "pre_provisioned" and record.get("outcome") == "ready":
        steps += [
            "On the first screen do not choose anything: press the Windows key five times.",
            "Choose Windows Autopilot provisioning, and continue.",
            "Compare the profile and the organization that are shown, and start provisioning.",
            "When the screen is green, choose Reseal. The device switches itself off, and can be handed to its user.",
        ]
        return Section("What to press (technician)", tuple(steps), ordered=True)
    steps.append("Choose region and keyboard, if the device asks for them.")
    steps.append("Without a cable: choose the wireless network and enter its password.")
    if mode != "self_deploying":
        steps.append("Sign in with the account above, when the device asks for the work account.")
    steps.append("Wait. Do not switch the device off and do not close its lid, also if nothing seems to happen.")
    return Section("What to press", tuple(steps), ordered=True)


def _see(record: Record, _about: About) -> Section | None:
    if record.get("outcome") == "deployed":
        return None
    if _mode(record) == "self_deploying":
        said = ["The device prepares and sets itself up, and may restart. At the end it shows the sign-in screen."]
    else:
        said = [
            "The screen names your organization. If it offers a personal account instead, stop and call.",
            "Then it shows how far it is: the device is prepared, the device is set up, your account is set up.",
            "It may restart in between, and may ask for the account again.",
            "At the end it shows the desktop.",
        ]
    profile = text_of(record, "profile")
    said += [f"Deployment profile, for the service desk: {profile}"] if profile else []
    return Section("What you will see", tuple(said))


def _trouble(_record: Record, about: About) -> Section:
    return Section(
        "If anything else happens",
        (
            calling(about),
            "Say the serial number, and take a photograph of the screen: the number of an error begins with 0x.",
            "Do not choose to continue anyway: the device could then be used, but something would be missing on it.",
        ),
    )


#: The sections of a page, in their order. One that has nothing to say about a device returns None.
SHEET_SECTIONS: tuple[Callable[[Record, About], Section | None], ...] = (_device, _account, _press, _see, _trouble)


def pages(records: Iterable[Record], about: About) -> list[Page]:
    """The pages of a sheet, in the order of the report: the name of each device that can be unpacked, its sections."""
    return [
        (
            text_of(record, "device"),
            [made for section in SHEET_SECTIONS if (made := section(record, about)) is not None],
        )
        for record in records
        if record.get("outcome") in HANDED_OVER
    ]


def note(records: Iterable[Record]) -> str:
    """What the sheet says of devices without a page."""
    left = sum(1 for record in records if record.get("outcome") not in HANDED_OVER)
    return f"{left} more devices of the report have no page: their boxes stay closed." if left else ""


def _mode(record: Record) -> str:
    return text_of(record, "mode") or "user_driven"


def _named(label: str, record: Record, field: str) -> str:
    said = text_of(record, field)
    return f"{label}: {said}" if said else ""
