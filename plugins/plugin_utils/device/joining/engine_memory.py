# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the provisioning engine remembers of a package, and whether it would therefore skip it.

The engine keeps a checksum of each setting's text. A setting whose text it knows, and that has not failed, is skipped
without a word, whatever is forced; one that has failed is tried again only a few times. Only the removal of the package
makes it forget (public decompilations of mvengine and provops; reported by CoGrow's reset script).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import operations as op
from ..answers import Answer, Result
from ..package_facts import ENGINE_RESULTS, SettingResult, setting_results
from ..reading import Key, known, plain_id

CHECKSUMS = r"SOFTWARE\Microsoft\Multivariant\Status\CachedCRCs\RunTime"
OBSERVATIONS = {
    "package_checksums": op.registry_read(CHECKSUMS, depth=1),
    "package_results": op.registry_read(ENGINE_RESULTS, depth=4),
}
# So often a setting may fail: the delayed retries and two more; Microsoft documents three of them.
TRIES = 5
APPLIED, NO_TRIES_LEFT = "applied", "no tries left"
# Events of the engine's log: a setting is begun, done, failed or ignored; a package is begun or done.
_SETTING_EVENTS, _BEGUN, _DONE, _FAILED = (10, 11, 12, 13), 20, 21, 22
LOG_EVENTS = (*_SETTING_EVENTS, _BEGUN, _DONE)
_OF_A_RUN = (*LOG_EVENTS, _FAILED)
# What in the names of a setting's result tells that it is the join.
JOIN_WORDS = ("aadj", "azure")


@dataclasses.dataclass(frozen=True)
class EngineMemory:
    """Of one package: the places of its checksums and of its results in the registry, None where there are none."""

    checksums: str | None
    results: str | None
    settings: tuple[SettingResult, ...]

    @property
    def pending(self) -> bool:
        """Whether a setting waits for something, which is not a failure."""
        return any(setting.pending for setting in self.settings)

    @property
    def may_skip(self) -> bool:
        """Whether the engine knows the package at all, by checksums or results, and does not wait with it."""
        return bool(self.checksums or self.settings) and not self.pending

    @property
    def applied(self) -> bool:
        """Whether the engine has applied it, and would skip it; what is pending is as good as applied."""
        return bool(self.checksums and self.settings) and all(
            setting.result == 0 or setting.pending for setting in self.settings
        )

    @property
    def failures(self) -> int:
        """How often in a row the setting has failed that decides."""
        return max((setting.failures for setting in self._deciding), default=0)

    @property
    def skipped(self) -> str | None:
        """Why the engine would skip the package: APPLIED, NO_TRIES_LEFT; None where it would apply some of it."""
        if not self.checksums or self.pending or any(setting.result is None for setting in self.settings):
            return None
        tries = [setting.failures for setting in self._deciding]
        if any(0 < failures < TRIES for failures in tries):
            return None
        return NO_TRIES_LEFT if any(tries) else APPLIED

    @property
    def _deciding(self) -> list[SettingResult]:
        """The join, where one of the results is known as its; else all."""
        joins = [one for one in self.settings if any(word in one.names.lower() for word in JOIN_WORDS)]
        return joins or list(self.settings)


def remembered(answer: Answer, package_id: str) -> EngineMemory | None:
    """What an answer to OBSERVATIONS says of this package; None where it could not be read."""
    return known(lambda: _remembered(answer, package_id))


def own_events(events: t.Sequence[dict], package_id: str) -> list[dict]:
    """Of events of the engine's log, the newest first, those that are not about the run of another package.

    The engine runs other packages beside, such as those of the PC's maker that fail: what stands behind the event 20 of
    another package, up to the next one, is its.
    """
    wanted, own, others = plain_id(package_id), [], False
    for event in reversed(events):
        if event["id"] == _BEGUN:
            others = all(plain_id(text) != wanted for text in event["data"])
        if not (others and event["id"] in _OF_A_RUN):
            own.append(event)
    return own[::-1]


def skipped_all(events: t.Sequence[dict], package_id: str) -> bool | None:
    """Whether the engine has run the package and has begun no setting of it, by LOG_EVENTS, the newest first. None
    where they tell nothing of it."""
    told = {event["id"] for event in own_events(events, package_id)}
    return not told & set(_SETTING_EVENTS) if told else None


def _remembered(answer: Answer, package_id: str) -> EngineMemory:
    checksums = _own(answer["package_checksums"], package_id)
    results = _own(answer["package_results"], package_id)
    return EngineMemory(
        checksums and rf"HKLM\{CHECKSUMS}\{checksums[0]}",
        results and rf"HKLM\{ENGINE_RESULTS}\{results[0]}",
        tuple(setting_results(results[1])) if results else (),
    )


def _own(read: Result, package_id: str) -> tuple[str, Key] | None:
    """(name as spelled, key) of the package's own key. Raises Refused."""
    wanted = plain_id(package_id)
    return next(((name, key) for name, key in read.key().children() if plain_id(name) == wanted), None)
