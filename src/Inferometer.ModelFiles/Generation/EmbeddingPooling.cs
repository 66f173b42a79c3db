namespace Inferometer.ModelFiles.Generation;

/// <summary>How the hidden states of a text become one vector.</summary>
public enum EmbeddingPooling
{
    /// <summary>Mean over all tokens.</summary>
    Mean,

    /// <summary>The last token's state.</summary>
    Last,

    /// <summary>The first token's state (<c>cls</c>).</summary>
    Cls,
}
