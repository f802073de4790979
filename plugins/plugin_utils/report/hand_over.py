# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hand-over sheet: a page for the person who unpacks a device, to be printed and put into its box.

It is made of the records of a report, and of nothing else, by the sections in SHEET_SECTIONS; a feature that has more
to say adds one. Only named fields are read, and none of them is a secret. A text that others wrote is made visible, and
stays a text in the page.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import os
import typing as t
from collections.abc import Callable, Iterable, Mapping

from ..sheet import Section, article, escaped, page
from ..untrusted import visible
from . import writer

MAX_FIELD = 200
"""Letters of a text of others on a page."""
#: What has come to a device that somebody can, or could, unpack. Of any other there is no page: its box stays closed.
HANDED_OVER = ("ready", "reset", "deploying", "deployed", "incomplete")

Record = Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class About:
    """What the sheet says that no record holds: ``contact`` is whom to call, None where nobody has said."""

    contact: str | None = None


def _device(record: Record, _about: About) -> Section:
    said = [_named("Name in the inventory", record, "device")]
    made = " ".join(filter(None, (_text(record, "manufacturer"), _text(record, "model"))))
    said += [f"Device: {made}"] if made else []
    said += [_named("Serial number", record, "serial_number")]
    said += [
        "The serial number is on the label of the device. If it is another one, do not switch the device on: call."
    ]
    return Section("This device", tuple(filter(None, said)))


def _account(record: Record, _about: About) -> Section:
    if _mode(record) == "self_deploying":
        return Section("Account", ("Nobody signs in to set this device up.",))
    user = _text(record, "assigned_user")
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
    profile = _text(record, "profile")
    said += [f"Deployment profile, for the service desk: {profile}"] if profile else []
    return Section("What you will see", tuple(said))


def _trouble(_record: Record, about: About) -> Section:
    contact = _visible(about.contact)
    return Section(
        "If anything else happens",
        (
            f"Call: {contact}" if contact else "Call your service desk.",
            "Say the serial number, and take a photograph of the screen: the number of an error begins with 0x.",
            "Do not choose to continue anyway: the device could then be used, but something would be missing on it.",
        ),
    )


#: The sections of a page, in their order. One that has nothing to say about a device returns None.
SHEET_SECTIONS: tuple[Callable[[Record, About], Section | None], ...] = (_device, _account, _press, _see, _trouble)


def pages(records: Iterable[Record], about: About) -> list[tuple[str, list[Section]]]:
    """The pages of a sheet, in the order of the report: the name of each device that can be unpacked, its sections."""
    return [
        (_text(record, "device"), [made for section in SHEET_SECTIONS if (made := section(record, about)) is not None])
        for record in records
        if record.get("outcome") in HANDED_OVER
    ]


def page_file(report: Mapping[str, t.Any], about: About) -> str:
    """The sheet of all devices of a report as one HTML text, which needs nothing else: no script, no link, no image."""
    made = [article(name, sections) for name, sections in pages(report["devices"], about)]
    left = sum(1 for record in report["devices"] if record.get("outcome") not in HANDED_OVER)
    note = f"<p>{left} more devices of the report have no page: their boxes stay closed.</p>" if left else ""
    about_it = "a page for each device. Print it, and put each page into the box of its device."
    first = f"<p>Hand-over sheet of {escaped(report['generated'])}: {about_it}</p>"
    return page("Hand-over sheet", [first, note, *made])


def write(path: str, report: Mapping[str, t.Any], about: About) -> None:
    """Write the sheet of a report to ``path``. Raises the Failure of a bad option ``hand_over``."""
    writer.require_writable(path, SHEET_OPTION)
    try:
        with writer.directory_of(path):
            writer.put(path, page_file(report, about))
    except (OSError, ValueError) as exc:
        raise writer.unwritable(path, exc, SHEET_OPTION) from exc


SHEET_OPTION = "hand_over"


def _mode(record: Record) -> str:
    return _text(record, "mode") or "user_driven"


def _named(label: str, record: Record, field: str) -> str:
    said = _text(record, field)
    return f"{label}: {said}" if said else ""


def _text(record: Record, field: str) -> str:
    return _visible(record.get(field))


def _visible(value: t.Any) -> str:
    return visible(value, MAX_FIELD) if isinstance(value, str) else ""


def place(path: str, check_mode: bool) -> str:
    """The absolute path of a sheet; that of check mode lies beside the other, as a report does."""
    absolute = os.path.abspath(path)
    if not check_mode:
        return absolute
    stem, ending = os.path.splitext(absolute)
    return f"{stem}.check{ending}"
