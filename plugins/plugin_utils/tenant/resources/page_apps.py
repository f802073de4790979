# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apps that an enrollment status page waits for: by id or name, of all apps that Intune has, and of Windows only.

Source: Microsoft Graph, "List mobileApps". An app of another platform often has the same name (Company Portal).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...options import is_guid
from ..graph import odata
from ..graph.batch import Item
from ..graph.client import GraphClient
from ..graph.errors import Permissions, Purpose
from ..graph.fields import IDENTITY, LINE, NAME, needed, object_of
from .refused import refused_unchanged

APPS, APPS_VERSION = "/deviceAppManagement/mobileApps", "beta"
READ_APPS = Permissions.same("DeviceManagementApps.Read.All")
MOST_APPS = 100
APP_KIND = object_of({"id": needed(IDENTITY), "@odata.type": needed(LINE), "displayName": NAME})
_PREFIX = "#microsoft.graph."
#: Of Windows, although their names do not begin so.
_WINDOWS = ("officesuiteapp", "microsoftstoreforbusinessapp")
_SELECT = {"$select": "id,displayName"}


def resolve_apps(client: GraphClient, names: Sequence[str]) -> list[str]:
    """The ids of these apps (names or ids), each once, sorted. Failure for one that is unknown, ambiguous, or not of
    Windows."""
    wanted = list(dict.fromkeys(names))
    by_id = _read(client, [name for name in wanted if is_guid(name)])
    listed = _list(client) if any(not is_guid(name) for name in wanted) else []
    return sorted({_one(name, [by_id[name]] if name in by_id else listed)["id"].lower() for name in wanted})


def is_of_windows(app: dict) -> bool:
    """By its type: win32LobApp, winGetApp, windowsMobileMSI and others, and not those of Windows Phone."""
    kind = app["@odata.type"].removeprefix(_PREFIX).lower()
    return kind in _WINDOWS or (kind.startswith("win") and not kind.startswith("windowsphone"))


def _read(client: GraphClient, ids: Sequence[str]) -> dict[str, dict]:
    items = [
        Item("GET", APPS + odata.path(one.lower()), Purpose(f"read the app {one}", READ_APPS), _SELECT, kind=APP_KIND)
        for one in ids
    ]
    found = {}
    for one, answer in zip(ids, client.batch(items, APPS_VERSION) if items else []):
        if answer.says_absent:
            raise refused_unchanged("app_unknown", f"Intune has no app {one}", "check the id, or give the app's name")
        found[one] = answer.require()
    return found


def _list(client: GraphClient) -> list[dict]:
    return list(client.list(APPS, Purpose("list the apps", READ_APPS), _SELECT, APPS_VERSION, kind=APP_KIND))


def _one(name: str, rows: Iterable[dict]) -> dict:
    found = [row for row in rows if is_guid(name) or row.get("displayName") == name]
    windows = [row for row in found if is_of_windows(row)]
    if len(windows) == 1:
        return windows[0]
    if windows:
        ids = ", ".join(sorted(row["id"] for row in windows))
        raise refused_unchanged(
            "app_ambiguous", f"Intune has {len(windows)} Windows apps {name!r} ({ids})", "give the id"
        )
    if found:
        kinds = ", ".join(sorted({row["@odata.type"].removeprefix(_PREFIX) for row in found}))
        raise refused_unchanged(
            "app_of_another_platform", f"the app {name!r} is not an app of Windows ({kinds})", "name a Windows app"
        )
    raise refused_unchanged(
        "app_unknown", f"Intune has no app {name!r}", "check the spelling (capitals count), or give the app's id"
    )
