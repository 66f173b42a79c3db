namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>What one rendering may use. The defaults are some hundred times what a long conversation with many tools needs.</summary>
/// <param name="Steps">Expressions, statements and elements gone through.</param>
/// <param name="Size">Characters and list elements made, intermediate ones included.</param>
/// <param name="OutputLength">Characters of the result.</param>
internal sealed record JinjaLimits(long Steps, long Size, int OutputLength)
{
    public static readonly JinjaLimits Default = new(20_000_000, 1L << 27, 1 << 25);
}
