//! Programs of the same build that serve while something is measured, and where they write.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tillsim::exit::Refusal;

/// A program of the same build.
///
/// # Errors
/// [`Refusal`] when this program does not know where it is itself.
pub fn beside(name: &str) -> Result<PathBuf, Refusal> {
    let own = std::env::current_exe().map_err(|error| Refusal::about(name, error))?;
    Ok(own.with_file_name(name))
}

/// A program that serves in a process of its own, as the gateway does, until this is dropped.
pub struct Server {
    child: Child,
    /// Its first line: where it listens.
    pub said: String,
}

impl Server {
    /// Starts it and waits for its first line.
    ///
    /// # Errors
    /// [`Refusal`] when it does not start.
    pub fn start(program: &Path, arguments: &[&str]) -> Result<Self, Refusal> {
        let wrong = |error: &dyn std::fmt::Display| Refusal::about(program.display(), error);
        let mut command = Command::new(program);
        let spawned = command.args(arguments).stdout(Stdio::piped()).spawn();
        let mut child = spawned.map_err(|error| wrong(&error))?;
        let stdout = child.stdout.take().expect("the output is piped");
        let mut server = Self { child, said: String::new() };
        let read = BufReader::new(stdout).read_line(&mut server.said);
        read.map_err(|error| wrong(&error))?;
        if server.said.is_empty() {
            return Err(wrong(&"ended before it listened"));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has nothing to lose.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A directory that is removed again.
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// Makes it below `base`, or below the system's directory for temporary files.
    ///
    /// # Errors
    /// [`Refusal`] when it cannot be made.
    pub fn new(base: Option<&Path>, name: &str) -> Result<Self, Refusal> {
        let base = base.map_or_else(std::env::temp_dir, Path::to_owned);
        let path = base.join(format!("tillgate-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|error| Refusal::about(path.display(), error))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} is left behind: {error}", self.0.display());
        }
    }
}
