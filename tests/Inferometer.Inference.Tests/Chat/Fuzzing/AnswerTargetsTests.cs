using Inferometer.Inference.Chat.Fuzzing;
using Inferometer.Tests;

namespace Inferometer.Inference.Tests.Chat.Fuzzing;

public sealed class AnswerTargetsTests
{
    public static TheoryData<string> Names => DamagedInputs.NamesOf(AnswerTargets.All);

    [Theory]
    [MemberData(nameof(Names))]
    public void Damaged_inputs_are_refused_and_nothing_else_happens(string name) => DamagedInputs.AreRefused(AnswerTargets.All, name);
}
