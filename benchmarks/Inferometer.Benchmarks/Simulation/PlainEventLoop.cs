using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Benchmarks.Simulation;

/// <summary>
/// Continuous batching as one writes it down first, to compare with: a list of what runs and a queue of what waits, every step looked at by
/// itself, every token's time kept. It decides as the scheduler does with vLLM's rules (those that decode, then begun prompts, then new
/// ones while their prompts fit; the newest gives way when the cache is full), with blocks that are counted and not named: no prefixes, no
/// priorities, no speculation. What it finds must be what the service finds; <c>serving-quick</c> says whether it is.
/// </summary>
internal sealed class PlainEventLoop(ICostPlan plan, int maxSequences, int maxTokens, int blocks, int blockSize)
{
    private readonly List<Running> _running = [];
    private readonly LinkedList<Running> _waiting = [];
    private int _free = blocks;

    public long Tokens { get; private set; }

    public long Steps { get; private set; }

    public long Preemptions { get; private set; }

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
                _waiting.AddLast(new Running(arrival.InputTokens, arrival.OutputTokens));
            }

            if (_running.Count + _waiting.Count == 0)
            {
                now = source.NextSeconds!.Value;
                continue;
            }

            prefill.Clear();
            decode.Clear();
            Plan(prefill, decode);
            now += plan.Step([.. prefill], [.. decode]).LatencySeconds;
            Steps++;
            foreach (Running request in _running.Where(r => r.Chunk > 0))
            {
                request.Computed += request.Chunk;
                request.Chunk = 0;
                if (request.Computed == request.Length)
                {
                    request.Times.Add(now);
                    Tokens++;
                }
            }

            foreach (Running ended in _running.Where(r => r.Times.Count >= r.Output))
            {
                _free += ended.Blocks;
            }

            _running.RemoveAll(r => r.Times.Count >= r.Output);
        }

        return now;
    }

    private void Plan(List<PrefillChunk> prefill, List<DecodeGroup> decode)
    {
        int budget = maxTokens;
        long preempted = Preemptions;
        for (int i = 0; i < _running.Count; i++)
        {
            Running request = _running[i];
            if (request.Length - request.Computed == 1 && request.Computed > 0 && Reserve(request, request.Length, i))
            {
                request.Chunk = 1;
                budget--;
                decode.Add(new DecodeGroup(request.Length));
            }
        }

        foreach (Running request in _running.Where(r => r.Chunk == 0))
        {
            Chunk(request, ref budget, prefill);
        }

        while (_waiting.First is { } first && _running.Count < maxSequences && budget > 0 && Preemptions == preempted
            && BlocksOf(first.Value.Length) <= _free)
        {
            _waiting.RemoveFirst();
            _running.Add(first.Value);
            Take(first.Value, BlocksOf(first.Value.Length));
            Chunk(first.Value, ref budget, prefill);
        }
    }

    // The newest gives way, to be computed again from its beginning; false where that is the request itself.
    private bool Reserve(Running request, int length, int index)
    {
        while (BlocksOf(length) - request.Blocks > _free)
        {
            Running newest = _running[^1];
            _running.RemoveAt(_running.Count - 1);
            _free += newest.Blocks;
            (newest.Blocks, newest.Computed, newest.Chunk) = (0, 0, 0);
            _waiting.AddFirst(newest);
            Preemptions++;
            if (_running.Count <= index)
            {
                return false;
            }
        }

        Take(request, BlocksOf(length) - request.Blocks);
        return true;
    }

    private void Take(Running request, int count)
    {
        request.Blocks += count;
        _free -= count;
    }

    private int BlocksOf(int tokens) => (tokens + blockSize - 1) / blockSize;

    private static void Chunk(Running request, ref int budget, List<PrefillChunk> prefill)
    {
        request.Chunk = Math.Min(budget, request.Length - request.Computed);
        if (request.Chunk > 0)
        {
            prefill.Add(new PrefillChunk(request.Computed, request.Chunk, EndsPrompt: request.Computed + request.Chunk == request.Length));
            budget -= request.Chunk;
        }
    }

    private sealed class Running(int input, int output)
    {
        public int Output => output;

        public int Length => input + Times.Count;

        public int Computed { get; set; }

        public int Chunk { get; set; }

        public int Blocks { get; set; }

        public List<double> Times { get; } = [];
    }
}
