namespace Inferometer.Core.Weights;

/// <summary>Parts of a model whose formats are told apart on pages and in settings.</summary>
public enum WeightPart
{
    /// <summary>Token and position tables.</summary>
    Embeddings,

    /// <summary>LM head.</summary>
    Head,

    /// <summary>Token mixers: attention and recurrences.</summary>
    Attention,

    /// <summary>Dense feed-forward networks.</summary>
    FeedForward,

    /// <summary>Routed experts.</summary>
    Experts,

    /// <summary>Shared experts.</summary>
    SharedExperts,

    /// <summary>Routers.</summary>
    Router,

    /// <summary>Norms, biases and other vectors.</summary>
    Norms,

    /// <summary>Towers and side parts, and what a file holds beside the network.</summary>
    Other,
}
