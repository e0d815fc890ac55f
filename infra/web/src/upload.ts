// Files go straight to a bucket, by an address that takes this one file once.
import { ApiError } from "@enishi/client";

/** What a bucket is to get: its type, size and digest are part of the signature. */
export async function declared<T extends string>(file: File): Promise<{ content_type: T; size: number; sha256: string }> {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  const sha256 = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { content_type: file.type as T, size: file.size, sha256 };
}

/** Puts the file where it is allowed to be put. */
export async function put(file: File, allowed: { upload_url: string; headers: Record<string, string> }): Promise<void> {
  // The browser itself says how long it is.
  const headers = Object.fromEntries(Object.entries(allowed.headers).filter(([name]) => !/^(content-length|host)$/i.test(name)));
  const response = await fetch(allowed.upload_url, { method: "PUT", headers, body: file });
  if (!response.ok) throw ApiError.of(response, undefined);
}

/** The file that was chosen in a form's field. */
export function chosen(form: HTMLFormElement, name: string): File | undefined {
  const file = new FormData(form).get(name);
  return file instanceof File && file.size > 0 ? file : undefined;
}
