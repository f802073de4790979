# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CIM classes, computed from the state of the device when asked. Names and values as Microsoft documents them."""

from __future__ import annotations

import contextlib
import typing as t

from . import errors, firmware, recovery, winrm, wipe
from .accounts import ADMINISTRATORS, Caller
from .bitlocker import TYPES, available
from .images import LANGUAGES
from .wire import utc_text

CIMV2 = "root/cimv2"
TPM_NAMESPACE = "root/cimv2/security/microsofttpm"
BITLOCKER_NAMESPACE = "root/cimv2/security/microsoftvolumeencryption"
NETWORK_NAMESPACE = "root/standardcimv2"
DEVICE_GUARD_NAMESPACE = "root/microsoft/windows/deviceguard"
STORAGE_NAMESPACE = "root/microsoft/windows/storage"
#: The bridge to the CSPs of MDM.
MDM_NAMESPACE = "root/cimv2/mdm/dmmap"
#: Closed to callers without a full token.
CLOSED = (TPM_NAMESPACE, BITLOCKER_NAMESPACE, DEVICE_GUARD_NAMESPACE, MDM_NAMESPACE)
#: The chassis asset tag by which Azure VMs know themselves (Azure documentation, instance metadata).
AZURE_ASSET_TAG = "7783-7084-3265-9085-8269-3286-77"


def instances(device, caller: Caller, class_name: str, namespace: str) -> list[dict[str, t.Any]]:
    """All instances of a class. WindowsError for an unknown class or namespace, or where the caller may not look."""
    space = namespace.replace("\\", "/").strip("/").lower()
    if space not in namespaces(device):
        raise errors.cim_error("Invalid namespace ", errors.WBEM_E_INVALID_NAMESPACE)
    classes = _CLASSES[space]
    reader = classes.get(class_name.lower())
    if reader is None:
        raise errors.cim_error("Invalid class ", errors.WBEM_E_INVALID_CLASS)
    if space in CLOSED and not caller.elevated:
        raise errors.cim_error("Access denied ", errors.WBEM_E_ACCESS_DENIED)
    return reader(device)


def namespaces(device) -> list[str]:
    """Those that this Windows has."""
    return [space for space in _CLASSES if space != BITLOCKER_NAMESPACE or available(device)]


def everything(device, space: str) -> dict[str, list[dict[str, t.Any]]]:
    """The instances of every class of a namespace that has any, whoever may look."""
    found = {}
    for name, reader in _CLASSES[space].items():
        with contextlib.suppress(errors.WindowsError):
            found[name] = reader(device)
    return found


def volume_id(device, volume) -> str:
    """Win32_EncryptableVolume.DeviceID."""
    return "\\\\?\\Volume{" + device.new_id(volume.mount_point) + "}\\"


def _operating_system(device) -> list[dict]:
    image = device.image
    return [
        {
            "Caption": image.caption,
            "Version": f"10.0.{image.build}",
            "BuildNumber": str(image.build),
            "OperatingSystemSKU": image.edition.sku,
            "ProductType": 3 if image.server or image.edition.multi_session else 1,
            "OSArchitecture": "64-bit",
            "OSLanguage": LANGUAGES[image.language],
            "MUILanguages": [image.language],
            "Locale": f"{LANGUAGES[image.language]:04x}",
            "CSName": device.hostname.upper()[:15],
            "InstallDate": utc_text(device.installed),
            "LastBootUpTime": utc_text(device.booted),
            "LocalDateTime": utc_text(device.utc()),
            "SystemDirectory": r"C:\Windows\system32",
            "WindowsDirectory": r"C:\Windows",
            "SystemDrive": "C:",
            "Status": "OK",
        }
    ]


def _computer_system(device) -> list[dict]:
    hardware, joined = device.hardware, device.domain is not None
    role = (3 if joined else 2) if device.image.server else (1 if joined else 0)
    return [
        {
            "Name": device.hostname.upper()[:15],
            "DNSHostName": device.hostname,
            "Domain": device.domain or "WORKGROUP",
            "Workgroup": None if joined else "WORKGROUP",
            "PartOfDomain": joined,
            "DomainRole": role,
            "Manufacturer": firmware.maker(device),
            "Model": firmware.model(device),
            "PCSystemType": 1 if hardware.azure or device.image.server else 2,
            "HypervisorPresent": hardware.azure,
            "UserName": None,
            "TotalPhysicalMemory": 16 * 2**30,
        }
    ]


def _bios(device) -> list[dict]:
    return [
        {
            "SerialNumber": device.hardware.serial,
            "Manufacturer": firmware.maker(device),
            "SMBIOSBIOSVersion": "N3QET41W (1.41)",
        }
    ]


def _enclosure(device) -> list[dict]:
    azure = device.hardware.azure
    return [
        {
            "ChassisTypes": [3] if azure or device.image.server else [10],
            "SerialNumber": device.hardware.serial,
            "SMBIOSAssetTag": AZURE_ASSET_TAG if azure else "No Asset Information",
            "Manufacturer": firmware.maker(device),
        }
    ]


