# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why the token service refuses the proof of an application: a token of somebody else (federation), or a certificate.

Codes of one family differ in what did not match, and new members come: the service's sentence decides first, then how
the code begins. Issuer, subject, audience and thumbprint are not secrets.

Sources: Microsoft Entra, "Workload identity federation" and "Breaking changes" (August 2024: case-sensitive);
Azure/login issues 180, 372, 482, 515 and 517, Azure/azure-workload-identity 340 and 1200, microsoft/Agents 202,
MicrosoftDocs/azure-docs 90276 and 109083, AzureAD/microsoft-identity-web (its list of codes that mean the certificate).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re

from .sign_in_codes import Meaning

_PRESENTED = re.compile(r"assertion (issuer|audience|subject):?\s*'([^'\x00-\x1f\x7f]{1,300})'", re.IGNORECASE)
_NO_RECORD = re.compile(r"no matching federated identity record", re.IGNORECASE)
_PART_BY_CODE = {"700211": "issuer", "700212": "audience", "700213": "subject"}
_FIX_BY_PART = {
    "issuer": "give the application a federated credential with exactly this issuer (a slash at the end counts)",
    "audience": "give the federated credential exactly this audience, or have the token issued for the credential's "
    "(api://AzureADTokenExchange, in national clouds with the cloud's name behind it)",
    "subject": "give the application a federated credential with exactly this subject: for a pipeline it names "
    "repository and branch or environment, for Kubernetes namespace and service account",
}
_TIME = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)"
_TIMES = re.compile(rf"Current time: {_TIME}.*?valid from {_TIME}.*?expiry time of assertion {_TIME}", re.IGNORECASE)
_THUMBPRINT = re.compile(r"Thumbprint of key used by client: '([0-9A-Fa-f]{40,64})'")
_NEW_CERTIFICATE = (
    "make a new certificate, register its public part with the application and give it by certificate_path; where its "
    "dates are right, set the controller's clock"
)
#: What the certificate of the application lacks, by code.
_CERTIFICATE_CODES = {
    "1000502": "expired",
    "7000274": "expired",
    "7000214": "revoked",
    "7000277": "revoked",
    "700027": "refused",
    "700030": "refused",
    "50012": "refused",
}


def meaning_of_proof(number: str, sentence: str, kind: str) -> Meaning | None:
    """What AADSTS and this number mean where they are about the application's proof of itself, else None.

    ``sentence`` is the service's own, ``kind`` that of the credential (credentials.AUTH_KINDS).
    """
    if _NO_RECORD.search(sentence) or number.startswith("70021"):
        return _no_record(number, sentence)
    if number.startswith(("70022", "70023")):
        return Meaning(
            "federation_not_allowed",
            "tenant",
            "the tenant takes no token of this issuer or kind as the application's proof",
            "read the service's sentence; use a token of an issuer and kind that may be federated (a managed identity "
            "of the same tenant and cloud, or an issuer that is not Entra), or another auth",
        )
    if number == "700024":
        return _age(sentence, kind)
    if number in _CERTIFICATE_CODES or "[Reason - The key" in sentence:
        return _certificate(number, sentence, kind)
    return None


def _no_record(number: str, sentence: str) -> Meaning:
    presented = {part.lower(): value for part, value in _PRESENTED.findall(sentence) if "eyJ" not in value}
    part = next(iter(presented)) if len(presented) == 1 else _PART_BY_CODE.get(number[:6])
    if part is None:
        shown = "".join(f", {name} {value!r}" for name, value in presented.items())
        return Meaning(
            "no_federation",
            "tenant",
            "no federated credential of the application matches the token" + shown,
            "compare issuer, subject and audience of the federated credential with the token of the workload",
        )
    value = f" {presented[part]!r}" if part in presented else ""
    if number == "7002138" or "case-insensitive" in sentence:
        return Meaning(
            "no_federation",
            "tenant",
            f"a federated credential of the application has the token's {part}{value} in other upper or lower case",
            f"write the {part} of the federated credential exactly so: case counts",
        )
    expression = "; where an expression decides, it has to match it" if "expression" in sentence.lower() else ""
    return Meaning(
        "no_federation",
        "tenant",
        f"no federated credential of the application has the {part}{value} of the token",
        _FIX_BY_PART[part] + expression,
    )


def _age(sentence: str, kind: str) -> Meaning:
    times = _TIMES.search(sentence)
    now, start, end = times.groups() if times else ("", "", "")
    if kind in ("workload_identity", "azure_cli"):
        if start > now:
            return Meaning(
                "federated_token_early",
                "controller",
                f"the token of the workload is valid from {start} UTC on, and it is {now}",
                "set the clock of whoever issues the token",
            )
        where = (
            "the token in federated_token_file" if kind == "workload_identity" else "the Azure CLI's federated token"
        )
        return Meaning(
            "federated_token_expired",
            "controller",
            f"{where} has expired" + (f" at {end} UTC" if end else ""),
            "have the token written again right before the task: pipelines' tokens live for minutes (GitHub's for five)"
            if kind == "workload_identity"
            else "run 'az login --federated-token' with a new token before the task, or set the controller's clock",
        )
    return Meaning(
        "clock_wrong",
        "controller",
        "the proof is not valid at this time"
        + (f": it was made at {start} by the controller's clock, and it is {now} UTC" if now else ""),
        "set the controller's clock",
    )


def _certificate(number: str, sentence: str, kind: str) -> Meaning:
    if kind == "workload_identity":
        return Meaning(
            "federated_token_refused",
            "tenant",
            "the signature of the token in federated_token_file is refused",
            "check that the issuer's discovery document and keys can be read from the internet, with the token's key",
        )
    found = _THUMBPRINT.search(sentence)
    which = f"the certificate {found.group(1)}" if found else "the certificate"
    lack = _CERTIFICATE_CODES.get(number, "refused")
    if "key used is expired" in sentence or lack == "expired":
        return Meaning(
            "certificate_expired", "controller", f"{which} has expired, or is not valid yet", _NEW_CERTIFICATE
        )
    if lack == "revoked":
        return Meaning("certificate_revoked", "controller", f"{which} was revoked", _NEW_CERTIFICATE)
    if "key was not found" in sentence or "not registered" in sentence:
        return Meaning(
            "certificate_not_registered",
            "tenant",
            f"{which} is not registered with the application",
            "register its public part with the application that client_id names, or give the certificate that is",
        )
    return Meaning(
        "certificate_refused",
        "tenant",
        f"the signature of {which} is refused",
        "register the certificate (its public part) with the application",
    )
