// A block of code that can be copied.
import { useEffect, useRef, useState } from "preact/hooks";
import { config } from "../app";

/** Where a local stack's API is; examples are written for it and shown for the one that this page is of. */
const LOCAL = "http://localhost:3000";

const NAMES: Record<string, string> = { sh: "Shell", ts: "TypeScript", js: "JavaScript", json: "JSON" };

/** A text as code; `label` says what it is. */
export function Code({ text, language, label }: { text: string; language?: string | undefined; label?: string }) {
  const shown = text.replaceAll(LOCAL, config.api);
  const pre = useRef<HTMLPreElement>(null);
  const [copied, setCopied] = useState("");
  useEffect(() => {
    if (!copied) return;
    const back = setTimeout(() => setCopied(""), 2000);
    return () => clearTimeout(back);
  }, [copied]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(shown);
      setCopied("Copied");
    } catch {
      if (pre.current) getSelection()?.selectAllChildren(pre.current);
      setCopied("Selected");
    }
  };
  return (
    <figure class="code">
      <figcaption>
        <span>{label ?? (language ? (NAMES[language] ?? language) : "Terminal")}</span>
        <button type="button" class="plain" onClick={copy}>
          <span aria-live="polite">{copied || "Copy"}</span>
        </button>
      </figcaption>
      <pre ref={pre} tabIndex={0}>
        <code>{shown}</code>
      </pre>
    </figure>
  );
}
