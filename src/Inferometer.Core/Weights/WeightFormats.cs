using Inferometer.Core.Deployments;

namespace Inferometer.Core.Weights;

/// <summary>
/// Every format of weights that can be named: plain types, what inference engines quantise to, and the mixes of GGUF files. Thread-safe.
/// </summary>
public static class WeightFormats
{
    private static readonly Lazy<IReadOnlyList<WeightFormat>> Formats =
        new(() => [.. Plain(), .. FormatFiles.Engines(), .. FormatFiles.Mixes()]);

    /// <summary>All of them: plain types, engines' formats, mixes.</summary>
    public static IReadOnlyList<WeightFormat> All => Formats.Value;

    /// <summary>The scheme under a name; case and the separators <c>-</c> and <c>_</c> do not count.</summary>
    /// <param name="text">The name as a user wrote it.</param>
    /// <param name="origin">Where it stands, for the error and for <see cref="WeightScheme.Origin"/>.</param>
    /// <exception cref="InferometerException">There is no such format.</exception>
    public static WeightScheme Find(string text, string origin) => TryFind(text, origin) ?? throw new InferometerException(
        $"{origin}: '{text}' is not a known format of weights.{NameSuggestion.For(text, All.Select(f => f.Name))} "
            + $"Allowed: {string.Join(", ", All.Select(f => f.Name))}.");

    /// <summary>As <see cref="Find"/>, but null where there is no such format.</summary>
    /// <param name="text">The name as a user wrote it.</param>
    /// <param name="origin">Where it stands.</param>
    public static WeightScheme? TryFind(string text, string origin)
    {
        ArgumentNullException.ThrowIfNull(text);
        string key = Key(text);
        foreach (WeightFormat format in All)
        {
            if (string.Equals(Key(format.Name), key, StringComparison.Ordinal))
            {
                return format.Create!(origin);
            }

            if (format.Aliases.FirstOrDefault(a => string.Equals(Key(a), key, StringComparison.Ordinal)) is { } alias)
            {
                WeightScheme scheme = format.Create!(origin);
                bool handmade = alias.StartsWith("ud_", StringComparison.Ordinal) || alias.EndsWith("_xl", StringComparison.Ordinal);
                return handmade
                    ? scheme with
                    {
                        Note = $"'{alias}' mixes are chosen tensor by tensor for each model, by no public rule: priced as {format.Name}; "
                            + "the .gguf file itself is counted exactly.",
                    }
                    : scheme;
            }
        }

        return null;
    }

    /// <summary>The scheme of a checkpoint in one plain type.</summary>
    /// <param name="type">The type.</param>
    /// <param name="origin">Where that is said.</param>
    public static WeightScheme Of(Precision type, string origin)
    {
        ArgumentNullException.ThrowIfNull(type);
        bool wide = type.BitsPerElement >= 16;
        return new UniformScheme { Name = type.Name, Origin = origin, Main = type, Compute = wide ? type : Precision.Bf16 };
    }

    private static IEnumerable<WeightFormat> Plain() => new[]
    {
        (Precision.Bf16, new[] { "bfloat16" }, "bfloat16"),
        (Precision.Fp16, ["f16", "float16", "half"], "16-bit IEEE floats"),
        (Precision.Fp32, ["f32", "float32", "float"], "32-bit IEEE floats"),
        (Precision.Parse("tf32", "formats"), [], "32-bit floats, multiplied as TensorFloat-32"),
    }.Select(p => new WeightFormat(p.Item1.Name, "plain", p.Item1, p.Item3 + " throughout", "IEEE 754; the type's own definition")
    {
        Aliases = [.. p.Item2],
        Create = origin => Of(p.Item1, origin),
    });

    private static string Key(string text) =>
        text.Trim().ToLowerInvariant().Replace("-", "_", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal);
}
