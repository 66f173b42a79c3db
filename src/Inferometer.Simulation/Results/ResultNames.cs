using System.Text.Json;

namespace Inferometer.Simulation.Results;

/// <summary>Enumerations as results spell them: lower case with underscores.</summary>
internal static class ResultNames
{
    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
