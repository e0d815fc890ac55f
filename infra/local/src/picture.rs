//! Pictures for people who have none at hand, of a bowl and of somebody: PNGs (ISO/IEC 15948), drawn here.

use std::io::{self, Write as _};

use flate2::{Compression, Crc, write::ZlibEncoder};

/// How wide and high it is, in pixels.
const SIZE: u32 = 240;
/// What it begins with: PNG, section 5.2.
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A bowl in this colour, red, green and blue.
///
/// # Errors
/// None in practice: it is written to memory.
pub fn bowl(color: [u8; 3]) -> io::Result<Vec<u8>> {
    drawn(|x, y| bowl_at(x, y, color))
}

/// Somebody with hair and clothes of these colours, before a wall of the third.
///
/// # Errors
/// None in practice: it is written to memory.
pub fn portrait([hair, clothes, wall]: [[u8; 3]; 3]) -> io::Result<Vec<u8>> {
    drawn(|x, y| portrait_at(x, y, [hair, clothes, wall]))
}

/// What has this colour at each pixel.
fn drawn(pixel: impl Fn(f64, f64) -> [u8; 3]) -> io::Result<Vec<u8>> {
    let mut lines = ZlibEncoder::new(Vec::new(), Compression::default());
    for y in 0..SIZE {
        // Each line says by which filter it was written: by none.
        lines.write_all(&[0])?;
        for x in 0..SIZE {
            lines.write_all(&pixel(f64::from(x), f64::from(y)))?;
        }
    }
    let mut header = [SIZE.to_be_bytes(), SIZE.to_be_bytes()].concat();
    // Eight bits a sample, true colour, and the only methods that there are.
    header.extend([8, 2, 0, 0, 0]);
    let mut png = SIGNATURE.to_vec();
    for (name, data) in [
        (b"IHDR", header),
        (b"IDAT", lines.finish()?),
        (b"IEND", Vec::new()),
    ] {
        let mut check = Crc::new();
        check.update(name);
        check.update(&data);
        let length = u32::try_from(data.len()).map_err(io::Error::other)?;
        png.extend(length.to_be_bytes());
        png.extend(name);
        png.extend(data);
        png.extend(check.sum().to_be_bytes());
    }
    Ok(png)
}

/// The lower half of a disc, in light from the left, before a wall.
fn bowl_at(x: f64, y: f64, color: [u8; 3]) -> [u8; 3] {
    let half = f64::from(SIZE) / 2.0;
    let (right, down) = ((x - half) / half, (y - 0.75 * half) / half);
    if down < 0.0 || right.hypot(down) > 0.8 {
        return [244, 240, 232];
    }
    let light = 0.9 - 0.35 * right - 0.2 * down;
    color.map(|part| (f64::from(part) * light).clamp(0.0, 255.0) as u8)
}

/// A head with hair around it, on shoulders.
fn portrait_at(x: f64, y: f64, [hair, clothes, wall]: [[u8; 3]; 3]) -> [u8; 3] {
    const FACE: [u8; 3] = [236, 202, 174];
    let half = f64::from(SIZE) / 2.0;
    let (right, down) = ((x - half) / half, (y - half) / half);
    let within =
        |width: f64, height: f64, at: f64| (right / width).hypot((down - at) / height) < 1.0;
    if within(0.3, 0.38, -0.1) && down > -0.32 + 0.25 * right.abs() {
        FACE
    } else if within(0.4, 0.5, -0.16) {
        hair
    } else if within(0.72, 0.6, 1.0) {
        clothes
    } else if right.abs() < 0.13 && down > 0.0 && down < 0.6 {
        FACE
    } else {
        wall
    }
}
