using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Frameworks;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Planning.Programs;
using Inferometer.Simulation.Planning;

namespace Inferometer.Planning.Deployments;

/// <summary>Every shape of a space that frameworks would start: degrees that divide the heads, formats that they take.</summary>
internal static class ShapeEnumeration
{
    // A replica larger than this is not something that a search should come up with by itself.
    private const int MostDevicesOfReplica = 32;
    private const int LargestNode = 8;

    /// <summary>The shapes, systems first, in an order that does not depend on anything but the space.</summary>
    /// <param name="model">The model as it is named.</param>
    /// <param name="architecture">The model.</param>
    /// <param name="space">What may be chosen from.</param>
    /// <param name="systems">The systems.</param>
    public static IEnumerable<DeploymentShape> Of(
        string model, ModelArchitecture architecture, SearchSpace space, IEnumerable<SystemChoice> systems)
    {
        foreach (SystemChoice system in systems)
        {
            foreach (ServingProgram program in ProgramsFor(space, system.System.Device))
            {
                FrameworkProfile framework = FrameworkCatalog.Find(program.Framework, "framework");
                foreach (Parallelism spread in SpreadsOf(architecture, space, system, program))
                {
                    foreach (string weights in WeightsOf(space, program, system.System.Device, architecture))
                    {
                        foreach (string cache in CachesOf(space, program, system.System.Device))
                        {
                            yield return new DeploymentShape
                            {
                                Model = model,
                                SystemName = system.Name,
                                System = system.System,
                                Framework = framework,
                                Weights = weights,
                                KvCache = cache,
                                Parallelism = spread,
                            };
                        }
                    }
                }
            }
        }
    }

    /// <summary>The programs to try on a device: those asked for, or all that serve many, and llama.cpp where nothing else runs.</summary>
    public static IEnumerable<ServingProgram> ProgramsFor(SearchSpace space, Device device)
    {
        ServingProgram[] running =
            [.. ServingPrograms.All.Where(p => FrameworkCatalog.Find(p.Framework, "framework").RunsOn(device))];
        if (space.Frameworks.Count > 0)
        {
            return running.Where(p => space.Frameworks.Contains(p.Framework, StringComparer.OrdinalIgnoreCase));
        }

        ServingProgram[] servers = [.. running.Where(p => p.Takes("tensor"))];
        return servers.Length > 0 ? servers : running;
    }

    /// <summary>Bits of a published weight, where it is said.</summary>
    private static double WidthOf(ModelArchitecture architecture) => architecture.PublishedWeights?.Main.BitsPerElement ?? 16;

    private static IEnumerable<string> WeightsOf(
        SearchSpace space, ServingProgram program, Device device, ModelArchitecture architecture)
    {
        bool eightBits = WidthOf(architecture) <= 8;
        bool Runs(string format)
        {
            string stored = DeploymentShape.IsPublished(format) ? architecture.PublishedWeights?.Main.Name ?? format : format;
            return program.Runs(stored, device);
        }

        if (space.Weights.Count > 0)
        {
            return space.Weights.Where(f =>
                program.Weights.Any(w => string.Equals(w.Name, f, StringComparison.OrdinalIgnoreCase)) && Runs(f));
        }

        // What is published in eight bits or fewer is served so; to make it narrower is not the plan's to choose.
        bool published = program.Weights.Any(w => DeploymentShape.IsPublished(w.Name));
        return program.Weights.Where(w => w.IsSearched && !(eightBits && published && !DeploymentShape.IsPublished(w.Name)))
            .Select(w => w.Name).Where(Runs);
    }

    private static IEnumerable<string> CachesOf(SearchSpace space, ServingProgram program, Device device) => space.KvCaches.Count > 0
        ? space.KvCaches.Where(f => CompressedCaches.Find(f) is not null
            || program.KvCache.Any(k => string.Equals(k.Name, f, StringComparison.OrdinalIgnoreCase) && program.Runs(k.Name, device)))
        : program.KvCache.Where(k => k.IsSearched && program.Runs(k.Name, device)).Select(k => k.Name);

    private static IEnumerable<Parallelism> SpreadsOf(
        ModelArchitecture architecture, SearchSpace space, SystemChoice choice, ServingProgram program)
    {
        int node = Math.Min(LargestNode, choice.System.DevicesPerNode);
        int most = Math.Min(choice.Count ?? MostDevicesOfReplica, MostDevicesOfReplica);
        int experts = architecture.Layers.Max(layer => layer.FeedForward is MoeFeedForward moe ? moe.Experts : 0);
        foreach (int tensor in space.Tensor.Count > 0 ? space.Tensor : Powers(Math.Min(node, most)))
        {
            if (tensor > most || (tensor > 1 && !program.Takes("tensor")) || !Divides(architecture, tensor))
            {
                continue;
            }

            // Pipelines go over nodes, each tensor parallel in itself, or by two over the devices of one that has slow links.
            bool chosen = space.Pipeline.Count > 0;
            foreach (int pipeline in chosen ? space.Pipeline : Powers(Math.Min(4, most / tensor)))
            {
                bool acrossNodes = tensor == node || !program.Takes("tensor");
                bool usual = chosen || acrossNodes || (pipeline == 2 && 2 * tensor <= node);
                bool reaches = pipeline == 1 || (program.Takes("pipeline") && usual && pipeline * tensor <= most);
                if (!reaches || pipeline > architecture.LayerCount)
                {
                    continue;
                }

                yield return new Parallelism(tensor, pipeline);
                if (tensor > 1 && experts > 0 && experts % tensor == 0 && program.Takes("expert"))
                {
                    yield return new Parallelism(tensor, pipeline, tensor);
                }
            }
        }

        foreach (int ranks in Powers(Math.Min(node, most)))
        {
            bool wanted = Wanted(space.Tensor) && Wanted(space.Pipeline);
            if (ranks > 1 && wanted && experts > 0 && experts % ranks == 0 && program.Takes("attention_data"))
            {
                yield return new Parallelism(1, 1, ranks, ranks, AttentionDataParallel: true);
            }
        }
    }

    private static bool Wanted(IReadOnlyList<int> degrees) => degrees.Count == 0 || degrees.Contains(1);

    private static IEnumerable<int> Powers(int most)
    {
        for (int power = 1; power <= most; power *= 2)
        {
            yield return power;
        }
    }

    private static bool Divides(ModelArchitecture architecture, int tensor) => architecture.Layers.All(layer => layer.Mixers.All(
        mixer => mixer switch
        {
            AttentionMixer m => m.Heads % tensor == 0 && (m.KvHeads % tensor == 0 || tensor % m.KvHeads == 0),
            LatentAttentionMixer m => m.Heads % tensor == 0,
            CompressedAttentionMixer m => m.Heads % tensor == 0,
            GatedDeltaMixer m => m.ValueHeads % tensor == 0 && m.KeyHeads % tensor == 0,
            MambaMixer m => m.Heads % tensor == 0,
            RecurrentMixer m => m.Heads % tensor == 0,
            _ => true,
        }));
}
