using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Planning.Demand;

/// <summary>
/// What is asked of a service: by users, each of whom asks again when answered, or at a rate, whatever becomes of the requests before.
/// Exactly one of <see cref="Users"/> and <see cref="RequestsPerSecond"/> is above 0. Immutable.
/// </summary>
public sealed record ServiceDemand
{
    private const int Drawn = 1000;

    /// <summary>Users of a closed loop; 0 in an open one.</summary>
    public int Users { get; init; }

    /// <summary>Requests a second of an open loop; 0 in a closed one.</summary>
    public double RequestsPerSecond { get; init; }

    /// <summary>How arrivals at a rate are spread, as <see cref="ArrivalProcess.Parse"/> reads it.</summary>
    public string Spread { get; init; } = "poisson";

    /// <summary>From an answer to the same user's next question.</summary>
    public ThinkTime Think { get; init; } = ThinkTime.None;

    /// <summary>Prompt tokens beside <see cref="SharedPrefixTokens"/>.</summary>
    public LengthDistribution Input { get; init; } = LengthDistribution.Fixed(2048);

    /// <summary>Generated tokens.</summary>
    public LengthDistribution Output { get; init; } = LengthDistribution.Fixed(256);

    /// <summary>Pairs of lengths that were seen, in place of <see cref="Input"/> and <see cref="Output"/>; null = none.</summary>
    public LengthPairs? Pairs { get; init; }

    /// <summary>Tokens that all prompts begin with, computed once and kept in the cache.</summary>
    public int SharedPrefixTokens { get; init; }

    /// <summary>Mean prompt, shared beginning included, tokens.</summary>
    public int MeanInput => SharedPrefixTokens + Whole(Pairs?.MeanInput ?? Input.Mean);

    /// <summary>Mean answer, tokens.</summary>
    public int MeanOutput => Whole(Pairs?.MeanOutput ?? Output.Mean);

    /// <summary>Whether the load is a number of users.</summary>
    public bool IsClosed => Users > 0;

    /// <summary>
    /// A request that never varies keeps step with its neighbours for ever; people's requests do not. A fixed length becomes an even
    /// spread of a fifth around it.
    /// </summary>
    /// <param name="lengths">Lengths as they were said.</param>
    public static LengthDistribution Around(LengthDistribution lengths)
    {
        ArgumentNullException.ThrowIfNull(lengths);
        int spread = lengths.Smallest / 5;
        return lengths.Smallest < lengths.Largest || spread == 0 ? lengths : LengthDistribution.Parse(string.Create(
            CultureInfo.InvariantCulture, $"uniform:{lengths.Smallest - spread},{lengths.Smallest + spread}"));
    }

    /// <summary>The part of one of several equal replicas; of users, the replica that has most.</summary>
    /// <param name="replicas">Replicas, at least 1.</param>
    public ServiceDemand Share(int replicas) => IsClosed
        ? this with { Users = (Users + replicas - 1) / replicas }
        : this with { RequestsPerSecond = RequestsPerSecond / replicas };

    /// <summary>The same asked by more or fewer.</summary>
    /// <param name="factor">Above 0; users are rounded up.</param>
    public ServiceDemand Scale(double factor) => IsClosed
        ? this with { Users = Math.Max(1, (int)Math.Ceiling((Users * factor) - 1e-9)) }
        : this with { RequestsPerSecond = RequestsPerSecond * factor };

    /// <summary>Requests made up for a simulation.</summary>
    /// <param name="requests">How many.</param>
    /// <param name="seed">Equal seeds give equal requests.</param>
    public TrafficOptions Traffic(int requests, ulong seed) => new()
    {
        Users = Users,
        Process = IsClosed ? null : ArrivalProcess.Parse(Spread, RequestsPerSecond, "--arrivals"),
        Think = Think,
        Input = Input,
        Output = Output,
        Pairs = Pairs,
        SharedPrefixTokens = SharedPrefixTokens,
        Requests = requests,
        Seed = seed,
    };

    /// <summary>
    /// The prompt that a percentile of the requests does not exceed, shared beginning included, tokens: of so many requests made up.
    /// </summary>
    /// <param name="percentile">Above 0 up to 100.</param>
    public int InputAt(double percentile)
    {
        GeneratedArrivals some = new(Traffic(Drawn, seed: 0) with
        {
            Users = 0,
            Process = ArrivalProcess.Parse("constant", 1),
            Think = ThinkTime.None
        });
        double[] lengths = new double[Drawn];
        for (int i = 0; i < Drawn; i++)
        {
            lengths[i] = some.Take().InputTokens;
        }

        Array.Sort(lengths);
        return Whole(Percentile.Of(lengths, percentile));
    }

    /// <summary>The longest request, prompt and answer, tokens: of the range of lengths, or of so many requests made up.</summary>
    public int LongestTokens()
    {
        if (Pairs is null && Input.Largest < LengthDistribution.MostTokens && Output.Largest < LengthDistribution.MostTokens)
        {
            return SharedPrefixTokens + Input.Largest + Output.Largest;
        }

        GeneratedArrivals some = new(Traffic(Drawn, seed: 0) with
        {
            Users = 0,
            Process = ArrivalProcess.Parse("constant", 1),
            Think = ThinkTime.None
        });
        int longest = 0;
        for (int i = 0; i < Drawn; i++)
        {
            Arrival arrival = some.Take();
            longest = Math.Max(longest, arrival.InputTokens + arrival.OutputTokens);
        }

        return longest;
    }

    /// <summary>That a request is longer than a model's longest context, in words; null = it is not.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">Prompt and answer, tokens.</param>
    internal static string? BeyondContext(ModelArchitecture model, long tokens) => tokens <= model.MaxContextTokens
        ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"its longest context is {model.MaxContextTokens:#,0} tokens, and a request takes up to {tokens:#,0}");

    /// <summary>Checks the figures.</summary>
    /// <exception cref="InferometerException">Neither or both of users and rate are given, or one is out of range.</exception>
    public void Validate()
    {
        bool rate = RequestsPerSecond > 0 && double.IsFinite(RequestsPerSecond);
        if (Users < 0 || RequestsPerSecond < 0 || Users > 0 == rate)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"demand: {Users} users and {RequestsPerSecond} requests/s; exactly one of the two must be above 0."));
        }

        Traffic(1, 0).Validate();
    }

    /// <summary>The load in words, such as <c>200 users, 2,048 tokens in, 256 out</c>.</summary>
    public override string ToString()
    {
        string who = IsClosed
            ? string.Create(CultureInfo.InvariantCulture, $"{Users:#,0} user{(Users == 1 ? "" : "s")}")
            : string.Create(CultureInfo.InvariantCulture, $"{RequestsPerSecond:#,0.######} requests/s");
        return string.Create(CultureInfo.InvariantCulture, $"{who}, {MeanInput:#,0} tokens in, {MeanOutput:#,0} out");
    }

    private static int Whole(double mean) => Math.Max(1, (int)Math.Round(mean));
}
