# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Windows takes back when a package is removed.

Source: Microsoft, "Settings changed when you uninstall a provisioning package" (2024-07), which lists categories of
Windows Configuration Designer and configuration service providers (CSPs), and says that no other setting is reverted.
Which categories are compiled for these CSPs is read from the settings store of Windows Configuration Designer.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable

#: Area of customizations.xml, or CSP of compiled settings, in lower case: what of it is taken back. An area of which
#: only a part is listed counts as a whole.
REVERTED = {
    # Registry-based, and in no CSP of its own.
    "browser": "Browser",
    "countryandregion": "CountryAndRegion",
    "deviceformfactor": "DeviceFormFactor",
    "devicemanagement": "DeviceManagement (PGList)",
    "maps": "Maps",
    "power": "Power",
    "tabletmode": "TabletMode",
    "usberrorsoemoverride": "USBErrorsOEMOverride",
    "weakcharger": "WeakCharger",
    # Areas that are compiled for the CSPs below.
    "cellular": "Wi-Fi",
    "certificates": "certificates",
    "connections": "cellular connections and proxies",
    "connectivityprofiles": "Wi-Fi, VPN and e-mail",
    "takeatest": "Take a Test",
    "universalappinstall": "apps",
    "universalappuninstall": "apps",
    "windowshelloforbusiness": "Windows Hello for Business",
    "workplace": "MDM enrollment",
    # CSPs.
    "activesync": "e-mail",
    "applocker": "AppLocker",
    "browserfavorite": "Browser",
    "certificatestore": "certificates",
    "clientcertificateinstall": "certificates",
    "cm_cellularentries": "cellular connections and proxies",
    "cm_proxyentries": "cellular connections and proxies",
    "cmpolicy": "cellular connections and proxies",
    "cmpolicyenterprise": "cellular connections and proxies",
    "email2": "e-mail",
    "enterpriseapn": "cellular connections and proxies",
    "enterprisedesktopappmanagement": "apps",
    "enterprisemodernappmanagement": "apps",
    "nap": "network access points",
    "passportforwork": "Windows Hello for Business",
    "provisioning": "MDM enrollment",
    "rootcatrustedcertificates": "certificates",
    "secureassessment": "Take a Test",
    "vpn": "VPN",
    "vpnv2": "VPN",
    "wifi": "Wi-Fi",
}


def reverted_by_removal(names: Iterable[str]) -> list[str]:
    """What the removal of a package with these areas and CSPs takes back, for people; empty where it takes nothing."""
    return sorted({REVERTED[name] for name in map(_bare, names) if name in REVERTED})


def _bare(name: str) -> str:
    """``./Vendor/MSFT/WiFi/Profile`` and ``WiFi!scope=Device`` are the CSP wifi."""
    return name.rpartition("/Vendor/MSFT/")[2].lstrip("./").split("/")[0].split("!")[0].lower()
