# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Graph and Intune say when they refuse, in the forms that people met, and what a failure makes of it.

Each form has its public source beside it; ids, names and numbers are our own.
"""

from __future__ import annotations

import json

import httpx
import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import (
    error_bodies,
    refusal_reasons,
    refusal_statuses,
    refusals,
    refused_requests,
)
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.batch import Item
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.errors import (
    Caller,
    GraphFailure,
    Permissions,
    Purpose,
)
from tests.tools import refusals as refusals_page

from ..fake_graph import error

ACTIVITY = "5b3a1c52-0d0c-4a5e-9a3f-6a1d1f0e7b11"
DEVICES = "/deviceManagement/managedDevices"
INTUNE = Purpose("list the devices of Intune", Permissions.same("DeviceManagementManagedDevices.Read.All"))
GROUP = Purpose("create the group", Permissions(("Group.Create",), ("Group.ReadWrite.All",)))
SCOPE = Purpose("read the MDM scope", Permissions(delegated=("Policy.Read.All",)))
DENIED = "Insufficient privileges to complete the operation."
BLOCKED = "Access to this site is blocked"
PAGE = f"<!DOCTYPE html>\n<html><head><title>{BLOCKED}</title></head><body>Category: cloud</body></html>"
RESTRICTED = (
    f"{DENIED} Target object is a member of a restricted management administrative unit and can only be modified by "
    "administrators scoped to that administrative unit. Learn more: https://go.microsoft.com/fwlink/?linkid=1"
)
PRIVILEGED = "DeviceManagementManagedDevices.PrivilegedOperations.All"
FLAT = (
    "The device is busy - Operation ID (for customer support): 0 - Activity ID: 1 - Url: https://x.example - "
    "CustomApiErrorPhrase: "
)
#: The web server's own page.
INVALID = '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN"><HTML><HEAD><TITLE>Bad Request</TITLE></HEAD></HTML>'


def of_intune(sentence: str, depth: int = 1, **inner: str) -> str:
    """A sentence of Intune in so many JSON texts within each other."""
    tail = f" - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000 - Activity ID: {ACTIVITY}"
    address = " - Url: https://fef.msub01.manage.microsoft.example/DeviceFE/StatelessDeviceFEService/x?api-version=5026"
    innermost = {"_version": 3, "Message": sentence + tail + address, "CustomApiErrorPhrase": "", "HttpHeaders": "{}"}
    text = json.dumps(innermost, indent=2)
    for _level in range(depth - 1):
        text = json.dumps({"ErrorCode": "Forbidden", "Message": text, "Target": None, "InnerError": None, **inner})
    return text


def refused(
    status: int,
    code: str,
    message: str,
    purpose: Purpose = GROUP,
    call: str = "POST /groups",
    granted: frozenset[str] | None = frozenset(),
    delegated: bool | None = False,
) -> GraphFailure:
    """The failure of an answer, with a token that holds these permissions."""
    body = {"error": {"code": code, "message": message}}
    answer = error_bodies.read_error(status, {"request-id": "r-1"}, body)
    return refused_requests.refused_request(answer, purpose, Caller(delegated, granted, "app-1"), call)


# --- the forms that people met ---

QUOTAS = [
    # Azure-Samples/active-directory-dotnet-graphapi-console 45
    (
        "Directory_QuotaExceeded",
        "The directory object quota limit for the Tenant has been exceeded.",
        "the tenant holds",
    ),
    # vdesabou/kafka-docker-playground 17, Azure/azure-sdk-tools 5169
    ("Directory_QuotaExceeded", "The directory object quota limit for the Principal has been exceeded.", "app-1 owns"),
    # the same sentence without the code (cnbeining/onedrivecmd 67)
    ("Authorization_RequestDenied", "The directory object quota limit for the Tenant has been exceeded.", "tenant"),
    # MicrosoftDocs/entra-docs 2087: a code that is newer than this collection
    ("Request_ServicePrincipalQuotaExceeded", "Too many.", "or the tenant owns"),
    # openshift/openshift-azure 1932, microsoft-graph-docs 21469
    ("Directory_ResourceSizeExceeded", "The size of the object has exceeded its limit.", "holds as many values"),
]


@pytest.mark.parametrize(("code", "message", "cause"), QUOTAS)
@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize("granted", [{"Group.Create"}, {"Group.ReadWrite.All"}, set(), None], ids=str)
def test_a_limit_is_no_matter_of_permissions_whatever_the_token_holds(code, message, cause, status, granted):
    failure = refused(status, code, message, granted=None if granted is None else frozenset(granted))
    assert cause in failure.error["cause"] and failure.error["permissions"] == []
    assert "grant" not in failure.msg and failure.error["name"] in ("quota_exceeded", "object_full")


LICENCES = [
    # microsoft-graph-docs 14118, steampipe-plugin-azuread 98
    (
        403,
        "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
        "Neither tenant is B2C or tenant doesn't have premium license",
    ),
    # microsoft/woodgrove-groceries 51
    (
        403,
        "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
        "Tenant is not a B2C tenant and doesn't have premium license",
    ),
    # privileged identity management, as three public clients expect it
    (400, "AadPremiumLicenseRequired", "The tenant needs to have Microsoft Entra ID P2 license."),
    (403, "PimLicenseRequired", "Not licensed."),
    # Microsoft365DSC, of a mailed sentence without a code
    (403, "UnknownError", "The tenant needs an AAD Premium 2 license."),
]


@pytest.mark.parametrize(("status", "code", "message"), LICENCES)
def test_a_missing_licence_of_entra_is_named(status, code, message):
    failure = refused(status, code, message)
    assert failure.error["name"] == "premium_licence_missing" and failure.error["permissions"] == []


def test_a_licence_that_could_not_be_checked_is_not_a_missing_one():
    failure = refused(
        403, "Authentication_ApplicationHasNoDirectoryReadAccess", "Failed to do premium license check from ADGraph"
    )
    assert failure.error["name"] == "licence_not_checkable" and "Directory.Read.All" in failure.error["fix"]


NOT_USABLE = [
    # ugurkocde/IntuneGet 993, msgraph-beta-sdk-go 198, vanvfields/Microsoft-365 18
    (400, "BadRequest", "Request not applicable to target tenant."),
    (400, "BadRequest", of_intune("Request not applicable to target tenant.")),
    (400, "UnknownError", of_intune("Request not applicable to target tenant", 3)),
    (403, "Forbidden", of_intune("Request not applicable to target tenant.")),
    (400, "RequestNotApplicableToTargetTenant", ""),
]


@pytest.mark.parametrize(("status", "code", "message"), NOT_USABLE)
def test_a_tenant_without_intune_is_told_as_such(status, code, message):
    assert refused(status, code, message, INTUNE, f"GET {DEVICES}").error["name"] == "intune_unusable"


FOR_PEOPLE_ONLY = [
    # mondoohq/mql 6082, and the notes of three public tools on the MDM scope
    (401, "Unauthorized", "Unsupported app-only call."),
    # msgraph-sdk-powershell 1479
    (403, "AccessDenied", "Applications without a signed-in user are not allowed access to this report or data."),
    # microsoft-graph-docs 9084
    (400, "BadRequest", "/me request is only valid with delegated authentication flow."),
    (403, "Forbidden", "App-only access is not supported for this API."),
    # nothing but a status: Microsoft publishes no application permission for the call (graph-docs 14233)
    (403, "Authorization_RequestDenied", DENIED),
]


@pytest.mark.parametrize(("status", "code", "message"), FOR_PEOPLE_ONLY)
def test_a_call_for_people_only_says_so_and_names_their_permission(status, code, message):
    failure = refused(status, code, message, SCOPE, "GET /policies/mobileDeviceManagementPolicies/x")
    assert failure.error["name"] == "delegated_only" and failure.error["permissions"] == ["Policy.Read.All"]
    assert "auth=device_code" in failure.error["fix"] and "Policy.Read.All" in failure.msg


SPECIAL = [
    # the sentence of a restricted unit (Microsoft Entra; public guides of two people)
    (
        403,
        "Authorization_RequestDenied",
        RESTRICTED,
        "restricted_unit",
    ),
    # microsoft-graph-docs 7301 and 18038; 4210 and microsoft-graph-docs-contrib 8241
    (
        400,
        "Request_BadRequest",
        "Unable to update the specified properties for on-premises mastered Directory Sync objects.",
        "synchronised_object",
    ),
    (
        400,
        "Request_BadRequest",
        "Unable to update the specified properties for objects that have originated within an external service.",
        "external_object",
    ),
    # msgraph-sdk-powershell 2448
    (400, "BadRequest", "Operation requires conditional access and client does not support it.", "conditional_access"),
    # Azure/azure-cli 29155
    (
        401,
        "InvalidAuthenticationToken",
        "Exception of type 'Microsoft.Graph.AGS.Contracts.ClaimsChallengeRequiredException' was thrown.",
        "conditional_access",
    ),
    (403, "accessDenied", "Access has been blocked by Conditional Access policies.", "conditional_access"),
    # msgraph-sdk-php 230, contoso-airlines-teams-sample 2, oauth2-azure 88, Microsoft365R 184
    (
        401,
        "Authorization_IdentityNotFound",
        "The identity of the calling application could not be established.",
        "application_unknown",
    ),
    (403, "Authorization_IdentityNotFound", "", "application_unknown"),
    # microsoft-graph-docs 7128: Intune answers so when there is nothing to delete
    (400, "BadRequest", of_intune("Cannot find device with ztd Id 42 and accountId 7 to delete"), "not_found"),
]


@pytest.mark.parametrize(("status", "code", "message", "name"), SPECIAL)
def test_what_graph_says_comes_before_what_its_status_says(status, code, message, name):
    failure = refused(status, code, message)
    assert failure.error["name"] == name and failure.error["permissions"] == []


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        # microsoft/intune-my-macs 10
        (403, "Forbidden", of_intune("User is not authorized to perform this operation")),
        # microsoft-graph-docs 11157
        (403, "UnauthorizedAccessException", "Attempted to perform an unauthorized operation."),
        # the notes of a public tool that sets a tenant up
        (403, "Forbidden", "Tenant is not Global Admin or Intune Service Admin"),
        (401, "Unauthorized", "User is not in the allowed roles"),
        (403, "Forbidden", of_intune("The user does not have the required role.", 2)),
    ],
)
def test_a_missing_role_is_named_where_the_token_holds_the_permission(status, code, message):
    held = frozenset({"DeviceManagementManagedDevices.Read.All"})
    failure = refused(status, code, message, INTUNE, f"GET {DEVICES}", held, delegated=True)
    assert failure.error["name"] == "role_missing" and failure.error["permissions"] == []
    lacking = refused(403, code, message, INTUNE, f"GET {DEVICES}", frozenset({"User.Read"}), delegated=True)
    assert lacking.error["name"] == "permission_missing" and "directory role" in lacking.error["fix"]


# --- permissions ---

HELD = [
    ("POST /groups", GROUP, "Group.ReadWrite.All"),
    ("POST /groups", GROUP, "Directory.ReadWrite.All"),
    ("GET /groups", Purpose("list the groups", Permissions.same("Group.Read.All")), "Directory.Read.All"),
    ("GET /groups/42/members", Purpose("read the members", Permissions.same("GroupMember.Read.All")), "Group.Read.All"),
    (
        "POST /groups/42/members/$ref",
        Purpose("add", Permissions.same("GroupMember.ReadWrite.All")),
        "Group.ReadWrite.All",
    ),
    (f"GET {DEVICES}", INTUNE, "DeviceManagementManagedDevices.ReadWrite.All"),
    ("GET /devices", Purpose("list the devices", Permissions.same("Device.Read.All")), "Directory.Read.All"),
]


@pytest.mark.parametrize(("call", "purpose", "holds"), HELD)
def test_a_permission_that_includes_the_asked_one_counts_as_held(call, purpose, holds):
    failure = refused(403, "Authorization_RequestDenied", DENIED, purpose, call, frozenset({holds}))
    assert failure.error["permissions"] == [] and f"although the token holds {holds}" in failure.msg
    assert failure.error["name"] == "forbidden" and DENIED.rstrip(".") in failure.msg
    other = refused(403, "Authorization_RequestDenied", DENIED, purpose, call, frozenset({"Mail.Read"}))
    assert other.error["name"] == "permission_missing"
    assert other.error["permissions"] == list(purpose.permissions.application)


def test_a_permission_of_another_call_does_not_count():
    """Who may change groups may not therefore assign a role."""
    purpose = Purpose("assign the role", Permissions.same("RoleManagement.ReadWrite.Directory"))
    call = "POST /roleManagement/directory/roleAssignments"
    failure = refused(403, "Authorization_RequestDenied", DENIED, purpose, call, frozenset({"Group.ReadWrite.All"}))
    assert failure.error["permissions"] == ["RoleManagement.ReadWrite.Directory"]


def test_of_two_permissions_the_missing_one_is_named():
    purpose = Purpose("make it", Permissions.same("Group.Create", "RoleManagement.ReadWrite.Directory"))
    failure = refused(403, "Authorization_RequestDenied", DENIED, purpose, granted=frozenset({"Group.ReadWrite.All"}))
    assert failure.error["permissions"] == ["RoleManagement.ReadWrite.Directory"] and "Group.Create" not in failure.msg


def test_a_token_that_shows_nothing_is_not_said_to_lack_anything():
    failure = refused(403, "Authorization_RequestDenied", DENIED, granted=None)
    assert failure.error["permissions"] == ["Group.Create"]
    assert "most likely" in failure.msg and "does not show" in failure.msg


SCOPES_NAMED = [
    # mondoohq/cnspec 1708, srozemuller/IntuneAssistant 6, microsoft-graph-docs-contrib 87
    (
        of_intune(
            "Application is not authorized to perform this operation. Application must have one of the following "
            "scopes: DeviceManagementManagedDevices.Read.All, DeviceManagementManagedDevices.ReadWrite.All"
        ),
        "DeviceManagementManagedDevices.Read.All",
    ),
    # dotraphael/RFL.Microsoft.Intune 1, maester365/maester 1395: the first cannot be granted
    (
        of_intune(
            "Application must have one of the following scopes: DeviceManagementServiceConfiguration.Read.All, "
            "DeviceManagementManagedDevices.ReadWrite.All",
            2,
        ),
        "DeviceManagementManagedDevices.ReadWrite.All",
    ),
    (
        of_intune(f"Application must have one of the following scopes: {PRIVILEGED}."),
        PRIVILEGED,
    ),
    (
        "Authorization failed due to missing permission scope RoleManagement.Read.Directory,RoleManagement.Read.All.",
        "RoleManagement.Read.Directory",
    ),
    ("API required scopes: SecurityEvents.Read.All", "SecurityEvents.Read.All"),
]


@pytest.mark.parametrize(("message", "permission"), SCOPES_NAMED)
@pytest.mark.parametrize("granted", [frozenset({"User.Read.All"}), None], ids=str)
def test_a_permission_that_intune_names_is_the_one_to_grant(message, permission, granted):
    failure = refused(403, "Forbidden", message, INTUNE, f"GET {DEVICES}", granted)
    assert failure.error["name"] == "permission_missing" and failure.error["permissions"] == [permission]
    assert f"permission {permission} is missing" in failure.msg and "http" not in failure.msg


def test_a_named_permission_that_the_token_holds_is_not_asked_for_again():
    """microsoft/Intune-PowerShell-SDK 121: the permissions were there, and Intune refused all the same."""
    message = of_intune("Application must have one of the following scopes: DeviceManagementManagedDevices.Read.All")
    held = frozenset({"DeviceManagementManagedDevices.Read.All"})
    failure = refused(403, "Forbidden", message, INTUNE, f"GET {DEVICES}", held)
    assert failure.error["name"] == "intune_forbidden" and failure.error["permissions"] == []


# --- Intune's texts ---


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_the_innermost_sentence_is_told_however_deep_it_stands(depth):
    failure = refused(400, "BadRequest", of_intune("The device is busy", depth), INTUNE, f"GET {DEVICES}")
    assert "(The device is busy)" in failure.msg and failure.error["name"] == "bad_request"
    assert f"activity id {ACTIVITY}" in failure.error["evidence"]
    for text in (failure.msg, *failure.error["evidence"]):
        assert not any(
            part in text for part in ("{", "manage.microsoft", "_version", "Operation ID", "http:", "https:")
        )


@pytest.mark.parametrize(
    "message",
    [
        # microsoft-graph-docs-contrib 5717: the same with small letters
        '{"errorCode":"Forbidden","message":"{\\"message\\":\\"The device is busy\\"}","target":null}',
        # an error of Graph within one of Intune
        json.dumps({"error": {"code": "Forbidden", "message": "The device is busy"}}),
        json.dumps(json.dumps({"ErrorCode": "Forbidden", "Message": "The device is busy"})),
        'The device is busy {"_version": 3, "Message": "x"}',
        FLAT,
        "<p>The device is busy</p>",
    ],
)
def test_other_spellings_of_it_are_read_as_well(message):
    failure = refused(400, "UnknownError", message, INTUNE, f"GET {DEVICES}")
    assert failure.message == "The device is busy"


SAYS_NOTHING = [
    of_intune("An error has occurred"),  # microsoftgraph/powershell-intune-samples 45
    of_intune("An error has occurred", 3),  # andrew-s-taylor/public 51
    "",
    "{",  # cut off
    "[]",
    json.dumps({"Message": {"a": [1]}}),
    "[" * 3000,
    # ugurkocde/DeviceOffboardingManager 70: a page of the web server within the error
    INVALID,
]


@pytest.mark.parametrize("message", SAYS_NOTHING, ids=range(len(SAYS_NOTHING)))
def test_where_intune_says_nothing_that_is_what_the_message_says(message):
    failure = refused(400, "BadRequest", message, INTUNE, f"GET {DEVICES}")
    assert failure.error["name"] == "unexplained" and "gives no reason" in failure.msg
    assert "value" not in failure.error["fix"] and f"asked: GET {DEVICES}" in failure.error["evidence"]
    assert ("activity id" in failure.error["cause"]) == (ACTIVITY in message)
    assert not any(letter in failure.msg for letter in "<>{}[]")


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_error_of_the_service_has_its_activity_id(status):
    failure = refused(status, "InternalServerError", of_intune("An error has occurred"), INTUNE, f"GET {DEVICES}")
    assert failure.error["name"] == "service_unavailable" and f"Intune answered {status}" in failure.msg
    assert ACTIVITY in failure.error["cause"]


def test_only_a_named_value_is_to_be_corrected():
    named = refused(
        400, "Request_BadRequest", "Invalid value specified for property 'mailNickname' of resource 'Group'."
    )
    assert named.error["fix"] == "correct the named value"
    body = {"error": {"code": "BadRequest", "message": "It is not valid.", "details": [{"target": "displayName"}]}}
    assert error_bodies.read_error(400, {}, body).value_named
    unnamed = refused(
        400, "AuthenticationError", "Error authenticating with resource"
    )  # MSEndpointMgr/IntuneAppFactory 2
    assert unnamed.error["name"] == "bad_request" and "value" not in unnamed.error["fix"]


def test_a_page_of_microsoft_s_documentation_stays_and_other_addresses_go():
    text = "See https://learn.microsoft.com/graph/errors and https://internal.example/a?b=c."
    assert error_bodies.sentence_of(text) == "See https://learn.microsoft.com/graph/errors and \u2026"


# --- 401 of a good token ---

REFUSES_THE_TOKEN = [
    ("InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.", True),
    ("UnknownError", of_intune("An error has occurred", 2), False),  # js 7007, 7011, 1261; powershell 1257
    ("UnknownError", of_intune("An error has occurred", 4), False),
    ("Forbidden", "", False),
    ("Unauthorized", "Unsupported app-only call.", False),
    ("UnknownError", '{"errorCode":"GraphTokenValidationFail","message":"MS Graph token validation fail"}', True),
    ("Authorization_IdentityNotFound", "", True),  # a token that was issued before the consent
    ("", "", True),
]


@pytest.mark.parametrize(("code", "message", "expected"), REFUSES_THE_TOKEN)
def test_a_new_token_is_asked_for_only_where_it_may_help(bench, graph, code, message, expected):
    answer = error(401, code, message)
    assert refused_requests.refuses_the_token(401, answer.headers, answer.json()) is expected
    graph.on("GET", answer, answer, answer)
    with pytest.raises(GraphFailure):
        bench.client().get(DEVICES, INTUNE)
    assert (graph.issued, len(graph.requests)) == ((2, 2) if expected else (1, 1))


@pytest.mark.parametrize(("code", "message", "expected"), REFUSES_THE_TOKEN)
def test_the_same_holds_for_one_request_of_a_batch(bench, graph, code, message, expected):
    graph.on("GET v1.0/devices", *(httpx.Response(200, json={"value": []}) for _number in range(3)))
    graph.on(f"GET v1.0{DEVICES}", *(error(401, code, message) for _number in range(3)))
    _good, bad = bench.client().batch([Item("GET", "/devices", INTUNE), Item("GET", DEVICES, INTUNE)])
    assert bad.failure is not None and graph.issued == (2 if expected else 1)


@pytest.mark.parametrize("status", [400, 403, 500])
def test_no_other_status_refuses_a_token(status):
    assert not refused_requests.refuses_the_token(status, {}, {"error": {"code": "InvalidAuthenticationToken"}})


@pytest.mark.parametrize(
    ("granted", "permissions", "said"),
    [
        (frozenset({"Device.Read.All"}), ["DeviceManagementManagedDevices.Read.All"], "is missing"),
        (None, ["DeviceManagementManagedDevices.Read.All"], "or the tenant has no Intune licence"),
        (frozenset({"DeviceManagementManagedDevices.ReadWrite.All"}), [], "although the token holds"),
    ],
    ids=["lacks", "hidden", "holds"],
)
def test_what_the_token_holds_decides_about_intune_s_401(granted, permissions, said):
    failure = refused(401, "UnknownError", of_intune("An error has occurred", 3), INTUNE, f"GET {DEVICES}", granted)
    assert failure.error["name"] == "intune_forbidden" and failure.error["permissions"] == permissions
    assert said in failure.msg and failure.error["evidence"][:2] == ["HTTP 401 Forbidden", "An error has occurred"]


# --- what is not Graph ---


@pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 429, 500, 502, 503, 511])
@pytest.mark.parametrize("page", [PAGE, "<html>\n", "  <head><h1>Denied</h1>", '<?xml version="1.0"?><error/>'])
def test_a_web_page_is_of_the_network_whatever_its_status(bench, graph, status, page):
    graph.claims = {"roles": ["Group.Create"]}
    graph.on("POST", *(httpx.Response(status, html=page) for _number in range(20)))
    with pytest.raises(GraphFailure) as caught:
        bench.client().post("/groups", {}, GROUP)
    error = caught.value.error
    assert (error["side"], error["name"], error["permissions"]) == ("network", "unreadable_answer", [])
    assert str(status) in error["cause"] and not any(letter in caught.value.msg for letter in "<>")
    assert (BLOCKED in str(error["evidence"])) == (page == PAGE)
    assert not any("<" in line for line in error["evidence"])


@pytest.mark.parametrize("status", [403, 404, 400])
def test_words_that_are_not_graph_s_are_of_the_network_too(status):
    answer = error_bodies.read_error(status, {}, "RBAC: access denied")
    failure = refused_requests.refused_request(answer, GROUP, Caller(False, frozenset(), "app-1"), "POST /groups")
    assert failure.error["side"] == "network" and failure.error["permissions"] == []


def test_an_empty_403_is_not_explained_by_a_guess():
    answer = error_bodies.read_error(403, {}, "")
    failure = refused_requests.refused_request(answer, Purpose("do it"), Caller(None, None, None), "GET /x")
    assert failure.error["name"] == "forbidden" and "the cause is not known" in failure.msg


# --- the table ---


def test_the_page_is_what_the_code_says():
    assert refusals_page.PAGE.read_text(encoding="utf-8") == refusals_page.page(refusals_page.sections()), (
        "run make pages"
    )


def test_the_page_has_every_row_in_the_order_in_which_they_are_tried():
    rows = [row for rows in refusals_page.sections().values() for row in rows]
    assert rows == list(refusals.GRAPH_REFUSALS)
    assert len(rows) == sum(
        len(part)
        for part in (
            refusal_reasons.FROM_ELSEWHERE,
            refusal_reasons.BY_REASON,
            refusal_statuses.BY_PERMISSION,
            refusal_statuses.BY_STATUS,
        )
    )


@pytest.mark.parametrize("row", refusals.GRAPH_REFUSALS, ids=lambda row: row.name)
def test_a_row_is_whole(row):
    assert row.cause and row.fix and row.seen and row.permissions in refusals_page.PERMISSIONS
    assert row.cause.format_map(refusals_page.WORDS) and row.fix.format_map(refusals_page.WORDS)
    assert set(row.forms) <= set(error_bodies.BODY_FORMS)
    assert all(text == text.lower() for text in row.says), "sentences are compared in small letters"
    assert not (row.new_token and "401" not in row.statuses and "4xx" not in row.statuses)


@pytest.mark.parametrize("number", range(len(refusals.GRAPH_REFUSALS)))
def test_no_row_is_hidden_by_those_above_it(number):
    """Of each row there is an answer that is this row's: one made of what the row itself says."""
    row = refusals.GRAPH_REFUSALS[number]
    status = (row.statuses.split() or ["418"])[0].replace("xx", "99")
    message = next(iter(row.says), "It is so." if row.value_named is not True else "It is 'so'.")
    codes = tuple(code.replace("*", "X") for code in row.codes.split())
    refusal = error_bodies.GraphRefusal(
        int(status),
        codes[0] if codes else "",
        message,
        form=row.forms[0] if row.forms else error_bodies.REASONED,
        codes=codes,
        approval="a" if row.approval else None,
        value_named=bool(row.value_named),
    )
    found = refusals.meaning_of_refusal(refusal, row.caller or "application", row.token, bool(row.intune))
    assert found is row, f"{found.name} comes first"
