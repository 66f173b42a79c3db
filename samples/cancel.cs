#:project ../src/Inferometer.Inference
using Inferometer.Inference.Engine;

// Leaving the loop, a token that is cancelled or a timeout: each ends the request and frees its memory before the next step.
using InferenceEngine engine = InferenceEngine.Load("assets/models/tales-5m-q8_0.gguf");
using CancellationTokenSource cancellation = new();
int tokens = 0;
try
{
    await foreach (GenerationUpdate update in engine.StreamAsync(new GenerationRequest { Prompt = "Once upon a time" }, cancellation.Token))
    {
        Console.Write(update.Text);
        if (++tokens == 8)
        {
            await cancellation.CancelAsync();
        }
    }
}
catch (OperationCanceledException)
{
    Console.WriteLine($"\ncancelled after {tokens} tokens");
}
