#!/usr/bin/env bash
# System.CommandLine 2.0.15: an option of type float or double takes a comma anywhere in the number and drops it, as a separator of
# thousands that need not stand between thousands; it does so whatever the culture. "0,8", which is how half of the world writes 0.8,
# is read as 8 without a word. An option of type int refuses the same text. Where a value is refused and the option's type is nullable,
# the message shows the name of the .NET type.
#
# Expected: an error for "--temp 0,8", and a message in words for "--seed -1".
# Seen:     8, 150 for "1,5e1", and "... as expected type 'System.Nullable`1[System.UInt64]'."
#
# What follows for us: numbers of options are bound by a parser of our own, which refuses commas and says what is allowed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > comma.cs <<'CS'
#:package System.CommandLine@2.0.15
#:property SatelliteResourceLanguages=en
using System.CommandLine;
using System.Globalization;

Option<float> temp = new("--temp");
Option<int> count = new("--count");
Option<ulong?> seed = new("--seed");
RootCommand root = new() { temp, count, seed };
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
foreach (string line in (string[])["--temp 0.8", "--temp 0,8", "--temp 1,5e1", "--count 1,0", "--seed -1"])
{
    ParseResult result = root.Parse(line);
    Console.WriteLine($"{line} => {(result.Errors.Count > 0 ? result.Errors[0].Message : result.GetValue(temp))}");
}
CS
seen=$(DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 dotnet run comma.cs | grep "^--")
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
--temp 0.8 => 0.8
--temp 0,8 => 8
--temp 1,5e1 => 150
--count 1,0 => Cannot parse argument '1,0' for option '--count' as expected type 'System.Int32'.
--seed -1 => Cannot parse argument '-1' for option '--seed' as expected type 'System.Nullable`1[System.UInt64]'.
SEEN
