using Inferometer.Compression.Evaluation;
using Inferometer.Core;

namespace Inferometer.Compression.Tests.Evaluation;

/// <summary>Quality of the settings named in docs/compression.md, on the text and in the windows of the model's own reference.</summary>
public sealed class CompressionEvaluationTests(Tales tales) : IClassFixture<Tales>
{
    [Fact]
    public void Rotated_quantisation_keeps_quality_on_held_out_text()
    {
        IReadOnlyList<CacheQuality> quality = CompressionEvaluation.Measure(
            tales.Model, tales.Windows("heldout.txt", 1024, 8),
            [KvCompression.RotatedQuantization(tales.Model, 8), KvCompression.RotatedQuantization(tales.Model, 4)],
            TestContext.Current.CancellationToken);
        foreach (CacheQuality each in quality)
        {
            TestContext.Current.TestOutputHelper!.WriteLine(each.ToString());
        }

        Assert.Equal(8184, quality[0].TokensScored);
        Assert.Equal(43.859, quality[0].ExactPerplexity, 0.02); // float64 reference of the model
        Assert.InRange(quality[0].PerplexityIncrease, -0.001, 0.001);
        Assert.InRange(quality[0].TopOneAgreement, 0.99, 1);
        Assert.InRange(quality[0].Saved, 0.46, 0.47);
        Assert.InRange(quality[1].PerplexityIncrease, -0.001, 0.015);
        Assert.InRange(quality[1].Saved, 0.70, 0.72);
    }

    [Fact]
    public void A_short_text_and_unequal_windows_are_refused()
    {
        Assert.Contains("there are 3", Assert.Throws<InferometerException>(() => TextWindows.Cut([1, 2, 3], 1, 4, 2)).Message, StringComparison.Ordinal);
        Assert.Throws<InferometerException>(() => CompressionEvaluation.Measure(tales.Model, [[1, 2, 3], [1, 2]], [], TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Windows_follow_each_other_and_start_with_the_start_token()
    {
        IReadOnlyList<int[]> windows = TextWindows.Cut([5, 6, 7, 8, 9, 10], 1, 3, 2, firstWindow: 1);
        Assert.Equal<int[]>([1, 7, 8], windows[0]);
        Assert.Equal<int[]>([1, 9, 10], windows[1]);
    }
}
