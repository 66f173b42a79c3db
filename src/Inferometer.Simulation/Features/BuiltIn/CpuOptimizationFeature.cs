using Inferometer.Core;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class CpuOptimizationFeature : ISimulationFeature
{
    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "cpu_optimization",
        Category = FeatureCategory.Hardware,
        Description = "Chooses cores, vector width and memory placement of a CPU.",
        Parameters =
        [
            new(
                "cpu_optimization",
                "cores (0 = all), simd_bits (0 = widest, else 128, 256 or 512), numa (local, interleaved or single_node).",
                "{}"),
        ],
    };

    public void BeforeSimulation(SimulationContext context)
    {
        if (context.Request.System.Device.Cpu is not { } cpu)
        {
            throw new InferometerException(
                $"features: 'cpu_optimization' needs a CPU, but {context.Request.System.Name} is a {context.Request.System.Device.Kind}.");
        }

        ParameterBag group = context.Parameters.Group("cpu_optimization");
        group.RequireKnown(["cores", "simd_bits", "numa"]);
        int simdBits = group.Int32("simd_bits", 0);
        if (simdBits is not (0 or 128 or 256 or 512) || simdBits > cpu.SimdBits)
        {
            throw new InferometerException(
                $"{group.Path}.simd_bits: {simdBits} is not allowed; it must be 0, 128, 256 or 512 and at most the {cpu.SimdBits} of "
                    + $"{context.Request.System.Name}.");
        }

        context.Request = context.Request with
        {
            Cpu = new CpuSpec
            {
                Cores = group.Int32("cores", 0, minimum: 0, maximum: cpu.Cores),
                SimdBits = simdBits,
                Numa = group.Text("numa", "local", "local", "interleaved", "single_node") switch
                {
                    "interleaved" => NumaPolicy.Interleaved,
                    "single_node" => NumaPolicy.SingleNode,
                    _ => NumaPolicy.Local,
                },
            },
        };
    }
}
