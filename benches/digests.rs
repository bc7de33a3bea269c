//! What it costs to know the contents of all files: `cargo bench --bench digests`.

use std::fs;
use std::path::PathBuf;

use cargo_hooks::digests::{Scan, threads};
use cargo_hooks::environment::Environment;
use divan::Bencher;
use tempfile::TempDir;

fn main() {
    divan::main();
}

/// So many files lie in a directory, and so many directories in one above it.
const IN_DIRECTORY: usize = 20;

/// A tree of so many files, all of them old enough to be trusted.
fn tree(files: usize) -> (TempDir, Scan) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let root = dir.path().join("root");
    for file in 0..files {
        let parent = root.join(format!("crates/{}/{}", file / (IN_DIRECTORY * 4), file / IN_DIRECTORY));
        if file % IN_DIRECTORY == 0 {
            fs::create_dir_all(&parent).expect("a directory");
        }
        let text = format!("// {file}\n").repeat(20 + file % 700);
        fs::write(parent.join(format!("{file}.rs")), text).expect("a file");
    }
    fs::write(root.join(".gitignore"), "/target\n*.log\n").expect("rules");
    // What was written just now may be written again within the same tick of the clock, and would not be remembered.
    std::thread::sleep(std::time::Duration::from_millis(2500));
    let scan = Scan {
        outside: Vec::new(),
        but: vec![root.join("target")],
        git: None,
        environment: Environment::default(),
        state_dir: Some(dir.path().join("state")),
        threads: threads(),
        root,
    };
    (dir, scan)
}

/// Nothing has changed since the last time.
#[divan::bench(args = [5_000, 20_000], sample_count = 30)]
fn warm(bencher: Bencher, files: usize) {
    let (_dir, scan) = tree(files);
    drop(scan.tree());
    bencher.counter(files).bench(|| scan.tree().len());
}

/// Everything is read.
#[divan::bench(args = [5_000, 20_000], sample_count = 10)]
fn cold(bencher: Bencher, files: usize) {
    let (_dir, scan) = tree(files);
    let scan = Scan {
        state_dir: None::<PathBuf>,
        ..scan
    };
    bencher.counter(files).bench(|| scan.tree().len());
}

/// All files are looked at again, and none is read.
#[divan::bench(args = [5_000, 20_000], sample_count = 30)]
fn touched(bencher: Bencher, files: usize) {
    let (_dir, scan) = tree(files);
    let tree = scan.tree();
    bencher.counter(files).bench(|| tree.touched(0..tree.len()).len());
}
