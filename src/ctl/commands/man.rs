//! What is generated from the command line: man pages and completions.

use std::{fs, io, path::PathBuf};

use clap::Command;
use clap_mangen::Man;

use crate::ctl::{Failure, output::Printer};

/// The man page of kisctl, or in a directory one for each command too.
pub(in crate::ctl) fn pages(
    printer: &mut Printer,
    command: Command,
    directory: Option<PathBuf>,
) -> Result<(), Failure> {
    let Some(directory) = directory else {
        let mut page = Vec::new();
        Man::new(command).render(&mut page).map_err(Failure::Output)?;
        return printer.text(&String::from_utf8_lossy(&page)).map_err(Failure::Output);
    };
    fs::create_dir_all(&directory)
        .and_then(|()| clap_mangen::generate_to(command, &directory))
        .map_err(|error| Failure::Output(io::Error::new(error.kind(), format!("{}: {error}", directory.display()))))
}

/// A completion script.
pub(in crate::ctl) fn completions(
    printer: &mut Printer,
    shell: clap_complete::Shell,
    command: &mut Command,
) -> Result<(), Failure> {
    // By way of memory: the generator panics when its output goes away.
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "kisctl", &mut script);
    printer.text(&String::from_utf8_lossy(&script)).map_err(Failure::Output)
}
