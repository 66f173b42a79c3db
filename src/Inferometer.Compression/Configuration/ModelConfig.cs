using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;

namespace Inferometer.Compression.Configuration;

/// <summary>Which model to load and what it runs on.</summary>
public sealed record ModelConfig
{
    /// <summary>A <c>.gguf</c> file or a Hugging Face folder. Setting <c>LLAMA_MODEL_PATH</c>.</summary>
    public string ModelPath { get; init; } = "";

    /// <summary>What it runs on: <c>cpu</c>, or <c>auto</c>, which is the same. Setting <c>DEVICE</c>.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Worker threads, 0 = as many as the machine has processors. Setting <c>THREADS</c>.</summary>
    public int Threads { get; init; }

    /// <summary>Longest sequence, tokens, 0 = what the model was made for. Setting <c>CONTEXT_TOKENS</c>.</summary>
    public int ContextTokens { get; init; }

    /// <summary>Reads the settings from the environment.</summary>
    /// <exception cref="InferometerException">A value is not allowed; the message names variable, value and what is.</exception>
    public static ModelConfig FromEnvironment() => From(SettingsSource.Environment);

    /// <summary>Reads the settings; those not set keep their defaults.</summary>
    /// <exception cref="InferometerException">A value is not allowed.</exception>
    public static ModelConfig From(SettingsSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new ModelConfig
        {
            ModelPath = source.Text("LLAMA_MODEL_PATH") ?? "",
            Device = source.Choice("DEVICE", "auto", ("auto", "auto"), ("cpu", "cpu")),
            Threads = source.Integer("THREADS", 0, 0, 1024),
            ContextTokens = source.Integer("CONTEXT_TOKENS", 0, 0, int.MaxValue),
        };
    }

    /// <summary>Loads the model.</summary>
    /// <exception cref="InferometerException">No path is set, or the model cannot be read.</exception>
    public TransformerModel Load(CancellationToken cancellationToken = default) => ModelPath.Length == 0
        ? throw new InferometerException("no model: set LLAMA_MODEL_PATH to a .gguf file or a Hugging Face folder.")
        : TransformerModel.Load(ModelPath, new LoadOptions { Threads = Threads, ContextTokens = ContextTokens }, null, cancellationToken);
}
