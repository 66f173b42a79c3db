import type { Memory } from '../api/types';
import { bytes } from '../format';
import type { Part } from '../parts/bars';

/** What fills a device's memory. */
export function memoryParts(memory: Memory): Part[] {
  const parts: [string, number][] = [
    ['Weights', memory.weight_bytes],
    ['KV cache', memory.kv_cache_bytes],
    ['Activations', memory.activation_bytes],
    ['Reserve', memory.reserved_bytes],
  ];
  return parts.map(([name, value], i) => ({ name, value, colour: i + 1, text: bytes(value) }));
}
