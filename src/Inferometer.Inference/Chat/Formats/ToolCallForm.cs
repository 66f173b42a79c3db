namespace Inferometer.Inference.Chat.Formats;

/// <summary>The ways in which models write calls.</summary>
internal enum ToolCallForm
{
    /// <summary>JSON objects that hold name and arguments.</summary>
    Objects,

    /// <summary>The name, then arguments as a JSON object.</summary>
    Named,

    /// <summary>The name, then each argument between tags.</summary>
    Members,

    /// <summary>A list of calls as Python writes them; without a mark, as the whole answer.</summary>
    Python,

    /// <summary>The name, then members in braces, with a mark around texts.</summary>
    Pairs,

    /// <summary>A JSON object that is the whole answer.</summary>
    Bare,

    /// <summary>Messages on channels.</summary>
    Harmony,

    /// <summary>Messages that begin with whom they are for.</summary>
    Recipients,
}
