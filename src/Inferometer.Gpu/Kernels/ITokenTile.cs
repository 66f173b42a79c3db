namespace Inferometer.Gpu.Kernels;

/// <summary>How many tokens a warp multiplies a row with while it has the row's weights in registers.</summary>
internal interface ITokenTile
{
    /// <summary>Tokens, at most four.</summary>
    static abstract int Tokens { get; }
}

/// <summary>One token: a decode of one sequence.</summary>
internal readonly struct OneToken : ITokenTile
{
    public static int Tokens => 1;
}

/// <summary>Four tokens: decodes of several sequences, and prompts.</summary>
internal readonly struct FourTokens : ITokenTile
{
    public static int Tokens => 4;
}
