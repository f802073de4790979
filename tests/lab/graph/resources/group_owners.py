# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/groups/{id}/owners: who owns a group. Device preparation wants a service principal of Microsoft's there."""

from __future__ import annotations

from ..answers import Answer, Call
from ..query import Row, collection
from ..routing import route
from .groups import find
from .kinds import DIRECTORY_OBJECT, directory_object, kind_of

READ = "GroupMember.Read.All Group.Read.All Group.ReadWrite.All Directory.Read.All"


@route("GET", "/groups/{id}/owners", READ)
def owners(call: Call) -> Answer:
    rows: list[Row] = [row for id_ in find(call).get("owners", []) if (row := directory_object(call, id_)) is not None]
    return collection(call, DIRECTORY_OBJECT, rows, mixed=kind_of)
