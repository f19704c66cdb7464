//! Logging in and out.

use std::sync::Arc;

use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tillgate_core::access::Role;
use tillgate_core::access::limits::LOGIN_LIFE;

use super::blocking::blocking;
use super::error::{Answer, ApiError};
use super::route::{Body, Call};
use crate::password::{PASSWORD_BYTES_MAX, PasswordVerdict};
use crate::wiped::Secret;

/// Name and password.
#[derive(Deserialize, JsonSchema)]
pub(super) struct LogIn {
    #[schemars(length(min = 1, max = PASSWORD_BYTES_MAX))]
    user: String,
    #[schemars(length(min = 1, max = PASSWORD_BYTES_MAX))]
    password: Secret,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct LoggedIn {
    token: Secret,
    role: Role,
    /// From now, whatever happens.
    expires_s: u64,
}

pub(super) async fn log_in(call: Call, body: Body<LogIn>) -> Answer<LoggedIn> {
    let LogIn { user: name, password } = body.read()?;
    let long = |text: &str| !(1..=PASSWORD_BYTES_MAX).contains(&text.len());
    if long(&name) || long(&password.0) {
        let text = format!("user and password have 1 to {PASSWORD_BYTES_MAX} bytes each");
        return Err(ApiError::bad_request(text));
    }
    let Call { app, caller } = &call;
    let verdict = check(&call, &name, password).await?;
    let PasswordVerdict::Right(role, proof) = verdict else {
        app.auth.wrong.lock().note(caller.address(), &name, app.handle.clock.now());
        app.handle.metrics.edge.logins_wrong.add(1);
        // A name that is not ours may be a password typed in the wrong field.
        let known = verdict == PasswordVerdict::Wrong;
        let user = if known { name.as_str() } else { "(not ours)" };
        tracing::warn!(user, peer = ?caller.peer, "login refused");
        let text = "user or password is wrong";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", text));
    };
    app.auth.wrong.lock().forget(caller.address(), &name);
    let token = app.auth.log_in(&name, (role, proof), app.handle.clock.now())?;
    tracing::info!(user = name, "logged in");
    Ok(LoggedIn { token: Secret(token), role, expires_s: LOGIN_LIFE.0 / 1_000_000_000 })
}

/// Whether somebody knows the password; who was wrong too often waits first.
async fn check(
    Call { app, caller }: &Call,
    name: &str,
    password: Secret,
) -> Answer<PasswordVerdict> {
    let refused = &app.handle.metrics.edge;
    if let Some(wait) = app.auth.wrong.lock().wait(caller.address(), name, app.handle.clock.now()) {
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
    blocking(move || checking.auth.verify(&asked, &password.0)).await
}

#[derive(Serialize, JsonSchema)]
pub(super) struct LoggedOut {
    done: bool,
}

pub(super) async fn log_out(call: Call, (): ()) -> Answer<LoggedOut> {
    call.app.auth.log_out(&call.caller);
    Ok(LoggedOut { done: true })
}
