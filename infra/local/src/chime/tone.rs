//! What recordings sound like on this machine: a tone of 434 Hz, as AAC in an MP4 file, as the service
//! writes it, so that every browser plays it.

/// Samples a second, and of a frame.
const RATE: u64 = 48_000;
const FRAME: u64 = 1_024;

/// Frames of AAC-LC, one channel (ISO/IEC 14496-3, 4.4.2.1), each with one spectral line, the 19th of the
/// 1,024: in the first it is +1, in the second −1. Bit by bit: a single channel element (000), its tag 0000;
/// the global gain; a long window with five bands; four bands of zeros, then one of codebook 1; its scale
/// factor is the gain (0); neither pulses nor shaping nor gain control (000); the line in its quadruple
/// (10110 or 10101); the end (111).
const FRAMES: [[u8; FRAME_SIZE]; 2] = [frame(0b10110), frame(0b10101)];
const FRAME_SIZE: usize = 7;
/// A quarter of full scale.
const GAIN: u64 = 192;

const fn frame(line: u64) -> [u8; FRAME_SIZE] {
    let fields: [(u64, u32); 16] = [
        (0b000, 3),
        (0b0000, 4),
        (GAIN, 8),
        // Reserved, sequence, shape, bands, no prediction.
        (0, 1),
        (0, 2),
        (0, 1),
        (5, 6),
        (0, 1),
        // Codebook and bands of both sections.
        (0, 4),
        (4, 5),
        (1, 4),
        (1, 5),
        (0b0, 1),
        (0b000, 3),
        (line, 5),
        (0b111, 3),
    ];
    let (mut bits, mut at) = (0, 0);
    while at < fields.len() {
        bits = (bits << fields[at].1) | fields[at].0;
        at += 1;
    }
    let [_, frame @ ..] = bits.to_be_bytes();
    frame
}

/// The tone for so many milliseconds, as an MP4 file (ISO/IEC 14496-12 and -14).
pub(super) fn mp4(milliseconds: u64) -> Vec<u8> {
    let samples = milliseconds.saturating_mul(RATE) / 1_000;
    let frames = samples.div_ceil(FRAME);
    let (seconds_scale, count) = (long(RATE), long(frames));
    let duration = long(samples);

    let matrix = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000].map(u32::to_be_bytes);
    let matrix = matrix.concat();
    let movie = [
        &[0; 8][..],
        &seconds_scale,
        &duration,
        // Rate and volume, as they are.
        &[0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &matrix,
        &[0; 24],
        &long(2),
    ];
    let track = [
        &[0; 8][..],
        &long(1),
        &[0; 4],
        &duration,
        &[0; 8],
        // Layer, group, volume.
        &[0, 0, 0, 0, 1, 0, 0, 0],
        &matrix,
        &[0; 8],
    ];
    // The language is undetermined.
    let media = [&[0; 8][..], &seconds_scale, &duration, &[0x55, 0xc4, 0, 0]];
    let handler = [&[0; 4][..], b"soun", &[0; 12], b"tone\0"];
    // All but the last frame are whole.
    let last = samples - frames.saturating_sub(1) * FRAME;
    let times = match frames {
        0 => [long(0).to_vec()].concat(),
        1 => [long(1), long(1), long(last)].concat(),
        _ => [long(2), long(frames - 1), long(FRAME), long(1), long(last)].concat(),
    };
    let table = |offset: u64| {
        boxed(
            b"stbl",
            &[
                &full(b"stsd", 0, &[&long(1), &sound()]),
                &full(b"stts", 0, &[&times]),
                // One chunk holds them all.
                &full(b"stsc", 0, &[&long(1), &long(1), &count, &long(1)]),
                &full(b"stsz", 0, &[&long(FRAME_SIZE as u64), &count]),
                &full(b"stco", 0, &[&long(1), &long(offset)]),
            ],
        )
    };
    let here = full(b"dref", 0, &[&long(1), &full(b"url ", 1, &[])]);
    let head = |offset: u64| {
        let information = boxed(
            b"minf",
            &[
                &full(b"smhd", 0, &[&[0; 4]]),
                &boxed(b"dinf", &[&here]),
                &table(offset),
            ],
        );
        let media = boxed(
            b"mdia",
            &[
                &full(b"mdhd", 0, &media),
                &full(b"hdlr", 0, &handler),
                &information,
            ],
        );
        // The track is enabled, and part of the movie.
        let track = boxed(b"trak", &[&full(b"tkhd", 3, &track), &media]);
        let kind = boxed(b"ftyp", &[b"M4A ", &[0; 4], b"M4A mp42isom"]);
        let movie = boxed(b"moov", &[&full(b"mvhd", 0, &movie), &track]);
        [kind, movie].concat()
    };
    let offset = head(0).len() as u64 + 8;
    // A line that sounds on turns by a quarter of a cycle from frame to frame.
    let [plus, minus] = FRAMES;
    let sound: Vec<u8> = (0..frames)
        .flat_map(|frame| match frame % 4 {
            0 | 3 => plus,
            _ => minus,
        })
        .collect();
    [head(offset), boxed(b"mdat", &[&sound])].concat()
}

/// How the frames are to be decoded: AAC-LC, 48 kHz, one channel.
fn sound() -> Vec<u8> {
    let descriptor = |tag: u8, content: &[u8]| {
        let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
        [&[tag, length], content].concat()
    };
    let specific = descriptor(5, &[0x11, 0x88]);
    // MPEG-4 audio, a stream of sound; the sizes and rates of buffers are not told.
    let decoder = [&[0x40, 0x15][..], &[0; 11], &specific].concat();
    let stream = [
        &[0, 1, 0][..],
        &descriptor(4, &decoder),
        &descriptor(6, &[2]),
    ]
    .concat();
    let elementary = full(b"esds", 0, &[&descriptor(3, &stream)]);
    let rate = long(RATE << 16);
    let entry = [
        &[0, 0, 0, 0, 0, 0, 0, 1][..],
        &[0; 8],
        // Channels, bits of a sample.
        &[0, 1, 0, 16, 0, 0, 0, 0],
        &rate,
        &elementary,
    ];
    boxed(b"mp4a", &entry)
}

/// As four bytes. Nothing here is as long as a day.
fn long(number: u64) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes()
}

fn boxed(kind: &[u8; 4], content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    [&long(content.len() as u64 + 8)[..], kind, &content].concat()
}

/// A box with a version, 0, and flags.
fn full(kind: &[u8; 4], flags: u8, content: &[&[u8]]) -> Vec<u8> {
    boxed(kind, &[&[0, 0, 0, flags], &content.concat()])
}
