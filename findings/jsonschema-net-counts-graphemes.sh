#!/usr/bin/env bash
# JsonSchema.Net 8.0.5: JSON Schema 2020-12 counts the length of a string in Unicode code points (validation, 6.3.1 and 6.3.2, by way of
# RFC 8259). The library counts text elements (grapheme clusters): a letter with a combining mark, an emoji of several people, or a pair
# of a carriage return and a line feed is one.
#
# Expected: "e" and a combining acute accent are 2 long, a family of three joined by two joiners 5, CR LF 2.
# Seen:     1, 1 and 1: each is refused under a minLength of 2.
#
# What follows for us: output that is held to a schema is counted in code points, and texts of property tests in which the two counts
# differ are not judged by this library.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > lengths.cs <<'CS'
#:package JsonSchema.Net@8.0.5
#:property SatelliteResourceLanguages=en
#:property JsonSerializerIsReflectionEnabledByDefault=true
using System.Text;
using System.Text.Json;
using Json.Schema;

foreach (string text in (string[])["ab", "e\u0301", "\U0001F468\u200D\U0001F469\u200D\U0001F467", "\r\n"])
{
    JsonElement value = JsonDocument.Parse(JsonSerializer.Serialize(text)).RootElement;
    int least = Enumerable.Range(0, 10).Last(n => JsonSchema.FromText($"{{\"minLength\":{n}}}").Evaluate(value).IsValid);
    Console.WriteLine($"{text.EnumerateRunes().Count()} code points => {least} long");
}
CS
seen=$(dotnet run lengths.cs | grep "code points")
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
2 code points => 2 long
2 code points => 1 long
5 code points => 1 long
2 code points => 1 long
SEEN
