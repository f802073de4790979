# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at every device of the lab's tenant once: with directory_posture, or with bare httpx that sends the same
requests and reads nothing of the answers but that they are JSON.

Both sign in by azure-identity. Arguments: ours or httpx, the lab's tenant.json, and a file: for ours the device ids as
JSON, for httpx ``[[method, path behind Graph's address, body], ...]``. Prints how many devices were looked at, or how
many requests were sent, and the seconds that took; imports do not count.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def ours(facts: dict, ids: list[str]) -> tuple[int, float]:
    """What the action plugin does, without Ansible around it."""
    sys.path.insert(0, str(ROOT / "build" / "collections"))
    from ansible_collections.winops.entra.plugins.modules.directory_posture import ALL_QUESTIONS
    from ansible_collections.winops.entra.plugins.plugin_utils.task import Task
    from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import client, credentials, retry, session
    from ansible_collections.winops.entra.plugins.plugin_utils.tenant.posture import posture

    start = time.perf_counter()
    app = facts["applications"]["everything"]
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
    graph = client.GraphClient(session.session_for(settings, lambda *shown: None, 60), retry.Waits(600))
    args = {
        "device_ids": ids,
        "questions": list(ALL_QUESTIONS),
        "applications": [],
        "ip_address": None,
        "country": None,
        "stale_days": 7,
        "fail_on": [],
    }
    task = Task(args, False, client=graph, show=lambda sentence: print(sentence, file=sys.stderr))
    posture.look(task)
    unknown = task.learned["summary"]["unknown"]
    if unknown:
        raise RuntimeError(f"{unknown} findings are unknown: {task.learned['findings'][:3]}")
    return len(task.learned["devices"]), time.perf_counter() - start


def bare(facts: dict, requests: list[tuple[str, str, object]]) -> tuple[int, float]:
    """The least that the same requests can cost."""
    import ssl

    import httpx
    from azure.identity import ClientSecretCredential

    start = time.perf_counter()
    app = facts["applications"]["everything"]
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
        for method, path, body in requests:
            answer = http.request(
                method, facts["graph_url"] + path, json=body, headers={"Authorization": f"Bearer {token}"}
            )
            answer.raise_for_status()
            answer.json()
    return len(requests), time.perf_counter() - start


if __name__ == "__main__":
    _name, who, about, given = sys.argv
    print(
        *{"ours": ours, "httpx": bare}[who](*(json.loads(Path(f).read_text(encoding="utf-8")) for f in (about, given)))
    )
