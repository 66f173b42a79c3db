using Inferometer.History.Fuzzing;
using Inferometer.Tests;

namespace Inferometer.History.Tests.Fuzzing;

public sealed class HistoryTargetsTests
{
    public static TheoryData<string> Names => DamagedInputs.NamesOf(HistoryTargets.All);

    [Theory]
    [MemberData(nameof(Names))]
    public void Damaged_inputs_are_refused_and_nothing_else_happens(string name) => DamagedInputs.AreRefused(HistoryTargets.All, name);
}
