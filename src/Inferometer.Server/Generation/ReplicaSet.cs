using System.Globalization;
using Inferometer.Inference.Engine;
using Inferometer.Server.Metrics;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Generation;

/// <summary>
/// The engines that answer, and which of them takes a request: the one with the fewest tokens to compute, those of its prompt that it has
/// in its cache taken off. One that has failed is asked only where all have. Thread-safe.
/// </summary>
internal sealed class ReplicaSet
{
    /// <summary>Tokens that an answer without a limit is taken for, as for upstreams.</summary>
    private const int UnlimitedTokens = 256;

    private const int LettersPerToken = 4; // of texts that are not tokenized here

    private readonly Lock _gate = new();
    private readonly Replica[] _all;
    private readonly ulong _seed = (ulong)Random.Shared.NextInt64();
    private long _taken; // places

    /// <summary>The engines of a model.</summary>
    /// <param name="metrics">What is counted of each, in their order.</param>
    public ReplicaSet(IReadOnlyList<ServerMetrics> metrics) => _all = [.. metrics.Select((m, i) => new Replica(i, m.Engine, m, Working))];

    /// <summary>How many of them have work.</summary>
    public LoadMeter Working { get; } = new();

    /// <summary>All of them.</summary>
    public IReadOnlyList<Replica> All => _all;

    /// <summary>Answers that all of them generate at once.</summary>
    public int MaxSequences => _all.Sum(replica => replica.Engine.Options.MaxBatchSize);

    /// <summary>Answers that all of them generate at once or let wait: what one request asks for at most.</summary>
    public long Places => _all.Sum(replica => (long)replica.Engine.Options.MaxBatchSize + replica.Engine.Options.MaxQueueLength);

    /// <summary>Takes places for all answers to a request, or none, so that no part of one that is refused is begun.</summary>
    /// <param name="requests">One for each answer.</param>
    /// <param name="field">Where in the request the prompts are, for errors.</param>
    /// <exception cref="ApiException">So many are not free, or an answer could never be given, however many were.</exception>
    public void TakePlaces(IReadOnlyList<GenerationRequest> requests, string field)
    {
        if (!TryTakePlaces(requests.Count, out long free))
        {
            foreach (GenerationRequest request in requests)
            {
                RequireRoom(request, field);
            }

            throw Busy(requests.Count, free);
        }
    }

    /// <summary>Takes a place for a text that is only read.</summary>
    /// <exception cref="ApiException">None is free.</exception>
    public void TakePlace()
    {
        if (!TryTakePlaces(1, out long free))
        {
            throw Busy(1, free);
        }
    }

    /// <summary>Gives places back.</summary>
    public void FreePlaces(int count) => Interlocked.Add(ref _taken, -count);

    /// <summary>Gives a request to one of them.</summary>
    /// <param name="request">The request; where there are several to choose from, its prompt is in tokens.</param>
    /// <param name="tried">Those that had it before and could not take it.</param>
    public ReplicaWork Begin(GenerationRequest request, ReplicaMask tried)
    {
        ReadOnlySpan<int> prompt = request.PromptTokens.Span;
        int tokens = request.Prompt is { } text ? 1 + (text.Length / LettersPerToken) : prompt.Length;
        int output = Math.Min(request.MaxNewTokens ?? UnlimitedTokens, _all[0].Engine.MaxSequenceTokens);
        bool isCached = request.UsePrefixCache && _all[0].Engine.Options is { PrefixCache: true, KvCache: true };
        return Begin(isCached ? prompt : default, tokens, output, tried);
    }

    /// <summary>Gives a text that is only read to one of them.</summary>
    public ReplicaWork BeginReading(int letters) => Begin([], 1 + (letters / LettersPerToken), 0, default);

