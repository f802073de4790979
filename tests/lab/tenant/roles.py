# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directory roles by the ids of their templates (Microsoft, "Microsoft Entra built-in roles")."""

from __future__ import annotations

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
CLOUD_DEVICE_ADMINISTRATOR = "7698a772-787b-4ac8-901f-60d6b08affd2"
INTUNE_ADMINISTRATOR = "3a2c62db-5318-420d-8d74-23affee5d9d5"
WINDOWS_365_ADMINISTRATOR = "11451d60-acb2-45eb-a7d6-43d0f0125c13"
PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
PASSWORD_ADMINISTRATOR = "966707d0-3269-4727-9be2-8c3a10f19b9d"
GROUPS_ADMINISTRATOR = "fdd7a751-b60b-444a-984c-02652fe8fa1c"
GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
DEVICE_LOCAL_ADMINISTRATOR = "9f06204d-73c1-4d4c-880a-6edb90606fd8"

#: Template id to the name that Graph shows.
NAMES = {
    GLOBAL_ADMINISTRATOR: "Global Administrator",
    CLOUD_DEVICE_ADMINISTRATOR: "Cloud Device Administrator",
    INTUNE_ADMINISTRATOR: "Intune Administrator",
    WINDOWS_365_ADMINISTRATOR: "Windows 365 Administrator",
    PRIVILEGED_ROLE_ADMINISTRATOR: "Privileged Role Administrator",
    PASSWORD_ADMINISTRATOR: "Password Administrator",
    GROUPS_ADMINISTRATOR: "Groups Administrator",
    GLOBAL_READER: "Global Reader",
    DEVICE_LOCAL_ADMINISTRATOR: "Microsoft Entra Joined Device Local Administrator",
}
#: Short names, for scenarios.
SHORT = {
    "global_administrator": GLOBAL_ADMINISTRATOR,
    "cloud_device_administrator": CLOUD_DEVICE_ADMINISTRATOR,
    "intune_administrator": INTUNE_ADMINISTRATOR,
    "windows_365_administrator": WINDOWS_365_ADMINISTRATOR,
    "privileged_role_administrator": PRIVILEGED_ROLE_ADMINISTRATOR,
    "password_administrator": PASSWORD_ADMINISTRATOR,
    "groups_administrator": GROUPS_ADMINISTRATOR,
    "global_reader": GLOBAL_READER,
    "device_local_administrator": DEVICE_LOCAL_ADMINISTRATOR,
}
