namespace Inferometer.Core.Gguf;

/// <summary>Type of a metadata value; the values are the ids in the file.</summary>
#pragma warning disable CS1591 // The names say all there is.
public enum GgufValueKind
{
    UInt8 = 0,
    Int8 = 1,
    UInt16 = 2,
    Int16 = 3,
    UInt32 = 4,
    Int32 = 5,
    Float32 = 6,
    Bool = 7,
    String = 8,
    Array = 9,
    UInt64 = 10,
    Int64 = 11,
    Float64 = 12,
}
