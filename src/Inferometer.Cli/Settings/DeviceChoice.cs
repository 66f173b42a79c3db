using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Core;
using Inferometer.Gpu;
using Inferometer.Inference.Engine;

namespace Inferometer.Cli.Settings;

/// <summary>What <c>--device</c> asks for.</summary>
/// <param name="TakesGpu">A GPU, or the processor.</param>
/// <param name="IsOptional">The processor does where no GPU can run the model.</param>
/// <param name="Index">Number of the GPU.</param>
internal sealed record DeviceChoice(bool TakesGpu, bool IsOptional, int Index)
{
    /// <summary>The processor.</summary>
    public static DeviceChoice Processor { get; } = new(false, false, 0);

    /// <summary>The <c>--device</c> option of commands that run a model.</summary>
    public static ValueOption<DeviceChoice> Option() => new(
        ["--device"],
        new("cpu|gpu[:N]|auto", null, Read),
        "Where the model runs: the processor, an NVIDIA GPU (N is its number, from 0), or a GPU if one is there that can run the model.")
    { Fallback = Processor };

    /// <summary>The GPU; null = the processor. Where <c>auto</c> takes the processor it is said why.</summary>
    /// <param name="printer">Told the reason.</param>
    /// <param name="model">The model.</param>
    /// <param name="options">What the engine will be asked for.</param>
    /// <param name="replicas">Engines over the same weights, which run on the processor alone.</param>
    /// <exception cref="InferometerException">There is no such GPU, or it is to run several engines.</exception>
    public IRunnerProvider? Find(Printer printer, ModelLocation model, InferenceOptions options, int replicas = 1)
    {
        if (!TakesGpu)
        {
            return null;
        }

        if (replicas > 1)
        {
            const string Why = "engines over the same weights run on the processor; a GPU takes one engine";
            if (!IsOptional)
            {
                throw new UsageException(
                    FormattableString.Invariant($"--device {this} with --replicas {replicas}: {Why}. Leave one of them out, or start ")
                        + "a server for each GPU and one with --upstream before them.");
            }

            printer.Error.WriteLine($"note: --device auto takes the processor: {Why}");
            return null;
        }

        try
        {
            var provider = GpuRunnerProvider.Find(Index);
            provider.Require(model.Files.Architecture, options);
            return provider;
        }
        catch (InferometerException error) when (IsOptional)
        {
            printer.Error.WriteLine($"note: --device auto takes the processor: {error.Message}");
            return null;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => !TakesGpu ? "cpu" : IsOptional ? "auto" : $"gpu:{Index}";

    private static DeviceChoice Read(string text, string origin)
    {
        string name = text.ToLowerInvariant();
        return name switch
        {
            "cpu" => Processor,
            "auto" => new DeviceChoice(true, true, 0),
            "gpu" => new DeviceChoice(true, false, 0),
            _ when name.StartsWith("gpu:", StringComparison.Ordinal) && Domains.TryWhole(name[4..], out int index) && index >= 0 =>
                new DeviceChoice(true, false, index),
            _ => throw Domains.Wrong(origin, text, "cpu, gpu, gpu:N with N the number of a GPU from 0, or auto"),
        };
    }
}
