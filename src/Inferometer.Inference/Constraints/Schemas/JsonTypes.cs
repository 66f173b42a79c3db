namespace Inferometer.Inference.Constraints.Schemas;

/// <summary>Types of JSON values; numbers in two, since whole ones are a type of their own in schemas.</summary>
[Flags]
internal enum JsonTypes
{
    None = 0,
    Null = 1,
    Boolean = 2,
    Integer = 4,
    Fraction = 8,
    Number = Integer | Fraction,
    Text = 16,
    Array = 32,
    Object = 64,
    All = Null | Boolean | Number | Text | Array | Object,
}
