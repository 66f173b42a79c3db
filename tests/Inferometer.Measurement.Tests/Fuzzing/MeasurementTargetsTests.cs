using Inferometer.Measurement.Fuzzing;
using Inferometer.Tests;

namespace Inferometer.Measurement.Tests.Fuzzing;

public sealed class MeasurementTargetsTests
{
    public static TheoryData<string> Names => DamagedInputs.NamesOf(MeasurementTargets.All);

    [Theory]
    [MemberData(nameof(Names))]
    public void Damaged_inputs_are_refused_and_nothing_else_happens(string name) => DamagedInputs.AreRefused(MeasurementTargets.All, name);
}
