using Inferometer.Cli.Models;
using Inferometer.Compression.Evaluation;
using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Cli.Compression;

/// <summary>A text file cut into token windows for a model.</summary>
/// <param name="File">The file, as the user named it.</param>
/// <param name="Tokens">All of its tokens.</param>
/// <param name="StartToken">The token every window begins with, or null.</param>
/// <param name="WindowTokens">Tokens of a window, the start token included.</param>
internal sealed record CalibrationText(string File, int[] Tokens, int? StartToken, int WindowTokens)
{
    private const int LongestWindow = 1024;

    /// <summary>Windows that the text fills.</summary>
    public int Available => Tokens.Length / (WindowTokens - (StartToken is null ? 0 : 1));

    /// <summary>Reads a text.</summary>
    /// <param name="file">The file.</param>
    /// <param name="location">The model's files, for the tokenizer.</param>
    /// <param name="model">The loaded model.</param>
    /// <param name="windowTokens">Tokens of a window; 0 = the model's longest context, at most 1024.</param>
    /// <exception cref="InferometerException">The text is too short for one window, or the window too long for the model.</exception>
    public static CalibrationText Read(string file, ModelLocation location, TransformerModel model, int windowTokens)
    {
        int window = windowTokens == 0 ? Math.Min(LongestWindow, model.ContextTokens) : windowTokens;
        if (window < 32 || window > model.ContextTokens)
        {
            throw new InferometerException($"--window-tokens: {window} is not allowed; {location.Name} takes 32 to {model.ContextTokens}.");
        }

        Tokenizer tokenizer = location.Files.Tokenizer;
        int[] tokens = tokenizer.Encode(System.IO.File.ReadAllText(file), addSpecial: false);
        CalibrationText text = new(file, tokens, tokenizer.AddsBos ? tokenizer.BosId : null, window);
        return text.Available >= 1
            ? text
            : throw new InferometerException($"{file}: {tokens.Length} tokens are too few; one window takes {window}.");
    }

    /// <summary>Some windows of the text, in order.</summary>
    public IReadOnlyList<int[]> Windows(int count, int first = 0) => TextWindows.Cut(Tokens, StartToken, WindowTokens, count, first);
}
