using Inferometer.Cli.Output;

namespace Inferometer.Cli.Generation;

/// <summary>
/// Shows reasoning on standard error, so that a pipe gets the answer alone: dimmed where a person sits there, and with an empty line
/// between it and the answer.
/// </summary>
internal sealed class ReasoningPrinter(Printer printer)
{
    private const string Dim = "\u001b[2m", Plain = "\u001b[0m";
    private readonly bool _isDimmed = printer.ErrorIsTerminal && Terminal.ShowsColour();
    private bool _isOpen;

    /// <summary>Writes a piece.</summary>
    public void Write(string text)
    {
        if (!_isOpen && _isDimmed)
        {
            printer.Error.Write(Dim);
        }

        _isOpen = true;
        printer.Error.Write(text);
        printer.Error.Flush();
    }

    /// <summary>Ends the reasoning, if any was shown.</summary>
    public void End()
    {
        if (_isOpen)
        {
            printer.Error.Write(_isDimmed ? Plain : "");
            printer.Error.WriteLine();
            printer.Error.WriteLine();
            printer.Error.Flush();
            _isOpen = false;
        }
    }
}
