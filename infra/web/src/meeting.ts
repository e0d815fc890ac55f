// A meeting as the room's page sees it: Chime's, or on a developer's machine the one without media.
import type { components } from "@enishi/client";
import { config } from "./app";

type Join = components["schemas"]["JoinResponse"];

export interface Person {
  /** Their attendee id. */
  id: string;
  name: string;
  own: boolean;
  muted: boolean;
  speaking: boolean;
  /** Their picture, where there is one. */
  tile?: number;
}

/** What is there now. */
export interface Seen {
  /** Whether anything can be heard and seen at all. */
  media: boolean;
  /** Whether the connection stands. */
  connected: boolean;
  people: Person[];
  /** Whether a recorder is there too. */
  recorded: boolean;
  muted: boolean;
  camera: boolean;
  microphones: MediaDeviceInfo[];
  trouble?: "microphone" | "camera";
}

export interface Meeting {
  mute(muted: boolean): Promise<void>;
  camera(on: boolean): Promise<void>;
  /** Takes another microphone. */
  listen(device: string): Promise<void>;
  /** Shows a picture in an element. */
  show(tile: number, element: HTMLVideoElement): void;
  leave(): void;
}

export interface Wishes {
  /** What the others shall call me. */
  name: string;
  /** Whom the room was drawn for: a name that is not among them is nobody's. */
  known: readonly string[];
  /** Whether to begin with the microphone on. */
  microphone: boolean;
  /** Where the voices go. */
  audio: HTMLAudioElement | null;
}

/** Opens a meeting; `tell` hears whatever changes, `lost` when it ends without one's doing. */
export async function open(join: Join, wishes: Wishes, tell: (seen: Seen) => void, lost: () => void): Promise<Meeting> {
  if (config.local && isWithoutMedia(join)) {
    const { open } = await import("./meeting-local");
    return open(join, config.local.meetings, wishes.name, tell, lost);
  }
  const { open } = await import("./meeting-chime");
  return open(join, wishes, tell, lost);
}

/** Whether an attendee is Chime's own: a recorder, by its external id. */
export const isRecorder = (externalId: string | undefined) => externalId?.startsWith("aws:") ?? false;

/** The addresses of the local stack's meetings end in `.invalid`, which leads nowhere (RFC 2606). */
export function isWithoutMedia(join: Join): boolean {
  const address = join.Meeting.MediaPlacement?.SignalingUrl;
  return address !== undefined && new URL(address).hostname.endsWith(".invalid");
}
