# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Stands in for Windows under the runner: stand_ins.py puts this text, and of windows/*.ps1 what a runner needs, before the
# runner's last lines. What is replaced does as little as it can: it looks at the description of a Windows in the directory
# WINOPS_PROOF (windows/README.md has its format). Who asks is WINOPS_PROOF_CALLER, one of its callers.

$Proof = $env:WINOPS_PROOF
$ProofDrive = [IO.Path]::Combine($Proof, 'C')
# PowerShell remembers a text that it has run before, with the static members of its classes.
[ProofDescription]::Stamp = 0
[ProofDescription]::Lines = @{}
[ProofDescription]::Sections = @{}
[ProofDescription]::Spelled = @{}
if ($env:WINOPS_PROOF_PATIENCE) { $CmdletPatience = [int]$env:WINOPS_PROOF_PATIENCE }
if ($env:WINOPS_PROOF_MAX_BYTES) { $MaxDownloadBytes = [int]$env:WINOPS_PROOF_MAX_BYTES }
if ($env:WINOPS_PROOF_PROBE_HOURS) { $ProbeHours = [int]$env:WINOPS_PROOF_PROBE_HOURS }
if ($env:WINOPS_PROOF_ODD) { $PipeSeconds = 1 }
${function:Invoke-RealOperation} = ${function:Invoke-Operation}

# ------------------------------------------------------------------------------------------------------- who and where

function Get-DeviceFact {
    $fact = (Get-Windows 'callers')[[string]$env:WINOPS_PROOF_CALLER].Clone()
    $fact['name'] = Get-Windows 'name'
    $fact['utc'] = [datetime]::UtcNow.AddSeconds((Get-Windows 'skew'))
    $fact['powershell'] = $PSVersionTable['PSVersion'].ToString()
    return $fact
}

class ProofHandles {
    # Keys, stores, readers and processes that are open.
    static [Collections.ArrayList]$Open = [Collections.ArrayList]::new()
}

function Add-ProofHandle($One) { [void][ProofHandles]::Open.Add($One) }
function Remove-ProofHandle($One) { [ProofHandles]::Open.Remove($One) }

function Invoke-Operation($Ask) {
    # What the runner says of paths, in Windows' words. What an operation that succeeds has opened, it has closed again.
    [ProofHandles]::Open.Clear()
    $result = Invoke-RealOperation $Ask
    if ($result['ok'] -and [ProofHandles]::Open.Count -gt 0) {
        $left = ('{0} leaves open: {1}' -f $Ask['op'], ([ProofHandles]::Open -join ', '))
        return @{ ok = $false; error = @{ type = 'LeftOpen'; message = $left; hresult = $null } }
    }
    return Convert-ToWindowsText $result
}

function Resolve-AnyPath([string]$Path) {
    $text = Expand-WindowsText $Path
    if ($text.StartsWith($Proof, [StringComparison]::Ordinal)) { return [IO.Path]::GetFullPath($text) }
    if ($text -cnotmatch '\A[A-Za-z]:[\\/]') { Stop-Operation ArgumentException "Not an absolute path: $Path" }
    return Get-ProofPath $text
}

function Get-ProgramData { return Resolve-AnyPath '%ProgramData%' }
function Get-NativeFolder { return [IO.Path]::Combine((Resolve-AnyPath '%windir%'), 'System32') }

function New-PrivateDirectory([string]$Path) {
    Assert-Open 'filtered'
    New-ClosedDirectory $Path
}

function Assert-PrivateDirectory([string]$Path) {
    if (-not (Test-ClosedDirectory $Path)) {
        Stop-Operation UnauthorizedAccessException "$Path belongs or is open to others. Look into it, then remove it."
    }
}

# --------------------------------------------------------------------------------------------------- the description
# The description of a Windows: read by section, as each is asked for, and written back under a lock. Others (a job, the
# lab) read and write it, too: what has changed is read anew.

class ProofDescription {
    static [long]$Stamp = 0
    static [Collections.Hashtable]$Lines = @{}
    static [Collections.Hashtable]$Sections = @{}
    # Paths on this disk as they were asked for: Windows keeps the spelling.
    static [Collections.Hashtable]$Spelled = @{}
}

