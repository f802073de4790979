# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a refusal of the token service means for the controller's own sign-in: cause, side and fix of each AADSTS code.

The catalogue of codes that devices meet is another one: there the codes are about joins, here about credentials. How
the controller signs in decides about some: an assertion that is too old is a token of somebody else with workload
identity, and the controller's clock with a certificate (sign_in_proofs.py).

Sources: Microsoft Entra, "Microsoft Entra authentication and authorization error codes", "Authentication flows as a
condition in Conditional Access" (530036), "Conditional Access for workload identities", "Reactivate tenants that are
inaccessible due to inactivity" (5000225).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import re

_TENANT = re.compile(
    r"\b(?:tenant|directory)(?: named| with id)?:?\s+"
    r"(?:'([^'\x00-\x1f\x7f]{1,100})'|([0-9a-fA-F-]{36}|[\w-]+(?:\.[\w-]+)+))",
    re.IGNORECASE,
)
#: Kinds of credentials without a person.
_APPLICATION_KINDS = ("client_secret", "certificate", "workload_identity", "managed_identity", "environment")


@dataclasses.dataclass(frozen=True)
class Meaning:
    """What a refusal means: the error's name, side (result.SIDES), cause and fix."""

    name: str
    side: str
    cause: str
    fix: str


def _consent(cause: str) -> Meaning:
    return Meaning("no_consent", "tenant", cause, "give admin consent to the application's permissions")


def _again(cause: str) -> Meaning:
    return Meaning("sign_in_expired", "controller", cause, "sign in again")


def _access(cause: str, fix: str) -> Meaning:
    return Meaning("conditional_access", "tenant", cause, fix)


