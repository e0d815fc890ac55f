// The room's page: into a meeting, with the SDK that only this page loads. A local stack has no media: there it
// shows who is connected.
import { ApiError, type components, ok } from "@enishi/client";
import { useRoute } from "preact-iso/router";
import { useEffect, useRef, useState } from "preact/hooks";
import { enishi } from "../app";
import { useTexts } from "../i18n";
import type { Meeting, Person, Seen } from "../meeting";
import { rooms } from "../texts/rooms";
import { Act, Page, useAgain, useLoad } from "../ui";

type Join = components["schemas"]["JoinResponse"];

/** `/rooms/{room_id}`: a morning's room. */
export function RoomPage() {
  const t = useTexts(rooms);
  return (
    <Page title={t.room} lang={t.lang} lede={t.roomLede} mark="朝" guarded>
      <Room />
    </Page>
  );
}

function Room() {
  const room_id = useRoute().params["id"] ?? "";
  const about = useLoad(async () => {
    const { rooms } = await ok(enishi.api.GET("/me/rooms", { params: { query: { limit: 3 } } }));
    const room = rooms.find((one) => one.room_id === room_id);
    return (room?.members ?? []).map(({ username, participate }) => ({ name: username ?? "?", came: participate }));
  }, [room_id]);
  const join = () => ok(enishi.api.GET("/rooms/{room_id}/join", { params: { path: { room_id } } }));
  const joined = () => ok(enishi.api.POST("/participated", { body: { room_id } }));
  return (
    <Talk
      join={join}
      joined={joined}
      name={enishi.session.name}
      members={about.data ?? []}
      refresh={about.reload}
      back="/rooms"
    />
  );
}

/** `/meetings/{matching_id}/room`: a visit's. */
export function VisitRoom() {
  const t = useTexts(rooms);
  const matching_id = useRoute().params["id"] ?? "";
  const params = { path: { matching_id } };
  const join = () => ok(enishi.api.GET("/api/meeting/{matching_id}/join", { params }));
  return (
    <Page title={t.visitRoom} lang={t.lang} lede={t.roomLede} mark="訪" guarded>
      <Talk join={join} name="" members={[]} back={`/meetings/${matching_id}`} />
    </Page>
  );
}

interface TalkProps {
  join: () => Promise<Join>;
  joined?: () => Promise<unknown>;
  /** One's own name. */
  name: string;
  members: { name: string; came: boolean }[];
  refresh?: () => Promise<void>;
  back: string;
}

const nothing = () => undefined;

function Talk({ join, joined, name, members, refresh, back }: TalkProps) {
  const t = useTexts(rooms);
  const [meeting, setMeeting] = useState<Meeting>();
  const [seen, setSeen] = useState<Seen>();
  const [over, setOver] = useState<"left" | "lost">();
  const audio = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    if (!meeting) return;
    const { leave } = meeting;
    addEventListener("pagehide", leave);
    return () => {
      removeEventListener("pagehide", leave);
      leave();
    };
  }, [meeting]);
  // Who has come is told by the meeting's events, some moments later.
  useAgain(refresh ?? nothing, meeting !== undefined, 5_000, 720);

  const enter = async (microphone: boolean) => {
    const given = await join();
    const { open } = await import("../meeting");
    const known = members.map((member) => member.name);
    const opened = await open(given, { name, known, microphone, audio: audio.current }, setSeen, () => {
      setMeeting(undefined);
      setOver("lost");
    });
    setOver(undefined);
    setMeeting(opened);
    try {
      await joined?.();
    } catch (thrown) {
      // The meeting's own events say so as well.
      if (ApiError.from(thrown).status !== 409) throw thrown;
    }
    await refresh?.();
  };

  return (
    <div class="stack">
      {/* The others' voices. */}
      <audio ref={audio} hidden />
      {!meeting && (
        <section class="card">
          {over && <p role="status">{over === "left" ? t.left : t.lost}</p>}
          <p class="row">
            <Act run={() => enter(true)}>{t.joinAudio}</Act>
            <Act class="quiet" run={() => enter(false)}>
              {t.joinQuiet}
            </Act>
            <a href={back}>{t.back}</a>
          </p>
        </section>
      )}
      {meeting && seen && (
        <Inside
          meeting={meeting}
          seen={seen}
          name={name}
          members={members}
          leave={() => {
            meeting.leave();
            setMeeting(undefined);
            setOver("left");
          }}
        />
      )}
      {!meeting && members.length > 0 && <Members name={name} members={members} />}
    </div>
  );
}

