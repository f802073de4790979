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
from .sign_in_codes import Meaning, meaning_of
from .sign_in_proofs import meaning_of_proof

DOC = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes"

_CODE = re.compile(r"AADSTS(\d{5,8})")
_TRACE = re.compile(r"Trace ID:\s*([0-9a-fA-F-]{36})")
_SENTENCE = re.compile(r"AADSTS\d{5,8}:\s*(.*?)(?:\s+Trace ID:|\r|\n|$)")
_OAUTH = re.compile(r"\b(?:invalid_[a-z]+|unauthorized_client|unsupported_[a-z_]+|access_denied)\b")
_LONGEST_SAID = 20_000
# Longer than a GUID.
_SECRETIVE = re.compile(r"[A-Za-z0-9+/_.~=-]{37,}|'[^']{16,}'")
_ADDRESS = re.compile(r"(?:https|api)://[A-Za-z0-9._/:-]{1,200}|[0-9a-fA-F-]{36}")
_SAID_OF = re.compile(r"\b(?:issuer|subject|audience|issued by|(?:tenant|directory)(?: named)?)\W{1,3}$", re.IGNORECASE)


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
    raw = sentence.group(1) if sentence else ""
    said = _careful(raw)
    found = (
        meaning_of_proof(number, raw, kind)
        or meaning_of(number, raw, kind)
        or Meaning(
            "sign_in_refused", "tenant", said or "the token service refuses", "look the code up on the page in doc"
        )
    )
    trace = _TRACE.search(text)
    return Failure(
        f"could not sign in with auth={kind}: {found.cause} (AADSTS{number}); {found.fix}",
        side=found.side,
        code=f"AADSTS{number}",
        name=found.name,
        cause=found.cause,
        fix=found.fix,
        evidence=[said] if said else [],
        request_id=trace.group(1) if trace else None,
        doc=DOC,
    )


def _careful(text: str) -> str:
    """The text without what looks like a secret, short. Addresses, tenants and whom a token is of are not secrets."""
    line = in_one_line(text)
    return _SECRETIVE.sub(lambda found: found[0] if _is_open(line, found) else "***", line)[:300]


def _is_open(line: str, found: re.Match[str]) -> bool:
    value, before = found[0].strip("'"), line[: found.start()]
    if "eyJ" in value:  # how each JSON Web Token begins
        return False
    return bool(_ADDRESS.fullmatch(value) or _SAID_OF.search(before)) or (
        before.endswith("https:") and found[0].startswith("//")
    )


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
