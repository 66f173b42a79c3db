using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles;

namespace Inferometer.Compression.Configuration;

/// <summary>Which model to load and what it runs on.</summary>
public sealed record ModelConfig
{
    /// <summary>A <c>.gguf</c> file or a Hugging Face folder; empty = none. Setting <c>LLAMA_MODEL_PATH</c>.</summary>
    public string ModelPath { get; init; } = "";

    /// <summary>
    /// What it runs on: <c>cpu</c>, or <c>auto</c>, which is the same as long as there is nothing else; asking for what there is not is
    /// refused. Setting <c>DEVICE</c>.
    /// </summary>
    public string Device { get; init; } = "auto";

    /// <summary>Worker threads, 0 = as many as the machine has processors. Setting <c>THREADS</c>.</summary>
    public int Threads { get; init; }

    /// <summary>Reads the settings from the environment.</summary>
    /// <exception cref="InferometerException">A value is not allowed; the message names variable, value and what is.</exception>
    public static ModelConfig FromEnvironment() => From(SettingsSource.Environment);

    /// <summary>Reads the settings; those not set keep their defaults.</summary>
    /// <exception cref="InferometerException">A value is not allowed; the message names where it came from.</exception>
    public static ModelConfig From(SettingsSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new ModelConfig
        {
            ModelPath = source.Text(SettingNames.ModelPath) ?? "",
            Device = source.Choice(SettingNames.Device, "auto", ("auto", "auto"), ("cpu", "cpu")),
            Threads = source.Integer(SettingNames.Threads, 0, 0, 1024),
        };
    }

    /// <summary>Loads the model.</summary>
    /// <exception cref="InferometerException">No path is set, or the model cannot be read.</exception>
    public TransformerModel Load(CancellationToken cancellationToken = default) => ModelPath.Length == 0
        ? throw new InferometerException("no model: set LLAMA_MODEL_PATH to a .gguf file or a Hugging Face folder.")
        : Load(Checkpoint.Open(ModelPath), cancellationToken);

    /// <summary>Loads a model whose files are open; it owns them from here on, also when this throws.</summary>
    /// <exception cref="InferometerException">The model cannot be read.</exception>
    public TransformerModel Load(Checkpoint checkpoint, CancellationToken cancellationToken = default) =>
        TransformerModel.Load(checkpoint, new LoadOptions { Threads = Threads }, null, cancellationToken);
}
