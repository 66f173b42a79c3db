using System.Runtime.InteropServices;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Server.Metrics;

/// <summary>
/// What an engine needs beyond the cost model, fitted to what it took: seconds per step, seconds per sequence in a step, and how many times
/// the cost model's time it reads prompts in, of a step with one prompt and of steps that several fill. Not thread-safe: plans reuse their
/// buffers.
/// </summary>
internal sealed class EngineFit
{
    private readonly ICostPlan _plan;
    private readonly int _stepTokens;
    private readonly double _stepSeconds;
    private readonly double _sequenceSeconds;
    private readonly PromptFactor _one;
    private readonly PromptFactor _many;

    /// <summary>Fits.</summary>
    /// <param name="plan">Prices steps at the machine's limits.</param>
    /// <param name="stepTokens">Most tokens of a step.</param>
    /// <param name="alone">One sequence by itself.</param>
    /// <param name="together">Several at once; null = not measured, and all that is beyond the plan counts as per sequence.</param>
    public EngineFit(ICostPlan plan, int stepTokens, EngineTimes alone, EngineTimes? together)
    {
        _plan = plan;
        _stepTokens = stepTokens;
        double one = Math.Max(0, alone.TokenSeconds - DecodeStep(alone.MiddleTokens, 1));
        _sequenceSeconds = one;
        if (together is { Sequences: > 1 } several)
        {
            double all = Math.Max(0, several.TokenSeconds - DecodeStep(several.MiddleTokens, several.Sequences));
            _sequenceSeconds = Math.Clamp((all - one) / (several.Sequences - 1), 0, all / several.Sequences);
            _stepSeconds = Math.Max(0, one - _sequenceSeconds);
        }

        _one = Factor(alone.PromptTokens, 0, alone.PrefillSeconds);
        _many = together is { Sequences: > 1 } many
            ? Factor(many.PromptTokens, (many.Sequences - 1L) * many.PromptTokens, many.AllPrefillSeconds)
            : _one;
    }

    /// <summary>Name of the cost model.</summary>
    public string CostModel => _plan.CostModel;

    /// <summary>The fitted figures, for people.</summary>
    public string Summary => FormattableString.Invariant(
        $"{1e6 * _stepSeconds:0} us per step, {1e6 * _sequenceSeconds:0} us per sequence, prompts x {_one.Times:0.00}")
        + (_many.Tokens > _one.Tokens ? FormattableString.Invariant(
            $" in steps of {_one.Tokens:0} tokens, x {_many.Times:0.00} of {_many.Tokens:0}") : "");

    /// <summary>
    /// Seconds from the first step of a request to its first token. Prompts of others that were read meanwhile are taken to be as long as
    /// its own: they fill the steps that read it, and where they do not fit, steps before those.
    /// </summary>
    public double Prefill(in ServedRequest served)
    {
        int context = served.PromptTokens + (served.OutputTokens / 2);
        DecodeGroup[] beside = served.Neighbours > 0 ? [new DecodeGroup(Math.Max(1, context), served.Neighbours)] : [];
        double seconds = 0;
        int budget = Math.Max(1, _stepTokens - served.Neighbours);
        foreach (PrefillChunk[] chunks in Steps(served.CachedTokens, served.PromptTokens, served.OtherPromptTokens, budget))
        {
            double read = _plan.Step(chunks, []).LatencySeconds;
            double decoded = beside.Length == 0 ? 0 : _plan.Step(chunks, beside).LatencySeconds - read;
            seconds += (TimesOf(chunks.Sum(c => c.NewTokens)) * read) + decoded + _stepSeconds
                + (_sequenceSeconds * (chunks.Length + served.Neighbours));
        }

        return seconds;
    }

    /// <summary>
    /// Seconds between two tokens of a request. A mean number of sequences lies between two whole ones; the time is taken from the line
    /// between theirs.
    /// </summary>
    public double Decode(in ServedRequest served)
    {
        double mean = Math.Max(1, served.MeanDecoding);
        int fewer = (int)mean;
        int context = served.PromptTokens + ((served.OutputTokens + 1) / 2);
        double less = DecodeStep(context, fewer);
        double step = fewer == mean ? less : less + ((mean - fewer) * (DecodeStep(context, fewer + 1) - less));
        return step + _stepSeconds + (_sequenceSeconds * mean);
    }

    // Between steps of one prompt and of many the factor goes with the logarithm of their tokens; beyond both it stays.
    private double TimesOf(double tokens)
    {
        double way = _many.Tokens > _one.Tokens ? Math.Log(tokens / _one.Tokens) / Math.Log(_many.Tokens / _one.Tokens) : 0;
        return _one.Times + (Math.Clamp(way, 0, 1) * (_many.Times - _one.Times));
    }

    private PromptFactor Factor(int promptTokens, long others, double measured)
    {
        double read = 0, own = 0;
        long tokens = 0;
        int steps = 0;
        foreach (PrefillChunk[] chunks in Steps(0, promptTokens, others, _stepTokens))
        {
            read += _plan.Step(chunks, []).LatencySeconds;
            own += _stepSeconds + (_sequenceSeconds * chunks.Length);
            tokens += chunks.Sum(c => c.NewTokens);
            steps++;
        }

        return new PromptFactor((double)tokens / steps, Math.Max(1, (measured - own) / read));
    }

    // Steps that read one prompt and so many tokens of others as long as what is to be read of it.
    private static IEnumerable<PrefillChunk[]> Steps(int cached, int prompt, long others, int budget)
    {
        int own = Math.Max(1, prompt - cached);
        for (int past = cached; past < prompt || others > 0; past += budget)
        {
            List<PrefillChunk> chunks = [];
            int left = budget;
            if (past < prompt)
            {
                chunks.Add(Chunk(past, prompt, budget));
                left -= chunks[0].NewTokens;
            }

            while (left > 0 && others > 0)
            {
                chunks.Add(Chunk(0, (int)Math.Min(own, others), left));
                left -= chunks[^1].NewTokens;
                others -= chunks[^1].NewTokens;
            }

            yield return [.. chunks];
        }
    }

    private double DecodeStep(int context, int sequences) => _plan.Step([], [new DecodeGroup(context, sequences)]).LatencySeconds;

    private static PrefillChunk Chunk(int past, int promptTokens, int budget)
    {
        int tokens = Math.Min(budget, promptTokens - past);
        return new PrefillChunk(past, tokens, EndsPrompt: past + tokens == promptTokens);
    }

    /// <summary>How many times the cost model's time a step takes to read prompts.</summary>
    /// <param name="Tokens">Tokens of a step, in the mean.</param>
    /// <param name="Times">The factor.</param>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct PromptFactor(double Tokens, double Times);
}
