// What an app does with the official SDK, against the emulator of a running stack:
//
//   node check.js <emulator's address> <project> life <email> <password>
//   node check.js <emulator's address> <project> disabled <email> <password>
//
// Prints one line of JSON. Fails with what was not as it should be.

import assert from "node:assert/strict";
import { initializeApp } from "firebase/app";
import {
  applyActionCode,
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  deleteUser,
  fetchSignInMethodsForEmail,
  getAuth,
  getIdTokenResult,
  reload,
  sendEmailVerification,
  signInWithEmailAndPassword,
  signOut,
  updateEmail,
  updatePassword,
  updateProfile,
} from "firebase/auth";

const [address, projectId, what, email, password] = process.argv.slice(2);
const auth = getAuth(initializeApp({ apiKey: "local", projectId }));
connectAuthEmulator(auth, address, { disableWarnings: true });

const refused = (promise, code) => assert.rejects(promise, { code });

async function life() {
  const { user } = await createUserWithEmailAndPassword(auth, email, "first secret");
  assert.equal(user.email, email);
  assert.equal(user.isAnonymous, false);
  await refused(createUserWithEmailAndPassword(auth, email, "first secret"), "auth/email-already-in-use");
  await refused(createUserWithEmailAndPassword(auth, "other@example.com", "short"), "auth/weak-password");

  await updateProfile(user, { displayName: "花" });
  const first = await user.getIdToken();
  const refreshed = await getIdTokenResult(user, true);
  assert.equal(refreshed.claims.name, "花");
  assert.equal(refreshed.claims.email_verified, false);
  assert.equal(refreshed.claims.aud, projectId);
  assert.equal(refreshed.signInProvider, "password");
  assert.ok(first.endsWith("."), "an emulator's token is unsigned");

  await sendEmailVerification(user);
  const answer = await fetch(`${address}/emulator/v1/projects/${projectId}/oobCodes`);
  const { oobCodes } = await answer.json();
  const { oobCode } = oobCodes.find((code) => code.email === email);
  await applyActionCode(auth, oobCode);
  await refused(applyActionCode(auth, oobCode), "auth/invalid-action-code");
  await reload(user);
  assert.equal(user.emailVerified, true);

  await updatePassword(user, password);
  assert.deepEqual(await fetchSignInMethodsForEmail(auth, email), []);
  await signOut(auth);
  assert.equal(auth.currentUser, null);
  await refused(signInWithEmailAndPassword(auth, email, "first secret"), "auth/invalid-credential");
  await refused(signInWithEmailAndPassword(auth, "nobody@example.com", password), "auth/invalid-credential");

  const second = await createUserWithEmailAndPassword(auth, `second-${email}`, password);
  await refused(updateEmail(second.user, email), "auth/email-already-in-use");
  await deleteUser(second.user);

  const again = await signInWithEmailAndPassword(auth, email, password);
  assert.equal(again.user.uid, user.uid);
  assert.equal(again.user.displayName, "花");
  const { token, claims } = await getIdTokenResult(again.user);
  return { id_token: token, claims };
}

async function disabled() {
  await refused(signInWithEmailAndPassword(auth, email, password), "auth/user-disabled");
  return {};
}

console.log(JSON.stringify(await { life, disabled }[what]()));
process.exit(0);