def _product(device) -> list[dict]:
    return [
        {
            "UUID": device.hardware_uuid,
            "IdentifyingNumber": device.hardware.serial,
            "Name": firmware.model(device),
            "Vendor": firmware.maker(device),
        }
    ]


def _battery(device) -> list[dict]:
    """BatteryStatus 1: it discharges; 2: on mains. Machines without a battery have no instance."""
    status = {"mains": 2, "battery": 1}.get(device.hardware.power)
    if status is None or device.hardware.azure or device.image.server:
        return []
    return [{"DeviceID": "Battery 1", "BatteryStatus": status, "EstimatedChargeRemaining": 80}]


def _remote_wipe(device) -> list[dict]:
    return [{"ParentID": "./Vendor/MSFT", "InstanceID": "RemoteWipe"}] if wipe.is_there(device) else []


def _disk(device) -> list[dict]:
    return [
        {
            "DeviceID": "C:",
            "DriveType": 3,
            "Size": 256 * 2**30,
            "FreeSpace": device.hardware.free_bytes,
            "FileSystem": "NTFS",
        }
    ]


def _processes(device) -> list[dict]:
    return [{"Name": process.name, "ProcessId": process.pid} for process in device.processes.all()]


def _user_accounts(device) -> list[dict]:
    return [
        {
            "Name": account.name,
            "Domain": device.hostname.upper()[:15],
            "LocalAccount": True,
            "SID": account.sid(device.machine_sid),
            "Disabled": not account.enabled,
            "Lockout": account.locked,
            "PasswordRequired": True,
            "Status": "OK" if account.enabled else "Degraded",
        }
        for account in device.local_accounts
        if account.kind == "local"
    ]


def _groups(device) -> list[dict]:
    return [
        {"Name": name, "SID": sid, "LocalAccount": True, "Domain": device.hostname.upper()[:15]}
        for name, sid in ((_administrators(device), ADMINISTRATORS),)
    ]


def _administrators(device) -> str:
    return {"de-DE": "Administratoren", "fr-FR": "Administrateurs"}.get(device.image.language, "Administrators")


def _tpm(device) -> list[dict]:
    if not device.hardware.tpm:
        return []
    ready = device.hardware.tpm_ready
    return [
        {
            "IsActivated_InitialValue": ready,
            "IsEnabled_InitialValue": ready,
            "IsOwned_InitialValue": ready,
            "ManufacturerId": 0x494E5443,
            "ManufacturerIdTxt": "INTC",
            "ManufacturerVersion": "600.18.33.0",
            "SpecVersion": "2.0, 0, 1.59" if device.hardware.tpm_version == "2.0" else "1.2, 2, 3",
            "PhysicalPresenceVersionInfo": "1.3",
        }
    ]


def _device_guard(device) -> list[dict]:
    running = device.hardware.vbs
    return [
        {
            "AvailableSecurityProperties": [1, 2, 3] if running else [],
            "SecurityServicesConfigured": [2] if running else [],
            "SecurityServicesRunning": [2] if running else [],
            "VirtualizationBasedSecurityStatus": 2 if running else 0,
        }
    ]


def _encryptable_volumes(device) -> list[dict]:
    return [
        {
            "DriveLetter": volume.mount_point,
            "DeviceID": volume_id(device, volume),
            "ProtectionStatus": int(volume.protected),
            "VolumeType": 0 if volume.system else 1,
            "KeyProtectorTypes": [TYPES[protector.type] for protector in volume.protectors],
        }
        for volume in device.volumes
    ]


def _connection_profiles(device) -> list[dict]:
    return [
        {
            "InterfaceAlias": "Ethernet",
            "InterfaceIndex": 12,
            "Name": device.domain or "Network",
            "NetworkCategory": device.network.category,
            "IPv4Connectivity": 4,
            "IPv6Connectivity": 1,
        }
    ]


def _firewall_profiles(device) -> list[dict]:
    return [
        {
            "Name": name,
            "Enabled": device.registry.get(rf"{winrm.FIREWALL}\{key}", "EnableFirewall", 1),
        }
        for name, key in winrm.PROFILES.values()
    ]


_CLASSES: dict[str, dict[str, t.Callable]] = {
    CIMV2: {
        "win32_operatingsystem": _operating_system,
        "win32_computersystem": _computer_system,
        "win32_computersystemproduct": _product,
        "win32_bios": _bios,
        "win32_systemenclosure": _enclosure,
        "win32_logicaldisk": _disk,
        "win32_battery": _battery,
        "win32_process": _processes,
        "win32_useraccount": _user_accounts,
        "win32_group": _groups,
    },
    TPM_NAMESPACE: {"win32_tpm": _tpm},
    BITLOCKER_NAMESPACE: {"win32_encryptablevolume": _encryptable_volumes},
    DEVICE_GUARD_NAMESPACE: {"win32_deviceguard": _device_guard},
    STORAGE_NAMESPACE: {"msft_partition": recovery.partitions},
    MDM_NAMESPACE: {"mdm_devdetail_ext01": firmware.details, "mdm_remotewipe": _remote_wipe},
    NETWORK_NAMESPACE: {
        "msft_netconnectionprofile": _connection_profiles,
        "msft_netfirewallprofile": _firewall_profiles,
    },
}
