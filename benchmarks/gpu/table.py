"""Prints what card.sh has timed beside llama.cpp's figures: table.py FOLDER LLAMA_CPP_CSV TYPE..."""
import csv
import json
import os
import sys

folder, peer_file, types = sys.argv[1], sys.argv[2], sys.argv[3:]
peer = {}
if os.path.exists(peer_file):
    with open(peer_file, newline="") as file:
        for row in csv.DictReader(file):
            if "H100" in row["device"] and row["model"] == "llama-3.1-8b":
                peer[row["type"], row["test"], int(row["size"]), int(row["sequences"]), int(row["depth"])] = float(row["tokens_per_s"])

print(f"{'type':<6}{'test':<24}{'tokens/s':>10}{'+/-':>8}{'llama.cpp':>11}{'ratio':>7}")
for kind in types:
    for part in ("prompt", "generate", "generate-kv-q8", "batch"):
        with open(os.path.join(folder, f"{kind}-{part}.json")) as file:
            rows = json.load(file)
        for row in rows:
            prompt, size, depth, sequences = row["n_prompt"], row["n_gen"], row["n_depth"], row["n_sequences"]
            test = "pp" if prompt else "bd" if sequences > 1 else "tg"
            rounded = part.endswith("q8")  # the peer's figures are over f16
            other = None if rounded else peer.get((kind, test, prompt or size, sequences, depth))
            name = f"{test}{prompt or size} d{depth} x{sequences}{' kv q8' if rounded else ''}"
            print(
                f"{kind:<6}{name:<24}{row['avg_ts']:>10.1f}{row['stddev_ts']:>8.1f}"
                + (f"{other:>11.1f}{row['avg_ts'] / other:>7.2f}" if other else f"{'-':>11}{'-':>7}"))
