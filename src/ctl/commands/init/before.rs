//! What files held before they were replaced, so that they can be what they were.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{ANY, persist, stage};

/// What files held before they were replaced, in memory that is wiped.
pub(super) struct Before(Vec<(PathBuf, Option<Zeroizing<Vec<u8>>>)>);

impl Before {
    pub(super) fn of<'a>(files: impl Iterator<Item = &'a PathBuf>) -> io::Result<Self> {
        let read = |file: &PathBuf| match fs::read(file) {
            Ok(content) => Ok((file.clone(), Some(Zeroizing::new(content)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((file.clone(), None)),
            // It is refused when it is to be written.
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => Ok((file.clone(), None)),
            Err(error) => Err(error),
        };
        files.map(read).collect::<io::Result<_>>().map(Self)
    }

    /// Makes the files what they were, each as far as it can; the first error.
    pub(super) fn put_back(self) -> io::Result<()> {
        let put_back = |(file, content): (PathBuf, Option<Zeroizing<Vec<u8>>>)| match content {
            Some(content) if fs::read(&file).is_ok_and(|now| now == *content) => Ok(()),
            Some(content) => {
                let file = fs::canonicalize(&file).unwrap_or(file);
                persist(stage(file.parent().unwrap_or(Path::new("/")), &content)?, &file, ANY)
            }
            None => match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        };
        let mut first = Ok(());
        for result in self.0.into_iter().map(put_back) {
            first = first.and(result);
        }
        first
    }
}
