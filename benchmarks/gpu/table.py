"""
Prints what card.sh has timed beside llama.cpp's figures, and writes it to FOLDER/inferometer_gpu.csv for 'inferometer validate':
table.py FOLDER DEVICE LLAMA_CPP_CSV TYPE...
"""
import csv
import json
import os
import sys

MODEL = "llama-3.1-8b"


def load(folder, name):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file if line.startswith("{")] if name.endswith("l") else json.load(file)


def test_of(row):
    """Kind of test, its size, sequences and depth: what both programs' rows are told apart by."""
    prompt, sequences = row["n_prompt"], row.get("n_sequences", 1)
    return "pp" if prompt else "bd" if sequences > 1 else "tg", prompt or row["n_gen"], sequences, row.get("n_depth", 0)


def here(folder, kind):
    """The peer's figures of this run, by test; its steps of several sequences start at a depth of their prompt."""
    found = {}
    for part in ("prompt", "generate"):
        for row in load(folder, f"{kind}-peer-{part}.json"):
            found[test_of(row)] = row["avg_ts"]
    for row in load(folder, f"{kind}-peer-batch.jsonl"):
        found["bd", row["tg"], row["pl"], row["pp"]] = row["speed_tg"]
    return found


def published(path, kind):
    """The peer's figures on one H100, likewise."""
    if not os.path.exists(path):
        return {}
    with open(path, newline="") as file:
        return {
            (row["test"], int(row["size"]), int(row["sequences"]), int(row["depth"])): float(row["tokens_per_s"])
            for row in csv.DictReader(file)
            if "H100" in row["device"] and row["model"] == MODEL and row["type"] == kind
        }


def main(folder, device, peer_file, kinds):
    written = [["device", "model", "type", "test", "size", "sequences", "depth", "tokens_per_s", "framework"]]
    print(f"{'type':<6}{'test':<24}{'tokens/s':>10}{'+/-':>8}{'llama.cpp':>11}{'ratio':>7}  peer")
    for kind in kinds:
        own, peer = here(folder, kind), published(peer_file, kind)
        for part in ("prompt", "generate", "generate-kv-q8", "batch"):
            for row in load(folder, f"{kind}-{part}.json"):
                test, size, sequences, depth = key = test_of(row)
                rounded = part.endswith("q8")  # the peer's figures are over f16
                other, where = (None, "") if rounded else (own[key], "this card") if key in own else (peer.get(key), "H100, 2026-11-28")
                name = f"{test}{size} d{depth} x{sequences}{' kv q8' if rounded else ''}"
                print(
                    f"{kind:<6}{name:<24}{row['avg_ts']:>10.1f}{row['stddev_ts']:>8.1f}"
                    + (f"{other:>11.1f}{row['avg_ts'] / other:>7.2f}  {where}" if other else f"{'-':>11}{'-':>7}"))
                if not rounded:
                    written.append([device, MODEL, kind, test, size, sequences, depth, row["avg_ts"], "inferometer-gpu"])
        for way in ("greedy", "top-k", "top-p", "rows"):
            name = f"{kind}-sample-{way}.json"
            if os.path.exists(os.path.join(folder, name)):
                print(f"{kind:<6}{'sampling: ' + way:<24}{load(folder, name)['decode_tokens_per_second']:>10.1f}")
    with open(os.path.join(folder, "inferometer_gpu.csv"), "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(written)


main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
