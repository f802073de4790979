# needs: _head errors
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ConvertFrom-Json and ConvertTo-Json differ between 5.1 and 7: text that looks like a date becomes a date (7, and other
# forms in 5.1), arrays of one are unrolled, depth is cut at 2, arrays may turn into {"value", "Count"} (5.1). Sixty
# plain lines behave the same everywhere.

function ConvertFrom-JsonText([string]$Text) {
    $tokens = New-Object Collections.Queue
    foreach ($match in [regex]::Matches($Text, '"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+')) {
        $tokens.Enqueue($match.Value)
    }
    return , (Read-JsonValue $tokens)
}

function Read-JsonValue($Tokens) {
    $token = $Tokens.Dequeue()
    if ($token -ceq '{') {
        $map = New-Map
        while ($Tokens.Peek() -cne '}') {
            $name = Read-JsonValue $Tokens
            if ($Tokens.Dequeue() -cne ':') { Stop-Operation FormatException 'JSON: a colon is missing' }
            $map[$name] = Read-JsonValue $Tokens
            if ($Tokens.Peek() -ceq ',') { [void]$Tokens.Dequeue() }
        }
        [void]$Tokens.Dequeue()
        return $map
    }
    if ($token -ceq '[') {
        $list = New-List
        while ($Tokens.Peek() -cne ']') {
            [void]$list.Add((Read-JsonValue $Tokens))
            if ($Tokens.Peek() -ceq ',') { [void]$Tokens.Dequeue() }
        }
        [void]$Tokens.Dequeue()
        # The comma keeps the list a list: output of a function is unrolled by one level.
        return , $list
    }
    if ($token[0] -ceq '"') {
        # Every escape of JSON is also one of .NET's regular expressions, with the same meaning.
        return [regex]::Unescape($token.Substring(1, $token.Length - 2))
    }
    if ($token -ceq 'true') { return $true }
    if ($token -ceq 'false') { return $false }
    if ($token -ceq 'null') { return $null }
    if ($token -cmatch '\A-?[0-9]{1,18}\z') { return [long]::Parse($token, $Invariant) }
    return [double]::Parse($token, $Invariant)
}

function ConvertTo-JsonText($Value) {
    $text = New-Object Text.StringBuilder
    Write-JsonValue $text $Value
    return $text.ToString()
}

function Write-JsonValue($Text, $Value) {
    if ($null -eq $Value) {
        [void]$Text.Append('null')
    }
    elseif ($Value -is [bool]) {
        [void]$Text.Append($Value.ToString().ToLowerInvariant())
    }
    elseif ($Value -is [datetime]) {
        [void]$Text.Append('"').Append((Format-Utc $Value)).Append('"')
    }
    elseif ($Value -is [double] -or $Value -is [single] -or $Value -is [decimal]) {
        [void]$Text.Append(([double]$Value).ToString('R', $Invariant))
    }
    elseif ($Value.GetType().Name -cmatch '\A(S?Byte|U?Int(16|32|64))\z') {
        [void]$Text.Append($Value.ToString($Invariant))
    }
    elseif ($Value -is [byte[]]) {
        [void]$Text.Append('{"base64":"').Append([Convert]::ToBase64String($Value)).Append('"}')
    }
    elseif ($Value -is [Collections.IDictionary]) {
        $separator = '{'
        foreach ($entry in $Value.GetEnumerator()) {
            [void]$Text.Append($separator)
            Write-JsonValue $Text ([string]$entry.Key)
            [void]$Text.Append(':')
            Write-JsonValue $Text $entry.Value
            $separator = ','
        }
        if ($separator -ceq '{') {
            [void]$Text.Append('{')
        }
        [void]$Text.Append('}')
    }
    elseif ($Value -isnot [string] -and $Value -is [Collections.IEnumerable]) {
        [void]$Text.Append('[')
        $separator = ''
        foreach ($item in $Value) {
            [void]$Text.Append($separator)
            Write-JsonValue $Text $item
            $separator = ','
        }
        [void]$Text.Append(']')
    }
    else {
        # A cast to [string] is always in the invariant culture; ToString() would not be.
        $plain = ([string]$Value).Replace('\', '\\').Replace('"', '\"').Replace("`r", '\r').Replace("`n", '\n')
        $escape = { param($match) '\u{0:x4}' -f [int][char]$match.Value }
        [void]$Text.Append('"').Append([regex]::Replace($plain, '[\x00-\x1f\x7f\ud800-\udfff]', $escape)).Append('"')
    }
}

function Format-Utc([datetime]$Time) {
    return $Time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", $Invariant)
}
