# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a refused sign-in of the controller says: each code in its family, and for the credential that was used."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import (
    libraries,
    sign_in,
    sign_in_codes,
    sign_in_proofs,
)
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.credentials import AUTH_KINDS

TENANT, THUMBPRINT = "50612dbb-0237-4969-b378-8d42590f9c00", "C49C25705D60569884EDC91986CEF8A01A495783"
ISSUER, SUBJECT = "https://token.actions.githubusercontent.com", "repo:contoso/rollout of PCs:environment:Production"
END = " Trace ID: 0a1b2c3d-0000-1111-2222-333344445555 Correlation ID: 1 Timestamp: 2026-11-21 10:00:00Z"
NO_RECORD = "No matching federated identity record found for presented assertion"
CHECK = "Check your federated identity credential Subject, Audience and Issuer against the presented assertion."


def refused(number: str, sentence: str = "Something odd.", kind: str = "client_secret") -> Failure:
    text = f"Authentication failed: AADSTS{number}: {sentence}{END}"
    return sign_in.sign_in_failure(libraries.azure_errors.ClientAuthenticationError(message=text), kind)


def error(*arguments: str) -> dict:
    return refused(*arguments).error


# --- federation: which of issuer, audience, subject, age ---


@pytest.mark.parametrize(
    ("number", "sentence", "part", "shown"),
    [
        ("700211", f"{NO_RECORD} issuer '{ISSUER}/'. Please {CHECK}", "issuer", ISSUER + "/"),
        ("700212", f"{NO_RECORD} audience 'https://gitlab.com'. {CHECK}", "audience", "https://gitlab.com"),
        ("7002121", f"{NO_RECORD} audience 'api://AzureADTokenExchange'.", "audience", "api://AzureADTokenExchange"),
        ("70022204", f"{NO_RECORD} audience 'api://AzureADTokenExchangeChina'.", "audience", "Exchange"),
        ("700213", f"{NO_RECORD} subject '{SUBJECT}'. {CHECK}", "subject", SUBJECT),
        (
            "7002131",
            f"{NO_RECORD} subject '{SUBJECT}' or no federated identity credential expression.",
            "subject",
            SUBJECT,
        ),
        (
            "7002137",
            f"{NO_RECORD} subject '/eid1/c/pub/t/v4j5cv/a/9ExA/7e30'. Please make sure",
            "subject",
            "/eid1/c/pub",
        ),
        ("7002139", f"{NO_RECORD} issuer 'https://oidc.example/v1/'.", "issuer", "https://oidc.example/v1/"),
        ("700211", "Something new.", "issuer", ""),
        ("7002125", "Something new.", "audience", ""),
        ("7002133", "Something new.", "subject", ""),
    ],
)
def test_which_part_of_a_federated_credential_does_not_match(number, sentence, part, shown):
    told = refused(number, sentence, "workload_identity")
    assert told.error["name"] == "no_federation" and told.error["side"] == "tenant"
    assert f"has the {part}" in told.error["cause"] and part in told.error["fix"]
    assert shown in told.error["cause"] and shown in told.msg and shown in str(told.error["evidence"])


def test_a_subject_in_other_upper_and_lower_case():
    sentence = (
        f"{NO_RECORD} subject '{SUBJECT}'. The subject matches with case-insensitive comparison, but not with "
        f"case-sensitive comparison. {CHECK}"
    )
    told = error("7002138", sentence, "workload_identity")
    assert told["name"] == "no_federation" and "lower case" in told["cause"] and SUBJECT in told["cause"]
    assert "case counts" in told["fix"]
    assert "lower case" in error("7002199", sentence, "workload_identity")["cause"]


def test_the_older_code_names_all_three():
    told = error(
        "70021",
        f"{NO_RECORD}. Assertion Issuer: '{ISSUER}'. Assertion Subject: '{SUBJECT}'. Assertion Audience: 'api://X'. ",
        "workload_identity",
    )
    assert told["name"] == "no_federation" and all(shown in told["cause"] for shown in (ISSUER, SUBJECT, "api://X"))
    assert "matches the token" in error("70021", f"{NO_RECORD}.", "workload_identity")["cause"]


