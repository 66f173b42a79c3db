#!/usr/bin/env bash
# System.Numerics.Tensors 10.0.0: TensorPrimitives.SoftMax takes the exponential of its input as it is. It does not subtract the
# maximum first, as softmax kernels of machine-learning libraries do, so that a row in which every exponential overflows or underflows
# comes out as NaN. Logits of a language model and masked attention scores reach such numbers (float: above 88, or all below -104).
#
# Expected: SoftMax(1000, 1000, 999) = 0.4223 0.4223 0.1554 and SoftMax(-200, -200) = 0.5 0.5
# Seen:     NaN NaN NaN                                and NaN NaN
#
# What follows for us: the sampler and attention subtract the maximum themselves; SoftMax of this library is no replacement for them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > softmax.cs <<'CS'
#:package System.Numerics.Tensors@10.0.0
using System.Numerics.Tensors;

foreach (float[] row in (float[][])[[1, 1, 0], [1000, 1000, 999], [-200, -200]])
{
    float[] result = new float[row.Length];
    TensorPrimitives.SoftMax(row, result);
    Console.WriteLine(FormattableString.Invariant($"softmax({string.Join(", ", row)}) = {string.Join(" ", result.Select(r => r.ToString("0.0000")))}"));
}
CS
seen=$(DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 dotnet run softmax.cs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
softmax(1, 1, 0) = 0.4223 0.4223 0.1554
softmax(1000, 1000, 999) = NaN NaN NaN
softmax(-200, -200) = NaN NaN
SEEN
