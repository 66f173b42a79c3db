using System.Text.RegularExpressions;

namespace Inferometer.Core.Weights;

/// <summary>
/// A list of module names as quantisation tools write them: whole names or parts between dots (<c>lm_head</c>, <c>mlp.gate</c>), names with
/// stars (modelopt), and regular expressions after <c>re:</c> (compressed-tensors). Not thread-safe: it remembers what it found.
/// </summary>
internal sealed class ModulePatterns
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly List<(string Text, Regex? Pattern)> _anyLayer = [];
    private readonly List<(string Text, Regex? Pattern)> _oneLayer = [];
    private readonly Dictionary<WeightKind, bool> _found = [];
    private readonly bool _linear;

    public ModulePatterns(IReadOnlyList<string> names)
    {
        foreach (string name in names)
        {
            if (name is "Linear")
            {
                _linear = true;
                continue;
            }

            Regex? pattern = Pattern(name);
            // What holds no digit says the same of every layer, and is asked once for each kind of tensor.
            (name.Any(char.IsAsciiDigit) ? _oneLayer : _anyLayer).Add((name, pattern));
        }
    }

    public bool Match(in WeightTensor tensor)
    {
        if (_linear)
        {
            return true;
        }

        if (!_found.TryGetValue(tensor.Kind, out bool found))
        {
            found = _anyLayer.Count > 0 && Any(_anyLayer, ModuleNames.Of(tensor));
            _found[tensor.Kind] = found;
        }

        return found || (_oneLayer.Count > 0 && Any(_oneLayer, ModuleNames.Of(tensor)));
    }

    private static bool Any(List<(string Text, Regex? Pattern)> patterns, IReadOnlyList<string> names)
    {
        foreach ((string text, Regex? pattern) in patterns)
        {
            foreach (string name in names)
            {
                if (pattern is null ? IsPart(text, name) : IsMatch(pattern, name))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool IsMatch(Regex pattern, string name)
    {
        try
        {
            return pattern.IsMatch(name);
        }
        catch (RegexMatchTimeoutException error)
        {
            throw new InferometerException($"quantization_config: the pattern '{pattern}' takes too long to match.", error);
        }
    }

    private static Regex? Pattern(string name)
    {
        bool written = name.StartsWith("re:", StringComparison.Ordinal);
        if (!written && !name.Contains('*', StringComparison.Ordinal))
        {
            return null;
        }

        string text = written
            ? $"^(?:{name[3..]})"
            : $@"(?:^|\.){Regex.Escape(name).Replace(@"\*", ".*", StringComparison.Ordinal)}(?:$|\.)";
        try
        {
            return new Regex(text, RegexOptions.CultureInvariant, Patience);
        }
        catch (ArgumentException error)
        {
            throw new InferometerException($"quantization_config: '{name}' is not a sound pattern of module names: {error.Message}", error);
        }
    }

    private static bool IsPart(string text, string name)
    {
        int at = name.IndexOf(text, StringComparison.Ordinal);
        while (at >= 0)
        {
            int end = at + text.Length;
            if ((at == 0 || name[at - 1] == '.') && (end == name.Length || name[end] == '.'))
            {
                return true;
            }

            at = name.IndexOf(text, at + 1, StringComparison.Ordinal);
        }

        return false;
    }
}
