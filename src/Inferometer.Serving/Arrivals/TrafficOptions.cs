using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Serving.Arrivals;

/// <summary>
/// Requests to be made up: either an open loop (<see cref="Process"/>), whose requests or conversations come whatever becomes of those
/// before, or a closed one (<see cref="Users"/>), in which each user asks again some time after the answer.
/// </summary>
public sealed record TrafficOptions
{
    /// <summary>When requests, or the first turns of conversations, come; null in a closed loop.</summary>
    public ArrivalProcess? Process { get; init; }

    /// <summary>Users of a closed loop, each with at most one request under way; 0 in an open one.</summary>
    public int Users { get; init; }

    /// <summary>
    /// Users of a closed loop begin one after the other over this time, seconds, the first at once; 0 = all at once. AIPerf's
    /// <c>--concurrency-ramp-duration</c>; vLLM's benchmark begins with all of them.
    /// </summary>
    public double RampSeconds { get; init; }

    /// <summary>
    /// Several users whose requests are all of one length, one after another: those who once began together end together, too, and keep
    /// step for as long as the service is looked at.
    /// </summary>
    public bool KeepsStep => Users > 1 && Think == ThinkTime.None && Turns is null && Pairs is null
        && Input.Smallest == Input.Largest && Output.Smallest == Output.Largest;

    /// <summary>Prompts may share a beginning: one that all have, or what was said before in a conversation.</summary>
    public bool PromptsMayBeginAlike => SharedPrefixTokens > 0 || Turns is not null;

    /// <summary>From an answer to the next question of the same user or conversation.</summary>
    public ThinkTime Think { get; init; } = ThinkTime.None;

    /// <summary>Prompt tokens: of a conversation those that each turn adds to its history.</summary>
    public LengthDistribution Input { get; init; } = LengthDistribution.Fixed(1024);

    /// <summary>Generated tokens, at least 1.</summary>
    public LengthDistribution Output { get; init; } = LengthDistribution.Fixed(128);

    /// <summary>
    /// Pairs of lengths that were seen, from which each request draws one; in place of <see cref="Input"/> and <see cref="Output"/>.
    /// </summary>
    public LengthPairs? Pairs { get; init; }

    /// <summary>Tokens that prompts begin with beside their own, such as a system prompt.</summary>
    public int SharedPrefixTokens { get; init; }

    /// <summary>Different such beginnings, of which each request or conversation has one, each as likely.</summary>
    public int SharedPrefixes { get; init; } = 1;

    /// <summary>Turns of a conversation, whose history grows by question and answer; null = single requests.</summary>
    public LengthDistribution? Turns { get; init; }

    /// <summary>Requests in all; null = no limit but <see cref="DurationSeconds"/>.</summary>
    public int? Requests { get; init; }

    /// <summary>No request comes after this time, seconds; null = no limit but <see cref="Requests"/>.</summary>
    public double? DurationSeconds { get; init; }

    /// <summary>Equal seeds give equal requests.</summary>
    public ulong Seed { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="InferometerException">A value is out of range, or something is missing or contradictory.</exception>
    public void Validate()
    {
        Require(Process is null != (Users == 0), $"give either an arrival process or users, not both ({Users} users)");
        Require(Users >= 0, $"{Users} users; allowed is 1 or more");
        Require(RampSeconds is >= 0 and <= 8.64e6, $"a ramp of {RampSeconds} s; allowed is 0 to 8640000");
        Require(RampSeconds == 0 || Users > 0, $"a ramp of {RampSeconds} s without users, who alone can begin one after the other");
        Require(Requests is null or >= 1, $"{Requests} requests; allowed is 1 or more");
        Require(DurationSeconds is null or (> 0 and <= 8.64e6), $"a duration of {DurationSeconds} s; allowed is above 0, up to 8640000");
        Require(Requests is not null || DurationSeconds is not null, $"neither a number of requests nor a duration is given");
        Require(
            Requests is not null || Process is null || double.IsFinite(Process.RequestsPerSecond),
            $"at an infinite rate the number of requests must be given");
        Require(SharedPrefixTokens is >= 0 and <= LengthDistribution.MostTokens,
            $"a shared prefix of {SharedPrefixTokens} tokens; allowed is 0 or more");
        Require(SharedPrefixes >= 1, $"{SharedPrefixes} shared prefixes; allowed is 1 or more");
    }

    private static void Require(bool sound, FormattableString what)
    {
        if (!sound)
        {
            throw new InferometerException($"traffic: {what.ToString(CultureInfo.InvariantCulture)}.");
        }
    }
}
