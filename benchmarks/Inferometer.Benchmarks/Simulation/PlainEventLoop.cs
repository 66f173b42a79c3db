using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Benchmarks.Simulation;

/// <summary>
/// Continuous batching as one writes it down first, to compare with: a list of what runs and a queue of what waits, every step looked at by
/// itself, every token's time kept. No blocks, no prefixes, no preemption: less work than the real scheduler does.
/// </summary>
internal sealed class PlainEventLoop(ICostPlan plan, int maxSequences, int maxTokens)
{
    private readonly List<Running> _running = [];
    private readonly Queue<Running> _waiting = new();

    public long Tokens { get; private set; }

    public double Run(GeneratedArrivals source)
    {
        double now = 0;
        List<PrefillChunk> prefill = [];
        List<DecodeGroup> decode = [];
        while (source.NextSeconds is not null || _running.Count + _waiting.Count > 0)
        {
            while (source.NextSeconds <= now)
            {
                Arrival arrival = source.Take();
                _waiting.Enqueue(new Running(arrival.InputTokens, arrival.OutputTokens));
            }

            if (_running.Count + _waiting.Count == 0)
            {
                now = source.NextSeconds!.Value;
                continue;
            }

            prefill.Clear();
            decode.Clear();
            int budget = maxTokens;
            foreach (Running request in _running.Where(r => r.Computed >= r.Input))
            {
                decode.Add(new DecodeGroup(request.Input + request.Times.Count));
                budget--;
            }

            while (_waiting.Count > 0 && _running.Count < maxSequences && budget > 0
                && _running.All(r => r.Computed >= r.Input || r.Chunk > 0))
            {
                _running.Add(_waiting.Dequeue());
                Chunk(_running[^1], ref budget, prefill);
            }

            foreach (Running request in _running.Where(r => r.Computed < r.Input && r.Chunk == 0))
            {
                Chunk(request, ref budget, prefill);
            }

            now += plan.Step([.. prefill], [.. decode]).LatencySeconds;
            foreach (Running request in _running)
            {
                bool decoded = request.Computed >= request.Input;
                request.Computed += request.Chunk;
                request.Chunk = 0;
                if (decoded || request.Computed >= request.Input)
                {
                    request.Times.Add(now);
                    Tokens++;
                }
            }

            _running.RemoveAll(r => r.Times.Count >= r.Output);
        }

        return now;
    }

    private static void Chunk(Running request, ref int budget, List<PrefillChunk> prefill)
    {
        request.Chunk = Math.Min(budget, request.Input - request.Computed);
        if (request.Chunk > 0)
        {
            prefill.Add(new PrefillChunk(request.Computed, request.Chunk, EndsPrompt: request.Computed + request.Chunk == request.Input));
            budget -= request.Chunk;
        }
    }

    private sealed class Running(int input, int output)
    {
        public int Input => input;

        public int Output => output;

        public int Computed { get; set; }

        public int Chunk { get; set; }

        public List<double> Times { get; } = [];
    }
}
