using Inferometer.History.Records;
using Inferometer.History.Stores;

namespace Inferometer.History.Tests.Stores;

/// <summary>Processes that write are killed at any moment: nothing that was acknowledged is lost, and nobody sees half a run.</summary>
public sealed class DurabilityTests : IDisposable
{
    private const int Kills = 200;
    private const int AtOnce = 4;
    private const int Endless = 1_000_000;

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Two_hundred_kills_lose_nothing()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        string file = _folder.File("history.db");
        List<string> acknowledged = [];
        Random random = new(1);
        for (int killed = 0; killed < Kills; killed += AtOnce)
        {
            WriterProcess[] writers = [.. Enumerable.Range(killed, AtOnce).Select(n => new WriterProcess(file, $"writer-{n}", Endless))];
            try
            {
                // The last ones are killed while they start and migrate, the others in the midst of writing.
                await Task.WhenAny(writers.Select(w => w.BegunAsync(token)));
                foreach (WriterProcess writer in writers)
                {
                    await Task.Delay(random.Next(12), token);
                    acknowledged.AddRange(await writer.KillAsync(token));
                }
            }
            finally
            {
                foreach (WriterProcess writer in writers)
                {
                    writer.Dispose();
                }
            }
        }

        using IRunStore store = RunStores.Open(StoreLocation.OfFile(file));
        IReadOnlyList<RunRecord> kept = store.List(new RunFilter());
        Assert.True(acknowledged.Count >= Kills, $"only {acknowledged.Count} runs were acknowledged");
        Assert.Empty(acknowledged.Except(kept.Select(r => r.Id)));

        // Whole: the id is the SHA-256 of what is there, both series included, and the tag of the same transaction is on it.
        Assert.All(kept, run =>
        {
            Assert.Equal(2, store.Get(run.Id).Series.Count);
            Assert.Equal([run.Model], run.Tags);
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"{acknowledged.Count} acknowledged, {kept.Count} kept");
    }

    [Fact]
    public async Task Two_processes_write_at_once()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        string file = _folder.File("history.db");
        using WriterProcess one = new(file, "one", 100), other = new(file, "other", 100);
        string[] ids = [.. await one.EndAsync(token), .. await other.EndAsync(token)];
        Assert.Equal(("", ""), (one.Errors, other.Errors));
        using IRunStore store = RunStores.Open(StoreLocation.OfFile(file));
        Assert.Equal(200, ids.Length);
        Assert.Equal(ids.Order(), store.List(new RunFilter()).Select(r => r.Id).Order());
    }
}
