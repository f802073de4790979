# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A diagnosis' raw material as a file: one JSON object, to be looked at later, elsewhere, without the device.

``{format: "winops.entra.diagnosis", version: 1, collected, host, scope, device, asked_at, answered_at, results: {name:
{ok, value, error}}}``. What looks like a credential is taken out before anything is written. What is read is
untrusted: it is held against the shapes of vocabulary.json before anything looks at it.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import hashlib
import urllib.parse

from ... import untrusted
from ...options import bad_option
from ...result import Failure
from .. import answers, shapes
from ..answers import Answer, Result
from ..operations import VOCABULARY
from ..redaction import redact
from . import device_diagnosis

BUNDLE_FORMAT, BUNDLE_VERSION = "winops.entra.diagnosis", 1
LONGEST_FILE_NAME = 200
MAX_BYTES = 4 * 2**20
"""An answer has at most a quarter of it; the rest are line ends and indentation."""


def pack(answer: Answer, scope: device_diagnosis.DiagnosisScope, host: str, collected: str) -> dict:
    """The bundle of an answer; ``collected`` is the controller's time (UTC text)."""
    return {
        "format": BUNDLE_FORMAT,
        "version": BUNDLE_VERSION,
        "collected": collected,
        "host": host,
        "scope": {"topics": list(scope.topics), "since": device_diagnosis.counts_from(answer, scope)},
        "device": answer.device,
        "asked_at": answer.asked_at,
        "answered_at": answer.answered_at,
        "results": {
            name: {"ok": result.ok, "value": redact(result.value), "error": redact(result.error)}
            for name, result in answer.results.items()
        },
    }


def same_evidence(one: dict, other: dict) -> bool:
    """Whether two bundles say the same, the times of asking aside."""

    def essence(bundle: dict) -> dict:
        return {
            "device": {name: value for name, value in bundle["device"].items() if name != "utc"},
            "results": bundle["results"],
            "topics": bundle["scope"]["topics"],
        }

    return essence(one) == essence(other)


def file_name(host: str) -> str:
    """The name of the file of a device's bundle: ``pc-0001.example.com.json``.

    The names of an inventory are any texts. What could be more than a name in a path is spelled as in URLs
    (``a%2Fb.json``), so that no two have the same one; of one that is too long for a file the end is a hash.
    """
    name = urllib.parse.quote(host, safe="")
    name = f"%2E{name[1:]}" if name.startswith(".") else name
    if len(name) > LONGEST_FILE_NAME:
        name = f"{name[:LONGEST_FILE_NAME]}+{hashlib.sha256(host.encode('utf-8', 'replace')).hexdigest()[:16]}"
    return f"{name}.json"


def read_bundle(path: str, shown: str | None = None) -> dict:
    """A bundle from a file, which messages call ``shown``. Raises Failure that says what is wrong with it."""
    shown = shown or path
    try:
        bundle = untrusted.read_json(path, MAX_BYTES)
    except OSError as exc:
        raise bad_option(
            "src", f"{shown} cannot be read: {exc.strerror or exc}", "give the path of a bundle on the controller"
        ) from exc
    except ValueError as exc:
        raise damaged(shown, str(exc)) from exc
    return _checked(shown, bundle)


def unpack(bundle: dict) -> Answer:
    """The answer in a bundle that read() has checked. What it does not hold was refused by the device, as it were."""
    missing = Result(False, {}, {"type": "NotInBundle", "message": "the bundle does not hold it", "hresult": None})
    wanted = device_diagnosis.observations(device_diagnosis.DiagnosisScope())
    results = {
        name: Result(item["ok"], item["value"] or {}, item["error"], answers.subject(wanted[name]))
        for name, item in bundle["results"].items()
    }
    return Answer(dict.fromkeys(wanted, missing) | results, bundle["device"], bundle["asked_at"], bundle["answered_at"])


# --- checking ---------------------------------------------------------------------------------------------------------


def _checked(path: str, bundle) -> dict:
    if not isinstance(bundle, dict) or bundle.get("format") != BUNDLE_FORMAT:
        raise damaged(path, "it is JSON, but no bundle of winops.entra.diagnose")
    if bundle.get("version") != BUNDLE_VERSION:
        raise damaged(
            path, f"it is of version {bundle.get('version')!r}, and this release reads version {BUNDLE_VERSION}"
        )
    shape = {
        "format": "str",
        "version": "int",
        "collected": "str",
        "host": "str",
        "scope": {"topics": ["str"], "since": "utc?"},
        "device": VOCABULARY["answer"]["device"],
        "asked_at": "float",
        "answered_at": "float",
        "results": {"*": {"ok": "bool", "value": "any", "error": "any"}},
    }
    problem = shapes.misfit(bundle, shape, "the file")
    wanted = device_diagnosis.observations(device_diagnosis.DiagnosisScope())
    for name, item in () if problem else bundle["results"].items():
        if name not in wanted:
            problem = f"results.{name} is nothing that a diagnosis reads"
        else:
            place = f"results.{name}"
            problem = (
                answers.misfit_of(wanted[name], item["value"], f"{place}.value")
                if item["ok"]
                else shapes.bad_error(item["error"], f"{place}.error")
            )
        if problem:
            break
    if problem:
        raise damaged(path, problem)
    return bundle


def damaged(path: str, problem: str) -> Failure:
    """The failure of a bundle that cannot be used, and why."""
    return Failure(
        f"the bundle {path} cannot be used: {problem}",
        side="controller",
        name="damaged_bundle",
        cause=problem,
        fix="use a file that winops.entra.diagnose has written with dest, as it is; collect it again if in doubt",
    )
