namespace Inferometer.ModelFiles.Tokenization;

/// <summary>What a vocabulary entry stands for; the values are those of <c>tokenizer.ggml.token_type</c> in GGUF.</summary>
public enum TokenKind
{
    /// <summary>A piece of ordinary text.</summary>
    Normal = 1,

    /// <summary>The stand-in for text the vocabulary cannot express.</summary>
    Unknown = 2,

    /// <summary>A marker for the model (begin, end, turn): never printed, matched in text only on request.</summary>
    Control = 3,

    /// <summary>Text that is always matched whole, before the model splits the rest.</summary>
    UserDefined = 4,

    /// <summary>A reserved place nothing is mapped to.</summary>
    Unused = 5,

    /// <summary>One raw byte, written <c>&lt;0xNN&gt;</c>.</summary>
    Byte = 6,
}
