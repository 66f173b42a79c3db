namespace Inferometer.Core.Models.HuggingFace;

internal static class Towers
{
    public static IEnumerable<SidePart> Of(JsonFields outer, int hidden) => [];

    public static IEnumerable<string> LeftOut(JsonFields outer) => [];
}
