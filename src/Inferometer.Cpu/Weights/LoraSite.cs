namespace Inferometer.Cpu.Weights;

/// <summary>The linear layers of a block that an adapter can change, and their numbering over the layers.</summary>
internal enum LoraSite
{
    Query,
    Key,
    Value,
    Output,
    Gate,
    Up,
    Down,
}

/// <summary>Numbering of the sites of a whole model: layer x <see cref="PerLayer"/> + site.</summary>
internal static class LoraSites
{
    public const int PerLayer = 7;

    public static int Index(int layer, LoraSite site) => (layer * PerLayer) + (int)site;
}
