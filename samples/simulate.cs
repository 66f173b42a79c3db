#:project ../src/Inferometer.Simulation
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Results;

// Predicts a deployment: what 'inferometer estimate' calls.
SimulationConfig config = SimulationConfig.FromJson("""
    {
      "model": "llama-3.1-8b",
      "features": ["prefill", "decode", "flash_attention"],
      "simulation_params": { "system_name": "h100", "batch_size": 8, "input_tokens": 2048, "output_tokens": 256, "bits": "fp8" }
    }
    """);
SimulationResult result = new SimulationEngine().Simulate(config);
Console.WriteLine(
    $"TTFT {result.Metrics.TtftMs:0.0} ms, TPOT {result.Metrics.TpotMs:0.00} ms, {result.Metrics.OutputTokensPerSecond:0} tokens/s");
