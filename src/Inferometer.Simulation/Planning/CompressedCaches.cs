namespace Inferometer.Simulation.Planning;

/// <summary>How compressed caches of keys and values are named, alike where one is predicted and where one is run.</summary>
public static class CompressedCaches
{
    /// <summary>What can be written, as placeholder in help.</summary>
    public const string Help = "q8|q4|low|med|high|FILE[:LEVEL]";

    /// <summary>What can be written, in words.</summary>
    public const string Allowed = "q8, q4, low, med or high (levels of the profile beside the model), or a profile, FILE or FILE:LEVEL";

    private static readonly string[] s_words = ["q8", "q4", "low", "med", "high"];

    /// <summary>The name as the readers of profiles know it; null where the text names no compressed cache.</summary>
    /// <remarks>
    /// A name with a folder, an ending or a level is a file's, whether it is there or not: what is wrong with it is said where it is read.
    /// </remarks>
    public static string? Find(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool isFile = text.AsSpan().IndexOfAny(":/.") >= 0 || (text.Length > 0 && Path.Exists(text));
        return s_words.FirstOrDefault(word => string.Equals(word, text, StringComparison.OrdinalIgnoreCase)) ?? (isFile ? text : null);
    }
}
