using System.CommandLine;
using System.Text.Json.Nodes;
using Inferometer.Core;

namespace Inferometer.Cli.Settings;

/// <summary>The machines of an estimate: names, or the figures of one of the user's own.</summary>
internal sealed class SystemOption : Option<JsonNode[]>, IDeclared
{
    /// <summary>Declares the option.</summary>
    public SystemOption()
        : base("--on")
    {
        HelpName = "SYSTEM";
        Arity = ArgumentArity.ExactlyOne;
        Description = ((IDeclared)this).Describe();
        Domain<JsonNode> domain = new("SYSTEM", null, Read);
        CustomParser = result =>
        {
            List<JsonNode> systems = [];
            string given = result.Tokens[0].Value;

            // Figures have commas of their own.
            foreach (string part in given.Contains('=', StringComparison.Ordinal) || given.TrimStart().StartsWith('{')
                ? [given]
                : given.Split(',', StringSplitOptions.TrimEntries))
            {
                if (!domain.TryParse(result, part, Name, out JsonNode system))
                {
                    break;
                }

                systems.Add(system);
            }

            return [.. systems];
        };
    }

    /// <inheritdoc/>
    public string Meaning => "Machine: a name from 'inferometer hardware', so many of it that share every layer (8xh200, as --tp 8), a "
        + ".json file, unequal devices in one machine (rtx5090+rtx3090), or figures of your own, "
        + "flops=..,memory_size=..,memory_bw=..,icn=.. in TFLOPS, GB, GB/s and GB/s, or the same as a JSON object.";

    /// <inheritdoc/>
    public string? Range => null;

    /// <inheritdoc/>
    public string? Default => null;

    /// <summary>The machines given; empty where the option was not.</summary>
    public JsonNode[] Of(ParseResult parsed) => parsed.IsGiven(this) ? parsed.GetValue(this)! : [];

    private static JsonNode Read(string text, string origin) =>
        text.Contains('=', StringComparison.Ordinal) || text.TrimStart().StartsWith('{')
        ? ParameterText.ParseSystem(text, origin)
        : string.IsNullOrWhiteSpace(text)
            ? throw new InferometerException($"{origin}: the name is empty; 'inferometer hardware' lists the known ones.")
            : JsonValue.Create(text);
}
