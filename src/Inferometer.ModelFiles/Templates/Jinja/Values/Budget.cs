using System.Globalization;
using System.Runtime.CompilerServices;

namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>
/// What one rendering may still use: steps, text and list elements made, stack. Every loop of the interpreter counts here, so that a
/// hostile template ends early instead of running on.
/// </summary>
internal sealed class Budget(long steps, long size, CancellationToken cancellationToken)
{
    private const int StepsPerCancellationCheck = 1024;
    private const int CharactersPerStep = 64;

    private readonly long _allowedSteps = steps;
    private readonly long _allowedSize = size;
    private long _steps = steps;
    private long _size = size;
    private long _nextCheck = steps;

    /// <summary>Counts one step of the interpreter.</summary>
    public void Step()
    {
        if (--_steps < 0)
        {
            throw new JinjaException(string.Create(CultureInfo.InvariantCulture,
                $"more than {_allowedSteps} steps; the template runs too long."));
        }

        if (_steps <= _nextCheck)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _nextCheck = _steps - StepsPerCancellationCheck;
        }
    }

    /// <summary>Counts the work of going through a text of this length: a step for each 64 characters.</summary>
    public void Work(int length)
    {
        _steps -= length / CharactersPerStep;
        Step();
    }

    /// <summary>Counts characters or list elements before they are made.</summary>
    public void Take(long count)
    {
        if (count > _size)
        {
            throw new JinjaException(string.Create(CultureInfo.InvariantCulture,
                $"more than {_allowedSize} characters and list elements made; the template makes too much text."));
        }

        _size -= count;
    }

    /// <summary>
    /// Refuses to go deeper when the stack would run out: nested expressions, values within values, macros that call
    /// themselves.
    /// </summary>
    public static void Deepen()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new JinjaException("nested too deeply.");
        }
    }
}
