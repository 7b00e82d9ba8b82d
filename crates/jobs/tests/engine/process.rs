//! The worker as a process: what it inherits, and what it survives.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use howdah_core::{Caller, Context};
use howdah_jobs::{Engine, JobState, Launcher, StepState, run_worker};
use howdah_store::Store;

use crate::bench::Bench;

/// The arguments, before the job's id, by which this program is a worker. The id is a name of tests to be left
/// out, as the harness takes no others; that names are left out is not enough, as `./dev test` does so too.
pub(crate) const WORKER: [&str; 4] = ["process::worker", "--exact", "--nocapture", "--skip"];

/// Run by itself, a job is done by this same function in a process of its own,
/// which leads its own session. Run as that process, it is the worker.
#[test]
fn worker() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Some([job]) = arguments.strip_prefix(&WORKER.map(str::to_owned)) {
        let store = Store::open(std::env::current_dir().unwrap());
        let launcher = Launcher::this_program().unwrap();
        let cx = Context::new(Caller::Agent);
        let worked = runtime.block_on(run_worker(&Engine::new(store, launcher), job, &cx));
        eprintln!("{worked:?}");
        return;
    }
    runtime.block_on(async {
        let bench = Bench::new();
        let id = bench.start(&bench.order(2, 300)).await;
        bench.reaches(&id, 0, StepState::Running).await;
        let worker = bench.engine.worker(&id).await.unwrap().unwrap();
        assert_ne!(worker.owner.pid, std::process::id());
        assert_eq!(
            group(worker.owner.pid),
            worker.owner.pid.to_string(),
            "the worker leads its own session"
        );
        let job = bench.end(&id).await;
        assert_eq!(job.state, JobState::Succeeded, "{}", bench.log(&id));
        assert_eq!(job.result.as_ref().unwrap()["pages"][1], "page1");
        bench.assert_whole(&job);
    });
}

/// As the shell does with Ctrl-C and a closed terminal, and worse: everything
/// in the group of the process that started the job is killed.
#[tokio::test]
async fn a_worker_survives_the_group_of_its_parent() {
    let bench = Bench::new();
    let id = bench
        .engine
        .record::<crate::pages::WritePages>(&bench.order(3, 400), "a test")
        .await
        .unwrap()
        .id;
    let mut parent = Command::new("sh")
        .args(["-c", "\"$@\" & sleep 60", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(WORKER)
        .arg(&id)
        .current_dir(bench.store.directory())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    bench.reaches(&id, 0, StepState::Running).await;
    Command::new("kill")
        .args(["-KILL", "--", &format!("-{}", parent.id())])
        .status()
        .unwrap();
    parent.wait().unwrap();
    bench.reaches(&id, 2, StepState::Done).await;
    let job = bench.end(&id).await;
    assert_eq!(job.state, JobState::Succeeded);
    assert!(job.steps.iter().all(|step| step.attempts == 1), "{job:#?}");
}

/// The process group, which a process that made itself a session leads too.
fn group(pid: u32) -> String {
    let output = Command::new("ps")
        .args(["-o", "pgid=", "-p", &pid.to_string()])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
