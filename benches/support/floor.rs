//! The floor: a bare tokio server that answers each line with a fixed line. Nothing on a socket can be quicker.

use std::{path::Path, process::Stdio};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    process::{Child, Command},
};

use super::world::eventually;

/// The argument that makes a benchmark's own program the floor.
const ARGUMENT: &str = "--floor";

/// Most lines that are answered in one write.
const TOGETHER: usize = 64;

/// Serves as the floor if this process was started as such; never returns then.
pub fn serve_if_asked() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, argument, socket, length] = arguments.as_slice() else { return };
    if argument != ARGUMENT {
        return;
    }
    let length = length.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(serve(Path::new(socket), length));
}

async fn serve(socket: &Path, length: usize) {
    let listener = UnixListener::bind(socket).unwrap();
    let mut line = vec![b'x'; length];
    line[length - 1] = b'\n';
    let lines: &'static [u8] = line.repeat(TOGETHER).leak();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(echo(stream, lines, length));
    }
}

async fn echo(mut stream: UnixStream, lines: &'static [u8], length: usize) {
    let mut buffer = vec![0; 8192];
    while let Ok(read) = stream.read(&mut buffer).await {
        if read == 0 {
            return;
        }
        let mut asked = buffer[..read].iter().filter(|byte| **byte == b'\n').count();
        while asked > 0 {
            let now = asked.min(TOGETHER);
            if stream.write_all(&lines[..now * length]).await.is_err() {
                return;
            }
            asked -= now;
        }
    }
}

/// Starts the floor on `socket`, answering lines of `length` bytes.
pub async fn start(socket: &Path, length: usize) -> Child {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([ARGUMENT, socket.to_str().unwrap(), &length.to_string()])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    eventually("the floor", || std::os::unix::net::UnixStream::connect(socket).is_ok()).await;
    child
}
