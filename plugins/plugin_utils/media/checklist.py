# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checklist: one page for the person who sets a device up from a medium.

What Windows does with removable media at its first start, and what its screens say, is after Microsoft's pages "Apply a
provisioning package" and "How provisioning works in Windows" (the password, and the consent to a package that is not
signed and trusted). The page has no date and no secret: the same medium has the same page.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..sheet import Section, article, as_text, page
from ..untrusted import visible

MAX_FIELD = 200
"""Letters of a text of others on the page."""
FILES = {"html": "CHECKLIST.html", "text": "CHECKLIST.txt"}
_TITLE = "Set up a device: "
_HEAD = 512
"""Bytes within which the title stands."""


@dataclasses.dataclass(frozen=True)
class About:
    """What the page says of one medium. ``signed`` is None where the package notes nothing about it; ``joins`` says
    whether it is to join devices to a tenant, None where nobody can read it."""

    name: str
    file: str
    sha256: str
    is_iso: bool = False
    package_name: str | None = None
    package_id: str | None = None
    computer_name: str | None = None
    contact: str | None = None
    expires: str | None = None
    encrypted: bool = False
    signed: bool | None = None
    joins: bool | None = None


def sheet(about: About, form: str) -> bytes:
    """The page in one of the FILES."""
    name = f"{_TITLE}{_visible(about.name)}"
    sections = [_medium(about), _steps(about), _see(about), _trouble(about), _for_the_desk(about)]
    text = page(name, [article(name, sections)]) if form == "html" else as_text(name, sections)
    return text.encode("utf-8")


def is_one(stream: t.BinaryIO) -> bool:
    """Whether a file is a page that was made here."""
    return _TITLE.encode() in stream.read(_HEAD)


def _stick(about: About) -> str:
    return "ISO" if about.is_iso else "stick"


def _medium(about: About) -> Section:
    stick = _stick(about)
    said = [f"For: {_visible(about.name)}"]
    if about.package_name:
        said.append(f"Package: {_visible(about.package_name)}")
    if about.computer_name:
        said.append(f"Name that the device gets: {_visible(about.computer_name)}")
    if about.expires:
        said.append(f"Use it until: {_visible(about.expires)}. After that day devices cannot join with it.")
    if about.joins is not False:
        said.append(
            f"Keep this {stick} as you would keep a key: whoever has it can join devices to your organization. "
            "Give it back, or have it erased, when you are done."
        )
    return Section(f"This {stick}", tuple(said))


def _steps(about: About) -> Section:
    stick = _stick(about)
    insert = "Connect the ISO as the virtual DVD drive of the machine." if about.is_iso else "Insert the stick."
    steps = [
        "Connect the power supply, and a network cable if there is one. Leave both connected until the end."
        if not about.is_iso
        else "Connect the virtual machine to the network.",
        (
            "Switch the device on, and wait for the first screen, which asks for the country or region. Do not choose "
            "anything. A device that is past this screen has to be reset first: call."
        ),
        insert,
        "Wait a minute. Windows finds the package and begins by itself.",
        (
            f"If nothing happens, press the Windows key five times. If it then asks how to go on, choose to "
            f"install the provisioning package that is on the {stick}."
        ),
    ]
    if about.encrypted:
        steps.append(
            "Enter the password of the package when the screen asks for it. You have it from the person who gave you "
            f"this page; it is not on the {stick}."
        )
    named = f" ({_visible(about.package_name)})" if about.package_name else ""
    trusted = "its signer" if about.signed else "its name"
    steps += [
        (
            f"If the screen asks whether you trust the package{named}, compare {trusted} with this page, and accept. "
            "With anything else, stop and call."
        ),
        f"Remove the {stick} when the screen says that you can remove the removable media, and not before.",
        (
            "Wait. The device may restart several times. Do not switch it off, do not close its lid, and do not press "
            "Esc, which interrupts it, also if nothing seems to happen. A package may take half an hour."
        ),
    ]
    return Section("What to do", tuple(steps), ordered=True)


def _see(about: About) -> Section:
    said = [
        "First Windows says that it sets up the device, and then that you can remove the removable media.",
        "Country, keyboard, network or licence terms are asked for only if the package does not set them.",
    ]
    if about.joins:
        said.append("At the end it shows the sign-in screen. Sign in with a work account.")
    else:
        said.append("At the end it shows the sign-in screen, or goes on with its first questions.")
    return Section("What you will see", tuple(said))


def _trouble(about: About) -> Section:
    contact, stick = _visible(about.contact or ""), _stick(about)
    return Section(
        "If anything else happens",
        (
            f"Call: {contact}" if contact else "Call your service desk.",
            (
                f"If Windows asks which of several packages it should apply, this {stick} is not as it was made. "
                "Remove it and call."
            ),
            (
                "If the screen names another organization than yours, or says that something failed, take a "
                "photograph of the screen and call. Do not set the device up by hand."
            ),
        ),
    )


def _for_the_desk(about: About) -> Section:
    said = [f"Package file: {_visible(about.file)}"]
    said += [f"Package id: {_visible(about.package_id)}"] if about.package_id else []
    signed = {True: "yes", False: "no", None: "not known"}[about.signed]
    said += [f"SHA-256: {about.sha256}", f"Signed: {signed}. Encrypted: {'yes' if about.encrypted else 'no'}."]
    return Section("For the service desk", tuple(said))


def _visible(value: t.Any) -> str:
    return visible(value, MAX_FIELD)
