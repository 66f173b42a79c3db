using System.CommandLine;
using System.Diagnostics;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Synthesis;
using Inferometer.Reports.Documents;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer synth</c>: a model of a given size with random weights.</summary>
internal static class SynthCommand
{
    private const string Names = "width, layers, heads, kv, ffn, vocab, ctx";

    public static Command Create(Printer printer)
    {
        PathOption output = new(["--output", "-o"], PathUse.WriteFile, "The new .gguf file; an older one is replaced.") { Required = true };
        ValueOption<SyntheticShape> shape = new(
            ["--shape"],
            new("S|M|name=N,...", null, Parse),
            $"S (110M parameters), M (1.1B, the proportions of TinyLlama), or S or M with other figures: {Names}.",
            "S")
        { Fallback = SyntheticShape.Small };
        ValueOption<GgmlType> type =
            new(["--type"], StoredTypes.Domain, "Number format of the matrices.", "q8_0") { Fallback = GgmlType.Q8_0 };
        ValueOption<ulong> seed = new(["--seed"], Domains.Whole(0UL, ulong.MaxValue), "Equal seeds give equal files.") { Fallback = 1 };
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
            SyntheticShape dimensions = shape.Of(parsed);
            GgmlType format = type.Of(parsed);
            string target = output.Of(parsed)!;
            using Interrupt interrupt = new(cancellationToken);
            long start = Stopwatch.GetTimestamp();
            using (ShareProgress progress = new(printer, "writing " + Path.GetFileName(target)))
            {
                SyntheticModel.Write(
                    target, dimensions, format, seed.Of(parsed), progress.From<double>(share => (share, "")), interrupt.Token);
            }

            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            printer.Output.WriteLine(
                $"{target}: {Numbers.Count(dimensions.ParameterCount)} parameters as {format}, "
                    + $"{Numbers.Bytes(new FileInfo(target).Length)}, in {Numbers.Short(seconds)} s");
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static SyntheticShape Parse(string text, string origin)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            throw Domains.Wrong(origin, text, $"S, M or name=N with one of {Names}");
        }

        SyntheticShape shape = SyntheticShape.Small;
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] pair = part.Split('=', 2, StringSplitOptions.TrimEntries);
            shape = pair.Length == 1 ? Named(pair[0], origin) : With(shape, pair[0].ToLowerInvariant(), pair[1], origin);
        }

        shape.Validate();
        return shape;
    }

    private static SyntheticShape Named(string name, string origin) => name.ToUpperInvariant() switch
    {
        "S" => SyntheticShape.Small,
        "M" => SyntheticShape.Medium,
        _ => throw Domains.Wrong(origin, name, $"S, M or name=N with one of {Names}"),
    };

    private static SyntheticShape With(SyntheticShape shape, string name, string text, string origin)
    {
        int value = Domains.Whole(1, int.MaxValue).Read(text, $"{origin} {name}");
        return name switch
        {
            "width" => shape with { HiddenSize = value },
            "layers" => shape with { Layers = value },
            "heads" => shape with { Heads = value },
            "kv" => shape with { KvHeads = value },
            "ffn" => shape with { FeedForwardSize = value },
            "vocab" => shape with { VocabularySize = value },
            "ctx" => shape with { ContextTokens = value },
            _ => throw Domains.Wrong(origin, name, $"one of {Names}", NameSuggestion.For(name, Names.Split(", "))),
        };
    }
}
