# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why no token was given: azure-identity's exceptions as a Failure that quotes no secret.

The exceptions' texts may hold assertions, tokens and whole answers, so that only known parts of them are used: AADSTS
code, trace id and, for an unknown code, its sentence with everything that looks like a secret taken out.
Sources: Microsoft Entra, "Microsoft Entra authentication and authorization error codes"; azure-identity's exceptions.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re

from ...result import Failure
from ...untrusted import in_one_line
from .libraries import azure_errors, identity
from .network import network_failure
from .retry import THROTTLED

DOC = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes"

_CODE = re.compile(r"AADSTS(\d{5,8})")
_TRACE = re.compile(r"Trace ID:\s*([0-9a-fA-F-]{36})")
_SENTENCE = re.compile(r"AADSTS\d{5,8}:\s*(.*?)(?:\s+Trace ID:|\r|\n|$)")
_OAUTH = re.compile(r"\b(?:invalid_[a-z]+|unauthorized_client|unsupported_[a-z_]+|access_denied)\b")
_LONGEST_SAID = 20_000
# Longer than a GUID.
_SECRETIVE = re.compile(r"[A-Za-z0-9+/_.~=-]{37,}|'[^']{16,}'")

_KNOWN = {
    "7000215": (
        "client_secret_wrong",
        "the client secret is not one of the application's",
        "use the secret's value (not its id) and check that client_id is the application it belongs to",
    ),
    "7000222": ("client_secret_expired", "the client secret has expired", "create a new client secret"),
    "7000216": (
        "credential_missing",
        "the application must prove itself and did not",
        "give client_secret or certificate_path",
    ),
    "7000218": (
        "not_a_public_client",
        "the application does not allow public client flows",
        "switch on 'Allow public client flows' of the application, which auth=device_code needs",
    ),
    "7000112": ("application_disabled", "the application is disabled in the tenant", "enable its service principal"),
    "700016": (
        "application_unknown",
        "the tenant does not know the application",
        "check client_id and tenant_id, and that the application was consented to in this tenant",
    ),
    "90002": ("tenant_unknown", "there is no such tenant", "check tenant_id, and cloud for a national cloud"),
    "900023": ("tenant_unknown", "the tenant id is not valid", "check tenant_id"),
    "700027": (
        "certificate_refused",
        "the certificate's signature is refused",
        "register the certificate (its public part) with the application",
    ),
    "700024": ("clock_wrong", "the proof is not valid at this time", "set the controller's clock"),
    "70021": (
        "no_federation",
        "no federated credential of the application matches the token",
        "compare issuer, subject and audience of the federated credential with the token of the workload",
    ),
    "700213": (
        "no_federation",
        "no federated credential of the application matches the token",
        "compare issuer, subject and audience of the federated credential with the token of the workload",
    ),
    "50034": ("user_unknown", "the tenant does not know the user", "check the user and tenant_id"),
    "50057": ("user_disabled", "the user account is disabled", "enable the user, or sign in as another"),
    "50076": (
        "mfa_required",
        "the sign-in needs multifactor authentication",
        "sign in interactively: auth=device_code",
    ),
    "50079": (
        "mfa_required",
        "the sign-in needs multifactor authentication",
        "sign in interactively: auth=device_code",
    ),
    "53003": (
        "conditional_access",
        "Conditional Access blocks the sign-in",
        "exclude this sign-in from the policy; the sign-in log of the tenant names it",
    ),
    "65001": ("no_consent", "nobody has consented to the application", "give admin consent to its permissions"),
    "70016": ("sign_in_pending", "nobody has signed in with the code in time", "run the task again and enter the code"),
    "70020": ("sign_in_pending", "nobody has signed in with the code in time", "run the task again and enter the code"),
    "1002012": ("scope_wrong", "the scope is not one of this application's", "check cloud and graph_url"),
}


def sign_in_failure(exc: Exception, kind: str, status: int | None = None) -> Failure:
    """The Failure of a credential of this kind that gave no token. ``status`` is that of the service's last answer."""
    for link in _chain(exc):
        if isinstance(link, Failure):
            return link
        reached = network_failure(link, f"get a token ({kind})")
        if reached is not None:
            return reached
    text = " ".join(str(link)[:_LONGEST_SAID] for link in _chain(exc))
    code = _CODE.search(text)
    if code is not None:
        return _refused(code.group(1), text, kind)
    if isinstance(exc, identity.CredentialUnavailableError):
        name, cause, fix = _UNAVAILABLE.get(
            kind, ("credential_unavailable", "the credential is not available", "check auth")
        )
        return Failure(
            f"could not sign in with auth={kind}: {cause}; {fix}", side="controller", name=name, cause=cause, fix=fix
        )
    if "timed out" in text.lower() or "timeout" in text.lower():
        return Failure(
            f"could not sign in with auth={kind}: nobody completed the sign-in in time; run the task again",
            side="controller",
            name="sign_in_timeout",
            cause="the sign-in was not completed in time",
            fix="run the task again",
        )
    status = status or next(
        (getattr(link, "status_code", None) for link in _chain(exc) if getattr(link, "status_code", None)), None
    )
    if status == THROTTLED:
        cause, fix = "the token service is throttling sign-ins", "run the task again in a few minutes"
        return Failure(
            f"could not sign in with auth={kind}: {cause}; {fix}", side="tenant", name="throttled", cause=cause, fix=fix
        )
    cause = f"the token service answered {status}" if status else "the token service's answer is of no use"
    return Failure(
        f"could not sign in with auth={kind}: {cause}; check authority, cloud and tenant_id",
        side="tenant",
        name="sign_in_failed",
        cause=cause,
        fix="check authority, cloud and tenant_id",
        evidence=[type(exc).__name__, *sorted(set(_OAUTH.findall(text)))],
        doc=DOC,
    )


_UNAVAILABLE = {
    "azure_cli": (
        "azure_cli_unavailable",
        "the Azure CLI is not installed or nobody is signed in to it",
        "run 'az login' as the user that runs Ansible",
    ),
    "managed_identity": (
        "managed_identity_unavailable",
        "the controller has no managed identity that answers",
        "assign one to the machine (client_id for a user-assigned one), or choose another auth",
    ),
    "environment": (
        "environment_incomplete",
        "the environment holds no complete credential",
        "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH",
    ),
}


def _refused(number: str, text: str, kind: str) -> Failure:
    sentence = _SENTENCE.search(text)
    said = _careful(sentence.group(1)) if sentence else ""
    name, cause, fix = _KNOWN.get(
        number, ("sign_in_refused", said or "the token service refuses", "look the code up on the page in doc")
    )
    trace = _TRACE.search(text)
    return Failure(
        f"could not sign in with auth={kind}: {cause} (AADSTS{number}); {fix}",
        side="tenant",
        code=f"AADSTS{number}",
        name=name,
        cause=cause,
        fix=fix,
        request_id=trace.group(1) if trace else None,
        doc=DOC,
    )


def _careful(text: str) -> str:
    """The text without what looks like a secret, short."""
    return _SECRETIVE.sub("***", in_one_line(text))[:300]


def _chain(exc: BaseException | None):
    seen = set()
    while exc is not None and id(exc) not in seen:
        seen.add(id(exc))
        yield exc
        exc = exc.__cause__ or exc.__context__


def sign_in_errors() -> tuple[type[Exception], ...]:
    """What azure-identity's credentials raise when they give no token, or stumble over what was answered."""
    odd_answers = (LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError)
    return (azure_errors.AzureError, ValueError, OSError, *odd_answers)
