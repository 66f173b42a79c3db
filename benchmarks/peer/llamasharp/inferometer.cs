#:project ../../../src/Inferometer.Inference
using System.Diagnostics;
using System.Globalization;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;

// The same as peer.cs with this library: MODEL TOKENS THREADS PROMPT.
(string model, int tokens, int threads, string prompt) =
    (args[0], int.Parse(args[1], CultureInfo.InvariantCulture), int.Parse(args[2], CultureInfo.InvariantCulture), args[3]);
long first = 0, pieces = 0;

// begin
using InferenceEngine engine = InferenceEngine.Load(model, new InferenceOptions { Threads = threads });
GenerationRequest request = new() { Prompt = prompt, MaxNewTokens = tokens, Sampling = SamplingOptions.Greedy };
await foreach (GenerationUpdate update in engine.StreamAsync(request))
{
    Console.Write(update.Text);
    // end
    pieces++;
    first = first == 0 ? Stopwatch.GetTimestamp() : first;
}

double seconds = Stopwatch.GetElapsedTime(first).TotalSeconds;
Process process = Process.GetCurrentProcess();
process.Refresh();
Console.Error.WriteLine(string.Create(
    CultureInfo.InvariantCulture, $$"""{"pieces":{{pieces}},"seconds":{{seconds}},"peak":{{process.PeakWorkingSet64}}}"""));
