// Who somebody is at Firebase: what organisations are joined with. Only their pages load it. Nothing of it is kept
// in the browser: the session that follows is ours (`POST /api/session`).
import { initializeApp } from "@firebase/app";
import {
  type Auth,
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  initializeAuth,
  inMemoryPersistence,
  sendEmailVerification,
  signInWithEmailAndPassword,
  type User,
} from "@firebase/auth";
import { ApiError, type Code, ok } from "@enishi/client";
import { config, enishi } from "./app";

export type { User };

let auth: Auth | undefined;

function firebase(): Auth {
  if (auth) return auth;
  const { emulator, ...options } = config.firebase ?? { apiKey: "", projectId: "" };
  auth = initializeAuth(initializeApp(options), { persistence: inMemoryPersistence });
  if (emulator) connectAuthEmulator(auth, emulator, { disableWarnings: true });
  return auth;
}

/** Firebase's refusals as ours. */
const CODES: Record<string, [Code, string?]> = {
  "auth/invalid-credential": ["invalid_credentials"],
  "auth/user-disabled": ["forbidden"],
  "auth/too-many-requests": ["too_many_requests"],
  "auth/network-request-failed": ["network"],
  "auth/email-already-in-use": ["conflict", "email"],
  "auth/invalid-email": ["invalid_parameter", "email"],
  "auth/missing-password": ["invalid_parameter", "password"],
  "auth/weak-password": ["invalid_parameter", "password"],
};

async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (thrown) {
    const { code = "", message = "" } = thrown as { code?: string; message?: string };
    const [ours = "internal_server_error", field] = CODES[code] ?? [];
    const fault = code === "auth/email-already-in-use" ? ("already_exists" as const) : ("invalid" as const);
    throw new ApiError(0, ours as Code, message, field ? [{ field, code: fault }] : []);
  }
}

export async function signUp(email: string, password: string): Promise<User> {
  const { user } = await told(createUserWithEmailAndPassword(firebase(), email, password));
  await told(sendEmailVerification(user));
  return user;
}

export async function logIn(email: string, password: string): Promise<User> {
  return (await told(signInWithEmailAndPassword(firebase(), email, password))).user;
}

/** Asks Firebase once more whether the address is confirmed by now. */
export async function look(user: User): Promise<boolean> {
  await told(user.reload());
  await told(user.getIdToken(true));
  return user.emailVerified;
}

/** What a request with the ID token says of itself. */
export async function bearer(user: User): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${await told(user.getIdToken())}` };
}

/** Begins a session of ours; its secret comes as the cookie. */
export async function begin(user: User): Promise<void> {
  const id_token = await told(user.getIdToken());
  enishi.session.begin(await ok(enishi.api.POST("/api/session", { body: { id_token }, credentials: "include" })));
}
