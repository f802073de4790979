# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Enrollment Status Page writes into the registry of a device: phases, first synchronization, tracking.

Places and values: Microsoft, "Understand and troubleshoot the Enrollment Status Page"; EnrollmentStatusTracking CSP;
DMClient CSP. The JSON of the phases has two forms, which public scripts read: an object for each step (names of the
page's own script), or the text that the page shows.
"""

from __future__ import annotations

import json
import typing as t

from . import mdm

SETTINGS = r"SOFTWARE\Microsoft\Provisioning\AutopilotSettings"
PROFILE = r"SOFTWARE\Microsoft\Provisioning\Diagnostics\AutoPilot"
TRACKING = r"SOFTWARE\Microsoft\Windows\Autopilot\EnrollmentStatusTracking"
DIAGNOSTICS = rf"{TRACKING}\ESPTrackingInfo\Diagnostics"
SKIPPED = 0xFFFFFFFF
#: InstallationState of an app; that of a provider has 2 for "not required".
NOT_INSTALLED, IN_PROGRESS, COMPLETED, ERROR = 1, 2, 3, 4
STEPS = {
    "DevicePreparation": (
        "TpmAttestationSubcategory",
        "AadjSubcategory",
        "MdmEnrollmentSubcategory",
        "EspProviderInstallationSubcategory",
    ),
    "DeviceSetup": (
        "SecurityPoliciesSubcategory",
        "CertificatesSubcategory",
        "NetworkProfilesSubcategory",
        "AppsSubcategory",
    ),
    "AccountSetup": (
        "SecurityPoliciesSubcategory",
        "CertificatesSubcategory",
        "NetworkProfilesSubcategory",
        "AppsSubcategory",
    ),
}
#: What the page shows, by language: of a step the name, of its state the word.
WORDS = {
    "en": {"AppsSubcategory": "Apps", "of": "{0} of {1} installed", "succeeded": "Complete", "failed": "Error"},
    "de": {
        "AppsSubcategory": "Apps",
        "of": "{0} von {1} installiert",
        "succeeded": "Abgeschlossen",
        "failed": "Fehler",
    },
    "fr": {
        "AppsSubcategory": "Applications",
        "of": "{0} sur {1} installées",
        "succeeded": "Terminé",
        "failed": "Erreur",
    },
    "it": {"AppsSubcategory": "App", "of": "{0} di {1} installate", "succeeded": "Completato", "failed": "Errore"},
}


class Phases:
    """The three values below AutopilotSettings: states by phase and step, as they were told last."""

    def __init__(self, device, form: str) -> None:
        self.device, self.form = device, form
        self.words = WORDS[device.image.language.split("-")[0]]
        self.states: dict[str, str] = dict.fromkeys(STEPS, "notStarted")
        self.steps = {phase: dict.fromkeys(steps, "notStarted") for phase, steps in STEPS.items()}
        self.texts: dict[str, dict[str, str]] = {phase: {} for phase in STEPS}
        for phase in STEPS:
            self._write(phase)

    def tell(self, phase: str, state: str | None = None, text: str | None = None, **steps: str) -> None:
        """The new state of a phase and of some of its steps; ``text`` is shown for the last of these."""
        if state is not None:
            self.states[phase] = state
        for step, its in steps.items():
            self.steps[phase][step] = its
            if text is not None:
                self.texts[phase][step] = text
        self._write(phase)

    def finish(self, phase: str) -> None:
        for step, state in self.steps[phase].items():
            if state != "notRequired":
                self.steps[phase][step] = "succeeded"
        self.tell(phase, "succeeded")

    def of(self, done: int, total: int) -> str:
        return self.words["of"].format(done, total)

    def _write(self, phase: str) -> None:
        state, shown = self.states[phase], dict[str, t.Any]()
        if self.form == "nested":
            shown["categoryState"] = state
            for step, its in self.steps[phase].items():
                shown[f"{phase}.{step}"] = {"subcategoryState": its, "subcategoryStatusText": self._text(phase, step)}
            shown["categoryStatusText"] = self.words.get(state, "")
        else:
            shown = {step: self._text(phase, step) for step in self.steps[phase]}
            # It stays null after a failure, too (public reports).
            shown |= {"categorySucceeded": True if state == "succeeded" else None}
            shown["categoryStatusMessage"] = self.words.get(state, "")
        self.device.registry.set(SETTINGS, {f"{phase}Category.Status": json.dumps(shown, ensure_ascii=False)})

    def _text(self, phase: str, step: str) -> str:
        name = self.words.get(step, step.removesuffix("Subcategory"))
        text = self.texts[phase].get(step) or self.words.get(self.steps[phase][step], "")
        return f"{name} ({text})" if text else name


def write_profile(device, tenant) -> None:
    """The profile that the device has fetched."""
    device.registry.set(
        PROFILE,
        {
            "CloudAssignedTenantId": tenant.id,
            "CloudAssignedTenantDomain": tenant.domains[0],
            "IsAutopilotDisabled": 0,
            "TenantMatched": 1,
        },
    )


def write_page(device, enrollment_id: str, page: dict, user_phase: bool) -> None:
    """The settings of the page, as the MDM writes them with the enrollment."""
    shown = page.get("showInstallationProgress", False)
    offers = (
        ("allowDeviceResetOnInstallFailure", 1),
        ("allowNonBlockingAppInstallation", 0),
        ("blockDeviceSetupRetryByUser", 0),
        ("allowDeviceUseOnInstallFailure", 4),
    )
    bits = sum(bit for name, bit in offers if page.get(name)) + (0 if page.get("blockDeviceSetupRetryByUser") else 2)
    device.registry.set(
        first_sync(enrollment_id),
        {
            "SkipDeviceStatusPage": 0 if shown else SKIPPED,
            "SkipUserStatusPage": 0 if shown and user_phase else SKIPPED,
            "SyncFailureTimeout": page.get("installProgressTimeoutInMinutes") or 60,
            "BlockInStatusPage": bits,
        },
    )


def first_sync(enrollment_id: str, sid: str | None = None) -> str:
    path = rf"{mdm.ENROLLMENTS}\{enrollment_id}\FirstSync"
    return path if sid is None else rf"{path}\{sid}"


def write_app(device, scope: str, app_id: str, state: int, provider: str = "Sidecar") -> None:
    """An app that the page waits for; ``scope``: Device, or the SID of a user."""
    name = f"Win32App_{app_id}_1"
    device.registry.set(
        rf"{TRACKING}\{scope}\Setup\Apps\Tracking\{provider}\{name}",
        {
            "InstallationState": state,
            "RebootRequired": 0,
            "TrackingUri": f"./Vendor/MSFT/EnrollmentStatusTracking/Setup/Apps/Tracking/{provider}/{name}",
        },
    )


def write_provider(device, scope: str, name: str, created: bool | None) -> None:
    """A provider of apps: whether it has said which there are, None where it has not said anything."""
    values = {} if created is None else {"TrackingPoliciesCreated": int(created)}
    device.registry.set(rf"{TRACKING}\{scope}\Setup\Apps\PolicyProviders\{name}", values)


def record_policies(device, scope: str, kind: str, states: dict[str, int]) -> None:
    """What the page records of what it waits for, below a key that is named by the time."""
    place = DIAGNOSTICS if scope == "Device" else rf"{DIAGNOSTICS}\{scope}"
    device.registry.set(rf"{place}\{kind}\{device.utc():%Y-%m-%d-%H-%M-%S}", states)
