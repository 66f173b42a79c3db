using Inferometer.Compression.Evaluation;
using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Measurement.Evaluation;

/// <summary>A text file cut into token windows for a model.</summary>
/// <param name="File">The file, as the user named it.</param>
/// <param name="Tokens">All of its tokens.</param>
/// <param name="StartToken">The token every window begins with, or null.</param>
/// <param name="WindowTokens">Tokens of a window, the start token included.</param>
public sealed record CalibrationText(string File, int[] Tokens, int? StartToken, int WindowTokens)
{
    private const int LeastWindow = 32;
    private const int LongestWindow = 1024;

    /// <summary>Windows that the text fills.</summary>
    public int Available => Tokens.Length / (WindowTokens - (StartToken is null ? 0 : 1));

    /// <summary>Reads a text.</summary>
    /// <param name="file">The file, UTF-8.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="model">The loaded model.</param>
    /// <param name="windowTokens">Tokens of a window; 0 = the model's longest context, at most 1024.</param>
    /// <exception cref="InferometerException">The file cannot be read, is too short for one window, or the window is too long for the
    /// model.</exception>
    public static CalibrationText Read(string file, Tokenizer tokenizer, TransformerModel model, int windowTokens)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(model);
        int window = windowTokens == 0 ? Math.Min(LongestWindow, model.ContextTokens) : windowTokens;
        if (window < LeastWindow || window > model.ContextTokens)
        {
            throw new InferometerException(
                $"windows of {window} tokens are not possible; the model takes {LeastWindow} to {model.ContextTokens}.");
        }

        int[] tokens = tokenizer.Encode(ReadAll(file), addSpecial: false);
        CalibrationText text = new(file, tokens, tokenizer.AddsBos ? tokenizer.BosId : null, window);
        return text.Available >= 1
            ? text
            : throw new InferometerException($"{file}: {tokens.Length} tokens are too few; one window takes {window}.");
    }

    /// <summary>Some windows of the text, in order.</summary>
    /// <param name="count">How many.</param>
    /// <param name="first">The first of them, from 0.</param>
    public IReadOnlyList<int[]> Windows(int count, int first = 0) => TextWindows.Cut(Tokens, StartToken, WindowTokens, count, first);

    private static string ReadAll(string file)
    {
        try
        {
            return System.IO.File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException($"{file}: cannot be read: {FileFault.Describe(error, file)}", error);
        }
    }
}
