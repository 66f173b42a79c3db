/** What the server answers with; the same JSON that the command line prints. Times in ms, sizes in bytes. */

export interface ModelEntry {
  name: string;
  model_type: string;
  parameters: number;
  active_parameters: number;
  attention: string;
  max_context_tokens: number;
  aliases: string[] | null;
}

export interface SystemEntry {
  name: string;
  vendor: string;
  kind: string;
  architecture: string;
  bf16_tflops: number | null;
  memory_gb: number | null;
  memory_bandwidth_gb_per_s: number | null;
  price_per_hour_usd: number | null;
  aliases: string[] | null;
}

export interface Setting {
  name: string;
  description: string;
  type: string | string[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  default?: string | number;
  enum?: string[];
  examples?: string[];
  only_with?: string;
  range?: string;
}

export interface Settings {
  estimate: Setting[];
  simulate: Setting[];
  plan: Setting[];
}

export interface Interval {
  low: number;
  high: number;
}

export interface Band {
  low90: number;
  low50: number;
  high50: number;
  high90: number;
}

export interface Memory {
  weight_bytes: number;
  kv_cache_bytes: number;
  activation_bytes: number;
  reserved_bytes: number;
  total_bytes: number;
  capacity_bytes: number;
  usable_bytes: number;
  nominal_bytes: number;
  kv_capacity_tokens?: number;
  concurrent_requests?: number;
  offloaded_bytes: number;
  host_capacity_bytes?: number;
  fits: boolean;
  largest_batch: number;
  longest_context_tokens: number;
}

export interface Operator {
  name: string;
  group: string;
  count: number;
  flops: number;
  weight_bytes: number;
  kv_bytes: number;
  activation_bytes: number;
  latency_ms: number;
  total_ms: number;
  bound: string;
  flop_utilization: number;
  bandwidth_utilization: number;
  arithmetic_intensity: number;
}

export interface Utilization {
  flop_utilization: number;
  bandwidth_utilization: number;
  arithmetic_intensity: number;
  bound: string;
}

export interface Metrics {
  ttft_ms?: number;
  tpot_ms?: number;
  e2e_ms?: number;
  prefill_tokens_per_second?: number;
  decode_tokens_per_second?: number;
  output_tokens_per_second?: number;
  total_tokens_per_second?: number;
  requests_per_second?: number;
  average_power_watts?: number;
  energy_per_token_joules?: number;
  cost_per_hour_usd?: number;
  cost_per_million_tokens_usd?: number;
}

export interface Result {
  simulation_type: string;
  model: string;
  system: string;
  devices: number;
  cost_model: string;
  metrics: Metrics;
  formats?: { weights: string; weights_origin: string; kv_cache: string; activations: string };
  memory_usage?: Memory;
  hardware_utilization: Record<string, Utilization>;
  operators: Record<string, Operator[]>;
  basis?: {
    rests_on: string;
    framework: string;
    familiarity: string;
    runs: number;
    time_per_output_token: Band;
    time_to_first_token: Band;
    end_to_end: Band;
  };
  warnings: string[];
  assumptions: string[];
}

export interface Change {
  field: string;
  value: string;
}

/** An error as RFC 9457 has it, with what the simulator adds. */
export interface ProblemBody {
  title?: string;
  status?: number;
  detail: string;
  code?: string;
  field?: string;
  memory_usage?: Memory;
  changes?: Change[];
}

export type Row = Record<string, string | number | boolean | string[] | null>;

export interface LoadPoint {
  seconds: number;
  waiting: number;
  running: number;
  batch: number;
  kv_use: number;
  output_tokens_per_s: number;
}

export type ServiceReport = Record<string, number | null> & { over_time: LoadPoint[]; warnings: string[]; assumptions: string[] };

export interface PlanAnswer {
  answer: string;
  system: string;
  devices: number;
  replicas: number;
  prefill_replicas: number;
  tensor_parallel: number;
  pipeline_parallel: number;
  expert_parallel: number;
  attention_data_parallel: number;
  weights: string;
  kv_cache: string;
  framework: string;
  max_sequences: number;
  max_step_tokens: number;
  usd_per_month: number;
  usd_per_million_output_tokens: number;
  joules_per_output_token: number | null;
  median_ttft_ms: number;
  median_tpot_ms: number;
  request_throughput: number;
  output_throughput_per_device: number;
  risk: string;
}

export interface PlanResult {
  model: string;
  demand: string;
  level: string;
  deployments: number;
  simulations: number;
  headroom_factor: number | null;
  nearest: string | null;
  answers: PlanAnswer[];
  limits?: { limit: string; median_ms: number; predicted_ms: number; upper_quarter_ms: number; upper_twentieth_ms: number; risk: string }[];
  changes?: { change: string; usd_per_month: number | null; saved_share: number | null; devices: number | null }[];
  rejections: { deployments: number; nearest: string; deployment: string }[];
  front: {
    tokens_per_s_per_user: number;
    tokens_per_s_per_device: number;
    sequences: number;
    ttft_ms: number;
    usd_per_million_output_tokens: number | null;
    keeps_level: boolean;
    deployment: string;
  }[];
  assumptions: string[];
}

export interface JobStatus {
  id: string;
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  progress: number;
  seconds: number;
  error?: string;
  result?: unknown;
}

export interface RunMetric {
  key: string;
  name: string;
  unit: string;
  better: 'lower' | 'higher' | 'neither';
  value: number;
  headline: boolean;
}

export interface RunEntry {
  id: string;
  short_id: string;
  kind: string;
  arm: 'measured' | 'predicted';
  at: string;
  model: string;
  on: string;
  name: string | null;
  tags: string[];
  config_hash: string;
  product: string;
  metrics: RunMetric[];
}

export interface RunList {
  runs: RunEntry[];
}

export interface RunDifference {
  a: RunEntry;
  b: RunEntry;
  same_config: boolean;
  warnings: string[];
  metrics: {
    key: string;
    name: string;
    unit: string;
    headline: boolean;
    a: number | null;
    b: number | null;
    change: number | null;
    change_low: number | null;
    change_high: number | null;
    verdict: 'unknown' | 'same' | 'better' | 'worse' | 'different';
  }[];
}
