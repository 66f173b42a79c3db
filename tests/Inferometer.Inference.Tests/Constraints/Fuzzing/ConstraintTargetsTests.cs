using System.Text;
using Inferometer.Inference.Constraints.Fuzzing;
using Inferometer.ModelFiles.Fuzzing;
using Inferometer.Tests;

namespace Inferometer.Inference.Tests.Constraints.Fuzzing;

public sealed class ConstraintTargetsTests
{
    public static TheoryData<string> Targets => DamagedInputs.NamesOf(ConstraintTargets.All);

    private static FuzzTarget Target(string name) =>
        ConstraintTargets.All.Single(target => string.Equals(target.Name, name, StringComparison.Ordinal));

    [Theory]
    [InlineData(
        "schema", "{\"type\":[\"string\",\"null\"],\"format\":\"date\",\"pattern\":\"^(ab|[^c-e\\\\s])*$|[\\\\u00e9\\\\x41]", ".?", "\"}",
        78)]
    [InlineData("gbnf", "root ::= \"x\" ", "[a-h]? ", "\n", 167)]
    public void Parts_that_may_be_left_out_take_little_memory(string name, string before, string part, string behind, int count)
    {
        byte[] input = Encoding.UTF8.GetBytes(before + string.Concat(Enumerable.Repeat(part, count)) + behind);
        Target(name).Read(input);
        long start = GC.GetAllocatedBytesForCurrentThread();
        Target(name).Read(input);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - start, 1, 2 << 20);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Damaged_inputs_are_refused_and_nothing_else_happens(string name) => DamagedInputs.AreRefused(ConstraintTargets.All, name);
}
