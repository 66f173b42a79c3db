namespace Inferometer.Inference.Constraints.Grammars;

/// <summary>Writes sets of characters as paths of UTF-8 bytes.</summary>
internal static class Utf8Paths
{
    private static readonly (int First, int Last, int Bytes)[] Lengths =
        [(0, 0x7F, 1), (0x80, 0x7FF, 2), (0x800, 0xFFFF, 3), (0x10000, 0x10FFFF, 4)];

    /// <summary>Adds the paths between two states.</summary>
    public static void Add(Nfa nfa, int from, int to, CharacterSet set)
    {
        // States behind which any one, two or three continuation bytes follow serve all stretches of the set.
        int[] rest = [to, -1, -1, -1];
        foreach (SymbolRange range in set.Ranges)
        {
            foreach ((int first, int last, int bytes) in Lengths)
            {
                (int low, int high) = (Math.Max(first, range.First), Math.Min(last, range.Last));
                if (low <= high)
                {
                    AddTail(nfa, from, low, high, bytes, isFirst: true, rest);
                }
            }
        }
    }

    /// <summary>The bytes of characters from <paramref name="low"/> to <paramref name="high"/>, which are written with as many.</summary>
    private static void AddTail(Nfa nfa, int from, int low, int high, int bytes, bool isFirst, int[] rest)
    {
        int shift = 6 * (bytes - 1);
        int mask = (1 << shift) - 1;
        if (bytes == 1)
        {
            nfa.AddEdge(from, Lead(low, 1, isFirst), Lead(high, 1, isFirst), rest[0]);
            return;
        }

        int first = low >> shift, last = high >> shift;
        if (first == last)
        {
            Step(first, low & mask, high & mask);
            return;
        }

        if ((low & mask) != 0)
        {
            Step(first, low & mask, mask);
            first++;
        }

        bool endsShort = (high & mask) != mask;
        int whole = endsShort ? last - 1 : last;
        if (first <= whole)
        {
            nfa.AddEdge(from, Lead(first << shift, bytes, isFirst), Lead(whole << shift, bytes, isFirst), Rest(nfa, bytes - 1, rest));
        }

        if (endsShort)
        {
            Step(last, 0, high & mask);
        }

        void Step(int lead, int lowRest, int highRest)
        {
            int next = lowRest == 0 && highRest == mask ? Rest(nfa, bytes - 1, rest) : nfa.AddState();
            int symbol = Lead(lead << shift, bytes, isFirst);
            nfa.AddEdge(from, symbol, symbol, next);
            if (lowRest != 0 || highRest != mask)
            {
                AddTail(nfa, next, lowRest, highRest, bytes - 1, isFirst: false, rest);
            }
        }
    }

    private static int Rest(Nfa nfa, int bytes, int[] rest)
    {
        if (rest[bytes] < 0)
        {
            int state = nfa.AddState();
            rest[bytes] = state;
            nfa.AddEdge(state, 0x80, 0xBF, Rest(nfa, bytes - 1, rest));
        }

        return rest[bytes];
    }

    /// <summary>The byte with which the last <paramref name="bytes"/> bytes of a character begin.</summary>
    private static int Lead(int bits, int bytes, bool isFirst)
    {
        int value = bits >> (6 * (bytes - 1));
        return !isFirst ? 0x80 | value : bytes switch { 1 => value, 2 => 0xC0 | value, 3 => 0xE0 | value, _ => 0xF0 | value };
    }
}
