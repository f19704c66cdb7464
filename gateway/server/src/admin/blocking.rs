//! Work that blocks, beside the one thread of the admin API.

use tillgate_edge::guard;

use super::error::{Answer, ApiError};

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Answer<T> + Send + 'static,
) -> Answer<T> {
    match tokio::task::spawn_blocking(|| guard::call(work)).await {
        Ok(Ok(result)) => result,
        // Counted and logged like any other panic of the request.
        Ok(Err(panicked)) => panicked.resume(),
        Err(error) => Err(ApiError::internal(error)),
    }
}
