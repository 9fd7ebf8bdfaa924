//! The real program when what it writes to fails: its log, and its disk.

use std::{process::Command, sync::Arc};

use serde_json::{Value, json};
use server::courier::WebCourier;
use service::{Caller, Permission};

use crate::{
    kill::{
        client::Client,
        program::{ACCOUNT, Program, binary},
    },
    webhooks::receiver,
};

/// Bytes a file may have while the disk is "full", in blocks of 512 bytes.
const BLOCKS: u32 = 8_192;

fn event(id: &str) -> Value {
    let note = "x".repeat(400);
    json!({
        "specversion": "1.0", "id": id, "source": "test", "type": "creditscope.usage", "subject": "acme-dental",
        "data": { "agent": "chat", "activity": "chat_reply", "credits": "1", "metadata": { "note": note } }
    })
}

async fn begin_call(client: &Client, id: &str) {
    let body = json!({
        "id": id, "company": "acme-dental", "agent": "voice_inbound", "activity": "voice_call", "credits": "2",
        "expires_in_s": 1
    });
    let (status, said) = client.ask("POST", "/api/v1/holds", &body).await.unwrap();
    assert_eq!(status, 201, "{said}");
}

/// Asks until the answer is as wanted.
async fn until(client: &Client, path: &str, is_wanted: impl Fn(u16, &str) -> bool) {
    loop {
        let (status, body) = client.ask("GET", path, &Value::Null).await.unwrap();
        if is_wanted(status, &body) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_end_and_webhooks_go_out_although_nobody_reads_the_log() {
    let mut program = Program::provision().await;
    let (address, received) = receiver().await;
    let mut command = Command::new(binary());
    command.env("CREDITSCOPE_WEBHOOK_PRIVATE_TARGETS", "true");
    // The pipe's reader is gone from here on, and every line that is written fails.
    drop(program.run(command, "debug"));
    let client = program.client();
    begin_call(&client, "unread").await;
    until(&client, "/api/v1/holds/unread", |_, body| {
        !body.contains(r#""state":"active""#)
    })
    .await;
    let beside = program.beside().await;
    let services = beside
        .services
        .clone()
        .with_courier(Arc::new(WebCourier::new(true, None)));
    let scope = services
        .scope(&Caller::operator("test"), Some(ACCOUNT), Permission::Manage)
        .await
        .unwrap();
    let url = format!("http://{address}/hook");
    let webhook = services.make_webhook(&scope, &url).await.unwrap();
    services.test_webhook(&scope, &webhook.id).await.unwrap();
    beside.close().await;
    while received.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    until(&client, "/readyz", |status, _| status == 200).await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_as_such_and_heals_by_itself() {
    let mut program = Program::provision().await;
    // A file may not grow past a limit, which is lifted later: as on a full disk, writing fails.
    let mut command = Command::new("sh");
    let limit = format!("trap '' XFSZ; ulimit -S -f {BLOCKS}; exec \"$0\" \"$@\"");
    command.args(["-c", &limit]).arg(binary());
    let lines = program.run(command, "warn");
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    let client = program.client();
    let mut number = 0;
    let (status, head, body) = loop {
        let batch: Vec<_> = (0..500)
            .map(|of| event(&format!("{number}-{of}")))
            .collect();
        number += 1;
        let batch = Value::from(batch);
        let answer = client.ask_whole("POST", "/api/v1/events", &batch).await;
        let answer = answer.unwrap();
        if answer.0 != 204 {
            break answer;
        }
        assert!(number < 100, "the limit does not hold");
    };
    assert_eq!(status, 503, "{body}");
    assert!(head.contains("retry-after: "), "{head}");
    until(&client, "/readyz", |status, body| {
        status == 503 && body.contains("nothing can be stored")
    })
    .await;
    // What was read before can be read now.
    let (status, body) = client
        .ask("GET", "/api/v1/events?limit=1", &Value::Null)
        .await
        .unwrap();
    assert_eq!(status, 200, "{body}");
    let lifted = Command::new("prlimit")
        .args(["--pid", &program.id().to_string(), "--fsize=unlimited"])
        .status();
    assert!(lifted.unwrap().success());
    until(&client, "/readyz", |status, _| status == 200).await;
    let again = Value::from(vec![event("after")]);
    let (status, body) = client.ask("POST", "/api/v1/events", &again).await.unwrap();
    assert_eq!(status, 204, "{body}");
}
