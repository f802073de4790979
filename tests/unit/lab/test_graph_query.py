# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Query options: selection, pages, counts, and the header that advanced queries need."""

from __future__ import annotations

import pytest

from tests.lab.graph import faults

from .graph_lab import GraphLab

EVENTUAL = {"ConsistencyLevel": "eventual"}


@pytest.fixture
def lab() -> GraphLab:
    lab = GraphLab()
    for number in range(5):
        lab.device(f"PC-{number}", days=number * 100)
    return lab


def test_only_what_is_selected_is_shown(lab):
    assert lab.get("/devices?$select=id,displayName&$top=1")["value"] == [
        {"id": lab.tenant.object_id("device object/PC-0"), "displayName": "PC-0"}
    ]
    assert lab.error("GET", "/devices?$select=id,hostName")[:2] == (400, "BadRequest")


def test_a_version_shows_its_own_properties_only(lab):
    assert "extensionAttributes" not in lab.get("/devices")["value"][0]
    assert lab.get("/devices", version="beta")["value"][0]["extensionAttributes"] is None


def test_users_show_little_unless_asked(lab):
    shown = lab.get("/users/admin@contoso.example")
    assert "accountEnabled" not in shown and shown["displayName"] == "Admin of the lab"
    assert lab.get("/users/admin@contoso.example?$select=accountEnabled")["accountEnabled"] is True


def test_pages_follow_each_other_with_the_same_options(lab):
    first = lab.get("/devices?$top=2&$select=displayName&$filter=startswith(displayName,'PC')")
    assert first["@odata.nextLink"].startswith("https://127.0.0.1:4430/v1.0/devices?") and len(first["value"]) == 2
    link, seen = first["@odata.nextLink"], list(first["value"])
    while link:
        page = lab.get(link.removeprefix("https://127.0.0.1:4430/v1.0"))
        seen += page["value"]
        link = page.get("@odata.nextLink", "")
    assert [row["displayName"] for row in seen] == [f"PC-{number}" for number in range(5)]


def test_the_service_decides_how_long_a_page_is(lab):
    lab.service.configure(lab.tenant, {"page_size": 2})
    assert len(lab.get("/devices")["value"]) == 2 and len(lab.get("/devices?$top=5")["value"]) == 2
    for top in ("0", "1000", "many"):
        assert lab.error("GET", f"/devices?$top={top}")[0] == 400
    assert lab.error("GET", "/devices?$skiptoken=nonsense")[1] == "Directory_ExpiredPageToken"


@pytest.mark.parametrize(
    "query",
    [
        "$filter=displayName ne 'PC-0'",
        "$filter=not(displayName eq 'PC-0')",
        "$filter=endswith(displayName,'0')",
        "$filter=physicalIds/$count eq 0",
        "$filter=displayName eq 'PC-0'&$orderby=displayName",
        "$filter=trustType eq 'AzureAd'",
    ],
)
def test_advanced_queries_need_header_and_count(lab, query):
    assert lab.error("GET", f"/devices?{query}")[:2] == (400, "Request_UnsupportedQuery")
    assert lab.error("GET", f"/devices?{query}&$count=true")[1] == "Request_UnsupportedQuery"
    assert lab.error("GET", f"/devices?{query}", **EVENTUAL)[1] == "Request_UnsupportedQuery"
    assert lab.ask("GET", f"/devices?{query}&$count=true", **EVENTUAL).status == 200


def test_counting(lab):
    assert lab.get("/devices?$count=true&$top=2", **EVENTUAL)["@odata.count"] == 5
    assert "@odata.count" not in lab.get("/devices?$count=true")
    assert lab.get("/devices/$count", **EVENTUAL) == 5
    assert lab.error("GET", "/devices/$count")[0] == 400
    stale = "/devices/$count?$filter=approximateLastSignInDateTime le 2026-06-01T00:00:00Z"
    assert lab.get(stale, **EVENTUAL) == 3


def test_null_dates_are_never_old(lab):
    lab.device("ANCHOR", signed_in=False)
    old = "/devices?$filter=approximateLastSignInDateTime le 2026-06-01T00:00:00Z"
    assert lab.names(old) == ["PC-2", "PC-3", "PC-4"]


def test_search_and_order(lab):
    found = lab.get('/devices?$search="displayName:pc-"&$orderby=displayName desc&$count=true', **EVENTUAL)
    assert [row["displayName"] for row in found["value"]][0] == "PC-4" and found["@odata.count"] == 5
    assert lab.error("GET", '/devices?$search="displayName:pc"')[1] == "Request_UnsupportedQuery"
    assert lab.error("GET", "/devices?$search=pc", **EVENTUAL)[0] == 400


def test_unknown_properties_and_options_are_refused(lab):
    for query in ("$filter=hostName eq 'x'", "$orderby=hostName", "$expand=manager", "$apply=x"):
        assert lab.error("GET", f"/devices?{query}")[:2] == (400, "BadRequest")
    assert lab.error("GET", "/computers")[:2] == (400, "BadRequest")
    assert lab.error("PUT", "/devices")[0] == 405


def test_a_foreign_next_link(lab):
    lab.side.faults.add("foreign_next_link", {"host": "graph.evil.example"})
    assert lab.get("/devices?$top=2")["@odata.nextLink"].startswith("https://graph.evil.example/v1.0/devices?")
    assert lab.get("/devices?$top=2")["@odata.nextLink"].startswith("https://127.0.0.1:4430/")


def test_faults_are_described_where_they_are_listed():
    for kind in faults.KINDS:
        assert kind in (faults.__doc__ or "")
