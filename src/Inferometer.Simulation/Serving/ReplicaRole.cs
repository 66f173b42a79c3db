namespace Inferometer.Simulation.Serving;

/// <summary>What a replica does with a request.</summary>
internal enum ReplicaRole
{
    /// <summary>All of it.</summary>
    Both,

    /// <summary>The prompt and the first token.</summary>
    Prefill,

    /// <summary>The tokens after the first; prompts come with their keys and values.</summary>
    Decode,
}
