/** The address of ours that a query names, and nobody else's. */
export function next(query: Record<string, string>, otherwise: string): string {
  const next = query["next"] ?? "";
  return /^\/(?![/\\])/.test(next) ? next : otherwise;
}