function Read-Description([bool]$Surely) {
    # One member a line: "name":value and a comma, but for the last. Sections whose line is the same are not read anew.
    $file = [IO.FileInfo]::new([IO.Path]::Combine($Proof, 'description.json'))
    $stamp = $file.LastWriteTimeUtc.Ticks -bxor $file.Length
    if ($stamp -eq [ProofDescription]::Stamp -and -not $Surely) { return }
    [ProofDescription]::Stamp = $stamp
    $text = [IO.File]::ReadAllText($file.FullName)
    foreach ($line in $text.Split([char]"`n")) {
        $end = $line.IndexOf([char]':')
        if ($end -lt 0) { continue }
        $name = $line.Substring(1, $end - 2)
        $value = $line.Substring($end + 1).TrimEnd([char]',')
        if ([ProofDescription]::Lines[$name] -cne $value) { [ProofDescription]::Sections.Remove($name) }
        [ProofDescription]::Lines[$name] = $value
    }
}

function Get-Windows([string]$Section) {
    Read-Description $false
    if (-not [ProofDescription]::Sections.ContainsKey($Section)) {
        [ProofDescription]::Sections[$Section] = ConvertFrom-JsonText ([ProofDescription]::Lines[$Section])
    }
    return , [ProofDescription]::Sections[$Section]
}

function Lock-Description {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        try {
            return [IO.File]::Open([IO.Path]::Combine($Proof, 'description.lock'), [IO.FileMode]::OpenOrCreate,
                [IO.FileAccess]::ReadWrite, [IO.FileShare]::None)
        }
        catch {
            if ((Get-Cause $_) -isnot [IO.IOException] -or $clock.Elapsed.TotalSeconds -gt 20) { throw }
            [Threading.Thread]::Sleep(10)
        }
    }
}

function Set-Windows([string]$Section, [scriptblock]$Change, [object[]]$With) {
    # The change is given the section as it is now, and the rest as arguments: it sees no variables of whoever wrote it.
    $lock = Lock-Description
    try {
        Read-Description $true
        $now = Get-Windows $Section
        # Read anew where the change fails half way.
        [ProofDescription]::Sections.Remove($Section)
        [void](& $Change $now @With)
        [ProofDescription]::Sections[$Section] = $now
        [ProofDescription]::Lines[$Section] = ConvertTo-SectionText $now
        $members = foreach ($line in [ProofDescription]::Lines.GetEnumerator()) { '"{0}":{1}' -f $line.Key, $line.Value }
        $file = [IO.Path]::Combine($Proof, 'description.json')
        [IO.File]::WriteAllText("$file.new", "{`n" + ($members -join ",`n") + "`n}`n")
        [IO.File]::Replace("$file.new", $file, "$file.old")
    }
    finally {
        $lock.Dispose()
    }
}

function ConvertTo-SectionText($Value) {
    # A section is written whole for each change: .NET's own writer, where it has one, is a hundred times as quick.
    $json = 'System.Text.Json.JsonSerializer' -as [type]
    if ($null -eq $json) { return ConvertTo-JsonText $Value }
    $options = 'System.Text.Json.JsonSerializerOptions' -as [type]
    return $json::Serialize($Value, $Value.GetType(), $options::Default)
}

function ConvertFrom-Described($Value, [string]$Asked) {
    # A time is {"utc": text}, bytes are {"base64": text}, a number of a type is {"type": name, "number": number}, what was
    # asked {"asked": true}; everything else is itself.
    if ($Value -is [Collections.IDictionary]) {
        if ($Value.ContainsKey('asked')) { return $Asked }
        if ($Value.ContainsKey('base64')) { return , [Convert]::FromBase64String($Value['base64']) }
        if ($Value.ContainsKey('utc')) {
            $style = [Globalization.DateTimeStyles]'AssumeUniversal, AdjustToUniversal'
            return [datetime]::Parse($Value['utc'], $Invariant, $style)
        }
        return [Management.Automation.LanguagePrimitives]::ConvertTo($Value['number'], [type]$Value['type'], $Invariant)
    }
    if ($Value -is [Collections.ArrayList]) { return , $Value.ToArray() }
    return $Value
}

function Assert-Open($Closed) {
    # What is closed to all, to others than SYSTEM, or to whoever has no full token.
    if (-not $Closed) { return }
    $caller = (Get-Windows 'callers')[[string]$env:WINOPS_PROOF_CALLER]
    $shut = $Closed -ceq 'all' -or ($Closed -ceq 'others' -and -not $caller['system']) -or
        ($Closed -ceq 'filtered' -and -not $caller['elevated'])
    if ($shut) { Stop-Operation UnauthorizedAccessException 'Access is denied.' }
}

