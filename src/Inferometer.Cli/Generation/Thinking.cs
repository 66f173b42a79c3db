namespace Inferometer.Cli.Generation;

/// <summary>What a user wants of reasoning before the answer.</summary>
internal enum Thinking
{
    /// <summary>As the chat template does by itself.</summary>
    Auto,

    /// <summary>Reasoning.</summary>
    On,

    /// <summary>None.</summary>
    Off,
}
