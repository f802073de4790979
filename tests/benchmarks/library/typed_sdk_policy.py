# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A packaged module that reads the registration policy by msgraph-sdk's typed client. For measuring only."""

from __future__ import annotations

import asyncio
import os

from ansible.module_utils.basic import AnsibleModule
from azure.identity import ClientSecretCredential
from msgraph import GraphServiceClient


async def read() -> int:
    credential = ClientSecretCredential(
        os.environ["AZURE_TENANT_ID"],
        os.environ["AZURE_CLIENT_ID"],
        os.environ["AZURE_CLIENT_SECRET"],
        authority=os.environ["AZURE_AUTHORITY_HOST"],
        disable_instance_discovery=True,
        connection_verify=os.environ["WINOPS_ENTRA_CA_FILE"],
    )
    client = GraphServiceClient(credential, scopes=["https://graph.microsoft.com/.default"])
    client.request_adapter.base_url = os.environ["WINOPS_ENTRA_GRAPH_URL"] + "/v1.0"
    policy = await client.policies.device_registration_policy.get()
    return policy.user_device_quota


def main() -> None:
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    module.exit_json(changed=False, devices_per_user=asyncio.run(read()))


if __name__ == "__main__":
    main()
