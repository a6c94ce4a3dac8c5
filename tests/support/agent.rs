//! An MCP client made of nothing but the pipes of `kisctl mcp`.

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// A client of `kisctl mcp` made of nothing but its pipes.
pub struct Agent {
    pub bridge: Child,
    pub stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    next_id: u64,
}

impl Agent {
    pub async fn start(socket: &Path) -> Self {
        Self::able(socket, &[], json!({})).await
    }

    /// One that says that it can do this, of a bridge with more arguments.
    pub async fn able(socket: &Path, arguments: &[&str], capabilities: Value) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kisctl"));
        command.env_clear().arg("--socket").arg(socket).arg("mcp").args(arguments).kill_on_drop(true);
        let mut bridge = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (stdin, stdout) = (bridge.stdin.take().unwrap(), BufReader::new(bridge.stdout.take().unwrap()));
        let mut agent = Self { bridge, stdin, stdout, next_id: 0 };
        let client = json!({ "name": "test", "version": "1" });
        let params = json!({ "protocolVersion": "2025-06-18", "capabilities": capabilities, "clientInfo": client });
        assert_eq!(agent.ask("initialize", params).await["result"]["serverInfo"]["name"], "kisd");
        agent.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
        agent
    }

    pub async fn say(&mut self, message: &Value) {
        self.stdin.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    pub async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next_id += 1;
        self.say(&json!({ "jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params })).await;
        self.hear().await
    }

    /// What the bridge says next.
    pub async fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).await.unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The result of a tool, whose question to the user is answered so; and the question.
    pub async fn tool_answered(&mut self, name: &str, arguments: Value, answer: Value) -> (Value, Value) {
        let question = self.ask("tools/call", json!({ "name": name, "arguments": arguments })).await;
        self.say(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": answer })).await;
        (self.hear().await["result"].clone(), question)
    }

    pub async fn tool(&mut self, name: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({ "name": name, "arguments": arguments })).await["result"].clone()
    }
}

/// What a model reads of a tool's result.
pub fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}