function Find-Name($Names, [string]$Name) {
    # As it is spelled there: Windows finds names in any case.
    if ($Names -ccontains $Name) { return $Name }
    foreach ($one in $Names) {
        if ([string]::Equals($one, $Name, [StringComparison]::OrdinalIgnoreCase)) { return $one }
    }
}

# ------------------------------------------------------------------------------------------------------------- paths
# Paths: drive C of the described Windows is the directory C below WINOPS_PROOF. Paths that lie below WINOPS_PROOF already
# are left as they are.

function Expand-WindowsText([string]$Text) {
    # By the description; a variable that is not there stays as it is.
    $variables = Get-Windows 'environment'
    foreach ($match in [regex]::Matches($Text, '%([^%]+)%')) {
        $name = Find-Name $variables.get_Keys() $match.Groups[1].Value
        if ($null -ne $name) { $Text = $Text.Replace($match.Value, $variables[$name]) }
    }
    return $Text
}

function Get-ProofPath([string]$Path) {
    # Names in any case: as they are spelled on the disk, where they are there.
    $found = [IO.Path]::Combine($Proof, $Path.Substring(0, 1).ToUpperInvariant())
    $steps = [Collections.Generic.List[string]]::new()
    foreach ($step in $Path.Substring(2).Split([char[]]'\/')) {
        if ($step -ceq '..') { if ($steps.Count -gt 0) { $steps.RemoveAt($steps.Count - 1) } }
        elseif ($step -and $step -cne '.') { $steps.Add($step) }
    }
    foreach ($step in $steps) {
        $spelled = $null
        if (-not [IO.File]::Exists("$found/$step") -and [IO.Directory]::Exists($found)) {
            $names = foreach ($one in [IO.Directory]::GetFileSystemEntries($found)) { [IO.Path]::GetFileName($one) }
            $spelled = Find-Name $names $step
        }
        if ($null -eq $spelled) { $spelled = $step }
        $found = [IO.Path]::Combine($found, $spelled)
    }
    [ProofDescription]::Spelled[$found] = $Path.Substring(0, 2) + '\' + ($steps -join '\')
    return $found
}

function Convert-ToWindowsText($Value) {
    # Everywhere in a text, and in every text of a value.
    if ($Value -is [string]) {
        if ($Value.IndexOf($ProofDrive, [StringComparison]::Ordinal) -lt 0) { return $Value }
        $drive = '(?<=\A|[^\w])' + [regex]::Escape($ProofDrive) + '(?![\w.])([^''":*?<>|\r\n]*)'
        return [regex]::Replace($Value, $drive, {
                param($match)
                $asked = [ProofDescription]::Spelled[$match.Value]
                if ($null -ne $asked) { $asked } else { 'C:' + $match.Groups[1].Value.Replace('/', '\') }
            })
    }
    if ($Value -is [Collections.IDictionary]) {
        # No call for what has no text in it: answers have thousands of members.
        foreach ($key in @($Value.get_Keys())) {
            $item = $Value[$key]
            if ($null -ne $item -and $item -isnot [ValueType]) { $Value[$key] = Convert-ToWindowsText $item }
        }
    }
    elseif ($Value -is [Collections.ArrayList]) {
        for ($at = 0; $at -lt $Value.Count; $at++) { $Value[$at] = Convert-ToWindowsText $Value[$at] }
    }
    return , $Value
}

function Get-UnixMode {
    # Neither Windows nor .NET Framework has modes.
    if ([IO.Path]::DirectorySeparatorChar -ceq '\') { return $null }
    return 'System.IO.UnixFileMode' -as [type]
}

function New-ClosedDirectory([string]$Path) {
    # Closed to others by its mode, which stands for an access list.
    $mode = Get-UnixMode
    if ($null -eq $mode) {
        [void][IO.Directory]::CreateDirectory($Path)
    }
    else {
        $create = [IO.Directory].GetMethod('CreateDirectory', [type[]]@([string], $mode))
        [void]$create.Invoke($null, @($Path, [Enum]::ToObject($mode, 448)))
    }
}

function Test-ClosedDirectory([string]$Path) {
    if ($null -eq (Get-UnixMode)) { return [IO.Path]::GetFileName($Path) -cne 'foreign' }
    $read = [IO.File].GetMethod('GetUnixFileMode', [type[]]@([string]))
    return ([int]$read.Invoke($null, @($Path)) -band 63) -eq 0
}
