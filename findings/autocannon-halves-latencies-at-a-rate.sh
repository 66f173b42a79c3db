#!/usr/bin/env bash
# autocannon 9.0.0 with a rate (-R, overallRate, connectionRate), which is how a server is tested under open load: it corrects latencies for
# coordinated omission by filling in the requests that a slow answer kept from being sent, but takes them to have been due every
# millisecond at any rate (the interval it hands to the histogram is 1 / rate rounded up, in milliseconds). Every answer of n milliseconds
# is therefore counted n times, as n, n - 1, ..., 1: a server whose answers all take 200 ms, asked twice a second, never late, has a median
# of some 100 ms, and hundreds of latencies for ten requests. With ignoreCoordinatedOmission the same run says 200 ms.
#
# Expected: at two requests a second nothing is omitted, so both medians are 200 ms, of ten latencies.
# Seen:     about 100 ms of about two thousand, and 200 ms of ten.
#
# What follows for us: `load` takes every request's latency from when it was due and fills in nothing; figures of this program at a rate are
# comparable only where they were made with --ignoreCoordinatedOmission.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund autocannon@9.0.0
cat > rate.mjs <<'JS'
import { createServer } from 'node:http';
import autocannon from 'autocannon';

const server = createServer((_, response) => setTimeout(() => response.end('done'), 200));
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
for (const ignoreCoordinatedOmission of [false, true]) {
  const { requests, latency } = await autocannon({
    url: `http://127.0.0.1:${server.address().port}`, connections: 1, amount: 10, overallRate: 2, ignoreCoordinatedOmission,
  });
  console.error(`${requests.total} requests, ${latency.totalCount} latencies, median ${latency.p50} ms, least ${latency.min} ms`);
  console.log(`ignored: ${ignoreCoordinatedOmission}, as many latencies as requests: ${latency.totalCount === requests.total}, `
    + `median below 150 ms: ${latency.p50 < 150}`);
}
server.close();
JS
seen=$(node rate.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
ignored: false, as many latencies as requests: false, median below 150 ms: true
ignored: true, as many latencies as requests: true, median below 150 ms: false
SEEN
