// What a front end writes with the types that openapi-typescript makes. It only has to compile.
import type { components, operations, paths } from "./schema";

type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : never;

export const enroll: Json<operations["enrollForSlot"]["requestBody"]> = { date: "2026-11-21" };

// A body that may be left out is never null.
export const renew: NonNullable<paths["/api/session"]["put"]["requestBody"]> = {
  content: { "application/json": {} },
};

// What the status says, the other fields follow.
export function page(room: Json<operations["getMeetingUrl"]["responses"][200]>): string | undefined {
  return room.status === "ready" ? room.url : undefined;
}

export function login(answer: components["schemas"]["LoginResponse"]): [string, string] {
  return [answer.user_id, answer.access_token];
}

export function nextPage(answer: operations["listMyChats"]["responses"][200]): string | undefined {
  return answer.headers.Link;
}

export function faults(error: Json<operations["signUp"]["responses"][400]>): string[] {
  return (error.errors ?? []).map((fault) => `${fault.field}: ${fault.rule ?? fault.code}`);
}
