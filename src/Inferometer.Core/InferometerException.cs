namespace Inferometer.Core;

/// <summary>
/// An error a user can cause and mend: a wrong name, value, file or combination. The message says what was
/// wrong, which value, what is allowed and where it came from; it is meant to be shown as it is, without a stack trace.
/// </summary>
public class InferometerException : Exception
{
    /// <summary>Creates the error without a message; prefer the overloads with one.</summary>
    public InferometerException()
    {
    }

    /// <summary>Creates the error with the one line a user should read.</summary>
    public InferometerException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the error with the one line a user should read and the fault behind it.</summary>
    public InferometerException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
