#!/usr/bin/env bash
# Sep 0.17.1, the CSV reader for .NET, on a file without a header (HasHeader = false): the first row says that it begins and ends on line 2.
# Rows after it are right, so that the first two rows begin on the same line. A quote inside a field that does not begin with one
# (an inch mark, as in names of screens and drives) counts as an opening quote all the same, with or without Unescape: the row goes on over
# the ends of lines until another quote is found, and the rows in between are fields of it, without an error.
#
# Expected: "line 1: name,size", "line 2: ..." and, as Python's csv module and most spreadsheets read it, four rows.
# Seen:     "line 2" twice, and three of the four rows as one.
#
# What follows for us: Core/CsvRecords.cs reads such files, so that an error names the line it is on.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > rows.cs <<'CS'
#:package Sep@0.17.1
using nietras.SeparatedValues;
using var reader = Sep.New(',').Reader(o => o with { HasHeader = false, DisableColCountCheck = true, Unescape = true })
    .From(new StringReader("name,size\ndesk 24\" wide,1\nlamp,2\nshelf 30\" wide,3\n"));
foreach (var row in reader)
{
    Console.WriteLine($"line {row.LineNumberFrom}: {row.Span.ToString().TrimEnd().Replace("\n", "<end of line>")}");
}
CS
seen=$(dotnet run rows.cs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
line 2: name,size
line 2: desk 24" wide,1<end of line>lamp,2<end of line>shelf 30" wide,3
SEEN
