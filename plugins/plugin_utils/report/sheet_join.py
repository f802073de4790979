# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of a hand-over sheet for those who sign in to a joined device for the first time: one a device.

Sources: Microsoft, "Connect to a remote Microsoft Entra joined device" (the forms of the account), "Join a new Windows
device to Microsoft Entra ID" and "Windows Hello for Business" (what the first sign-in asks). Only named fields are
read, and none of them is a secret.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..sheet import Section
from . import after_join
from .sheet_words import About, Page, Record, calling, shown, text_of
from .told import object_in

#: What has come to a device that somebody can sign in to with an account of the tenant.
JOIN_HANDED_OVER = ("joined", "unchanged")
MOST_SIGNED_IN = 3
"""People who have signed in that a page names."""
#: What is said where the tenant has said no, and where nobody knows.
_NOT_YET = {
    "intune": ("The organization does not manage the device yet", "whether the organization manages the device yet"),
    "compliant": ("The device does not count as compliant yet", "whether the device counts as compliant"),
    "policies": ("Not all policies have come yet", "whether all policies have come"),
    "let_in": ("Apps of the organization do not let the device in yet", "whether apps let the device in"),
}


def _device(record: Record, _about: About) -> Section:
    name = text_of(record, "machine").partition(" ")[0]
    said = [f"Name in the inventory: {text_of(record, 'device')}"]
    said += [f"Computer name: {name}"] if name else []
    said += [f"Device id, for the service desk: {text_of(record, 'device_id')}"] if record.get("device_id") else []
    return Section("This device", tuple(said))


def _restart(record: Record, _about: About) -> Section:
    told = _on_device(record)
    # What an earlier run was told says nothing of restarts after it.
    waits = told.get("restart") is True and text_of(told, "at") >= text_of(record, "at")
    needed = record.get("reboot_required") is True or waits
    reasons = _listed(told.get("restart_reasons")) if waits else ""
    if needed:
        because = f" Windows waits for it: {reasons}." if reasons else ""
        said = [f"Still needed: restart the device before anybody signs in.{because}"]
    elif record.get("restarted") is True:
        said = ["Done: the device has restarted since the join began."]
    elif record.get("reboot_required") is False:
        said = ["Not needed: Windows does not wait for one."]
    else:
        said = ["Nobody knows whether one is needed: restart the device before anybody signs in."]
    return Section("Restart", tuple(said))


def _account(record: Record, about: About) -> Section:
    domain, why = _domain(record, about)
    form = f"your name, and @{domain}" if domain else "the whole address that your organization has given you"
    name = _example(domain)
    said = [f"At the sign-in screen type {form}, such as {name}. {why}".strip()]
    signed_in = _listed(_on_device(record).get("signed_in"), MOST_SIGNED_IN)
    said += [f"Who has signed in here before: {signed_in}"] if signed_in else []
    said.append("Do not put AzureAD\\ or the name of the computer before it.")
    said.append(
        "With Remote Desktop give the name of the computer, and no address of numbers. Under Advanced, choose Use a "
        f"web account to sign in to the remote computer, and type {name}."
    )
    said.append(
        f"Without that choice the account for Remote Desktop is AzureAD\\{name}, from a computer that belongs to the "
        "same organization."
    )
    return Section("Account", tuple(said))


def _other_user(record: Record, _about: About) -> Section:
    told = _on_device(record)
    looked = _listed(told.get("looked_at"))
    blockers = _listed(told.get("other_user_blockers"))
    see = "Look at the lower left corner of the sign-in screen."
    if told.get("other_user") is False:
        said = [
            "Other user is kept away from the sign-in screen, so that nobody new can sign in"
            + (f": {blockers}." if blockers else ".")
            + " Call before you hand the device over."
        ]
    elif looked:
        said = [f"Nothing was found that keeps Other user away. {see}", f"Looked at: {looked}"]
    else:
        said = [f"Nobody has looked whether Other user is on the sign-in screen. {see}"]
    return Section("Other user", (*said, "If it is not there and the last name is somebody else's, call."))


