using System.Reflection;
using Inferometer.Core.Origins;

namespace Inferometer.Core.Tests.Origins;

public sealed class OriginTests
{
    private static MeasurementSource Source { get; } = new("a laptop", DateTimeOffset.UnixEpoch, 3);

    [Theory]
    [InlineData(typeof(Measured<double>))]
    [InlineData(typeof(Predicted<double>))]
    public void Neither_converts_to_the_other_nor_to_or_from_a_bare_value(Type type)
    {
        string[] operators =
            [.. type.GetMethods(BindingFlags.Public | BindingFlags.Static).Select(m => m.Name)
                .Where(n => n is "op_Implicit" or "op_Explicit")];
        Assert.Empty(operators);
        Type other = type == typeof(Measured<double>) ? typeof(Predicted<double>) : typeof(Measured<double>);
        Assert.False(type.IsAssignableFrom(other));
        Assert.DoesNotContain(type.GetConstructors(), c => c.GetParameters().Any(p => p.ParameterType == other));
        Assert.Equal(typeof(object), type.BaseType);
    }

    [Fact]
    public void A_part_keeps_the_origin_of_the_whole()
    {
        Measured<string> measured = new("four", Source);
        Assert.Equal(new Measured<int>(4, Source), measured.Select(v => v.Length));
        Predicted<string> predicted = new("four", "roofline", new("one", "eleven"));
        Assert.Equal(new Predicted<int>(4, "roofline", new(3, 6)), predicted.Select(v => v.Length));
        Assert.Null(new Predicted<string>("four", "roofline").Select(v => v.Length).Range);
    }

    [Fact]
    public void An_origin_that_says_nothing_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new MeasurementSource(" ", DateTimeOffset.UnixEpoch, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MeasurementSource("a laptop", DateTimeOffset.UnixEpoch, -1));
        Assert.Throws<ArgumentException>(() => new Predicted<double>(1, ""));
    }
}
