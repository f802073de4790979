# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client reads of a tenant: a copy that may lag behind what was written.

Directory writes reach the replicas later; a read meanwhile shows the old state or 404 (Microsoft Graph best practices).
With ``lag`` n, the n reads after a write show what was there before it. A read of a list counts once for each object.
With ``route_lag`` n it is n reads of each route: an object that is known by its id is not yet in a list, has no members
and cannot be given a role, as if each route had a replica of its own.
"""

from __future__ import annotations

import copy
import dataclasses
import typing as t

from ..tenant import Tenant

Row = dict[str, t.Any]


@dataclasses.dataclass
class _Old:
    """What readers go on seeing, and how often: ``left`` by route, ``lag`` for those that have not asked."""

    value: t.Any
    lag: int
    left: dict[str, int] = dataclasses.field(default_factory=dict)

    def seen(self, route: str) -> bool:
        """Whether this read shows it still."""
        self.left[route] = self.left.get(route, self.lag) - 1
        return self.left[route] >= 0


class Replica:
    """Reads and writes of one tenant's collections (names of ``Tenant``'s fields). ``route`` is that of the request
    which is being answered."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.route = ""
        self._lag = 0
        self._apart = False
        self._old: dict[tuple[str, str], _Old] = {}
        self._seen: dict[str, set[str]] = {}

    @property
    def lag(self) -> int:
        return 0 if self._apart else self._lag

    @lag.setter
    def lag(self, reads: int) -> None:
        self._set(reads, False)

    @property
    def route_lag(self) -> int:
        return self._lag if self._apart else 0

    @route_lag.setter
    def route_lag(self, reads: int) -> None:
        self._set(reads, True)

    def _set(self, reads: int, apart: bool) -> None:
        self._lag, self._apart = reads, apart
        self._seen = {}
        if reads:
            self._seen = {name: set(getattr(self.tenant, name)) for name in ("devices", "managed_devices")}
        else:
            self._old = {}

    def rows(self, collection: str) -> list[Row]:
        """Every object of a collection as a client sees it now."""
        real: dict[str, Row] = getattr(self.tenant, collection)
        if not self._lag and not self._old:
            return list(real.values())
        self._notice(collection)
        stale = {key[1] for key in list(self._old) if key[0] == collection}
        shown = [self._read(collection, id_) if id_ in stale else row for id_, row in real.items()]
        shown += [self._read(collection, id_) for id_ in stale if id_ not in real]
        return [row for row in shown if row is not None]

    def get(self, collection: str, id_: str) -> Row | None:
        """One object as a client sees it now."""
        self._notice(collection)
        return self._read(collection, id_)

    def one(self, name: str) -> Row:
        """An object of which a tenant has one, such as ``registration_policy``."""
        old = self._still((name, ""))
        return getattr(self.tenant, name) if old is None else old.value

    def touch(self, collection: str, id_: str = "") -> None:
        """Before a write: remember what readers go on seeing. Without id: an object of which there is one."""
        if not self._lag:
            return
        key = (collection, id_)
        if key in self._old and not self._apart:
            self._old[key] = _Old(self._old[key].value, self._lag)
            return
        value = getattr(self.tenant, collection)
        self._old[key] = _Old(copy.deepcopy(value.get(id_) if id_ else value), self._lag)
        if id_ and collection in self._seen:
            self._seen[collection].add(id_)

    def _read(self, collection: str, id_: str) -> Row | None:
        old = self._still((collection, id_))
        return getattr(self.tenant, collection).get(id_) if old is None else old.value

    def _still(self, key: tuple[str, str]) -> _Old | None:
        """What this read still shows of an object; None where it shows what is there."""
        old = self._old.get(key)
        if old is None or old.seen(self.route if self._apart else ""):
            return old
        if not self._apart:
            del self._old[key]
        return None

    def _notice(self, collection: str) -> None:
        """Objects that devices created (by joining) lag as well."""
        if collection not in self._seen:
            return
        for id_ in set(getattr(self.tenant, collection)) - self._seen[collection]:
            self._seen[collection].add(id_)
            self._old[collection, id_] = _Old(None, self._lag)