def _first(record: Record, _about: About) -> Section:
    steps = [
        "Connect the device to the network: the first sign-in needs it.",
        "Choose Other user, and type the account.",
        "Give the password, and the second factor if Windows asks for it.",
    ]
    steps.append(
        "Wait: the first sign-in takes some minutes longer, because Windows makes a new profile, and gets policies and "
        "apps. Do not switch the device off."
    )
    if _on_device(record).get("hello") is not False:
        steps.append(
            "If Windows asks for a PIN, a finger or your face (Windows Hello), set it up with your second factor."
        )
    return Section("The first sign-in", tuple(steps), ordered=True)


def _see(record: Record, _about: About) -> Section:
    told = _on_device(record)
    said = ["You will see an empty desktop with the apps of your organization, or some of them: others come later."]
    if told.get("encryption") in ("encrypting", "paused"):
        part = told.get("percentage")
        so_far = f", {part} % so far" if isinstance(part, int) and part in range(101) else ""
        said.append(f"The drive is being encrypted{so_far}. You can work; leave the power supply connected.")
    for name, words in _NOT_YET.items():
        answer = object_in(record, name)
        if answer and not after_join.is_met(answer):
            why = text_of(answer, "said")
            not_yet = words[0] if answer.get("met") is False else f"It is not known {words[1]}"
            said.append(not_yet + (f": {why}" if why else "") + ("." if not why.endswith(".") else ""))
    if any(object_in(record, name) and not after_join.is_met(record.get(name)) for name in ("compliant", "let_in")):
        said.append("Until then apps may say that the device is not allowed. Try again later, then call.")
    return Section("What you will see", tuple(said))


def _stays(_record: Record, _about: About) -> Section:
    said = (
        "The account is a new one on this device. What was made with another account stays where it is: the files, the "
        "desktop, the mail and the browser of a local account or an account of a domain are in its own folder below "
        "C:\\Users."
    )
    more = "Nothing of it was removed. Sign in with the old account to see it, or ask for it to be copied."
    return Section("What does not come over", (said, more))


def _trouble(record: Record, about: About) -> Section:
    return Section(
        "If anything else happens",
        (
            calling(about),
            f"Say the name of the device, {text_of(record, 'device')}, and take a photograph of the screen.",
        ),
    )


#: The sections of a page, in their order.
JOIN_SECTIONS: tuple[Callable[[Record, About], Section], ...] = (
    _device,
    _restart,
    _account,
    _other_user,
    _first,
    _see,
    _stays,
    _trouble,
)


def pages(records: Iterable[Record], about: About) -> list[Page]:
    """The pages of a sheet, in the order of the report: the name of each joined device, its sections."""
    return [
        (text_of(record, "device"), [section(record, about) for section in JOIN_SECTIONS])
        for record in records
        if record.get("outcome") in JOIN_HANDED_OVER
    ]


def note(records: Iterable[Record]) -> str:
    """What the sheet says of devices without a page."""
    left = sum(1 for record in records if record.get("outcome") not in JOIN_HANDED_OVER)
    if left == 1:
        return "1 more device of the report has no page: it is not joined."
    return f"{left} more devices of the report have no page: they are not joined." if left else ""


def _on_device(record: Record) -> Record:
    return object_in(record, after_join.ON_DEVICE)


def _domain(record: Record, about: About) -> tuple[str, str]:
    """The domain of the accounts, and how it is known; two empty texts where it is not."""
    if about.domain:
        return shown(about.domain), ""
    listed = _on_device(record).get("signed_in")
    names = [shown(one) for one in listed] if isinstance(listed, list) else []
    found = [name.rpartition("@")[2].lower() for name in names if "@" in name]
    domains = list(dict.fromkeys(filter(None, found)))
    if len(domains) == 1:
        return domains[0], "Those who have signed in here have this domain."
    domain = text_of(record, "account_domain")
    if domain:
        return "", f"The device was joined by an account of {domain}; your address may end otherwise."
    return "", ""


def _example(domain: str) -> str:
    return f"name@{domain or 'your-organization.example'}"


def _listed(value: object, most: int = after_join.MOST_ON_DEVICE) -> str:
    listed = [shown(one) for one in value if shown(one)] if isinstance(value, list) else []
    left = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {left} more" if left > 0 else "")
