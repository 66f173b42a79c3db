using System.Globalization;
using System.Text;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Reports.Documents;

namespace Inferometer.Cli.Generation;

/// <summary>Writes a stream as it comes: running text, or a line per token with its probability.</summary>
/// <param name="output">Where to.</param>
/// <param name="tokenizer">Names tokens.</param>
internal sealed class TokenPrinter(TextWriter output, Tokenizer tokenizer)
{
    private readonly StringBuilder _text = new();
    private bool _lineIsOpen;

    /// <summary>All text so far.</summary>
    public string Text => _text.ToString();

    /// <summary>The last update, with reason and usage; null until it came.</summary>
    public GenerationUpdate? Last { get; private set; }

    /// <summary>Writes what an update completed.</summary>
    public void Write(GenerationUpdate update)
    {
        _text.Append(update.Text);
        if (update.LogProbabilities is { } logs)
        {
            output.WriteLine(Line(logs));
        }
        else if (update.Text.Length > 0 && Last is null)
        {
            output.Write(update.Text);
            output.Flush();
            _lineIsOpen = update.Text[^1] != '\n';
        }

        Last = update.Usage is null ? null : update;
    }

    /// <summary>Ends the line that is open, if any.</summary>
    public void EndLine()
    {
        if (_lineIsOpen)
        {
            output.WriteLine();
            _lineIsOpen = false;
        }

        output.Flush();
    }

    /// <summary>A token's text in quotes, with line ends and other invisible characters written out.</summary>
    public string Quoted(int token)
    {
        string text = tokenizer.IsControl(token) ? tokenizer.TokenText(token) : tokenizer.Decode([token], isContinuation: true);
        return VisibleText.Of(text);
    }

    private string Line(TokenLogProbabilities logs)
    {
        string top = string.Join("  ", logs.Top.Select(t => $"{Quoted(t.TokenId)} {Percent(t.LogProbability)}"));
        return $"{Percent(logs.Chosen.LogProbability),7}  {Quoted(logs.Chosen.TokenId),-18}{(top.Length > 0 ? "  " + top : "")}";
    }

    private static string Percent(double logProbability) =>
        (100 * Math.Exp(logProbability)).ToString("0.0", CultureInfo.InvariantCulture) + "%";
}
