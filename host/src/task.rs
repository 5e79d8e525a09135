//! Spawned tasks have an owner.

use tokio::task::AbortHandle;

/// Aborts a task when dropped.
#[derive(Debug)]
pub struct AbortOnDrop(Option<AbortHandle>);

impl AbortOnDrop {
    pub fn new(task: AbortHandle) -> Self {
        Self(Some(task))
    }

    /// Lets the task go on.
    pub fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(task) = self.0.take() {
            task.abort();
        }
    }
}
