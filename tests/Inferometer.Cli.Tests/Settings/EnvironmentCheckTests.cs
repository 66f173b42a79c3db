using Inferometer.Cli.Settings;
using Inferometer.Core;

namespace Inferometer.Cli.Tests.Settings;

public class EnvironmentCheckTests
{
    [Theory]
    [InlineData("INFEROMETER_EMIT", "vector")]
    [InlineData("INFEROMETER_EMIT", "1")]
    [InlineData("INFEROMETER_GPU", "emulate")]
    public void A_value_that_means_nothing_is_refused(string variable, string value)
    {
        InferometerException fault = Assert.Throws<InferometerException>(
            () => EnvironmentCheck.Require(name => string.Equals(name, variable, StringComparison.Ordinal) ? value : null));
        Assert.Contains(variable, fault.Message, StringComparison.Ordinal);
        Assert.Contains($"'{value}'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Allowed: ", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INFEROMETER_EMIT", "0")]
    [InlineData("INFEROMETER_EMIT", "vectors")]
    [InlineData("INFEROMETER_EMIT", "")]
    [InlineData("INFEROMETER_GPU", "emulated")]
    public void Others_are_taken(string variable, string value) =>
        EnvironmentCheck.Require(name => string.Equals(name, variable, StringComparison.Ordinal) ? value : null);
}
