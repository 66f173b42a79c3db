namespace Inferometer.Server.OpenAi;

/// <summary>What a piece of a streamed answer brings.</summary>
internal enum DeltaKind
{
    /// <summary>Text.</summary>
    Text,

    /// <summary>Reasoning.</summary>
    Reasoning,

    /// <summary>A call: its id and name.</summary>
    Call,

    /// <summary>Arguments of the call before, or a piece of them.</summary>
    Arguments,

    /// <summary>The end.</summary>
    End,
}
