# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wait for a join: until the device shows it, the deadline passes, or its evidence says that it cannot come.

With a package the engine tries again, so that a failure that may pass is waited for as long as Windows has another
attempt set before the deadline. ``dsregcmd /AzureSecureVMJoin`` tries once: with its end the wait ends, too, and not
before, because it may take a join back.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from ...result import Failure
from .. import jobs, join_facts, state
from .. import operations as op
from ..answers import Answer
from ..diagnosis import causes, logs
from ..reading import known
from ..waiting import Waiter
from . import azure_vm, engine_memory, provisioning

if t.TYPE_CHECKING:
    from ..diagnosis.clues import Diagnosis

# So often Windows is asked what has become of the package, while nothing else happens.
LISTING_SECONDS = 60
# DSREG_E_DEVICE_REQUIRES_REBOOT
RESTART_FIRST = "0x801c000f"
#: Of a join that has failed, and whose device does not say why.
NO_CAUSE: dict[str, t.Any] = {
    "name": "join_failed",
    "code": None,
    "cause": "it ended with an error",
    "fix": "look at the Provisioning-Diagnostics-Provider and User Device Registration event logs on the device",
    "evidence": [],
}
#: The name of the failure of a device that has joined another tenant than it was to.
JOINED_WRONG_TENANT = "joined_wrong_tenant"


