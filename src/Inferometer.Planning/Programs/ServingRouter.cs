using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Planning.Programs;

/// <summary>
/// The program that stands before replicas that read prompts or decode alone. <c>{url}</c> in its words stands for a replica,
/// <c>{n}</c> for a number.
/// </summary>
public sealed record ServingRouter
{
    /// <summary>Name of the program, for people.</summary>
    public required string Program { get; init; }

    /// <summary>Where its flags are documented.</summary>
    public required string Source { get; init; }

    /// <summary>The command before its flags.</summary>
    public required EquatableList<string> Command { get; init; }

    /// <summary>Words that say over how many devices attention is spread by requests; empty = it need not know.</summary>
    public required EquatableList<string> AttentionData { get; init; }

    /// <summary>Words for a replica that reads prompts.</summary>
    public required EquatableList<string> Prefill { get; init; }

    /// <summary>Words for a replica that decodes.</summary>
    public required EquatableList<string> Decode { get; init; }

    /// <summary>Words that say where it listens.</summary>
    public required EquatableList<string> Listen { get; init; }

    /// <summary>Port it listens on.</summary>
    public required int Port { get; init; }

    /// <summary>Container images by vendor of the workers' devices.</summary>
    public required IReadOnlyDictionary<string, string> Images { get; init; }

    /// <summary>Program and arguments, one each.</summary>
    /// <param name="prefill">Addresses of the replicas that read prompts, <c>http://host:port</c>.</param>
    /// <param name="decode">Addresses of those that decode.</param>
    /// <param name="attentionData">Devices over which each spreads attention by requests; 1 = it does not.</param>
    public EquatableList<string> Arguments(IEnumerable<string> prefill, IEnumerable<string> decode, int attentionData)
    {
        ArgumentNullException.ThrowIfNull(prefill);
        ArgumentNullException.ThrowIfNull(decode);
        return
        [
            .. Command,
            .. attentionData > 1 ? Numbered(AttentionData, attentionData) : [],
            .. prefill.SelectMany(url => Addressed(Prefill, url)),
            .. decode.SelectMany(url => Addressed(Decode, url)),
            .. Numbered(Listen, Port),
        ];
    }

    private static IEnumerable<string> Addressed(EquatableList<string> words, string url) =>
        words.Select(w => w.Replace("{url}", url, StringComparison.Ordinal));

    private static IEnumerable<string> Numbered(EquatableList<string> words, int number) =>
        words.Select(w => w.Replace("{n}", number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
}
