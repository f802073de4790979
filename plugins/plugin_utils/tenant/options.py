# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every module of the tenant takes: what the doc fragment ``winops.entra.tenant`` documents.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ansible.module_utils.basic import env_fallback

from .graph.clouds import CLOUDS

AUTH = (
    "auto",
    "client_secret",
    "certificate",
    "managed_identity",
    "workload_identity",
    "azure_cli",
    "device_code",
    "environment",
)

TENANT_SPEC = {
    "auth": {"type": "str", "choices": list(AUTH), "default": "auto"},
    "tenant_id": {"type": "str", "fallback": (env_fallback, ["AZURE_TENANT_ID", "AZURE_TENANT"])},
    "client_id": {"type": "str", "fallback": (env_fallback, ["AZURE_CLIENT_ID"])},
    "client_secret": {
        "type": "str",
        "no_log": True,
        "fallback": (env_fallback, ["AZURE_CLIENT_SECRET", "AZURE_SECRET"]),
    },
    "certificate_path": {"type": "path", "fallback": (env_fallback, ["AZURE_CLIENT_CERTIFICATE_PATH"])},
    "certificate_password": {
        "type": "str",
        "no_log": True,
        "fallback": (env_fallback, ["AZURE_CLIENT_CERTIFICATE_PASSWORD"]),
    },
    "federated_token_file": {
        "type": "path",
        "no_log": False,
        "fallback": (env_fallback, ["AZURE_FEDERATED_TOKEN_FILE"]),
    },
    "cloud": {"type": "str", "choices": list(CLOUDS), "default": "public"},
    "authority": {"type": "str", "fallback": (env_fallback, ["AZURE_AUTHORITY_HOST"])},
    "graph_url": {"type": "str", "fallback": (env_fallback, ["WINOPS_ENTRA_GRAPH_URL"])},
    "ca_file": {"type": "path", "fallback": (env_fallback, ["WINOPS_ENTRA_CA_FILE"])},
    "disable_instance_discovery": {
        "type": "bool",
        "default": False,
        "fallback": (env_fallback, ["WINOPS_ENTRA_DISABLE_INSTANCE_DISCOVERY"]),
    },
    "token_cache": {"type": "path", "no_log": False, "fallback": (env_fallback, ["WINOPS_ENTRA_TOKEN_CACHE"])},
    "timeout": {"type": "int", "default": 300},
}
