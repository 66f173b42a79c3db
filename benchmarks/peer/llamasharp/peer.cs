#:package LLamaSharp@0.30.0
#:package LLamaSharp.Backend.Cpu@0.30.0
using System.Diagnostics;
using System.Globalization;
using LLama;
using LLama.Common;
using LLama.Native;
using LLama.Sampling;

// What a user of LLamaSharp writes to read a model and print what follows a prompt: MODEL TOKENS THREADS PROMPT. compare.mjs of this
// folder times it; the lines between the two marks are counted.
NativeLibraryConfig.All.WithLogCallback((_, _) => { });
(string model, int tokens, int threads, string prompt) =
    (args[0], int.Parse(args[1], CultureInfo.InvariantCulture), int.Parse(args[2], CultureInfo.InvariantCulture), args[3]);
long first = 0, pieces = 0;

// begin
ModelParams parameters = new(model) { ContextSize = 2048, GpuLayerCount = 0, Threads = threads, BatchThreads = threads };
using LLamaWeights weights = LLamaWeights.LoadFromFile(parameters);
StatelessExecutor executor = new(weights, parameters);
InferenceParams inference = new() { MaxTokens = tokens, SamplingPipeline = new GreedySamplingPipeline() };
await foreach (string text in executor.InferAsync(prompt, inference))
{
    Console.Write(text);
    // end
    pieces++;
    first = first == 0 ? Stopwatch.GetTimestamp() : first;
}

double seconds = Stopwatch.GetElapsedTime(first).TotalSeconds;
Process process = Process.GetCurrentProcess();
process.Refresh();
Console.Error.WriteLine(string.Create(
    CultureInfo.InvariantCulture, $$"""{"pieces":{{pieces}},"seconds":{{seconds}},"peak":{{process.PeakWorkingSet64}}}"""));
