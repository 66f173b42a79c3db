#!/usr/bin/env bash
# DuckDB 1.5.6 (npm, @duckdb/node-api): a figure that is NaN, as latencies of failed requests are in many tables, is the greatest number
# there is in DuckDB, so that x > 2 holds for it. Read from a Parquet file it may not: the format has writers leave NaN out of a chunk's
# minimum and maximum and tells readers to expect NaN all the same, but DuckDB takes the two for bounds of all values, and drops the
# row group, or drops the condition where the two say that it always holds. So one query over the same rows has one answer from
# a table and another from a file of hyparquet-writer (below) or Parquet.Net; a file that DuckDB wrote itself has no minimum and maximum then.
# A service objective counts on it: "ttft > 2" loses the failed requests, "ttft < 2" counts them as met.
#
# Expected: one answer for the file and for the table made of it. Seen: another one wherever all other values of the row group are on one
# side of the bound, and for = 'NaN' always.
#
# What follows for us: `history export` and `sweep` write a figure that is missing as null, never as NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @duckdb/node-api@1.5.6-r.1 hyparquet-writer@0.17.0
cat > nan.mjs <<'JS'
import { DuckDBInstance } from '@duckdb/node-api';
import { parquetWriteFile } from 'hyparquet-writer';

const connection = await (await DuckDBInstance.create()).connect();
const count = async (from, where) => (await connection.runAndReadAll(`select count(*) from ${from} where ${where}`)).getRows()[0][0];
for (const [name, ttft] of [['a', [1, NaN, 1.5]], ['b', [1, NaN, 3]]]) {
  parquetWriteFile({ filename: `${name}.parquet`, columnData: [{ name: 'ttft', data: ttft, type: 'DOUBLE' }] });
  await connection.run(`create table ${name} as select * from '${name}.parquet'`);
  await connection.run(`copy ${name} to '${name}2.parquet'`);
  for (const where of ['ttft > 2', 'ttft < 2', "ttft = 'NaN'", 'isnan(ttft)']) {
    const [table, file, own] = await Promise.all([name, `'${name}.parquet'`, `'${name}2.parquet'`].map((from) => count(from, where)));
    console.log(`${ttft.join(', ')}: ${where}: table ${table}, file ${file}, DuckDB's own file ${own}`);
  }
}
JS
seen=$(node nan.mjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
1, NaN, 1.5: ttft > 2: table 1, file 0, DuckDB's own file 1
1, NaN, 1.5: ttft < 2: table 2, file 3, DuckDB's own file 2
1, NaN, 1.5: ttft = 'NaN': table 1, file 0, DuckDB's own file 1
1, NaN, 1.5: isnan(ttft): table 1, file 1, DuckDB's own file 1
1, NaN, 3: ttft > 2: table 2, file 2, DuckDB's own file 2
1, NaN, 3: ttft < 2: table 1, file 1, DuckDB's own file 1
1, NaN, 3: ttft = 'NaN': table 1, file 0, DuckDB's own file 1
1, NaN, 3: isnan(ttft): table 1, file 1, DuckDB's own file 1
SEEN
