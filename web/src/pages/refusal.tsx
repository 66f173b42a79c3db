import { Problem } from '../api/client';
import { bytes } from '../format';
import { StackBar } from '../parts/bars';
import { Notice } from '../parts/notice';
import type { Values } from '../state/route';
import { memoryParts } from './memory';

interface Props {
  fault: Problem | string;
  onChange: (changes: Values) => void;
}

/** Why there is no estimate, what it would take, and each single change that would do. */
export function Refusal({ fault, onChange }: Props) {
  if (typeof fault === 'string') {
    return <Notice kind="bad" title="No estimate" text={fault} />;
  }

  const { detail, code, memory_usage: memory, changes = [] } = fault.body;
  const text = code === 'does_not_fit' ? detail.replace(/ ?It would fit with .*$/, '') : detail;
  return (
    <Notice kind="bad" title={code === 'does_not_fit' ? 'Does not fit' : 'Not possible'} text={text}>
      {memory !== undefined && (
        <>
          <StackBar
            label="Memory needed per device"
            parts={memoryParts(memory)}
            total={Math.max(memory.total_bytes, memory.capacity_bytes)}
            limit={memory.capacity_bytes}
          />
          <p class="muted">The mark is what a device has: {bytes(memory.capacity_bytes)}.</p>
        </>
      )}
      {(changes.length > 0 || /[Aa]llow uneven/.test(detail)) && (
        <p class="advice">
          <span>It would work with</span>
          {changes.map((change) => (
            <button type="button" class="main" key={change.field} onClick={() => onChange({ [change.field]: change.value })}>
              {change.field.replaceAll('-', ' ')} {change.value}
            </button>
          ))}
          {/[Aa]llow uneven/.test(detail) && (
            <button type="button" class="main" onClick={() => onChange({ 'allow-uneven': 'true' })}>
              uneven heads
            </button>
          )}
        </p>
      )}
    </Notice>
  );
}
