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
use crate::password::{PASSWORD_BYTES_MAX, PasswordVerdict};

/// A name and a password for a token.
pub(super) async fn log_in(
    app: Arc<App>,
    caller: &Caller,
    body: &Value,
) -> Result<Response, ApiError> {
    let text = |name| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (Some(user), Some(password)) = (text("user"), text("password")) else {
        return Err(ApiError::bad_request("expected {\"user\":\"...\",\"password\":\"...\"}"));
    };
    if user.len() > PASSWORD_BYTES_MAX || password.len() > PASSWORD_BYTES_MAX {
        return Err(ApiError::bad_request("user or password is too long"));
    }
    let (name, password) = (user.to_owned(), Zeroizing::new(password.to_owned()));
    let verdict = check(&app, caller, &name, password).await?;
    let PasswordVerdict::Right(role) = verdict else {
        app.auth.wrong().note(&caller.peer, &name, app.handle.clock.now());
        app.handle.metrics.edge.logins_wrong.add(1);
        // A name that is not ours may be a password typed in the wrong field.
        let known = verdict == PasswordVerdict::Wrong;
        let user = if known { name.as_str() } else { "(not ours)" };
        tracing::warn!(user, peer = ?caller.peer, "login refused");
        let text = "user or password is wrong";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", text));
    };
    app.auth.wrong().forget(&caller.peer, &name);
    let token = app.auth.log_in(&name, role, app.handle.clock.now())?;
    tracing::info!(user = name, "logged in");
    Ok(answer::json(&json!({
        "token": token.as_str(),
        "role": role.name(),
        "expires_s": LOGIN_LIFE.as_secs(),
    })))
}

/// Whether somebody knows the password; who was wrong too often waits first.
async fn check(
    app: &Arc<App>,
    caller: &Caller,
    name: &str,
    password: Zeroizing<String>,
) -> Result<PasswordVerdict, ApiError> {
    let refused = &app.handle.metrics.edge;
    if let Some(wait) = app.auth.wrong().wait(&caller.peer, name, app.handle.clock.now()) {
        refused.logins_too_soon.add(1);
        let text =
            format!("too many wrong passwords; try again in {} s", wait.0.div_ceil(1_000_000_000));
        return Err(ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many", text));
    }
    let Ok(_queued) = app.auth.queue.try_acquire() else {
        refused.logins_busy.add(1);
        return Err(ApiError::busy("others are logging in; try again in a second"));
    };
    let _seat = app.auth.checks.acquire().await.map_err(ApiError::internal)?;
    let (checking, asked) = (Arc::clone(app), name.to_owned());
    blocking(move || checking.auth.verify(&asked, &password)).await
}

/// Ends the caller's login.
pub(super) fn log_out(app: &App, caller: &Caller) -> Response {
    app.auth.log_out(caller);
    answer::json(&json!({ "done": true }))
}
