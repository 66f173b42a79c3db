using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Inference.Constraints.Schemas;

/// <summary>
/// Proves that what is written for one schema does not fulfil another, which <c>oneOf</c> asks for. Where it cannot, that is no proof of
/// the contrary.
/// </summary>
internal sealed class Exclusion(SchemaReader reader)
{
    private const int DeepestMembers = 4;

    /// <summary>Fails where two schemas are not told apart.</summary>
    public void Require(IReadOnlyList<SchemaBranch>[] schemas, Func<int, int, InferometerException> fault)
    {
        for (int a = 0; a < schemas.Length; a++)
        {
            for (int b = 0; b < schemas.Length; b++)
            {
                if (a != b && !Excludes(schemas[a], schemas[b], 0))
                {
                    throw fault(a, b);
                }
            }
        }
    }

    /// <summary>Whether nothing written for the first fulfils the second.</summary>
    private bool Excludes(IReadOnlyList<SchemaBranch> written, IReadOnlyList<SchemaBranch> other, int depth) =>
        written.All(a => other.All(b => Excludes(a, b, depth)));

    private bool Excludes(SchemaBranch written, SchemaBranch other, int depth)
    {
        JsonTypes types = written.Written & other.Types;
        if (types == JsonTypes.None || (written.Values is { } values && other.Values is { } others && AreDistinct(values, others)))
        {
            return true;
        }

        return (types & ~JsonTypes.Number) == JsonTypes.None ? written.Bounds.Intersect(other.Bounds).IsEmpty
            : types == JsonTypes.Object && written.Values is null && ExcludesObjects(written, other, depth);
    }

    private bool ExcludesObjects(SchemaBranch written, SchemaBranch other, int depth) =>
        other.Required.Any(name => !written.CanWrite(name))
        || written.Required.Any(other.Forbids)
        || (depth < DeepestMembers && written.Required.Any(
            name => Excludes(reader.Branches(written.PlacesOf(name)), reader.Branches(other.PlacesOf(name)), depth + 1)));

    private static bool AreDistinct(IReadOnlyList<JsonElement> a, IReadOnlyList<JsonElement> b) =>
        !a.Any(value => b.Any(other => JsonElement.DeepEquals(value, other)));
}
