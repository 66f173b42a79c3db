using Inferometer.Core.Frameworks;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.ClosedLoop;

/// <summary>Workers that read prompts and a worker that decodes, which users go round between.</summary>
internal sealed class SeparateStations
{
    private const int Halvings = 40;

    private readonly ICostPlan _answers;
    private readonly ClosedLoopLoad _load;
    private readonly ServingWeights _weights;
    private readonly double _workers;
    private readonly double _service;

    /// <param name="prompts">A worker that reads prompts.</param>
    /// <param name="workers">Such workers for each that decodes.</param>
    /// <param name="answers">A worker that decodes.</param>
    /// <param name="load">Users of that worker, and lengths.</param>
    public SeparateStations(ICostPlan prompts, double workers, ICostPlan answers, in ClosedLoopLoad load)
    {
        (_answers, _workers, _load, _weights) = (answers, workers, load, ServingWeights.Of(answers));
        int ranks = prompts.Request.Parallelism.Data, cached = load.CachedTokens, read = load.MeanInputTokens - cached;
        FrameworkSize size = prompts.Framework().SizeOn(prompts.Request.System.Device);
        int together = Math.Max(1, size.BudgetTokens / read);
        PhaseTotals Step(int count) => prompts.Step([new PrefillChunk(cached, read, count)], []);
        PromptSeconds = _weights.Prompt * Step(1).LatencySeconds;

        // Of many prompts in a row that share is felt which other requests' prompts take in mixed steps: they hide behind one another.
        _service = Math.Min(_weights.Stall, 1) * Math.Min(Step(1).PaceSeconds, Step(together).PaceSeconds / together) / ranks;
    }

    /// <summary>Seconds that a prompt takes by itself.</summary>
    public double PromptSeconds { get; }

    /// <summary>Seconds per token with so many users decoding.</summary>
    public double TokenSeconds(double users) => ClosedLoopModel.TokenSeconds(_answers, Whole(users), _load);

    /// <summary>Sequences of one rank with so many users decoding.</summary>
    public int SequencesPerRank(double users)
    {
        int ranks = _answers.Request.Parallelism.Data;
        return Math.Max(1, (Whole(users) + ranks - 1) / ranks);
    }

    /// <summary>Seconds before a prompt is taken up, beside the queue.</summary>
    public double AdmissionSeconds(double token, int sequences) =>
        _weights.AdmissionSeconds(token, sequences);

    /// <summary>
    /// M/D/1 (Pollaczek and Khinchine) at each prompt worker with so many requests a second in all; infinite where they cannot keep up.
    /// </summary>
    public double QueueSeconds(double rate)
    {
        double busy = rate * _service / _workers;
        return busy < 1 ? _service * busy / (2 * (1 - busy)) : double.PositiveInfinity;
    }

    /// <summary>Users that decode at a time, at most so many: more of them would come back sooner than prompts are read.</summary>
    public double Decoding(double most)
    {
        if (Total(most) <= _load.Users)
        {
            return most;
        }

        (double low, double high) = (0, most);
        for (int i = 0; i < Halvings && high - low > 1e-6 * most; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = Total(middle) <= _load.Users ? (middle, high) : (low, middle);
        }

        return Math.Max(low, double.Epsilon);
    }

    // Users at both stations where so many decode.
    private double Total(double decoding)
    {
        double token = TokenSeconds(decoding);
        double rate = decoding / ((_load.MeanOutputTokens - 1) * token);
        double before = AdmissionSeconds(token, SequencesPerRank(decoding)) + PromptSeconds + QueueSeconds(rate);
        return decoding + (rate * before);
    }

    private static int Whole(double users) => Math.Max(1, (int)Math.Ceiling(users));
}
