using System.Text.Json.Serialization;

namespace Inferometer.History.Records;

/// <summary>Which command, or what other program, a run is of.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunKind>))]
public enum RunKind
{
    /// <summary>One model on one machine, predicted.</summary>
    Estimate,

    /// <summary>A service, predicted.</summary>
    Simulate,

    /// <summary>A service under a load.</summary>
    Load,

    /// <summary>A service under loads of rising rates, each of which is a part.</summary>
    LoadSweep,

    /// <summary>A service watched by its metrics.</summary>
    Watch,

    /// <summary>Prompt processing and generation timed.</summary>
    Bench,

    /// <summary>How well a model predicts a text.</summary>
    Perplexity,

    /// <summary>Compressed caches beside the exact one.</summary>
    CompressEval,

    /// <summary>What another program measured.</summary>
    Import,
}
