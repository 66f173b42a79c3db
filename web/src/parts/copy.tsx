import { useState } from 'preact/hooks';

/** A line to copy: a command, a link. */
export function CopyLine({ label, text }: { label: string; text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 1500);
    } catch {
      setCopied(false); // the browser does not let us; the text can be selected
    }
  };
  return (
    <div class="copy">
      <span class="copy-label">{label}</span>
      <code tabIndex={0}>
        {/* A line is broken between words, not at the hyphens of an option. */}
        {text.split(' ').flatMap((word, i) => [i === 0 ? '' : ' ', <span key={i}>{word}</span>])}
      </code>
      <button type="button" onClick={() => void copy()} aria-label={`Copy ${label.toLowerCase()}`}>
        {copied ? 'Copied' : 'Copy'}
      </button>
    </div>
  );
}
