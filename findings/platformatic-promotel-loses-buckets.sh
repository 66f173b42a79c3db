#!/usr/bin/env bash
# @platformatic/promotel 0.2.2 (npm), which converts Prometheus metrics to OpenTelemetry's and pushes them: of a histogram's buckets only
# the last line, that of +Inf, is kept, so that every histogram arrives as one bucket without a bound that holds all observations. Nothing
# is raised, sum and count are right, and means look plausible; no quantile (time to first token, between tokens, end to end) can be drawn
# from it any more. It is so for the text of a server and for prom-client's registry, with labels and without.
#
# Expected, of 0.05, 0.2, 0.3, 0.7 and 2 s under the bounds 0.1, 0.5 and 1: bounds 0.1, 0.5, 1 and, as OpenTelemetry's protocol counts each
# bucket for itself, counts 1, 2, 1, 1.
# Seen:     no bounds, one count of 5.
#
# What follows for us: our server gives its times to .NET's meters with their bounds (Server/Metrics/Telemetry.cs) as well as to Prometheus'
# text, so that nothing need convert the one to the other; what came through this program has means and no percentiles.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @platformatic/promotel@0.2.2 prom-client@15.1.3
cat > convert.mjs <<'JS'
import { convert, getFromRegistry, parse } from '@platformatic/promotel';
import { Histogram, Registry } from 'prom-client';

const registry = new Registry();
const common = { help: 'text', buckets: [0.1, 0.5, 1], registers: [registry] };
const plain = new Histogram({ ...common, name: 'queue_seconds' });
const labelled = new Histogram({ ...common, name: 'first_token_seconds', labelNames: ['engine'] });
for (const seconds of [0.05, 0.2, 0.3, 0.7, 2]) {
  plain.observe(seconds);
  labelled.observe({ engine: '0' }, seconds);
  labelled.observe({ engine: '1' }, seconds / 10);
}
const show = (title, request) => {
  for (const { name, histogram } of convert(request).resource_metrics[0].scope_metrics[0].metrics) {
    for (const { attributes, count, sum, explicit_bounds: bounds, bucket_counts: counts } of histogram.data_points) {
      const labels = attributes.map(({ key, value }) => `${key}=${value.string_value}`).join();
      console.log(`${title}: ${name}{${labels}} count ${count}, sum ${sum.toFixed(3)}, bounds [${bounds}], counts [${counts}]`);
    }
  }
};
const text = await registry.metrics();
console.log(text.split('\n').filter((line) => line.startsWith('queue_seconds_bucket')).join('\n'));
show('text', parse(text));
show('registry', await getFromRegistry({ registry }));
JS
seen=$(node convert.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
queue_seconds_bucket{le="0.1"} 1
queue_seconds_bucket{le="0.5"} 3
queue_seconds_bucket{le="1"} 4
queue_seconds_bucket{le="+Inf"} 5
text: queue_seconds{} count 5, sum 3.250, bounds [], counts [5]
text: first_token_seconds{engine=0} count 5, sum 3.250, bounds [], counts [5]
text: first_token_seconds{engine=1} count 5, sum 0.325, bounds [], counts [5]
registry: queue_seconds{} count 5, sum 3.250, bounds [], counts [5]
registry: first_token_seconds{engine=0} count 5, sum 3.250, bounds [], counts [5]
registry: first_token_seconds{engine=1} count 5, sum 0.325, bounds [], counts [5]
SEEN
