import { CopyLine } from './copy';
import { Notice } from './notice';

/** Says how to serve a model where none is. */
export function NoModel({ what }: { what: string }) {
  return (
    <Notice kind="note" title="No model is served here" text={`${what} needs one. Start the server with a model: a .gguf file, a Hugging Face folder, or the small one that comes with the program.`}>
      <CopyLine label="Bundled model" text="inferometer serve --demo" />
      <CopyLine label="Your own" text="inferometer serve ./model.gguf" />
    </Notice>
  );
}