_MFA = Meaning(
    "mfa_required",
    "tenant",
    "the sign-in needs multifactor authentication",
    "sign in interactively: auth=device_code",
)
_STRANGER = Meaning(
    "user_unknown",
    "tenant",
    "the user is of another tenant, and no guest of the tenant{tenant}",
    "sign in as a user of this tenant, invite the user as a guest, or correct tenant_id",
)
_PENDING = Meaning(
    "sign_in_pending",
    "tenant",
    "nobody has signed in with the code in time",
    "run the task again and enter the code",
)
_ANOTHER_AUTH = (
    "sign in where the policy lets it pass (auth=azure_cli after 'az login' in a browser), or exclude the user"
)
#: {tenant} is where the service's sentence names one.
_MEANINGS = {
    "7000215": Meaning(
        "client_secret_wrong",
        "tenant",
        "the client secret is not one of the application's",
        "use the secret's value (not its id) and check that client_id is the application it belongs to",
    ),
    "7000222": Meaning(
        "client_secret_expired",
        "tenant",
        "the client secret has expired",
        "create a new client secret, and give its value by client_secret",
    ),
    "7000216": Meaning(
        "credential_missing",
        "tenant",
        "the application must prove itself and did not",
        "give client_secret or certificate_path",
    ),
    "7000218": Meaning(
        "not_a_public_client",
        "tenant",
        "the application does not allow public client flows",
        "switch on 'Allow public client flows' of the application, which auth=device_code needs",
    ),
    "7000232": Meaning(
        "credential_wrong",
        "controller",
        "the application is a managed identity, which has no client secret",
        "use auth=managed_identity, or the client_id of an application registration",
    ),
    "7000112": Meaning(
        "application_disabled",
        "tenant",
        "the application is disabled in the tenant",
        "enable its service principal",
    ),
    "700016": Meaning(
        "application_unknown",
        "tenant",
        "the tenant{tenant} does not know the application",
        "check client_id and tenant_id, and that the application was consented to in this tenant",
    ),
    "7000229": Meaning(
        "application_unknown",
        "tenant",
        "the application has no service principal in the tenant{tenant}",
        "give admin consent to the application in this tenant, which makes the service principal, or correct tenant_id",
    ),
    "700023": Meaning(
        "authority_wrong",
        "controller",
        "the proof of the application was made for another authority",
        "check authority, cloud and tenant_id",
    ),
    "900382": Meaning(
        "cloud_wrong", "controller", "the tenant is in another cloud than the authority", "set cloud to the tenant's"
    ),
    "90002": Meaning(
        "tenant_unknown",
        "tenant",
        "there is no such tenant{tenant}",
        "check tenant_id, and cloud for a national cloud",
    ),
    "900023": Meaning("tenant_unknown", "tenant", "the tenant id is not valid", "check tenant_id"),
    "5000225": Meaning(
        "tenant_blocked",
        "tenant",
        "Microsoft has blocked the tenant for inactivity",
        "have its administrator ask Microsoft to reactivate it, which is possible for some weeks; or correct tenant_id",
    ),
    "500011": Meaning(
        "resource_unknown",
        "tenant",
        "the tenant{tenant} does not know the service that the token is for",
        "check cloud, graph_url and tenant_id: Microsoft Graph has another address in each cloud",
    ),
    "1002012": Meaning(
        "scope_wrong", "tenant", "the scope is not one of this application's", "check cloud and graph_url"
    ),
    "65001": _consent("nobody has consented to the application"),
    "90093": _consent("the user may not consent to what the application asks for"),
    "90094": _consent("the application asks for what only an administrator may consent to"),
    "90095": _consent("the application asks for what only an administrator may consent to"),
    "900941": _consent("the application asks for what only an administrator may consent to"),
    "65004": _consent("the user has declined to consent to the application"),
    "50034": Meaning("user_unknown", "tenant", "the tenant does not know the user", "check the user and tenant_id"),
    "50020": _STRANGER,
    "90072": _STRANGER,
    "50105": Meaning(
        "user_not_assigned",
        "tenant",
        "the application is for assigned users only, and the user is not one of them",
        "assign the user or a group of the user in the enterprise application, or sign in as another",
    ),
    "50057": Meaning(
        "user_disabled", "tenant", "the user account is disabled", "enable the user, or sign in as another"
    ),
    "50072": _MFA,
    "50074": _MFA,
    "50076": _MFA,
    "50079": _MFA,
    "53000": _access(
        "Conditional Access requires a compliant device, and the sign-in came from another one", _ANOTHER_AUTH
    ),
    "53001": _access(
        "Conditional Access requires a joined device, and the sign-in came from another one", _ANOTHER_AUTH
    ),
    "53003": _access(
        "Conditional Access blocks the sign-in",
        "exclude this sign-in from the policy; the sign-in log of the tenant names it",
    ),
    "530036": _access(
        "Conditional Access blocks device code flow, and this sign-in has begun so",
        "sign in another way (auth=azure_cli after 'az login' in a browser, or an application's credential), or "
        "exclude the user from the policy for authentication flows",
    ),
    "50173": _again("the sign-in was revoked: the password was changed, or somebody ended the user's sessions"),
    "50078": _again("the multifactor authentication of the sign-in has expired"),
    "50132": _again("the sign-in has ended: the password was changed or has expired"),
    "50133": _again("the sign-in has ended: the password was changed or has expired"),
    "70008": _again("the sign-in has expired"),
    "70043": _again("the sign-in is older than the sign-in frequency of a Conditional Access policy allows"),
    "50089": _again("the sign-in has expired"),
    "700081": _again("the sign-in has expired"),
    "700084": _again("the sign-in has expired"),
    "700082": _again("the sign-in has expired, as it was not used for a long time (90 days)"),
    "70016": _PENDING,
    "70020": _PENDING,
}
_AGAIN = {
    "azure_cli": "run 'az login' again as the user that runs Ansible",
    "device_code": "run the task again and sign in with the new code",
}


def meaning_of(number: str, sentence: str, kind: str) -> Meaning | None:
    """What AADSTS and this number mean for a credential of this kind (credentials.AUTH_KINDS); None where nobody knows.

    ``sentence`` is the service's own, of which the tenant's name or id is taken.
    """
    found = _MEANINGS.get(number)
    if found is None and number.startswith("530"):
        return _access("Conditional Access does not let the sign-in pass", _ANOTHER_AUTH)
    if found is None:
        return None
    if found.name == "sign_in_expired":
        return dataclasses.replace(found, fix=_AGAIN.get(kind, found.fix))
    if number == "53003" and kind in _APPLICATION_KINDS:
        return _access(
            "Conditional Access blocks the application",
            "let the policy for workload identities pass the controller's address, or exclude the application; the "
            "tenant's sign-in log for service principals names the policy",
        )
    if number == "53003" and kind == "device_code":
        return _access(
            found.cause,
            found.fix + "; where it blocks device code flow, use auth=azure_cli after 'az login' in a browser",
        )
    tenant = _TENANT.search(sentence)
    shown = f" {tenant.group(1) or tenant.group(2)}" if tenant else ""
    return dataclasses.replace(found, cause=found.cause.replace("{tenant}", shown))