class JoinWait:
    """One wait for a device to be joined to ``tenant_id``, by ``package`` or else as an Azure VM; ``job`` does it.

    ``warning`` is what must be said of a join that was made all the same."""

    def __init__(
        self,
        waiter: Waiter,
        tenant_id: str,
        job: str,
        package: provisioning.PackageSource | None,
        is_joined: Callable[[dict], bool],
    ) -> None:
        self.waiter = waiter
        self.tenant_id = tenant_id
        self.job = job
        self.package = package
        self.is_joined = is_joined
        self.warning: str | None = None
        # Whether the engine knew the package before: only then it may have skipped it, and did where ``skipped``.
        self.may_be_skipped = False
        self.skipped = False
        self._since: logs.Start = {}
        self._silent = False
        self._found: Diagnosis | None = None
        self._elsewhere: str | None = None
        self._certificates_before: set[str] = set()
        self._ended_at: float | None = None
        self._looked_at: float | None = None

    def run(self, look: Answer) -> None:
        """Return when the device is joined, or the engine has skipped the package. Raises Failure where the device is
        not joined, or cannot be; ``look`` is the look at it before, with logs.ends(), and nothing earlier counts."""
        self._since = logs.start_of(look)
        self._certificates_before = known(lambda: _thumbprints(look)) or set()
        names = ("cloud_join", "certificates", *(["dsregcmd"] if _has_keys(look) else []))
        # The job first: what it has done shows in the rest.
        watch = {"job": op.job_status(self.job)} | {name: state.OBSERVATIONS[name][1] for name in names}
        watch |= logs.observations(self._since)
        if self.package:
            watch |= provisioning.ENGINE_OBSERVATIONS
        if self.waiter.until(watch, self._joined, f"waiting for the join to tenant {self.tenant_id}") is None:
            if self.is_joined(join_facts.join_facts(self.waiter.last)):
                raise azure_vm.unfinished(self.tenant_id, self.waiter.deadline.seconds)
            raise self._failed(self.waiter.last) if self._found else self._timeout()

    def _joined(self, answer: Answer) -> bool:
        join = join_facts.join_facts(answer)
        if self.is_joined(join):
            if self.package is None and not azure_vm.has_ended(answer["job"]):
                return False
            self._warn_of_dsregcmd(answer)
            return True
        self._refuse_another_tenant(answer, join)
        if self.package:
            self._judge_engine(answer, self.package)
        else:
            self._judge_dsregcmd(answer, join)
        return self.skipped

    def _refuse_another_tenant(self, answer: Answer, join: dict) -> None:
        """A join to another tenant is not waited out. Seen twice, so that nothing half written counts, and by a
        certificate that was not there before: what an earlier join has left is none. dsregcmd may take one back."""
        is_new = join["type"] == "entra" and join["witnesses_agree"] is not False
        is_new = is_new and (join["thumbprint"] or "").lower() not in self._certificates_before
        may_go = self.package is None and not azure_vm.has_ended(answer["job"])
        elsewhere = join["tenant_id"] if is_new and not may_go else None
        if elsewhere and elsewhere == self._elsewhere:
            raise Failure(
                f"the device has joined the tenant {elsewhere}, not {self.tenant_id}",
                side="device",
                name=JOINED_WRONG_TENANT,
                cause="the package was made in another tenant"
                if self.package
                else "the VM's subscription belongs to another tenant",
                fix="stop the rollout: every device joined like this one goes to that tenant. Correct tenant_id, or "
                "disconnect the device (winops.entra.disconnect) and join it "
                + ("with a package of the right tenant" if self.package else "from a subscription of the right tenant"),
                evidence=[join],
            )
        self._elsewhere = elsewhere

    # --- by a package -------------------------------------------------------------------------------------------------

    def _judge_engine(self, answer: Answer, package: provisioning.PackageSource) -> None:
        finished, error = jobs.outcome(answer["job"])[0], _error(answer)
        self._found = causes.find_causes(answer, error) or self._found
        if not (finished and provisioning.engine_is_idle(answer["engine"])):
            return
        closer = self._look_closer()
        if closer and _is_gone(closer, package):
            raise self._failed(answer) if self._found else _package_gone(package)
        # A job that is lost may have been ended by a restart, at which the engine begins again.
        lost = answer["job"].get("state") == "lost"
        memory = engine_memory.remembered(closer, package.id) if closer and not lost else None
        if not self._found:
            if closer and memory and self.may_be_skipped and not memory.pending:
                self.skipped = self._nothing_begun(closer, package, memory)
            return
        if self._found.hopeless:
            raise self._failed(answer)
        again = known(lambda: provisioning.next_attempt(answer["engine_tasks"]))
        if again and not lost and self._after_the_deadline(answer, again):
            raise self._failed(answer, again)
        if memory and not again and memory.skipped == engine_memory.NO_TRIES_LEFT:
            raise no_tries_left(self._failed(answer), memory.failures)

    def _failed(self, answer: Answer, again: str | None = None) -> Failure:
        """The Failure of this cause, with what the device tells of it only when it is asked."""
        found = self._found
        if self.package:
            from ..diagnosis.package_end import completed

            found = completed(self.waiter, answer, _error(answer), self._since) or found
        return failed(found, again)

    def _look_closer(self) -> Answer | None:
        """What Windows lists and the engine remembers; asked now and then only, since a listing takes long."""
        elapsed = self.waiter.deadline.elapsed
        if self._looked_at is not None and elapsed - self._looked_at < LISTING_SECONDS:
            return None
        self._looked_at = elapsed
        begun = op.events(logs.PROVISIONING_LOG, engine_memory.LOG_EVENTS, self._since[logs.PROVISIONING_LOG], 50)
        look = {"packages": op.provisioning_packages(), "begun": begun} | engine_memory.OBSERVATIONS
        return self.waiter.ask(look, "checking the state of the package")

    def _nothing_begun(
        self, closer: Answer, package: provisioning.PackageSource, memory: engine_memory.EngineMemory
    ) -> bool:
        """Whether the engine has run, and has begun no setting of the package. Where its log says nothing at all, its
        memory decides at the second look."""
        told = engine_memory.skipped_all(closer["begun"].get("events", []), package.id)
        if told is False:
            return False
        silent, self._silent = self._silent, True
        return bool(told) or (silent and memory.may_skip)

    def _after_the_deadline(self, answer: Answer, again: str) -> bool:
        now = state.parse_utc(answer.device["utc"])
        return (state.parse_utc(again) - now).total_seconds() > self.waiter.deadline.left

    # --- as an Azure VM -----------------------------------------------------------------------------------------------

    def _judge_dsregcmd(self, answer: Answer, join: dict) -> None:
        finished, error = azure_vm.outcome(answer["job"])
        self._found = causes.find_causes(answer, error) or self._found
        if not finished:
            self._ended_at = None
            return
        if error:
            raise failed(self._found)
        # The registry may follow a moment later; nothing else will.
        elapsed = self.waiter.deadline.elapsed
        if self._ended_at is None:
            self._ended_at = elapsed
        elif elapsed - self._ended_at >= azure_vm.SETTLE_SECONDS:
            raise failed(self._found) if self._found else azure_vm.not_shown(answer["job"], join, self.tenant_id)

    def _warn_of_dsregcmd(self, answer: Answer) -> None:
        error = None if self.package else azure_vm.outcome(answer["job"])[1]
        if error and (found := causes.find_causes(answer, error)):
            code = found.explanation["code"]
            self.warning = (
                f"the device is joined, although dsregcmd /AzureSecureVMJoin failed ({code or 'without a code'}): "
                f"{found.explanation['cause']}"
            )

    def _timeout(self) -> Failure:
        return Failure(
            f"the device is not joined after {self.waiter.deadline.seconds} s and shows no error",
            side="device",
            name="join_timeout",
            cause="the provisioning engine is still working, or never started"
            if self.package
            else "dsregcmd /AzureSecureVMJoin is still running, or its result cannot be read",
            fix="raise timeout, or look at the Provisioning-Diagnostics-Provider event log on the device"
            if self.package
            else "raise timeout, or look at the User Device Registration event log on the device",
            evidence=jobs.evidence(self.waiter.last["job"]),
        )


