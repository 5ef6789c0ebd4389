//! A cluster of processes on this machine: run with `cargo test --features ballista --test all -- --ignored`.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cl_datafusion::{EngineOptions, LogOptions, Missing, PruneRequest, cluster::connect, prune_table, score_log};
use cl_difficulty::MetricSettings;
use cl_prune::{Budget, RuleSettings};
use datafusion::prelude::SessionContext;

use crate::files::folder_of;
use crate::log_table::LogTable;

/// A process that ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn start(program: &str, arguments: &[String]) -> Process {
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    Process(command.spawn().unwrap())
}

struct Cluster {
    address: String,
    _scheduler: Process,
    executors: Vec<Process>,
}

impl Cluster {
    fn start(folder: &Path) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let scheduler = start(env!("CARGO_BIN_EXE_curriculum-scheduler"), &["--bind".into(), address.clone()]);
        let executor = |at: usize| {
            let work = folder.join(format!("executor-{at}"));
            std::fs::create_dir_all(&work).unwrap();
            let arguments = [
                ("--scheduler", address.clone()),
                ("--port", free_port().to_string()),
                ("--grpc-port", free_port().to_string()),
                ("--work-folder", work.display().to_string()),
            ];
            let arguments: Vec<String> =
                arguments.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect();
            start(env!("CARGO_BIN_EXE_curriculum-executor"), &arguments)
        };
        Self { executors: vec![executor(0), executor(1)], address, _scheduler: scheduler }
    }

    /// Once it runs.
    async fn connect(&self, partitions: usize) -> SessionContext {
        let start = Instant::now();
        loop {
            let connected =
                tokio::time::timeout(Duration::from_secs(20), connect(&self.address, Some(partitions))).await;
            match connected {
                Ok(Ok(context)) => return context,
                Ok(Err(error)) if start.elapsed() > Duration::from_secs(60) => panic!("{error}"),
                _ => tokio::time::sleep(Duration::from_millis(300)).await,
            }
        }
    }
}

fn metrics() -> Vec<MetricSettings> {
    ["el2n", "forgetting", "aum"].map(|name| MetricSettings::parse(name, &[]).unwrap()).to_vec()
}

async fn scored(context: &SessionContext, input: &Path, output: &Path) -> Result<Vec<u8>, String> {
    let options = LogOptions::default();
    let scored = score_log(context, input, &options, &metrics(), Missing::Error, output, Vec::new()).await;
    scored.map(|_| std::fs::read(output).unwrap()).map_err(|error| error.to_string())
}

async fn pruned(context: &SessionContext, scores: &Path, output: &Path) -> Vec<u8> {
    let request = PruneRequest {
        scores: scores.to_owned(),
        rule: RuleSettings::parse("ccs", &[("beta", "0.1"), ("strata", "5"), ("balance", "proportional")])
            .unwrap(),
        budget: Budget::Keep(0.3),
        seed: 2,
        column: "el2n".into(),
        id: "id".into(),
        label: Some("label".into()),
        higher_is_harder: None,
    };
    prune_table(context, &request, output).await.unwrap();
    std::fs::read(output).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "starts a cluster of three processes"]
async fn a_cluster_gives_the_same_bytes_and_outlives_an_executor() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    folder_of(&LogTable::new(500, 6, 31), &["logits"], &path("log"));
    let local = EngineOptions { partitions: Some(3), ..EngineOptions::default() }.session().unwrap();
    let expected = scored(&local, &path("log"), &path("local.parquet")).await.unwrap();
    let kept = pruned(&local, &path("local.parquet"), &path("local.txt")).await;

    let mut cluster = Cluster::start(folder.path());
    for partitions in [1, 2, 7, 16] {
        let context = cluster.connect(partitions).await;
        assert!(scored(&context, &path("log"), &path("out.parquet")).await.unwrap() == expected, "{partitions}");
    }
    let context = cluster.connect(4).await;
    assert!(pruned(&context, &path("local.parquet"), &path("out.txt")).await == kept);

    // One executor is killed while a query runs: the query ends right or with an error, and run again it is right.
    let running = tokio::spawn({
        let (context, input, output) = (cluster.connect(16).await, path("log"), path("killed.parquet"));
        async move { scored(&context, &input, &output).await }
    });
    tokio::time::sleep(Duration::from_millis(40)).await;
    assert!(!running.is_finished());
    cluster.executors[0].0.kill().unwrap();
    match tokio::time::timeout(Duration::from_secs(60), running).await {
        Ok(Ok(Ok(found))) => assert!(found == expected),
        Ok(Ok(Err(_))) | Err(_) => assert!(!path("killed.parquet").exists()),
        Ok(Err(error)) => panic!("{error}"),
    }
    let start = Instant::now();
    loop {
        let context = cluster.connect(4).await;
        let (input, output) = (path("log"), path("again.parquet"));
        let again = scored(&context, &input, &output);
        match tokio::time::timeout(Duration::from_secs(30), again).await {
            Ok(Ok(found)) => break assert!(found == expected),
            other if start.elapsed() > Duration::from_secs(120) => panic!("{other:?}"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_scheduler_that_is_not_there_is_told() {
    let error = connect(&format!("127.0.0.1:{}", free_port()), None).await.err().unwrap().to_string();
    assert!(error.contains("does not answer") && error.contains("curriculum-scheduler"), "{error}");
}
