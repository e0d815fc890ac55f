//! A picture of a bowl, for makers who have none at hand: a PNG (ISO/IEC 15948), drawn here.

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
    let mut lines = ZlibEncoder::new(Vec::new(), Compression::default());
    for y in 0..SIZE {
        // Each line says by which filter it was written: by none.
        lines.write_all(&[0])?;
        for x in 0..SIZE {
            lines.write_all(&pixel(f64::from(x), f64::from(y), color))?;
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
fn pixel(x: f64, y: f64, color: [u8; 3]) -> [u8; 3] {
    let half = f64::from(SIZE) / 2.0;
    let (right, down) = ((x - half) / half, (y - 0.75 * half) / half);
    if down < 0.0 || right.hypot(down) > 0.8 {
        return [244, 240, 232];
    }
    let light = 0.9 - 0.35 * right - 0.2 * down;
    color.map(|part| (f64::from(part) * light).clamp(0.0, 255.0) as u8)
}
