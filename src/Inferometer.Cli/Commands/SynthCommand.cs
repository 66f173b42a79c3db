using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Conversion;
using Inferometer.ModelFiles.Synthesis;
using Inferometer.Reports.Documents;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer synth</c>: a model of a given size with random weights.</summary>
internal static class SynthCommand
{
    private const string Names = "width, layers, heads, kv, ffn, vocab, ctx";

    public static Command Create(Printer printer)
    {
        Option<string> output = new("--output", "-o") { HelpName = "FILE", Description = "The new .gguf file; an older one is replaced.", Required = true };
        Option<string> shape = new("--shape")
        {
            HelpName = "S|M|name=N,...",
            Description = $"S (110M parameters), M (1.1B, the proportions of TinyLlama), or S or M with other figures: {Names}.",
            DefaultValueFactory = _ => "S",
        };
        Option<string> type = new("--type") { HelpName = "TYPE", Description = "Number format of the matrices.", DefaultValueFactory = _ => "q8_0" };
        Option<ulong> seed = new("--seed") { HelpName = "N", Description = "Equal seeds give equal files.", DefaultValueFactory = _ => 1 };
        ExampleCommand command = new(
            "synth",
            "Writes a llama-family model with random weights of realistic scale: for measurements of speed and memory, not for text.",
            "inferometer synth -o s.gguf --shape S --type q8_0",
            "inferometer synth -o m.gguf --shape M --type q4_0",
            "inferometer synth -o wide.gguf --shape S,width=1024,heads=16,kv=4,ffn=4096,layers=8")
        {
            output, shape, type, seed,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            SyntheticShape dimensions = Parse(parsed.GetValue(shape)!);
            GgmlType format = ModelConverter.ParseType(parsed.GetValue(type)!);
            string target = parsed.GetValue(output)!;
            using Interrupt interrupt = new(cancellationToken);
            long start = Stopwatch.GetTimestamp();
            using (ShareProgress progress = new(printer, "writing " + Path.GetFileName(target)))
            {
                SyntheticModel.Write(target, dimensions, format, parsed.GetValue(seed), progress.From<double>(share => (share, "")), interrupt.Token);
            }

            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            printer.Output.WriteLine(
                $"{target}: {Numbers.Count(dimensions.ParameterCount)} parameters as {format}, {Numbers.Bytes(new FileInfo(target).Length)}, in {Numbers.Short(seconds)} s");
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static SyntheticShape Parse(string text)
    {
        SyntheticShape shape = SyntheticShape.Small;
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] pair = part.Split('=', 2, StringSplitOptions.TrimEntries);
            shape = pair.Length == 1 ? Named(pair[0]) : With(shape, pair[0].ToLowerInvariant(), pair[1]);
        }

        shape.Validate();
        return shape;
    }

    private static SyntheticShape Named(string name) => name.ToUpperInvariant() switch
    {
        "S" => SyntheticShape.Small,
        "M" => SyntheticShape.Medium,
        _ => throw new UsageException($"--shape: '{name}' is not allowed; it must be S, M or name=N with one of {Names}."),
    };

    private static SyntheticShape With(SyntheticShape shape, string name, string text)
    {
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value))
        {
            throw new UsageException($"--shape: '{name}={text}' is not allowed; it must be a whole number.");
        }

        return name switch
        {
            "width" => shape with { HiddenSize = value },
            "layers" => shape with { Layers = value },
            "heads" => shape with { Heads = value },
            "kv" => shape with { KvHeads = value },
            "ffn" => shape with { FeedForwardSize = value },
            "vocab" => shape with { VocabularySize = value },
            "ctx" => shape with { ContextTokens = value },
            _ => throw new UsageException($"--shape: '{name}' is not allowed; it must be one of {Names}.{NameSuggestion.For(name, Names.Split(", "))}"),
        };
    }
}
