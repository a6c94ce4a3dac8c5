//! Zip files, under a cap.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::Torn;

/// Most bytes of a file as it is downloaded: ten times the largest.
pub const MOST_ZIPPED: usize = 8 << 20;

/// Most bytes of what is in it.
const MOST_PLAIN: u64 = 24 << 20;

/// The only member of a zip file, checked.
pub(super) fn unpack(zip: &[u8]) -> Result<Vec<u8>, Torn> {
    if zip.len() > MOST_ZIPPED {
        return Err(Torn::TooLarge(zip.len() as u64 >> 20));
    }
    let broken = |error: &dyn std::fmt::Display| Torn::Zip(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(|error| broken(&error))?;
    if archive.len() != 1 {
        return Err(Torn::Zip(format!("it has {} members", archive.len())));
    }
    let member = archive.by_index(0).map_err(|error| broken(&error))?;
    if member.size() > MOST_PLAIN {
        return Err(Torn::TooLarge(member.size() >> 20));
    }
    // What it says of its size may be wrong.
    let expected = usize::try_from(member.size()).unwrap_or_default();
    let mut plain = Vec::with_capacity(expected.min(1 << 20));
    member.take(MOST_PLAIN + 1).read_to_end(&mut plain).map_err(|error| broken(&error))?;
    match plain.len() as u64 > MOST_PLAIN {
        true => Err(Torn::TooLarge(MOST_PLAIN >> 20)),
        false => Ok(plain),
    }
}
