//! Files that hold secrets: opened with care, read under a cap, trusted only where nobody else may touch them.

use std::{
    fs::{DirBuilder, File, Metadata, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::Path,
};

use rustix::fs::OFlags;
use zeroize::Zeroizing;

/// Options that neither follow a link (it is not what kisd wrote) nor wait for a pipe (it would hold up the start).
pub(crate) fn careful() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    options
}

/// True if the file is this user's and nobody else may touch it.
pub(crate) fn is_private(metadata: &Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o077 == 0
}

/// The whole content; `None` if it is longer than that.
pub(crate) fn content(file: &File, longest: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut text = Zeroizing::new(Vec::new());
    file.take(longest as u64 + 1).read_to_end(&mut text)?;
    Ok((text.len() <= longest).then_some(text))
}

/// The directory of a file, made private if it has to be made.
pub(crate) fn directory_of(file: &Path) -> io::Result<&Path> {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !directory.is_dir() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    Ok(directory)
}

/// Puts a text, with mode 0600, in the place of a file: whole or not at all, and durably.
pub(crate) fn replace(file: &Path, text: &[u8]) -> io::Result<()> {
    let directory = directory_of(file)?;
    let name = file.file_name().unwrap_or_default().display();
    // Created with mode 0600.
    let mut temporary = tempfile::Builder::new().prefix(&format!(".{name}.kisd-")).tempfile_in(directory)?;
    temporary.write_all(text)?;
    temporary.as_file().sync_all()?;
    temporary.persist(file)?;
    File::open(directory)?.sync_all()
}

/// Runs what blocks on a thread made for it; an error if it panicked or the runtime is going down.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
