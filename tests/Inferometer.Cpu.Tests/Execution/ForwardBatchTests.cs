using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.ReferenceModels;
using Inferometer.Runners;

namespace Inferometer.Cpu.Tests.Execution;

public sealed class ForwardBatchTests
{
    [Fact]
    public void Counts_follow_what_is_added_and_clearing_forgets_it()
    {
        ForwardBatch batch = new();
        batch.Add(new[] { 1, 2, 3 }, 0, new[] { 0 }, logitRows: 2);
        batch.Add(new[] { 4 }, 7, new[] { 1 }, logitRows: 0);
        Assert.Equal((2, 4, 2), (batch.Count, batch.TokenCount, batch.LogitRowCount));
        Assert.Equal(7, batch[1].PastTokens);
        batch.Clear();
        Assert.Equal((0, 0, 0), (batch.Count, batch.TokenCount, batch.LogitRowCount));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch[0]);
    }

    [Fact]
    public void A_slice_without_tokens_or_with_more_logits_than_tokens_is_refused()
    {
        ForwardBatch batch = new();
        Assert.Throws<ArgumentException>(() => batch.Add(default, 0, new[] { 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Add(new[] { 1 }, 0, new[] { 0 }, logitRows: 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Add(new[] { 1 }, -1, new[] { 0 }));
        Assert.Equal(0, batch.Count);
    }

    [Theory]
    [InlineData(99, 0, 0, "token 99; the vocabulary has 80")]
    [InlineData(5, 20, 0, "needs 2 cache blocks; its table has 1")]
    [InlineData(5, 0, 6, "names cache block 6; the cache has 4")]
    [InlineData(5, 256, 0, "257 tokens long; the model was loaded for 256")]
    public void A_step_with_an_index_out_of_range_is_refused_before_it_runs(int token, int past, int block, string message)
    {
        using TemporaryFolder folder = new();
        using TransformerModel model = TransformerModel.Load(
            TinyModel.Create("llama").WriteFolder(folder), new LoadOptions { Threads = 1 }, null, TestContext.Current.CancellationToken);
        using PagedKvCache cache = model.CreateCache(4);
        ForwardBatch batch = new();
        batch.Add(new[] { token }, past, new[] { block });
        ArgumentException error = Assert.Throws<ArgumentException>(() => model.Forward(batch, cache, new float[80]));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, model.Statistics.Steps);
    }
}
