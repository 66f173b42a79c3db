import type { ComponentChildren } from 'preact';

interface Props {
  kind: 'bad' | 'warning' | 'note';
  title: string;
  text?: string;
  children?: ComponentChildren;
}

/** A message that matters, said also to those who do not see it. */
export function Notice({ kind, title, text, children }: Props) {
  return (
    <section class={`notice ${kind}`} role={kind === 'bad' ? 'alert' : 'status'}>
      <h2>{title}</h2>
      {text !== undefined && <p>{text}</p>}
      {children}
    </section>
  );
}