@pytest.mark.parametrize(
    "number", ["700222", "700227", "700229", "70023", "700231", "700236", "700238", "7002381", "700239"]
)
def test_tokens_that_may_not_be_federated_at_all(number):
    told = error(number, f"Federated identity credentials issued by '{ISSUER}/' may not be used.", "workload_identity")
    assert told["name"] == "federation_not_allowed" and told["side"] == "tenant" and ISSUER in told["evidence"][0]


def aged(now: str, start: str, end: str) -> str:
    return (
        f"Client assertion is not within its valid time range. Current time: 2024-03-14T{now}Z, assertion valid from "
        f"2024-03-14T{start}Z, expiry time of assertion 2024-03-14T{end}Z. See https://x.example/y ."
    )


OLD, EARLY = aged("09:20:11", "08:10:01.0000000", "08:15:01"), aged("08:00:00.1234567", "09:10:01", "09:20:01")


@pytest.mark.parametrize(
    ("kind", "sentence", "name", "cause", "fix"),
    [
        ("workload_identity", OLD, "federated_token_expired", "expired at 2024-03-14T08:15:01", "written again"),
        ("workload_identity", EARLY, "federated_token_early", "valid from 2024-03-14T09:10:01", "clock of whoever"),
        ("workload_identity", "Odd.", "federated_token_expired", "has expired", "written again"),
        ("azure_cli", OLD, "federated_token_expired", "Azure CLI", "az login --federated-token"),
        ("certificate", OLD, "clock_wrong", "made at 2024-03-14T08:10:01", "controller's clock"),
        ("certificate", EARLY, "clock_wrong", "it is 2024-03-14T08:00:00", "controller's clock"),
        ("environment", "Odd.", "clock_wrong", "not valid at this time", "controller's clock"),
    ],
)
def test_the_age_of_a_proof(kind, sentence, name, cause, fix):
    told = error("700024", sentence, kind)
    assert told["name"] == name and cause in told["cause"] and fix in told["fix"] and told["side"] == "controller"


# --- certificates ---


def reason(text: str) -> str:
    return (
        f"Failed. [Reason - {text}, Thumbprint of key used by client: '{THUMBPRINT}', Found key 'Start=08/03/2016'. ]"
    )


@pytest.mark.parametrize(
    ("number", "sentence", "name", "side"),
    [
        ("700027", reason("The key used is expired."), "certificate_expired", "controller"),
        ("70002", "Error. AADSTS50012: X. " + reason("The key used is expired."), "certificate_expired", "controller"),
        ("50012", reason("The key was not found."), "certificate_not_registered", "tenant"),
        ("700027", reason("The key was not found."), "certificate_not_registered", "tenant"),
        ("700027", "The certificate is not registered on application.", "certificate_not_registered", "tenant"),
        ("700027", reason("The key was found, but the signature is invalid"), "certificate_refused", "tenant"),
        ("700027", "Odd.", "certificate_refused", "tenant"),
        ("1000502", "The provided certificate is not within its validity period.", "certificate_expired", "controller"),
        ("7000274", "Odd.", "certificate_expired", "controller"),
        ("7000214", "Odd.", "certificate_revoked", "controller"),
        ("7000277", "Odd.", "certificate_revoked", "controller"),
    ],
)
@pytest.mark.parametrize("kind", ["certificate", "environment"])
def test_what_is_wrong_with_a_certificate(number, sentence, name, side, kind):
    told = error(number, sentence, kind)
    assert (told["name"], told["side"]) == (name, side)
    assert (THUMBPRINT in told["cause"]) == ("Thumbprint" in sentence)


def test_the_signature_of_a_federated_token_is_no_certificate_of_the_application():
    told = error("700027", "Client assertion failed signature validation.", "workload_identity")
    assert told["name"] == "federated_token_refused" and "issuer" in told["fix"]


# --- the others ---


