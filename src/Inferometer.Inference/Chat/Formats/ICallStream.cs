namespace Inferometer.Inference.Chat.Formats;

/// <summary>Reads calls while they are being written, one section of calls by one reader.</summary>
internal interface ICallStream
{
    /// <summary>The place in the section up to which everything has been given out.</summary>
    int Position { get; }

    /// <summary>Reads on.</summary>
    /// <param name="section">All of the section so far: what was there before, and more.</param>
    void Read(ReadOnlySpan<char> section);
}
