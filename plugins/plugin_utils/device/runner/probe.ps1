# needs: jobs
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: a look as SYSTEM. Its task is a change that leaves nothing behind; what it does must be none at all.

$Changing += 'system_probe'

# How the ids of probes begin
$ProbeMark = '00000000'

# No probe lives longer.
$ProbeHours = 1

function Remove-LostProbe {
    # Of a probe whose process was ended before it could clean up.
    $jobs = [IO.Path]::Combine((Get-StateRoot), 'jobs')
    if (-not [IO.Directory]::Exists($jobs)) { return }
    foreach ($directory in [IO.Directory]::GetDirectories($jobs, "$ProbeMark-*")) {
        $age = [datetime]::UtcNow - [IO.Directory]::GetCreationTimeUtc($directory)
        if ([Math]::Abs($age.TotalHours) -le $ProbeHours) { continue }
        try {
            [void](job_remove @{ job = [IO.Path]::GetFileName($directory) })
        }
        catch {
            # Not ours, or somebody has it open: whoever cleans up, it stops no look.
            continue
        }
    }
}

function system_probe($Ask) {
    foreach ($inner in $Ask['ops']) {
        if ($Observing -cnotcontains [string]$inner['op']) {
            Stop-Operation UnauthorizedAccessException ('Refused, it does not only observe: ' + [string]$inner['op'])
        }
    }
    Remove-LostProbe
    $seconds = [int]$Ask['timeout']
    $job = @{ ops = $Ask['ops']; time_limit = $seconds }
    $job['job'] = $ProbeMark + [guid]::NewGuid().ToString().Substring(8)
    $clock = [Diagnostics.Stopwatch]::StartNew()
    try {
        [void](job_start $job)
        do {
            [Threading.Thread]::Sleep(200)
            $status = job_status $job
        } while ($status['state'] -ceq 'running' -and $clock.Elapsed.TotalSeconds -lt $seconds)
    }
    finally {
        [void](job_remove $job)
    }
    return @{ answer = $status['answer'] }
}
