# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists every device of the lab's tenant once, and keeps them all: by the collection's tenant room, or by bare httpx.

Both sign in by azure-identity, as whoever writes such a loop would, so that what is compared is the reading of pages.

Arguments: ours or httpx, the lab's tenant.json. Prints how many devices it has, and in how many seconds it got them;
imports do not count, as Ansible has made them once before it starts a task.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SELECT = (
    "id,deviceId,displayName,accountEnabled,trustType,profileType,approximateLastSignInDateTime,"
    "registrationDateTime,operatingSystem,operatingSystemVersion,isCompliant,isManaged,mdmAppId,manufacturer,model,"
    "deviceOwnership,enrollmentProfileName,physicalIds"
)


def ours(facts: dict) -> tuple[int, float]:
    """What directory_device_info does without options, without Ansible around it."""
    sys.path.insert(0, str(ROOT / "build" / "collections"))
    from ansible_collections.winops.entra.plugins.plugin_utils.tenant.devices import views
    from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import client, credentials, retry, session

    start = time.perf_counter()
    app, base = facts["applications"]["everything"], {"owner": None, "join_type": None, "stale_days": None}
    settings = credentials.CredentialSettings(
        "client_secret",
        "https://graph.microsoft.com/.default",
        facts["authority"],
        facts["graph_url"],
        facts["tenant_id"],
        app["client_id"],
        app["client_secret"],
        ca_file=facts["ca_file"],
        disable_instance_discovery=True,
    )
    graph = client.GraphClient(session.session_for(settings, lambda *shown: None, 60), retry.Waits(60))
    args = {
        **base,
        **dict.fromkeys(("device_ids", "object_ids", "names", "enabled", "compliant", "managed")),
        "intune": False,
        "autopilot": False,
        "extension_attributes": False,
    }
    return views.find_devices(_Task(args, graph))["count"], time.perf_counter() - start


class _Task:
    def __init__(self, args: dict, client: object) -> None:
        self.args, self.client, self.learned = args, client, {}


def bare(facts: dict) -> tuple[int, float]:
    """The least that the same pages can cost."""
    import ssl

    import httpx
    from azure.identity import ClientSecretCredential

    start = time.perf_counter()
    app, rows = facts["applications"]["everything"], []
    with httpx.Client(verify=ssl.create_default_context(cafile=facts["ca_file"]), timeout=60) as http:
        credential = ClientSecretCredential(
            facts["tenant_id"],
            app["client_id"],
            app["client_secret"],
            authority=facts["authority"],
            disable_instance_discovery=True,
            connection_verify=facts["ca_file"],
        )
        token = credential.get_token("https://graph.microsoft.com/.default").token
        url = f"{facts['graph_url']}/v1.0/devices?$select={SELECT}&$top=999"
        while url:
            answer = http.get(url, headers={"Authorization": f"Bearer {token}"})
            answer.raise_for_status()
            page = answer.json()
            rows += page["value"]
            url = page.get("@odata.nextLink")
    return len(rows), time.perf_counter() - start


if __name__ == "__main__":
    print(*{"ours": ours, "httpx": bare}[sys.argv[1]](json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))))
