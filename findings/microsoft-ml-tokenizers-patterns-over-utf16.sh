#!/usr/bin/env bash
# Microsoft.ML.Tokenizers 2.0.1: pre-tokenizer patterns run over units of UTF-16, not over characters. A letter or digit beyond the first
# plane is two surrogates there, which are neither \p{L} nor \p{N}, so that patterns part words that the tokenizers of the models, whose
# patterns run over characters, keep whole; half of an emoji is no "one character that may stand before a word". The parted text gets
# other tokens than the model was trained with, wherever the vocabulary holds one across the cut: mathematical letters, rarer Han
# characters, digits of the same kind.
#
# Expected: one piece for each of the texts below, as in Hugging Face's tokenizers with the same pattern.
# Seen:     two or more.
#
# What follows for us: the engine's patterns run over characters (docs/models.md, "Why the engine has its own tokenizers").
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > pieces.cs <<'CS'
#:package Microsoft.ML.Tokenizers@2.0.1
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

const string Gpt2 = @"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
const string OneBeforeAWord = @"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+";
foreach ((string pattern, string text) in ((string, string)[])[(Gpt2, "x\U0001D465"), (Gpt2, "\u4E2D\U00020000"), (Gpt2, "1\U0001D7CF"), (OneBeforeAWord, "\U0001F600the")])
{
    RegexPreTokenizer splitter = new(new Regex(pattern), specialTokens: null);
    string name = string.Join(" ", text.EnumerateRunes().Select(rune => $"{rune.Value:X}"));
    Console.WriteLine($"{name}: {splitter.PreTokenize(text).Count()} pieces");
}
CS
seen=$(DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 dotnet run pieces.cs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
78 1D465: 2 pieces
4E2D 20000: 2 pieces
31 1D7CF: 2 pieces
1F600 74 68 65: 2 pieces
SEEN
