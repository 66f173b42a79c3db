using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.History.Records;
using Inferometer.History.Stores;

// STORE WRITER COUNT: writes so many runs, and says the id of each on a line of its own once the store has acknowledged it.
using IRunStore store = RunStores.Open(StoreLocation.Parse(args[0], "STORE")!);
int count = int.Parse(args[2], CultureInfo.InvariantCulture);
using Stream output = Console.OpenStandardOutput();
for (int number = 0; number < count; number++)
{
    double[] values = [.. Enumerable.Range(0, 64).Select(i => number + (i / 64.0))];
    RunRecord run = new RunRecord
    {
        Kind = RunKind.Bench,
        Arm = RunArm.Measured,
        At = DateTimeOffset.UnixEpoch.AddMilliseconds(number),
        Model = args[1],
        On = "a processor",
        Config = RunConfig.Of(new JsonObject { ["writer"] = args[1], ["number"] = number }),
        Product = "test",
        Metrics = [new RunMetric { Key = "rate", Name = "rate", Unit = "tokens/s", Better = Better.Higher, Value = number,
            Series = "rate" }],
        Series = [new RunSeries("rate", "tokens/s", values), new RunSeries("other", "", values)],
        Tags = [args[1]],
    }.Sealed();
    store.Add(run);
    output.Write(System.Text.Encoding.ASCII.GetBytes(run.Id + "\n"));
    output.Flush();
}
