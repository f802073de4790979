# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Event logs. A record's text that is null is one that this Windows does not have.

function Open-EventReader([string]$Log, [string]$XPath) { return [ProofReader]::new($Log, $XPath) }

class EventLogNotFoundException : Exception { }

class ProofRecord {
    [int]$Id
    [object]$RecordId
    [object]$TimeCreated
    [string]$ProviderName
    [object]$Level
    [object[]]$Properties
    [object]$Text
    [void] Dispose() { Remove-ProofHandle $this }
    [string] FormatDescription() {
        if ($null -eq $this.Text) { throw [InvalidOperationException]::new('No text') }
        return $this.Text
    }
}

class ProofReader {
    [Collections.Queue]$Records = [Collections.Queue]::new()
    ProofReader([string]$Log, [string]$XPath) {
        foreach ($one in (Select-ProofEvent $Log $XPath)) { $this.Records.Enqueue($one) }
        Add-ProofHandle $this
    }
    [object] ReadEvent() {
        if ($this.Records.Count -eq 0) { return $null }
        $record = $this.Records.Dequeue()
        Add-ProofHandle $record
        return $record
    }
    [void] Dispose() { Remove-ProofHandle $this }
}

function Select-ProofEvent([string]$Log, [string]$XPath) {
    # Newest first. Of XPath what the runner writes, and as much of it as Windows takes.
    $logs = Get-Windows 'events'
    $spelled = Find-Name @($logs.get_Keys()) $Log
    if ($null -eq $spelled) { throw [EventLogNotFoundException]::new() }
    Assert-Open $logs[$spelled]['closed']
    $time = 'TimeCreated\[@SystemTime>=''(?<since>[^'']+)''\]'
    $form = '\A\*(\[System\[(\((EventID|Level)=[0-9]+( or (EventID|Level)=[0-9]+)*\))?' +
        "(((?<=System\[)| and )$time)?(((?<=System\[)| and )EventRecordID>(?<after>[0-9]+))?(?<!System\[)" + '\]\])?\z'
    if ($XPath -cnotmatch $form) { throw [InvalidOperationException]::new("The specified query is invalid: $XPath") }
    $since = $null
    if ($Matches.ContainsKey('since')) { $since = ConvertFrom-Described @{ utc = $Matches['since'] } }
    $after = [long]-1
    if ($Matches.ContainsKey('after')) { $after = [long]$Matches['after'] }
    $ids = @(foreach ($match in [regex]::Matches($XPath, 'EventID=([0-9]+)')) { [int]$match.Groups[1].Value })
    $levels = @(foreach ($match in [regex]::Matches($XPath, 'Level=([0-9]+)')) { [int]$match.Groups[1].Value })
    if ($ids.Length + $levels.Length -gt 22) { throw [InvalidOperationException]::new('The specified query is invalid: too long') }
    $found = [Collections.ArrayList]::new()
    foreach ($one in $logs[$spelled]['events']) {
        $time = ConvertFrom-Described @{ utc = $one['utc'] }
        if ($one['record'] -le $after) { continue }
        $all = $ids.Length + $levels.Length -eq 0
        if (($all -or $ids -contains $one['id'] -or $levels -contains $one['level']) -and ($null -eq $since -or $time -ge $since)) {
            $found.Insert(0, (New-ProofRecord $one $time $XPath))
        }
    }
    return $found
}

function New-ProofRecord($Described, [datetime]$Time, [string]$Asked) {
    $record = [ProofRecord]::new()
    $record.Id = $Described['id']
    # As .NET has it: a byte, or nothing.
    if ($null -ne $Described['level']) { $record.Level = [byte]$Described['level'] }
    $record.RecordId = [long]$Described['record']
    $record.TimeCreated = $Time.ToLocalTime()
    $record.ProviderName = $Described['provider']
    $record.Text = $Described['message']
    $record.Properties = @(foreach ($one in $Described['data']) {
            [PSCustomObject]@{ Value = ConvertFrom-Described $one $Asked }
        })
    return $record
}
