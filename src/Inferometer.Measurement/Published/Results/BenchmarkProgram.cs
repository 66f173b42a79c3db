namespace Inferometer.Measurement.Published.Results;

/// <summary>A program whose results can be read.</summary>
public enum BenchmarkProgram
{
    /// <summary>llama.cpp's llama-bench.</summary>
    LlamaBench,

    /// <summary>vLLM's <c>bench serve</c> or SGLang's <c>bench_serving</c>.</summary>
    VllmServing,

    /// <summary>AIPerf or GenAI-Perf.</summary>
    AiPerf,
}
