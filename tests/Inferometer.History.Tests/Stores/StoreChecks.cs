using Inferometer.Core;
using Inferometer.History.Records;
using Inferometer.History.Stores;

namespace Inferometer.History.Tests.Stores;

/// <summary>What holds for an empty store of any kind.</summary>
internal static class StoreChecks
{
    public static void Keeps(IRunStore store)
    {
        RunRecord first = SampleRuns.Bench([10, 11, 12], name: "first", tags: ["main", "nightly"]);
        RunRecord second = SampleRuns.Bench([20, 21, 22], minutes: 5, tags: ["main"], model: "Org/100%_Big.gguf");
        RunRecord predicted = (SampleRuns.Bench([19], minutes: 5) with { PredictionOf = second.Id, Arm = RunArm.Predicted }).Sealed();
        Assert.True(store.Add(first));
        Assert.True(store.Add(second));
        Assert.True(store.Add(predicted));
        Assert.False(store.Add(first));

        RunRecord back = store.Get(first.Id);
        Assert.Equal(first.Id, back.Sealed().Id);
        Assert.Equal((first.At, first.Name, first.Model), (back.At, back.Name, back.Model));
        Assert.Equal(["main", "nightly"], back.Tags);
        Assert.Equal(first.Series[0].Values, back.Series[0].Values);
        Assert.Equal(first.Machine, back.Machine);
        Assert.Equal(first.CommandLine, back.CommandLine);

        Lists(store, first, second, predicted);
        Refers(store, first, second);
    }

    /// <summary>The store holds all that <see cref="FirstVersion"/> wrote.</summary>
    public static void HoldsTheFirstVersion(IRunStore store)
    {
        Assert.Equal([FirstVersion.Ids[0]], store.List(new RunFilter()).Select(r => r.Id));
        RunRecord measured = store.Get(FirstVersion.Ids[0]), predicted = store.Get(FirstVersion.Ids[1]);
        Assert.Equal(("first", RunKind.Load, RunArm.Measured), (measured.Name, measured.Kind, measured.Arm));
        Assert.Equal(["nightly"], measured.Tags);
        Assert.Equal((12.5, "ttft_ms"), (measured.Metrics[0].Value, measured.Metrics[0].Series));
        Assert.Equal(FirstVersion.Samples, measured.Series[0].Values);
        Assert.Null(measured.Series[0].Axis);
        Assert.Null(measured.PartOf);
        Assert.Equal(measured.Id, predicted.PredictionOf);
        Assert.Equal(predicted.Id, Assert.Single(store.List(new RunFilter { PredictionOf = measured.Id })).Id);
    }

    /// <summary>Parts are kept with their whole and found by it alone; series know what they are over.</summary>
    public static void KeepsPartsAndAxes(IRunStore store)
    {
        int before = store.List(new RunFilter()).Count;
        RunRecord whole = (SampleRuns.Bench([1], minutes: 90) with
        {
            Kind = RunKind.LoadSweep,
            Series = [new RunSeries("tg128", "tokens/s", [1]), new("rate", "", [2, 4]), new("ttft_ms", "ms", [3, 9], "rate")],
        }).Sealed();
        RunRecord part = (SampleRuns.Bench([5], minutes: 91) with { PartOf = whole.Id }).Sealed();
        Assert.Equal(2, store.Add([whole, part]));
        Assert.Equal(0, store.Add([whole, part]));
        Assert.Equal(before + 1, store.List(new RunFilter()).Count);
        Assert.Equal([part.Id], store.List(new RunFilter { PartOf = whole.Id }).Select(r => r.Id));
        Assert.Equal(before + 2, store.List(new RunFilter { WithParts = true }).Count);
        Assert.Equal(whole.Id, RunReference.Find(store, "latest", "RUN").Id);
        Assert.Equal(whole.Id, RunReference.Find(store, part.ShortId, "RUN").PartOf);
        Assert.Equal([null, null, "rate"], store.Get(whole.Id).Series.Select(s => s.Axis));

        // All or none: what is not sealed keeps the others out.
        RunRecord third = SampleRuns.Bench([7], minutes: 92);
        Assert.Throws<ArgumentException>(() => store.Add([third, third with { Id = "" }]));
        Assert.Equal(before + 1, store.List(new RunFilter()).Count);
    }

    private static void Lists(IRunStore store, RunRecord first, RunRecord second, RunRecord predicted)
    {
        Assert.Equal([second.Id, first.Id], Ids(new RunFilter()));
        Assert.Equal(3, Ids(new RunFilter { WithPredictions = true }).Length);
        Assert.Equal([predicted.Id], Ids(new RunFilter { PredictionOf = second.Id }));
        Assert.Equal([second.Id], Ids(new RunFilter { Limit = 1 }));
        Assert.Equal([first.Id], Ids(new RunFilter { Limit = 1, Skip = 1 }));
        Assert.Equal([second.Id], Ids(new RunFilter { Model = "100%_big" }));
        Assert.Empty(Ids(new RunFilter { Model = "100__big" }));
        Assert.Equal([first.Id], Ids(new RunFilter { Tag = "nightly" }));
        Assert.Equal([first.Id], Ids(new RunFilter { Before = SampleRuns.Start.AddMinutes(1) }));
        Assert.Equal([second.Id], Ids(new RunFilter { Since = SampleRuns.Start.AddMinutes(1) }));
        Assert.Equal([second.Id, first.Id], Ids(new RunFilter { Kinds = [RunKind.Bench, RunKind.Load], Arm = RunArm.Measured }));
        Assert.Empty(Ids(new RunFilter { Kinds = [RunKind.Load] }));
        Assert.Equal([first.Id], Ids(new RunFilter { ConfigHash = first.Config.Hash }));
        Assert.All(store.List(new RunFilter()), run => Assert.Empty(run.Series));

        string[] Ids(RunFilter filter) => [.. store.List(filter).Select(r => r.Id)];
    }

    private static void Refers(IRunStore store, RunRecord first, RunRecord second)
    {
        Assert.Equal(second.Id, RunReference.Find(store, "latest", "RUN").Id);
        Assert.Equal(first.Id, RunReference.Find(store, "LATEST~1", "RUN").Id);
        Assert.Equal(first.Id, RunReference.Find(store, "first", "RUN").Id);
        Assert.Equal(second.Id, RunReference.Find(store, "main", "RUN").Id);
        Assert.Equal(first.Id, RunReference.Find(store, "main~1", "RUN").Id);
        Assert.Equal(second.Id, RunReference.Find(store, second.Id[..8].ToUpperInvariant(), "RUN").Id);
        foreach (string wrong in (string[])["latest~2", "latest~x", "~1", "", "nobody", second.Id[..3]])
        {
            Assert.StartsWith("RUN: ", Assert.Throws<InferometerException>(() => RunReference.Find(store, wrong, "RUN")).Message,
                StringComparison.Ordinal);
        }

        store.Label(second.Id, "renamed", ["late"]);
        Assert.Equal("renamed", store.Get(second.Id).Name);
        Assert.Equal(["late", "main"], store.Get(second.Id).Tags);
    }
}
