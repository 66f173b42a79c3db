using Inferometer.Compression.Evaluation;
using Inferometer.Core;
using Inferometer.Inference.Execution;
using Inferometer.Inference.Tokenization;

namespace Inferometer.Cli.Models;

/// <summary>Texts cut into windows long enough that most of a window is read from compressed blocks.</summary>
internal sealed class CompressionText(ModelLocation location, TransformerModel model)
{
    private const int DefaultWindowTokens = 512;
    private const int LeastWindowTokens = 64;

    private readonly Tokenizer _tokenizer = location.ReadTokenizer();

    /// <summary>As many windows as the text fills, up to a number.</summary>
    /// <param name="file">A text in UTF-8.</param>
    /// <param name="most">Most windows.</param>
    /// <param name="least">Fewest.</param>
    /// <param name="windowTokens">Tokens of a window; 0 for the default.</param>
    /// <exception cref="InferometerException">The file cannot be read or is too short.</exception>
    public IReadOnlyList<int[]> Windows(string file, int most, int least, int windowTokens = 0)
    {
        int length = windowTokens > 0 ? windowTokens : Math.Min(DefaultWindowTokens, model.ContextTokens);
        if (length < LeastWindowTokens || length > model.ContextTokens)
        {
            throw new InferometerException($"windows of {length} tokens: allowed are {LeastWindowTokens} to {model.ContextTokens}.");
        }

        int? start = _tokenizer.AddsBos ? _tokenizer.BosId : null;
        int[] tokens = _tokenizer.Encode(File.ReadAllText(file), addSpecial: false);
        int windows = Math.Min(most, tokens.Length / (length - (start is null ? 0 : 1)));
        return windows >= least
            ? TextWindows.Cut(tokens, start, length, windows)
            : throw new InferometerException($"{file}: {tokens.Length} tokens do not fill {least} window{(least == 1 ? "" : "s")} of {length}.");
    }
}
