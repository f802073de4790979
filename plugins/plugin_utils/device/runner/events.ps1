# needs: errors json
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: event logs.

$Observing += 'events'

function Open-EventReader([string]$Log, [string]$XPath) {
    # The reader itself, not Get-WinEvent: "no events" is then an end, not an error that must be told from others.
    $query = [Diagnostics.Eventing.Reader.EventLogQuery]::new($Log,
        [Diagnostics.Eventing.Reader.PathType]::LogName, $XPath)
    $query.ReverseDirection = $true
    return [Diagnostics.Eventing.Reader.EventLogReader]::new($query)
}

function Format-EventField($Value) {
    if ($Value -is [datetime]) { return Format-Utc $Value }
    if ($Value -is [byte[]]) { return [Convert]::ToBase64String($Value) }
    return [string]$Value
}

function ConvertFrom-EventRecord($Record) {
    $data = New-List
    foreach ($property in $Record.Properties) {
        [void]$data.Add((Format-EventField $property.Value))
    }
    try {
        $message = $Record.FormatDescription()
    }
    catch {
        # The provider's texts are not installed. Nobody decides by them.
        $message = $null
    }
    $level = $null
    if ($null -ne $Record.Level) { $level = [int]$Record.Level }
    return @{
        id = $Record.Id
        level = $level
        record = $Record.RecordId
        utc = $Record.TimeCreated
        provider = $Record.ProviderName
        data = $data
        message = $message
    }
}

function events($Ask) {
    $ids = [int[]]$Ask['ids']
    $levels = [int[]]@()
    if ($Ask['levels']) { $levels = [int[]]$Ask['levels'] }
    $each = [int]$Ask['each']
    $conditions = New-List
    $wanted = New-List
    foreach ($level in $levels) { [void]$wanted.Add('Level=' + $level) }
    foreach ($id in $ids) { [void]$wanted.Add('EventID=' + $id) }
    # Windows refuses queries of more than about twenty conditions; the loop below sorts out what is left.
    if ($wanted.Count -gt 0 -and $wanted.Count -le 16) {
        [void]$conditions.Add('(' + ($wanted -join ' or ') + ')')
    }
    if ($Ask['since']) {
        $style = [Globalization.DateTimeStyles]'AssumeUniversal, AdjustToUniversal'
        $since = [datetime]::Parse($Ask['since'], $Invariant, $style)
        [void]$conditions.Add("TimeCreated[@SystemTime>='" + (Format-Utc $since) + "']")
    }
    if ($Ask['after']) { [void]$conditions.Add('EventRecordID>' + [long]$Ask['after']) }
    $xpath = '*'
    if ($conditions.Count -gt 0) { $xpath = '*[System[' + ($conditions -join ' and ') + ']]' }
    $found = New-List
    try {
        $reader = Open-EventReader ([string]$Ask['log']) $xpath
    }
    catch {
        if ((Get-Cause $_).GetType().Name -ceq 'EventLogNotFoundException') {
            return @{ log_exists = $false; events = $found }
        }
        throw
    }
    $counts = @{}
    try {
        while ($found.Count -lt [int]$Ask['limit']) {
            $record = $reader.ReadEvent()
            if ($null -eq $record) { break }
            try {
                if ($wanted.Count -gt 0 -and $ids -notcontains $record.Id -and $levels -notcontains $record.Level) {
                    continue
                }
                $counts[$record.Id] = 1 + $counts[$record.Id]
                # One event that comes every minute must not hide all the others.
                if ($each -gt 0 -and $counts[$record.Id] -gt $each) { continue }
                [void]$found.Add((ConvertFrom-EventRecord $record))
            }
            finally {
                $record.Dispose()
            }
        }
    }
    finally {
        $reader.Dispose()
    }
    return @{ log_exists = $true; events = $found }
}