def _thumbprints(look: Answer) -> set[str]:
    """Of the certificates in the machine's store, in lower case. Raises Refused."""
    return {certificate["thumbprint"].lower() for certificate in look["certificates"]["certificates"]}


def _error(answer: Answer) -> dict | None:
    """The error of the job that applies a package; that the package is there already is none."""
    error = jobs.outcome(answer["job"])[1]
    return None if provisioning.is_already_applied(error) else error


def _is_gone(look: Answer, package: provisioning.PackageSource) -> bool:
    """Whether Windows surely does not have the package: it was not taken, or somebody removed it.

    An id that somebody gave by hand may be a wrong one.
    """
    packages = look["packages"]
    absent = known(lambda: packages["available"] and provisioning.listed(packages, package.id) is None)
    return package.src is not None and absent is True


def _package_gone(package: provisioning.PackageSource) -> Failure:
    return Failure(
        f"the device is not joined, and Windows no longer has the package {package.id}: there will be no retry",
        side="device",
        name="package_gone",
        cause="somebody or something removed the package while it was being applied",
        fix="look at the Provisioning-Diagnostics-Provider event log (63 to 66 are removals) to find out who "
        "removed it, then run the task again",
    )


def _has_keys(look: Answer) -> bool:
    """Whether earlier joins may have left keys: with them and their certificates the registry does not tell which join
    is the new one, and dsregcmd decides. It is a program to start, so that it is not asked for nothing."""
    return known(lambda: not any(look["cloud_join"].key().child("JoinInfo").children())) is not True


def no_tries_left(failure: Failure, failures: int) -> Failure:
    """The Failure of a join that has failed so often that the engine leaves it."""
    failure.msg += f"; it has failed {failures} times, and the provisioning engine does not try it again"
    failure.error["evidence"] = [*failure.error["evidence"], {"log": "engine", "failures": failures, "tries_left": 0}]
    return failure


def failed(found: Diagnosis | None, again: str | None = None) -> Failure:
    """The Failure of a join that ended with this cause; ``again`` is when Windows would try it once more."""
    error = found.as_error() if found else dict(NO_CAUSE)
    if error["code"] == RESTART_FIRST:
        error["fix"] = "restart the device and run the join again, or allow it to restart the device (reboot: true)"
    later = ""
    if again:
        later = f"; Windows would try again only at {again}, after timeout"
        error["fix"] = f"{error['fix']} Then run the task again; it does not wait for Windows' own next attempt."
        error["evidence"] = [*error["evidence"], {"task": provisioning.ENGINE_FOLDER, "next_run": again}]
    code = f" ({error['code']})" if error["code"] else ""
    return Failure(f"the join failed: {error['cause']}{code}{later}", side=found.side if found else "device", **error)
