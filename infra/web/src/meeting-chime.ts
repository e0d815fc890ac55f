// A meeting of the Amazon Chime SDK.
import type { components } from "@enishi/client";
import {
  type AudioVideoObserver,
  ConsoleLogger,
  type DataMessage,
  DefaultDeviceController,
  DefaultMeetingSession,
  LogLevel,
  MeetingSessionConfiguration,
  MeetingSessionStatusCode,
  type VideoTileState,
} from "amazon-chime-sdk-js";
import { isRecorder, type Meeting, type Person, type Seen, type Wishes } from "./meeting";

type Join = components["schemas"]["JoinResponse"];

/** The topic on which everybody says what they are called: the meeting itself knows opaque ids alone. */
const NAME = "name";
/** How long a message is kept for those who come later, in milliseconds: Chime's longest. */
const KEPT = 300_000;

export async function open(join: Join, wishes: Wishes, tell: (seen: Seen) => void, lost: () => void): Promise<Meeting> {
  const logger = new ConsoleLogger("enishi", LogLevel.WARN);
  const devices = new DefaultDeviceController(logger);
  const configuration = new MeetingSessionConfiguration(join.Meeting, join.Attendee);
  const session = new DefaultMeetingSession(configuration, logger, devices);
  const { audioVideo } = session;
  const me = join.Attendee.AttendeeId;
  const people = new Map<string, Person>();
  const seen: Seen = { media: true, connected: false, recorded: false, people: [], muted: true, camera: false, microphones: [] };
  const changed = () => tell({ ...seen, people: [...people.values()] });
  const sayName = () => audioVideo.realtimeSendDataMessage(NAME, wishes.name, KEPT);

  audioVideo.realtimeSubscribeToAttendeeIdPresence((id, present, externalId) => {
    if (isRecorder(externalId)) {
      seen.recorded = present;
      return changed();
    }
    if (!present) {
      people.delete(id);
      return changed();
    }
    if (people.has(id)) return;
    const own = id === me;
    people.set(id, { id, name: own ? wishes.name : "", own, muted: false, speaking: false });
    audioVideo.realtimeSubscribeToVolumeIndicator(id, (_, volume, muted) => {
      const person = people.get(id);
      if (!person) return;
      const speaking = volume === null ? person.speaking : volume > 0.1;
      const quiet = muted ?? person.muted;
      if (speaking === person.speaking && quiet === person.muted) return;
      people.set(id, { ...person, speaking, muted: quiet });
      changed();
    });
    // Who has just come has not heard it.
    if (!own && wishes.name) sayName();
    changed();
  });
  audioVideo.realtimeSubscribeToReceiveDataMessage(NAME, (message: DataMessage) => {
    const person = people.get(message.senderAttendeeId);
    const name = message.text();
    if (!person || person.name === name || !wishes.known.includes(name)) return;
    people.set(person.id, { ...person, name });
    changed();
  });
  audioVideo.realtimeSubscribeToMuteAndUnmuteLocalAudio((muted) => {
    seen.muted = muted;
    changed();
  });
  const withTile = (tile: VideoTileState, shown: boolean) => {
    const person = people.get(tile.boundAttendeeId ?? "");
    if (!person || tile.isContent || tile.tileId === null) return;
    const { tile: _, ...rest } = person;
    people.set(person.id, shown ? { ...rest, tile: tile.tileId } : rest);
    changed();
  };
  let left = false;
  const observer: AudioVideoObserver = {
    audioVideoDidStartConnecting: () => {
      seen.connected = false;
      changed();
    },
    audioVideoDidStart: () => {
      seen.connected = true;
      if (wishes.name) sayName();
      changed();
    },
    videoTileDidUpdate: (tile) => withTile(tile, true),
    videoTileWasRemoved: (id) => {
      for (const person of people.values()) {
        if (person.tile === id) withTile({ tileId: id, boundAttendeeId: person.id } as VideoTileState, false);
      }
    },
    audioVideoDidStop: (status) => {
      if (!left && status.statusCode() !== MeetingSessionStatusCode.Left) lost();
    },
  };
  audioVideo.addObserver(observer);

  if (wishes.audio) await audioVideo.bindAudioElement(wishes.audio);
  const listen = async (device: string) => {
    try {
      await audioVideo.startAudioInput(device);
      delete seen.trouble;
    } catch {
      // Refused, or none there: one can still listen.
      seen.trouble = "microphone";
    }
  };
  const microphone = async () => {
    seen.microphones = await audioVideo.listAudioInputDevices().catch(() => []);
    await listen(seen.microphones[0]?.deviceId ?? "default");
  };
  if (wishes.microphone) await microphone();
  audioVideo.start();
  if (!wishes.microphone || seen.trouble) audioVideo.realtimeMuteLocalAudio();
  changed();

  return {
    mute: async (muted) => {
      if (muted) return audioVideo.realtimeMuteLocalAudio();
      if (seen.microphones.length === 0) await microphone();
      if (!seen.trouble) audioVideo.realtimeUnmuteLocalAudio();
      changed();
    },
    camera: async (on) => {
      try {
        if (on) {
          const [camera] = await audioVideo.listVideoInputDevices();
          await audioVideo.startVideoInput(camera?.deviceId ?? "");
          audioVideo.startLocalVideoTile();
        } else {
          audioVideo.stopLocalVideoTile();
          await audioVideo.stopVideoInput();
        }
        seen.camera = on;
        delete seen.trouble;
      } catch {
        seen.trouble = "camera";
      }
      changed();
    },
    listen,
    show: (tile, element) => audioVideo.bindVideoElement(tile, element),
    leave: () => {
      if (left) return;
      left = true;
      audioVideo.stopLocalVideoTile();
      void audioVideo.stopVideoInput();
      void audioVideo.stopAudioInput();
      audioVideo.stop();
      void devices.destroy();
    },
  };
}
