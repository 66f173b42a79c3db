namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Sizes beyond which a field is taken for an error: at least a hundred times what any published model has.</summary>
internal static class Limits
{
    public const int Width = 1 << 22;
    public const int Inner = 1 << 24;
    public const int Vocabulary = 1 << 26;
    public const int Layers = 1 << 14;
    public const int Heads = 1 << 16;
    public const int HeadDim = 1 << 16;
    public const int Experts = 1 << 16;
}
