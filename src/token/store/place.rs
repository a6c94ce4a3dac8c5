//! Which files belong to an app key.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::Binding;
use crate::{files, kis::Environment};

/// Largest mirror or lock file read.
pub(super) const MAX_BYTES: usize = 64 * 1024;

/// The files of one app key in the directory of `token.file`.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// `token.file`, which is used unless it belongs to another app key.
    pub(super) file: PathBuf,
    /// The mirror under the key's own name.
    pub(super) named: PathBuf,
    /// The lock file, which always has the key's own name.
    pub(super) lock: PathBuf,
    /// The calls of the last second.
    pub(super) calls: PathBuf,
}

impl Place {
    pub(super) fn new(file: PathBuf, environment: Environment, binding: &Binding) -> Self {
        let named =
            |extension| file.with_file_name(format!("token-{}-{}.{extension}", environment.name(), binding.short()));
        let (json, lock, calls) = (named("json"), named("lock"), named("calls"));
        Self { file, named: json, lock, calls }
    }

    /// The directory, made private if it has to be made.
    pub(super) fn directory(&self) -> io::Result<&Path> {
        files::directory_of(&self.file)
    }
}
