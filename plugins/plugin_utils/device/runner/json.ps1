# needs: _head errors
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ConvertFrom-Json and ConvertTo-Json differ between 5.1 and 7: text that looks like a date becomes a date (7, and other
# forms in 5.1), arrays of one are unrolled, depth is cut at 2, arrays may turn into {"value", "Count"} (5.1). Sixty
# plain lines behave the same everywhere.

# Everything that is not sent as it stands
$NotPlain = [regex]'[\x00-\x1f"\\\x7f\ud800-\udfff]'
$Token = [regex]'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+'
# Once: a script block made for each text would be compiled for each text.
$Escape = [Text.RegularExpressions.MatchEvaluator] { param($match) '\u{0:x4}' -f [int][char]$match.Value }

function ConvertFrom-JsonText([string]$Text) {
    $tokens = [Collections.Queue]::new()
    foreach ($match in $Token.Matches($Text)) {
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
    if ($token -cmatch '\A-?[0-9]+\z') {
        # REG_QWORD and uint64 are whole numbers that a double cannot hold.
        $sign = [Globalization.NumberStyles]::AllowLeadingSign
        $number = [long]0
        if ([long]::TryParse($token, $sign, $Invariant, [ref]$number)) { return $number }
        $number = [uint64]0
        if ([uint64]::TryParse($token, $sign, $Invariant, [ref]$number)) { return $number }
    }
    return [double]::Parse($token, $Invariant)
}

function ConvertTo-JsonText($Value) {
    $text = [Text.StringBuilder]::new()
    Write-JsonValue $text $Value
    return $text.ToString()
}

function Format-JsonString([string]$Value) {
    if (-not $NotPlain.IsMatch($Value)) { return '"' + $Value + '"' }
    # The frequent ones by hand: a script block costs more than ten replacements.
    $text = $Value.Replace('\', '\\').Replace('"', '\"').Replace("`r", '\r').Replace("`n", '\n')
    return '"' + [regex]::Replace($text, '[\x00-\x1f\x7f\ud800-\udfff]', $Escape) + '"'
}

function Format-JsonNumber([double]$Value) {
    # JSON has no form for what is not a number.
    if ([double]::IsNaN($Value) -or [double]::IsInfinity($Value)) { return 'null' }
    $text = $Value.ToString('R', $Invariant)
    # .NET Framework's R is one digit short of some numbers.
    if ([double]::Parse($text, $Invariant) -ne $Value) { $text = $Value.ToString('G17', $Invariant) }
    return $text
}

function Write-JsonValue($Text, $Value) {
    # The frequent kinds first, and most of a map without a call of its own: a look at a device writes thousands of texts.
    if ($null -eq $Value) {
        [void]$Text.Append('null')
    }
    elseif ($Value -is [string]) {
        [void]$Text.Append((Format-JsonString $Value))
    }
    elseif ($Value -is [Collections.IDictionary]) {
        $separator = '{'
        foreach ($entry in $Value.GetEnumerator()) {
            $name = $separator + (Format-JsonString $entry.Key) + ':'
            $item = $entry.Value
            if ($item -is [string] -and -not $NotPlain.IsMatch($item)) {
                [void]$Text.Append($name + '"' + $item + '"')
            }
            else {
                [void]$Text.Append($name)
                Write-JsonValue $Text $item
            }
            $separator = ','
        }
        if ($separator -ceq '{') {
            [void]$Text.Append('{')
        }
        [void]$Text.Append('}')
    }
    elseif ($Value -is [bool]) {
        [void]$Text.Append($Value.ToString().ToLowerInvariant())
    }
    elseif ($Value -is [datetime]) {
        [void]$Text.Append('"' + (Format-Utc $Value) + '"')
    }
    elseif ($Value -is [double] -or $Value -is [single] -or $Value -is [decimal]) {
        [void]$Text.Append((Format-JsonNumber ([double]$Value)))
    }
    elseif ($Value.GetType().Name -cmatch '\A(S?Byte|U?Int(16|32|64))\z') {
        [void]$Text.Append($Value.ToString($Invariant))
    }
    elseif ($Value -is [byte[]]) {
        [void]$Text.Append('{"base64":"' + [Convert]::ToBase64String($Value) + '"}')
    }
    elseif ($Value -is [Collections.IEnumerable]) {
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
        [void]$Text.Append((Format-JsonString ([string]$Value)))
    }
}

function Format-Utc([datetime]$Time) {
    return $Time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", $Invariant)
}
