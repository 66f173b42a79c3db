using Inferometer.Serving.Arrivals;

namespace Inferometer.Benchmarks.Fidelity;

/// <summary>A workload that goes down both arms.</summary>
/// <param name="Model">Name of the model among <see cref="ArmModels"/>.</param>
/// <param name="Users">Users who ask again when they are answered; 0 = requests come at a rate.</param>
/// <param name="Rate">Requests a second where there are no users.</param>
/// <param name="Input">Prompt tokens, as <see cref="LengthDistribution.Parse"/> reads them.</param>
/// <param name="Output">Generated tokens, likewise.</param>
/// <param name="Requests">Requests in all.</param>
internal sealed record ArmWorkload(string Model, int Users, double Rate, string Input, string Output, int Requests)
{
    /// <summary>Those that are judged. No calibration has seen their models, lengths or batches.</summary>
    public static ArmWorkload[] Judged { get; } =
    [
        new("110M", 1, 0, "64", "64", 20),
        new("110M", 1, 0, "1024", "96", 8),
        new("110M", 2, 0, "2048", "48", 6),
        new("110M", 4, 0, "320", "64", 16),
        new("110M", 8, 0, "128", "64", 32),
        new("110M", 16, 0, "64", "48", 64),
        new("1.1B", 1, 0, "64", "24", 8),
        new("1.1B", 1, 0, "640", "12", 4),
        new("1.1B", 2, 0, "320", "24", 4),
        new("1.1B", 4, 0, "128", "24", 12),
        new("1.1B", 8, 0, "64", "20", 16),
        new("1.1B", 2, 0, "1536", "12", 4),
        new("tales-5m", 1, 0, "96", "128", 40),
        new("tales-5m", 8, 0, "192", "96", 64),
        new("110M", 0, 1.5, "uniform:128,384", "uniform:32,96", 40),
        new("110M", 0, 4, "uniform:64,192", "uniform:16,48", 80),
        new("1.1B", 0, 0.25, "uniform:64,192", "uniform:12,24", 14),
        new("tales-5m", 0, 12, "uniform:64,256", "uniform:32,128", 160),
    ];

    /// <summary>For people, and to choose by.</summary>
    public string Title => FormattableString.Invariant(
        $"{Model} {(Users > 0 ? $"{Users} users" : $"{Rate}/s")} {Input}+{Output}");

    /// <summary>The requests, the same each time.</summary>
    public GeneratedArrivals Source() => new(new TrafficOptions
    {
        Process = Users > 0 ? null : ArrivalProcess.Parse("poisson", Rate),
        Users = Users,
        Input = LengthDistribution.Parse(Input),
        Output = LengthDistribution.Parse(Output),
        Requests = Requests,
        Seed = 7,
    });
}
