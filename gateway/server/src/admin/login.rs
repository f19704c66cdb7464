//! Logging in and out.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};
use warp::reply::Response;
use zeroize::Zeroizing;

use super::App;
use super::answer;
use super::auth::Caller;
use super::error::ApiError;
use super::limits::LOGIN_LIFE;
use super::routes::blocking;
use crate::password::PASSWORD_BYTES_MAX;

/// A name and a password for a token.
pub(super) async fn log_in(app: Arc<App>, body: &Value) -> Result<Response, ApiError> {
    let text = |name| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (Some(user), Some(password)) = (text("user"), text("password")) else {
        return Err(ApiError::bad_request("expected {\"user\":\"...\",\"password\":\"...\"}"));
    };
    if user.len() > PASSWORD_BYTES_MAX || password.len() > PASSWORD_BYTES_MAX {
        return Err(ApiError::bad_request("user or password is too long"));
    }
    let Ok(_seat) = app.auth.checks.try_acquire() else {
        return Err(ApiError::busy("others are logging in; try again in a second"));
    };
    let (name, password) = (user.to_owned(), Zeroizing::new(password.to_owned()));
    let checking = Arc::clone(&app);
    let asked = name.clone();
    let role = blocking(move || checking.auth.verify(&asked, &password)).await?;
    let Some(role) = role else {
        tracing::warn!(user = name, "login refused");
        let text = "user or password is wrong";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", text));
    };
    let token = app.auth.log_in(&name, role, app.handle.clock.now())?;
    tracing::info!(user = name, "logged in");
    Ok(answer::json(&json!({
        "token": token.as_str(),
        "role": role.name(),
        "expires_s": LOGIN_LIFE.as_secs(),
    })))
}

/// Ends the caller's login.
pub(super) fn log_out(app: &App, caller: &Caller) -> Response {
    app.auth.log_out(caller);
    answer::json(&json!({ "done": true }))
}
