# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which settings of a provisioning package are secret, in each of the forms in which a package says them.

Sources: Microsoft Learn, "Windows Configuration Designer provisioning settings" (Accounts, Certificates, Connections,
ConnectivityProfiles, DeviceManagement, EditionUpgrade, SMISettings, Workplace) and "Configuration service provider
reference" (Accounts, AADJ, ActiveSync, CM_CellularEntries, CM_ProxyEntries, ClientCertificateInstall, DMAcc, EMAIL2,
EnterpriseAPN, Provisioning, VPNv2, w7 APPLICATION, WiFi, WindowsLicensing); the schema of WLAN profiles for
``keyMaterial``.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

#: The last step of a setting's path, in lower case: of customizations.xml, of a CSP, of a profile within a value.
SECRET_SETTINGS = frozenset(
    {
        # Accounts/Azure, Accounts/ComputerAccount, Accounts/Users, SMISettings/AutoLogon, Connections, e-mail.
        *("bprt", "password", "smtppassword", "smtpaltpassword", "authsecret"),
        # Certificates/ClientCertificates: the password of the .pfx file; a SCEP enrollment's challenge.
        *("certificatepassword", "pfxcertpassword", "challenge"),
        # ConnectivityProfiles/WLAN and the profiles of Wi-Fi and VPN.
        *("securitykey", "keymaterial", "passphrase", "presharedkey", "psk", "l2tppsk"),
        # DeviceManagement, Workplace: what a device proves itself to an MDM with.
        *("secret", "aauthsecret", "aauthdata", "clientsecret"),
        # EditionUpgrade.
        *("changeproductkey", "upgradeeditionwithproductkey", "productkey"),
        *("token", "accesstoken", "refreshtoken", "pin", "puk"),
    }
)
#: What other settings that are secret end with. Policies are about secrets and hold none.
SECRET_ENDINGS = ("password", "passphrase", "secret", "productkey", "sharedkey", "token", "apikey")
NO_SECRET_SETTINGS = frozenset({"publickeytoken"})
NO_SECRET_VALUES = frozenset({"true", "false", "yes", "no", "enabled", "disabled", "0", "1"})

_CREDENTIAL_DATA = ("credentialsforlevel", "data")
_NAMING = ("name", "Name", "Key", "key")
_VALUES = ("value", "Value")
_WORDS = rf"(?:\w*(?:{'|'.join(SECRET_ENDINGS)})|{'|'.join(sorted(SECRET_SETTINGS))})"
_WITHIN = re.compile(
    rf"<(?:\w+:)?({_WORDS})(?:\s[^<>]*)?>([^<]*)<|\s(?:\w+:)?({_WORDS})\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')",
    re.IGNORECASE,
)


def secret_values(root: Element) -> Iterator[str]:
    """The value of each secret setting in a document of settings, never an empty one, whether it stands in an element,
    in an attribute, in a ``parm``, or in a profile (XML as the text of a value)."""
    return (value.strip() for value in _values(root) if value and value.strip())


def _values(root: Element) -> Iterator[str | None]:
    todo: list[tuple[Element, str, bool]] = [(root, "", False)]
    while todo:
        element, above, of_policies = todo.pop()
        step = _step(element.tag)
        of_policies = of_policies or step == "policies" or _of_policies(element.get("type", ""))
        # Where it has elements in it, one of them holds the value.
        texts = [element.text, *(child.text for child in element if child.tag.lower() == "value")]
        yield from _secret(step, above, of_policies, texts)
        name = next((element.get(key, "") for key in _NAMING if key in element.attrib), "")
        values = [element.text, *(element.get(key) for key in _VALUES)]
        yield from _secret(_step(name), above, of_policies or _of_policies(name), values)
        for key, value in element.attrib.items():
            yield from _secret(key.lower(), above, of_policies, [value])
            yield from profile_secrets(value)
        yield from profile_secrets(element.text or "")
        todo += [(child, step, of_policies) for child in element]


def _secret(step: str, above: str, of_policies: bool, values: list[str | None]) -> Iterator[str | None]:
    """The values, where the setting whose path ends with this step is secret."""
    if step in SECRET_SETTINGS or (above, step) == _CREDENTIAL_DATA:
        yield from values
    elif step.endswith(SECRET_ENDINGS) and step not in NO_SECRET_SETTINGS and not of_policies:
        yield from (value for value in values if (value or "").strip().lower() not in NO_SECRET_VALUES)


def is_secret(names: Sequence[str], value: str) -> bool:
    """Whether the setting with these names, the area first, holds a secret in this value."""
    steps = [_step(name) for name in names]
    above = steps[-2] if len(steps) > 1 else ""
    return any(True for _each in _secret(steps[-1], above, "policies" in steps, [value]))


def _of_policies(path: str) -> bool:
    return not {"policy", "policies"}.isdisjoint(path.lower().split("/"))


def _step(name: str) -> str:
    """The last step of a name, which may be a whole path, in lower case."""
    return name.rpartition("/")[2].lower()


def profile_secrets(text: str) -> Iterator[str]:
    """The secrets of a profile, as a text that holds XML."""
    for _layer in range(3):
        if "<" in text:
            for match in _WITHIN.finditer(text):
                yield html.unescape(match[2] or match[4] or match[5] or "")
        if "&" not in text:
            return
        text = html.unescape(text)
