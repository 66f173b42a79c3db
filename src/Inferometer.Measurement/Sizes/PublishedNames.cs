using Inferometer.Core.Catalog;
using Inferometer.Core.Models;

namespace Inferometer.Measurement.Sizes;

/// <summary>Finds the model that people mean by a name such as <c>Llama 3 70B</c> or <c>DeepSeek-R1 671B</c>.</summary>
internal static class PublishedNames
{
    // Variants of one architecture: a model tuned for code or for talk has the sizes of its base.
    private static readonly string[] Variants = ["-coder", "-instruct", "-thinking", "-it", "-chat", "-distill", "-base"];
    private static readonly string[] Endings = ["", "-instruct", "-hf", "-it", "-chat-v1.0", "-base", "-v0.1", "-instruct-2507", "-fp8"];
    private static readonly string[] Beginnings = ["", "meta-"];

    public static ModelArchitecture? Find(ModelCatalog models, string text)
    {
        int stated = text.IndexOf("(as ", StringComparison.Ordinal);
        string name = stated >= 0 ? text[(stated + 4)..].TrimEnd(')', ' ') : text;
        int bracket = name.IndexOf('(', StringComparison.Ordinal);
        name = (bracket > 0 ? name[..bracket] : name).Trim().Replace(' ', '-').ToLowerInvariant();
        if (name.EndsWith("-fp8", StringComparison.Ordinal) && Resolve(models, name) is { } own)
        {
            return own;
        }

        name = name.EndsWith("-fp8", StringComparison.Ordinal) ? name[..^4] : name;
        string plain = Variants.Aggregate(name, (n, v) => n.Replace(v, "", StringComparison.Ordinal));
        int last = name.LastIndexOf('-');
        IEnumerable<string> candidates = [name, plain, .. last > 0 ? [name[..last]] : Array.Empty<string>()];
        return candidates.Select(candidate => Resolve(models, candidate)).FirstOrDefault(found => found is not null);
    }

    private static ModelArchitecture? Resolve(ModelCatalog models, string name) =>
        (from beginning in Beginnings from ending in Endings select models.TryFind(beginning + name + ending))
            .FirstOrDefault(found => found is not null)?.Architecture;
}
