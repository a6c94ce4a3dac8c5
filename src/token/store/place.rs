//! Which files belong to an app key, and what must hold of a file before it is trusted.

use std::{
    fs::{DirBuilder, File, Metadata, OpenOptions},
    io::{self, Read},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use super::Binding;
use crate::kis::Environment;

/// Largest mirror or lock file read.
pub(super) const MAX_BYTES: usize = 64 * 1024;

/// Digits of the binding in file names: enough for the keys of one user, and nothing that says what the key is.
const NAME_DIGITS: usize = 8;

/// The files of one app key in the directory of `token.file`.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// `token.file`, which is used unless it belongs to another app key.
    pub(super) file: PathBuf,
    /// The mirror under the key's own name.
    pub(super) named: PathBuf,
    /// The lock file, which always has the key's own name.
    pub(super) lock: PathBuf,
}

impl Place {
    pub(super) fn new(file: PathBuf, environment: Environment, binding: &Binding) -> Self {
        let digits = binding.as_str().get(..NAME_DIGITS).unwrap_or_default();
        let stem = format!("token-{}-{digits}", environment.name());
        let (named, lock) = (file.with_file_name(format!("{stem}.json")), file.with_file_name(format!("{stem}.lock")));
        Self { file, named, lock }
    }

    /// The directory, made private if it has to be made.
    pub(super) fn directory(&self) -> io::Result<&Path> {
        let directory = self.file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !directory.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        Ok(directory)
    }
}

/// Options that neither follow a link (it is not what kisd wrote) nor wait for a pipe (it would hold up the start).
pub(super) fn careful() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    options
}

/// True if the file is this user's and nobody else may touch it.
pub(super) fn is_private(metadata: &Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o077 == 0
}

/// The whole content; `None` if there is more than any file of kisd has.
pub(super) fn content(file: &File) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut text = Zeroizing::new(Vec::new());
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut text)?;
    Ok((text.len() <= MAX_BYTES).then_some(text))
}
