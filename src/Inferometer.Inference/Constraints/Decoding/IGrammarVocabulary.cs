namespace Inferometer.Inference.Constraints.Decoding;

/// <summary>What the making ready of a grammar asks of a vocabulary.</summary>
internal interface IGrammarVocabulary
{
    /// <summary>What messages call it.</summary>
    string Source { get; }

    /// <summary>Number of tokens.</summary>
    int Size { get; }

    /// <summary>Whether a token stands for a byte alone.</summary>
    bool HasByte(byte value);

    /// <summary>The control token of a text; null where there is none.</summary>
    int? ControlToken(string text);
}
