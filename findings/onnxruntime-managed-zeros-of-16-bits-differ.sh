#!/usr/bin/env bash
# Microsoft.ML.OnnxRuntime.Managed 1.31.1 (NuGet): its Float16 and BFloat16, which tensors of 16 bits are made of in .NET, say of negative
# and positive zero that a == b is false and a != b true, while Equals is true, the hash codes are equal, and a <= b and a >= b hold. CompareTo
# is 1 from either side, so that each of the two is greater than the other, and an array that holds both has no order to be sorted into.
# Float, double and .NET's Half have == true and CompareTo 0.
#
# Expected: IEEE 754's zeros, which are equal, as the types' own Equals has it.
# Seen:     below.
#
# What follows for us: what compares tensors of 16 bits that come through these types (masks, zeros counted, results held against others)
# with == takes equal results for different ones: a product of a negative number and zero is a negative zero. Our halves are .NET's Half and
# bits, and results are compared as floats.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > zeros.cs <<'CS'
#:package Microsoft.ML.OnnxRuntime.Managed@1.31.1
using Microsoft.ML.OnnxRuntime;
(float negative, float positive) = (-2f * 0f, 0f);
Show("float", negative == positive, negative.Equals(positive), negative <= positive, negative.CompareTo(positive), positive.CompareTo(negative));
(Half a, Half b) = ((Half)negative, (Half)positive);
Show("Half", a == b, a.Equals(b), a <= b, a.CompareTo(b), b.CompareTo(a));
(Float16 c, Float16 d) = ((Float16)negative, (Float16)positive);
Show("Float16", c == d, c.Equals(d), c <= d, c.CompareTo(d), d.CompareTo(c));
(BFloat16 e, BFloat16 f) = ((BFloat16)negative, (BFloat16)positive);
Show("BFloat16", e == f, e.Equals(f), e <= f, e.CompareTo(f), f.CompareTo(e));
Float16[] counted = [(Float16)1f, (Float16)negative, (Float16)0f, (Float16)negative];
Console.WriteLine($"zeros counted with ==: {counted.Count(x => x == (Float16)0f)} of 3, with Equals: {counted.Count(x => x.Equals((Float16)0f))}");

static void Show(string type, bool same, bool equals, bool atMost, int there, int back) =>
    Console.WriteLine($"{type}: == {same}, Equals {equals}, <= {atMost}, CompareTo {there} and back {back}");
CS
seen=$(dotnet run zeros.cs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
float: == True, Equals True, <= True, CompareTo 0 and back 0
Half: == True, Equals True, <= True, CompareTo 0 and back 0
Float16: == False, Equals True, <= True, CompareTo 1 and back 1
BFloat16: == False, Equals True, <= True, CompareTo 1 and back 1
zeros counted with ==: 1 of 3, with Equals: 3
SEEN
