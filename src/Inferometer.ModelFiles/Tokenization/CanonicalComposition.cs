using System.Text;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>
/// Unicode normalisation form C (Unicode Standard Annex 15), which some tokenizers apply to their input. Written out
/// because the runtime leaves text as it is when it runs without culture data, as this project does.
/// </summary>
internal static class CanonicalComposition
{
    // Hangul syllables are composed by arithmetic: Unicode Standard, section 3.12.
    private const int SyllableBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailBase = 0x11A7;
    private const int Leads = 19;
    private const int Vowels = 21;
    private const int Trails = 28;

    /// <summary>The text in form D: characters that are made of others parted, marks in canonical order.</summary>
    public static string Decompose(string text)
    {
        // No character below U+00C0 is made of others.
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', '\u00BF'))
        {
            return text;
        }

        List<int> characters = Decomposed(text, CanonicalMappings.Instance);
        return Text(characters, characters.Count);
    }

    /// <summary>The text in form C.</summary>
    public static string Compose(string text)
    {
        // No character below U+0300 combines with or decomposes into another in form C.
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', '\u02FF'))
        {
            return text;
        }

        CanonicalMappings mappings = CanonicalMappings.Instance;
        List<int> characters = Decomposed(text, mappings);
        return Text(characters, Compose(characters, mappings));
    }

    private static List<int> Decomposed(string text, CanonicalMappings mappings)
    {
        var characters = new List<int>(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, mappings, characters);
        }

        Order(characters, mappings);
        return characters;
    }

    private static string Text(List<int> characters, int count)
    {
        var text = new StringBuilder(count);
        for (int i = 0; i < count; i++)
        {
            text.Append(new Rune(characters[i]));
        }

        return text.ToString();
    }

    private static void Decompose(int character, CanonicalMappings mappings, List<int> output)
    {
        int syllable = character - SyllableBase;
        if (syllable is >= 0 and < Leads * Vowels * Trails)
        {
            output.Add(LeadBase + (syllable / (Vowels * Trails)));
            output.Add(VowelBase + (syllable / Trails % Vowels));
            if (syllable % Trails > 0)
            {
                output.Add(TrailBase + (syllable % Trails));
            }
        }
        else if (mappings.Decomposition(character) is { } parts)
        {
            foreach (int part in parts)
            {
                Decompose(part, mappings, output);
            }
        }
        else
        {
            output.Add(character);
        }
    }

    // Sorts each run of combining characters by class, keeping the order within a class.
    private static void Order(List<int> characters, CanonicalMappings mappings)
    {
        for (int start = 0; start < characters.Count; start++)
        {
            int end = start;
            while (end < characters.Count && mappings.CombiningClass(characters[end]) != 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                int[] run = [.. characters[start..end].OrderBy(mappings.CombiningClass)];
                for (int i = 0; i < run.Length; i++)
                {
                    characters[start + i] = run[i];
                }
            }

            start = Math.Max(start, end);
        }
    }

    private static int Compose(List<int> characters, CanonicalMappings mappings)
    {
        int count = 0;
        int starter = -1;
        int lastClass = 0;
        for (int i = 0; i < characters.Count; i++)
        {
            int character = characters[i];
            int combiningClass = mappings.CombiningClass(character);
            bool isBlocked = starter < count - 1 && (lastClass == 0 || lastClass >= combiningClass);
            if (starter >= 0 && !isBlocked && TryPair(characters[starter], character, mappings, out int composed))
            {
                characters[starter] = composed;
                continue;
            }

            if (combiningClass == 0)
            {
                starter = count;
            }

            lastClass = combiningClass;
            characters[count++] = character;
        }

        return count;
    }

    private static bool TryPair(int first, int second, CanonicalMappings mappings, out int composed)
    {
        int lead = first - LeadBase;
        int vowel = second - VowelBase;
        if (lead is >= 0 and < Leads && vowel is >= 0 and < Vowels)
        {
            composed = SyllableBase + (((lead * Vowels) + vowel) * Trails);
            return true;
        }

        int syllable = first - SyllableBase;
        int trail = second - TrailBase;
        if (syllable is >= 0 and < Leads * Vowels * Trails && syllable % Trails == 0 && trail is > 0 and < Trails)
        {
            composed = first + trail;
            return true;
        }

        return mappings.TryCompose(first, second, out composed);
    }
}
