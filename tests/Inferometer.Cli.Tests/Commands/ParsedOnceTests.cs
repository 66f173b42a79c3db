using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Core;
using Inferometer.ReferenceModels;
using Inferometer.Tests;

namespace Inferometer.Cli.Tests.Commands;

/// <summary>No command parses a header or a tokenizer of its model twice: they hold vocabularies of many megabytes.</summary>
public sealed class ParsedOnceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentDictionary<string, long> _parsed = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();

    public ParsedOnceTests()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name is ParsedFiles.MeterName)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, count, tags, _) => Note(count, tags));
        _listener.Start();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("run MODEL -v -n 2 --ctx 64 -p x")]
    [InlineData("run MODEL -v -n 2 -p x --draft DRAFT")]
    [InlineData("run MODEL -n 2 -p x --kv q8 --format json")]
    [InlineData("info MODEL")]
    [InlineData("convert MODEL -o OUT --type q8_0")]
    [InlineData("perplexity MODEL TEXT --ctx 32 --windows 1")]
    [InlineData("bench MODEL -p 8 -n 2 -r 1 --warm-up 0 -t 1,2")]
    [InlineData("bench MODEL --ablate --configuration batching -p 8 -n 2 -b 1 --shared 0 -t 1 --kv f16 --warm-up 0")]
    [InlineData("compress build MODEL --calibration TEXT --hold-out TEXT -o OUT --windows 1 --window-tokens 64")]
    [InlineData("compress eval MODEL --kv q8 --text TEXT --windows 1 --window-tokens 64 --contexts 32")]
    public async Task A_gguf_header_is_parsed_once(string line)
    {
        string model = Copy("model.gguf"), draft = Copy("draft.gguf");
        await Run(line, model, draft);
        Assert.Equal(1, _parsed[model]);
        Assert.Equal(line.Contains("DRAFT", StringComparison.Ordinal) ? 1 : 0, _parsed.GetValueOrDefault(draft));
    }

    [Theory]
    [InlineData("run MODEL -v -n 2 -p x")]
    [InlineData("info MODEL")]
    [InlineData("convert MODEL -o OUT --type q8_0")]
    [InlineData("perplexity MODEL TEXT --ctx 32 --windows 1")]
    public async Task Each_large_file_of_a_folder_is_parsed_once(string line)
    {
        string model = _folder.File("folder");
        Directory.CreateDirectory(model);
        foreach (string name in (string[])[
            "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"])
        {
            File.Copy(SharedFolder.Require("models/stories260k/" + name), Path.Combine(model, name));
        }

        await Run(line, model, model);
        string[] files =
        [
            .. _parsed.Keys.Where(path => path.StartsWith(model, StringComparison.Ordinal))
                .Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal),
        ];
        Assert.Equal(["model.safetensors", "tokenizer.json"], files);
        Assert.All(files, file => Assert.Equal(1, _parsed[Path.Combine(model, file)]));
    }

    private async Task Run(string line, string model, string draft)
    {
        string text = _folder
            .Write("text.txt",
                await File.ReadAllBytesAsync(SharedFolder.Require("models/tales-5m/README.md"), TestContext.Current.CancellationToken));
        string whole = line.Replace("MODEL", model, StringComparison.Ordinal).Replace("DRAFT", draft, StringComparison.Ordinal)
            .Replace("TEXT", text, StringComparison.Ordinal).Replace("OUT", _folder.File("out"), StringComparison.Ordinal);
        CommandRun run = await CommandRun.OfLine(whole);
        Assert.True(run.Code == ExitCode.Success, run.Error);
    }

    private string Copy(string name)
    {
        string path = _folder.File(name);
        File.Copy(ModelLocation.BundledPath, path);
        return path;
    }

    private void Note(long count, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach ((string key, object? value) in tags)
        {
            if (key is ParsedFiles.PathTag && value is string path)
            {
                _parsed.AddOrUpdate(path, count, (_, before) => before + count);
            }
        }
    }
}
