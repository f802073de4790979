# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options by which every tenant module signs in to Microsoft Graph: see plugin_utils/options.py."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `winops.entra.tenant`."""

    DOCUMENTATION = r"""
options:
  auth:
    description:
      - The kind of credential.
      - V(auto) takes the kind whose option is given, that is O(client_secret), O(certificate_path) or
        O(federated_token_file). Options of the task, or of C(module_defaults), take precedence over the environment,
        and the C(environment) keyword of task, block, role and play over the environment that Ansible runs in.
      - V(device_code) signs a user in; the code is shown while the task waits. With O(token_cache) one sign-in is
        enough for the playbook.
      - V(environment) takes the variables of azure-identity's C(EnvironmentCredential), E(AZURE_TENANT_ID),
        E(AZURE_CLIENT_ID), and E(AZURE_CLIENT_SECRET) or E(AZURE_CLIENT_CERTIFICATE_PATH), and no options.
    type: str
    choices: [auto, client_secret, certificate, managed_identity, workload_identity, azure_cli, device_code,
      environment]
    default: auto
  tenant_id:
    description:
      - The tenant's id, or one of its domains.
      - Falls back to the environment variables E(AZURE_TENANT_ID) and E(AZURE_TENANT).
    type: str
  client_id:
    description:
      - The application (client) id. With O(auth=managed_identity) the client id of a user-assigned identity.
      - Falls back to the environment variable E(AZURE_CLIENT_ID).
    type: str
  client_secret:
    description:
      - The application's client secret.
      - Falls back to the environment variables E(AZURE_CLIENT_SECRET) and E(AZURE_SECRET).
    type: str
  certificate_path:
    description:
      - A PEM or PKCS12 file on the controller, with the application's certificate and its RSA key.
      - Falls back to the environment variable E(AZURE_CLIENT_CERTIFICATE_PATH).
    type: path
  certificate_password:
    description:
      - The password of O(certificate_path).
      - Falls back to the environment variable E(AZURE_CLIENT_CERTIFICATE_PASSWORD).
    type: str
  federated_token_file:
    description:
      - A file on the controller with the token of a workload (Kubernetes, GitHub, Azure DevOps) that the application
        trusts.
      - Falls back to the environment variable E(AZURE_FEDERATED_TOKEN_FILE).
    type: path
  cloud:
    description: The cloud that the tenant is in.
    type: str
    choices: [public, us_government, us_government_dod, china]
    default: public
  authority:
    description:
      - The https URL that issues tokens, instead of the cloud's.
      - Falls back to the environment variable E(AZURE_AUTHORITY_HOST).
    type: str
  graph_url:
    description:
      - The https URL of Microsoft Graph without version, instead of the cloud's.
      - Falls back to the environment variable E(WINOPS_ENTRA_GRAPH_URL).
    type: str
  ca_file:
    description:
      - A PEM file on the controller with the CA certificates to trust, instead of the usual ones. It is needed behind a
        proxy that inspects TLS.
      - Falls back to the environment variable E(WINOPS_ENTRA_CA_FILE).
    type: path
  disable_instance_discovery:
    description:
      - Do not ask Microsoft's public cloud whether O(authority) is known. Private clouds and test servers need it.
      - Falls back to the environment variable E(WINOPS_ENTRA_DISABLE_INSTANCE_DISCOVERY).
    type: bool
    default: false
  token_cache:
    description:
      - A private directory on the controller (mode 0700), in which the tasks of a run share their access token. It is
        created if it is missing. The file in it has the mode 0600 and holds a token, which is a secret, until it
        expires (after about an hour).
      - Without it each task asks for its own token; the items of a loop share one.
      - Falls back to the environment variable E(WINOPS_ENTRA_TOKEN_CACHE).
    type: path
  timeout:
    description:
      - How many seconds the task may wait in all, for throttling, for repeated requests, for pages that bring hardly
        anything, and until its changes show. Work does not count, so that a long list does not time out.
      - One request, from the connection to the last byte of its answer, ends after 120 seconds, or after what is left
        of this time, at least 10 seconds. A sign-in may take what is left.
    type: int
    default: 300
attributes:
  action_group:
    description: Use C(group/winops.entra.tenant) in C(module_defaults) to sign in once for all tenant modules.
    support: full
    membership: [winops.entra.tenant]
  environment:
    description: Takes variables from the C(environment) keyword.
    details: Before those of the environment that Ansible runs in. This is true of each variable that an option falls
      back to, of proxies and CA files (E(HTTPS_PROXY), E(ALL_PROXY), E(NO_PROXY), E(REQUESTS_CA_BUNDLE),
      E(CURL_CA_BUNDLE), E(SSL_CERT_FILE), E(SSL_CERT_DIR)), and of what azure-identity and the Azure CLI read.
    support: full
requirements:
  - azure-identity >= 1.19.0, on the controller
  - msgraph-sdk >= 1.40.0, on the controller
notes:
  - Runs on the controller, in the Ansible process itself. No C(delegate_to) is needed, and the host of the task is not
    contacted.
"""
