/** What has a number of its conversation's. */
interface Numbered {
  seq: number;
}

/** Each once, in their order. */
export function merge<T extends Numbered>(before: readonly T[], more: readonly T[]): T[] {
  const all = new Map([...before, ...more].map((message) => [message.seq, message]));
  return [...all.values()].sort((one, other) => one.seq - other.seq);
}

/** The last number before which none is missing. */
export function unbroken(messages: readonly Numbered[]): number {
  let last = messages[0]?.seq ?? 0;
  for (const { seq } of messages.slice(1)) {
    if (seq !== last + 1) break;
    last = seq;
  }
  return last;
}
