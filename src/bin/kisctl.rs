//! `kisctl`: arguments → [`kisd::ctl`] → exit code.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use kisd::ctl::{Arguments, Failure, output::Printer};

fn main() -> ExitCode {
    let arguments = match Arguments::of_process() {
        Ok(arguments) => arguments,
        Err(code) => return ExitCode::from(code),
    };
    let (format, language) = (arguments.format(), arguments.language());
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("kisctl: cannot start: {error}"), 1),
    };
    let result = runtime.block_on(arguments.run(&mut Printer::stdout(language)));
    // A question that was interrupted still waits for its answer.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // `kisctl … | head` has read all that it wants.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => fail(&failure.message(format, language), failure.exit_code()),
    }
}

fn fail(message: &str, code: u8) -> ExitCode {
    if !message.is_empty() {
        // Nobody to tell if stderr is closed; the exit code says it.
        let _ = writeln!(io::stderr(), "{message}");
    }
    ExitCode::from(code)
}