@pytest.mark.parametrize(
    ("number", "name", "side", "cause"),
    [
        ("7000222", "client_secret_expired", "tenant", "expired"),
        ("7000229", "application_unknown", "tenant", "service principal"),
        ("700016", "application_unknown", "tenant", "does not know the application"),
        ("7000232", "credential_wrong", "controller", "managed identity"),
        ("700023", "authority_wrong", "controller", "another authority"),
        ("500011", "resource_unknown", "tenant", "service that the token is for"),
        *((number, "no_consent", "tenant", "consent") for number in ("65001", "90093", "90094", "90095", "900941")),
        ("50020", "user_unknown", "tenant", "another tenant"),
        ("90072", "user_unknown", "tenant", "another tenant"),
        ("50105", "user_not_assigned", "tenant", "assigned"),
        ("5000225", "tenant_blocked", "tenant", "inactivity"),
        ("53000", "conditional_access", "tenant", "compliant device"),
        ("53001", "conditional_access", "tenant", "joined device"),
        ("53003", "conditional_access", "tenant", "blocks"),
        ("530036", "conditional_access", "tenant", "device code flow"),
        *((number, "conditional_access", "tenant", "Conditional Access") for number in ("53002", "53009", "530032")),
        *((number, "sign_in_expired", "controller", "the sign-in") for number in ("50173", "70043", "700082", "70008")),
        ("50079", "mfa_required", "tenant", "multifactor"),
    ],
)
@pytest.mark.parametrize("kind", AUTH_KINDS)
def test_each_code_has_cause_side_and_fix_for_every_kind_of_credential(number, name, side, cause, kind):
    told = refused(number, kind=kind)
    assert (told.error["name"], told.error["side"], told.error["code"]) == (name, side, f"AADSTS{number}")
    assert cause in told.error["cause"] and told.error["fix"] in told.msg and "{" not in told.msg


@pytest.mark.parametrize("number", ["50173", "70043", "700082"])
def test_a_sign_in_that_has_ended_is_made_anew_where_it_was_made(number):
    assert "az login" in error(number, "Odd.", "azure_cli")["fix"]
    assert "run the task again" in error(number, "Odd.", "device_code")["fix"]


def test_conditional_access_on_an_application_and_on_a_device_code():
    assert "workload identities" in error("53003", "Odd.", "certificate")["fix"]
    assert "device code flow" in error("53003", "Odd.", "device_code")["fix"]
    assert "azure_cli" in error("530036", "Odd.", "device_code")["fix"]


@pytest.mark.parametrize(
    ("number", "sentence", "tenant"),
    [
        ("7000229", f"The client application x is missing service principal in the tenant {TENANT}. See", TENANT),
        (
            "500011",
            "The resource principal named https://a was not found in the tenant named contoso.com.",
            "contoso.com",
        ),
        ("700016", "Application with identifier 'x' was not found in the directory 'Contoso Ltd'.", "Contoso Ltd"),
        ("90002", f"Tenant '{TENANT}' not found. Check to make sure", TENANT),
        ("50020", "User account 'a' from identity provider 'b' does not exist in tenant 'Fabrikam'.", "Fabrikam"),
    ],
)
def test_the_tenant_is_no_secret(number, sentence, tenant):
    told = refused(number, sentence)
    assert tenant in told.msg and tenant in told.error["evidence"][0]


def test_an_unknown_code_shows_whom_a_token_is_of_and_no_token():
    assertion = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2xvZ2luIn0.c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmU"
    secret = "Q~8kLmNoPqRsTuVwXyZ0123456789abcd"
    told = refused(
        "1234567",
        f"Issuer '{ISSUER}', subject '{SUBJECT}', tenant '{TENANT}': the assertion '{assertion}', the secret "
        f"'{secret}', issuer '{assertion}', key {assertion}, see {ISSUER}/keys",
    )
    for shown in (f"'{ISSUER}'", SUBJECT, TENANT):
        assert shown in told.msg
    for hidden in (assertion, secret):
        assert hidden not in told.msg + str(told.error)


@pytest.mark.parametrize("kind", ["certificate", "workload_identity"])
def test_a_token_in_the_place_of_a_subject_is_not_shown(kind):
    token = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2xvZ2luIn0.c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmU"
    told = refused("700213", f"{NO_RECORD} subject '{token}'. {CHECK}", kind)
    assert token not in told.msg + str(told.error) and told.error["name"] == "no_federation"


def test_every_name_stands_in_the_guide():
    guide = (Path(__file__).parents[4] / "docs" / "tenant.md").read_text(encoding="utf-8")
    source = inspect.getsource(sign_in_codes) + inspect.getsource(sign_in_proofs)
    names = set(re.findall(r'Meaning\(\s*"(\w+)"', source))
    table = guide.partition("## When the sign-in is refused")[2].partition("## ")[0]
    told = set(re.findall(r"`([a-z_]+)`", "".join(line.split("|")[1] for line in table.splitlines() if "|" in line)))
    assert len(names) > 20 and told >= names and told - names <= {"sign_in_refused"}