function Members({ name, members }: Pick<TalkProps, "name" | "members">) {
  const t = useTexts(rooms);
  return (
    <section class="stack">
      <h2>{t.people}</h2>
      <ul class="tiles">
        {members.map((member) => (
          <li key={member.name} class={member.came ? "tile here" : "tile"}>
            <span class="initial" aria-hidden="true">
              {[...member.name][0]}
            </span>
            <span class="name">
              <span class="chip">
                {member.name}
                {member.name === name && ` (${t.you})`}
              </span>
              <span class={member.came ? "chip on" : "chip"}>{member.came ? t.joined : t.notYet}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface InsideProps extends Pick<TalkProps, "name" | "members"> {
  meeting: Meeting;
  seen: Seen;
  leave: () => void;
}

function Inside({ meeting, seen, name, members, leave }: InsideProps) {
  const t = useTexts(rooms);
  const connected = seen.people.length;
  return (
    <>
      <div role="status" class="stack">
        {seen.connected ? (
          <p class="good">
            {t.said} {t.connected(connected)}
          </p>
        ) : (
          <p>{t.connecting}</p>
        )}
        {seen.recorded && (
          <p>
            <span class="chip red">{t.recorded}</span>
          </p>
        )}
        {!seen.media && <p>{t.noMedia}</p>}
        {seen.trouble === "microphone" && <p>{t.noMicrophone}</p>}
        {seen.trouble === "camera" && <p>{t.noCamera}</p>}
      </div>
      {seen.media && seen.connected ? (
        <ul class="tiles" aria-label={t.people}>
          {seen.people.map((person) => (
            <Tile key={person.id} meeting={meeting} person={person} />
          ))}
        </ul>
      ) : (
        members.length > 0 && <Members name={name} members={members} />
      )}
      <div class="controls" role="group" aria-label={t.room}>
        {seen.media && (
          <>
            <button type="button" class="quiet" aria-pressed={seen.muted} onClick={() => void meeting.mute(!seen.muted)}>
              {seen.muted ? t.unmute : t.mute}
            </button>
            <button type="button" class="quiet" aria-pressed={seen.camera} onClick={() => void meeting.camera(!seen.camera)}>
              {seen.camera ? t.cameraOff : t.camera}
            </button>
          </>
        )}
        {seen.microphones.length > 1 && (
          <select aria-label={t.microphone} onChange={(event) => void meeting.listen(event.currentTarget.value)}>
            {seen.microphones.map((device) => (
              <option key={device.deviceId} value={device.deviceId}>
                {device.label}
              </option>
            ))}
          </select>
        )}
        <button type="button" onClick={leave}>
          {t.leave}
        </button>
      </div>
    </>
  );
}

function Tile({ meeting, person }: { meeting: Meeting; person: Person }) {
  const t = useTexts(rooms);
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (person.tile !== undefined && video.current) meeting.show(person.tile, video.current);
  }, [meeting, person.tile]);
  const name = person.name || (person.own ? t.you : "…");
  return (
    <li class={`tile here ${person.speaking ? "speaking" : ""}`}>
      <span class="initial" aria-hidden="true">
        {[...name][0]}
      </span>
      {person.tile !== undefined && <video ref={video} aria-label={name} />}
      <span class="name">
        <span class="chip">
          {name}
          {person.own && person.name && ` (${t.you})`}
        </span>
        {person.muted && <span class="chip">{t.mute}</span>}
      </span>
    </li>
  );
}