    /// <summary>The prompt in tokens, where it decides who takes the request.</summary>
    public GenerationRequest WithTokens(GenerationRequest request)
    {
        if (_all.Length == 1 || request.Prompt is null)
        {
            return request;
        }

        int[] tokens = _all[0].Engine.Tokenizer.EncodePrompt(request.Prompt, request.AddSpecialTokens, request.ParseSpecialTokens);
        return tokens.Length == 0 ? request : request with { Prompt = null, PromptTokens = tokens };
    }

    /// <summary>Whether another one could take a request that these could not.</summary>
    public bool HasOther(ReplicaMask tried) => Array.Exists(_all, replica => !tried.Has(replica.Index) && replica.Engine.Fault is null);

    /// <summary>Writes what they have to do.</summary>
    public void Write(PrometheusText text)
    {
        const string Name = "inferometer_replica_outstanding_tokens";
        text.Begin(Name, "gauge", "Tokens that an engine has still to compute, as far as requests say.");
        foreach (Replica replica in _all)
        {
            text.Sample(Name, replica.Metrics.Labels, replica.OutstandingTokens);
        }
    }

    private ReplicaWork Begin(ReadOnlySpan<int> prompt, int promptTokens, int outputTokens, ReplicaMask tried)
    {
        if (_all.Length == 1)
        {
            _all[0].Add(promptTokens + outputTokens);
            return new ReplicaWork(_all[0], promptTokens, outputTokens);
        }

        UInt128[] hashes = PrefixMemory.Hashes(prompt, _seed);
        lock (_gate)
        {
            (Replica Replica, int Known)? best = null;
            foreach (Replica replica in _all)
            {
                int known = Math.Clamp(replica.Prefixes.KnownTokens(hashes), 0, Math.Max(0, promptTokens - 1));
                if (best is not { } other || IsBetter((replica, known), other, tried))
                {
                    best = (replica, known);
                }
            }

            (Replica chosen, int cached) = best!.Value;
            chosen.Prefixes.Add(hashes);
            chosen.Add(promptTokens - cached + outputTokens);
            return new ReplicaWork(chosen, promptTokens - cached, outputTokens);
        }
    }

    private static bool IsBetter((Replica Replica, int Known) one, (Replica Replica, int Known) other, ReplicaMask tried)
    {
        int oneFails = Failing(one.Replica), otherFails = Failing(other.Replica);
        return oneFails != otherFails
            ? oneFails < otherFails
            : one.Replica.OutstandingTokens - one.Known < other.Replica.OutstandingTokens - other.Known;

        int Failing(Replica replica) => tried.Has(replica.Index) ? 2 : replica.Engine.Fault is null ? 0 : 1;
    }

    private bool TryTakePlaces(int count, out long free)
    {
        long places = Places, taken = Volatile.Read(ref _taken);
        while (taken + count <= places)
        {
            long before = Interlocked.CompareExchange(ref _taken, taken + count, taken);
            if (before == taken)
            {
                free = places - taken - count;
                return true;
            }

            taken = before;
        }

        free = Math.Max(0, places - taken);
        return false;
    }

    private ApiException Busy(int count, long free) => ApiException.Busy(
        string.Create(
            CultureInfo.InvariantCulture,
            $"Of {Places} places for answers that are generated or wait {free} {(free == 1 ? "is" : "are")} free, "
                + $"and this request needs {count}. Try again later."),
        _all.Min(replica => replica.Metrics.RetryAfterSeconds()));

    // What is too long for an empty engine is not to be tried again.
    private void RequireRoom(GenerationRequest request, string field)
    {
        InferenceEngine engine = _all[0].Engine;
        int prompt = request.Prompt is null
            ? request.PromptTokens.Length
            : engine.Tokenizer.EncodePrompt(request.Prompt, request.AddSpecialTokens, request.ParseSpecialTokens).Length;
        int output = request.MaxNewTokens ?? 1;
        if ((long)prompt + output > engine.MaxSequenceTokens)
        {
            throw ApiException.TooLong(field, string.Create(
                CultureInfo.InvariantCulture,
                $"request of {prompt} prompt and {output} new tokens: a sequence may have {engine.MaxSequenceTokens} tokens."));
        }
    }
}
