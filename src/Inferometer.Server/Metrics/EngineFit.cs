using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Server.Metrics;

/// <summary>
/// What an engine needs beyond the cost model, fitted to what it took: seconds per step, seconds per sequence in a step, and how many times
/// the cost model's time it reads a prompt in. Not thread-safe: plans reuse their buffers.
/// </summary>
internal sealed class EngineFit
{
    private readonly ICostPlan _plan;
    private readonly int _stepTokens;
    private readonly double _stepSeconds;
    private readonly double _sequenceSeconds;
    private readonly double _promptFactor;

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

        double prompt = 0;
        int steps = 0;
        for (int past = 0; past < alone.PromptTokens; past += stepTokens, steps++)
        {
            prompt += plan.Step([Chunk(past, alone.PromptTokens, stepTokens)], []).LatencySeconds;
        }

        double own = steps * (_stepSeconds + _sequenceSeconds);
        _promptFactor = Math.Max(1, (alone.PrefillSeconds - own) / prompt);
    }

    /// <summary>Name of the cost model.</summary>
    public string CostModel => _plan.CostModel;

    /// <summary>The fitted figures, for people.</summary>
    public string Summary => FormattableString.Invariant(
        $"{1e6 * _stepSeconds:0} us per step, {1e6 * _sequenceSeconds:0} us per sequence, prompts x {_promptFactor:0.00}");

    /// <summary>
    /// Seconds from the first step of a request to its first token. Prompts of others that were read meanwhile are taken to be as long as
    /// its own: they fill the steps that read it, and where they do not fit, steps before those.
    /// </summary>
    public double Prefill(in ServedRequest served)
    {
        int context = served.PromptTokens + (served.OutputTokens / 2);
        DecodeGroup[] beside = served.Neighbours > 0 ? [new DecodeGroup(Math.Max(1, context), served.Neighbours)] : [];
        int budget = Math.Max(1, _stepTokens - served.Neighbours);
        int own = Math.Max(1, served.PromptTokens - served.CachedTokens);
        long others = served.OtherPromptTokens;
        double seconds = 0;
        List<PrefillChunk> chunks = [];
        for (int past = served.CachedTokens; past < served.PromptTokens || others > 0; past += budget)
        {
            chunks.Clear();
            int left = budget;
            if (past < served.PromptTokens)
            {
                chunks.Add(Chunk(past, served.PromptTokens, budget));
                left -= chunks[0].NewTokens;
            }

            while (left > 0 && others > 0)
            {
                chunks.Add(Chunk(0, (int)Math.Min(own, others), left));
                left -= chunks[^1].NewTokens;
                others -= chunks[^1].NewTokens;
            }

            double read = _plan.Step([.. chunks], []).LatencySeconds;
            double decoded = beside.Length == 0 ? 0 : _plan.Step([.. chunks], beside).LatencySeconds - read;
            seconds += (_promptFactor * read) + decoded + _stepSeconds + (_sequenceSeconds * (chunks.Count + served.Neighbours));
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

    private double DecodeStep(int context, int sequences) => _plan.Step([], [new DecodeGroup(context, sequences)]).LatencySeconds;

    private static PrefillChunk Chunk(int past, int promptTokens, int budget)
    {
        int tokens = Math.Min(budget, promptTokens - past);
        return new PrefillChunk(past, tokens, EndsPrompt: past + tokens == promptTokens);
    }
}
