using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.Server.Metrics;

namespace Inferometer.Server.Generation;

/// <summary>
/// Answers that were given, for requests that come again word for word and can only be answered the same way: greedily, or with a seed. The
/// one that was asked for longest ago makes room. Thread-safe.
/// </summary>
/// <param name="mostBytes">What all answers may take, bytes.</param>
internal sealed class AnswerCache(long mostBytes)
{
    // What an entry and a piece take beside their texts, on 64 bits: objects, links, the dictionary's slot.
    private const int BytesOfEntry = 320;
    private const int BytesOfPiece = 96;
    private const int BytesOfLogProbability = 16;

    // What changes how an answer is sent, or nothing of it, is not part of the question.
    private static readonly string[] s_beside =
        ["model", "stream", "stream_options", "priority", .. IdleFields.Bookkeeping, .. IdleFields.Machinery];

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _entries = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _byUse = new();
    private long _bytes;
    private long _hits;
    private long _misses;

    /// <summary>The name that a request's answer is kept under.</summary>
    /// <param name="route">What was asked.</param>
    /// <param name="body">The request.</param>
    public static string KeyOf(string route, JsonElement body)
    {
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("route"u8, route);
            foreach (JsonProperty member in body.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal))
            {
                if (member.Value.ValueKind != JsonValueKind.Null && !s_beside.Contains(member.Name, StringComparer.Ordinal))
                {
                    member.WriteTo(json);
                }
            }

            json.WriteEndObject();
        }

        return Convert.ToHexStringLower(SHA256.HashData(text.WrittenSpan));
    }

    /// <summary>Whether requests can only be answered one way.</summary>
    public static bool IsCertain(IEnumerable<GenerationRequest> requests) =>
        requests.All(r => r.Sampling is { IsGreedy: true } or { Seed: not null });

    /// <summary>The answer to a request.</summary>
    /// <returns>Its pieces in order; null where it is not kept.</returns>
    public IReadOnlyList<ChoiceUpdate>? Find(string key)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out LinkedListNode<Entry>? node))
            {
                _misses++;
                return null;
            }

            _hits++;
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Pieces;
        }
    }

    /// <summary>Begins to keep an answer.</summary>
    public Recording Record(string key) => new(this, key);

    /// <summary>Writes what is counted.</summary>
    public void Write(PrometheusText text)
    {
        lock (_gate)
        {
            text.Single("inferometer_response_cache_hits_total", "counter", "Requests answered from the response cache.", "", _hits);
            text.Single(
                "inferometer_response_cache_misses_total", "counter", "Requests that could have been and were not kept.", "", _misses);
            text.Single("inferometer_response_cache_bytes", "gauge", "What its answers take.", "", _bytes);
            text.Single("inferometer_response_cache_entries", "gauge", "Answers in it.", "", _entries.Count);
        }
    }

    private void Add(string key, List<ChoiceUpdate> pieces, long bytes)
    {
        lock (_gate)
        {
            if (_entries.ContainsKey(key))
            {
                return; // two were answered at once
            }

            while (_bytes + bytes > mostBytes)
            {
                Entry oldest = _byUse.Last!.Value;
                _byUse.RemoveLast();
                _entries.Remove(oldest.Key);
                _bytes -= oldest.Bytes;
            }

            _entries.Add(key, _byUse.AddFirst(new Entry(key, [.. pieces], bytes)));
            _bytes += bytes;
        }
    }

    private sealed record Entry(string Key, ChoiceUpdate[] Pieces, long Bytes);

    /// <summary>An answer as it is given; kept once it is whole, and not if it never is. Not thread-safe.</summary>
    public sealed class Recording(AnswerCache cache, string key)
    {
        private readonly List<ChoiceUpdate> _pieces = [];
        private long _bytes = BytesOfEntry + (2L * Encoding.UTF8.GetByteCount(key));

        /// <summary>Adds a piece.</summary>
        public void Add(in ChoiceUpdate piece)
        {
            _bytes += BytesOfPiece + (2L * piece.Update.Text.Length);
            if (piece.Update.LogProbabilities is { } logs)
            {
                _bytes += BytesOfPiece + ((long)BytesOfLogProbability * logs.Top.Count);
            }

            foreach (TokenLogProbabilities token in piece.Update.PromptLogProbabilities ?? [])
            {
                _bytes += BytesOfPiece + ((long)BytesOfLogProbability * token.Top.Count);
            }

            if (_bytes <= cache.Limit)
            {
                _pieces.Add(piece);
            }
            else
            {
                _pieces.Clear(); // longer than all there is room for
            }
        }

        /// <summary>The answer is whole.</summary>
        public void Complete()
        {
            if (_bytes <= cache.Limit)
            {
                cache.Add(key, _pieces, _bytes);
            }
        }
    }

    private long Limit => mostBytes;
}
