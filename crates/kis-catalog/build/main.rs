//! Reads the files of `catalog` and writes them as one table of Rust, in which every text stands once.
//!
//! The program that is built holds texts and small numbers, and no addresses: nothing is parsed, relocated or allocated when it starts.

mod asked;
mod check;
#[path = "../src/search/gram.rs"]
mod gram;
mod read;
mod search;
#[path = "../src/search/text.rs"]
mod text;
mod write;

use std::{env, error::Error, fs, path::Path};

#[allow(clippy::print_stdout, reason = "cargo listens there")]
fn main() -> Result<(), Box<dyn Error>> {
    let catalog = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../catalog");
    println!("cargo:rerun-if-changed={}", catalog.display());
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed=src/search/gram.rs");
    println!("cargo:rerun-if-changed=src/search/text.rs");

    let mut files = Vec::new();
    for entry in fs::read_dir(catalog.join("operations"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_stem().and_then(|stem| stem.to_str()).ok_or("a file name that is not text")?;
            files.push(read::file(name, &fs::read_to_string(&path)?)?);
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    check::all(&files)?;
    let mut tables = write::tables(&files)?;
    search::read(&fs::read_to_string(catalog.join("search.toml"))?)?.write(&files, &mut tables)?;
    asked::write(&asked::read(&fs::read_to_string(catalog.join("asked.toml"))?)?, &files, &mut tables)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("table.rs"), tables.write()?)?;
    Ok(())
}
