//! What a route is: who may, what it takes and answers, as types, and the function that does it.
//! The types are read, checked and described from one definition; the table is [`super::routes`].

use std::any::type_name;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::vec::IntoIter;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tillgate_core::access::Access;
use warp::reply::Response;

use super::app::App;
use super::auth::Caller;
use super::error::{Answer, ApiError};
use super::limits::BODY_BYTES_MAX;
use super::query::{self, As, Word};
use crate::wiped;

/// What every handler is given beside its input.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) app: Arc<App>,
    pub(super) caller: Caller,
}

/// A request to a route, before it is read as the route's types.
#[derive(Clone)]
pub(super) struct Given {
    /// What varies in the path.
    pub(super) parameters: IntoIter<String>,
    pub(super) query: String,
    pub(super) body: Bytes,
}

/// What the API's description says of one route's input and answer.
pub(super) struct Description {
    /// Schemas of what is read.
    pub(super) inputs: SchemaGenerator,
    /// Schemas of what is written.
    pub(super) answers: SchemaGenerator,
    /// Of what varies in the path.
    pub(super) names: IntoIter<&'static str>,
    pub(super) parameters: Vec<Value>,
    pub(super) body: Option<Value>,
}

impl Default for Description {
    fn default() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self {
            inputs: settings.clone().into_generator(),
            answers: settings.for_serialize().into_generator(),
            names: IntoIter::default(),
            parameters: Vec::new(),
            body: None,
        }
    }
}

pub(super) trait Input: Sized + Send + 'static {
    /// The longest body.
    const BODY_BYTES_MAX: u64 = 0;

    /// Reads it.
    ///
    /// # Errors
    /// 400, with the place.
    fn read(given: &mut Given) -> Answer<Self>;

    fn describe(description: &mut Description);
}

pub(super) struct Query<T>(pub(super) T);
/// The body, JSON of at most this many bytes; a long one is read on a thread for that.
pub(super) struct Body<T, const BYTES_MAX: u64 = BODY_BYTES_MAX>(Bytes, PhantomData<fn() -> T>);

impl Input for () {
    fn read(_: &mut Given) -> Answer<Self> {
        Ok(())
    }

    fn describe(_: &mut Description) {}
}

impl<A: Input, B: Input> Input for (A, B) {
    const BODY_BYTES_MAX: u64 = A::BODY_BYTES_MAX + B::BODY_BYTES_MAX;

    fn read(given: &mut Given) -> Answer<Self> {
        Ok((A::read(given)?, B::read(given)?))
    }

    fn describe(description: &mut Description) {
        A::describe(description);
        B::describe(description);
    }
}

/// What varies next in the path.
impl<T: Word> Input for As<T> {
    fn read(given: &mut Given) -> Answer<Self> {
        let found = given.parameters.next().unwrap_or_default();
        query::parse(&found).map_err(ApiError::bad_request)
    }

    fn describe(description: &mut Description) {
        let name = description.names.next();
        let parameter =
            json!({ "name": name, "in": "path", "required": true, "schema": T::schema() });
        description.parameters.push(parameter);
    }
}

impl<T: DeserializeOwned + JsonSchema + Send + 'static> Input for Query<T> {
    fn read(given: &mut Given) -> Answer<Self> {
        let pairs = form_urlencoded::parse(given.query.as_bytes());
        let pairs = serde_urlencoded::Deserializer::new(pairs);
        placed(serde_path_to_error::deserialize(pairs), "query").map(Self)
    }

    fn describe(description: &mut Description) {
        let schema = T::json_schema(&mut description.inputs);
        let required = schema.get("required").and_then(Value::as_array);
        for (name, schema) in
            schema.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            let required = required.is_some_and(|required| required.contains(&json!(name)));
            let parameter =
                json!({ "name": name, "in": "query", "required": required, "schema": schema });
            description.parameters.push(parameter);
        }
    }
}

impl<T: JsonSchema + 'static, const MOST: u64> Input for Body<T, MOST> {
    const BODY_BYTES_MAX: u64 = MOST;

    fn read(given: &mut Given) -> Answer<Self> {
        Ok(Self(given.body.clone(), PhantomData))
    }

    fn describe(description: &mut Description) {
        description.body = Some(json!(description.inputs.subschema_for::<T>()));
    }
}

impl<T: DeserializeOwned, const MOST: u64> Body<T, MOST> {
    /// Reads it.
    ///
    /// # Errors
    /// 400, with the place.
    pub(super) fn read(self) -> Answer<T> {
        let mut json = serde_json::Deserializer::from_slice(&self.0);
        let read = placed(serde_path_to_error::deserialize(&mut json), "body")?;
        json.end().map_err(|error| ApiError::bad_request(format!("body: {error}")))?;
        Ok(read)
    }
}

fn placed<T, E: std::fmt::Display>(
    read: Result<T, serde_path_to_error::Error<E>>,
    part: &str,
) -> Answer<T> {
    read.map_err(|error| {
        let place = error.path().to_string();
        let place = if place == "." { String::new() } else { format!("{place}: ") };
        ApiError::bad_request(format!("{part}: {place}{}", error.inner()))
    })
}

pub(super) trait Reply {
    fn reply(self) -> Response;

    /// Its media types, with their schemas.
    fn describe(generator: &mut SchemaGenerator) -> Value;
}

impl<T: Serialize + JsonSchema> Reply for T {
    fn reply(self) -> Response {
        match wiped::to_json(&self) {
            Ok(json) => content(Bytes::from_owner(json), "application/json"),
            Err(error) => ApiError::internal(format!("{}: {error}", type_name::<T>())).response(),
        }
    }

    fn describe(generator: &mut SchemaGenerator) -> Value {
        json!({ "application/json": { "schema": generator.subschema_for::<T>() } })
    }
}

pub(super) fn content(body: Bytes, kind: &'static str) -> Response {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A request that is being answered.
type Answering = Pin<Box<dyn Future<Output = Answer<Response>> + Send>>;

pub(super) struct Route {
    pub(super) method: Method,
    /// With `{name}` for what varies.
    pub(super) path: &'static str,
    pub(super) access: Access,
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) body_bytes_max: u64,
    /// Describes input and answer, and gives the answer's media types.
    pub(super) describe: fn(&mut Description) -> Value,
    pub(super) answer: Box<dyn Fn(Call, Given) -> Answering + Send + Sync>,
}

impl Route {
    /// A route. One that posts takes a short body even where none is needed.
    pub(super) fn new<I: Input, A: Reply, F>(
        method: Method,
        path: &'static str,
        access: Access,
        handler: impl Fn(Call, I) -> F + Copy + Send + Sync + 'static,
        (name, summary): (&'static str, &'static str),
    ) -> Self
    where
        F: Future<Output = Answer<A>> + Send + 'static,
    {
        let least = if method == Method::POST { BODY_BYTES_MAX } else { 0 };
        Self {
            method,
            path,
            access,
            name,
            summary,
            body_bytes_max: least.max(I::BODY_BYTES_MAX),
            describe: |description| {
                I::describe(description);
                A::describe(&mut description.answers)
            },
            answer: Box::new(move |call, mut given| {
                let input = I::read(&mut given);
                Box::pin(async move { Ok(handler(call, input?).await?.reply()) })
            }),
        }
    }

    /// What varies in `path`, if it has this route's shape.
    pub(super) fn parameters(&self, path: &str) -> Option<Vec<String>> {
        let (mut given, mut parameters) = (path.split('/'), Vec::new());
        for part in self.path.split('/') {
            let found = given.next()?;
            if part.starts_with('{') {
                parameters.push(found.to_owned());
            } else if part != found {
                return None;
            }
        }
        if given.next().is_none() { Some(parameters) } else { None }
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        let name = |part: &'static str| part.strip_prefix('{')?.strip_suffix('}');
        self.path.split('/').filter_map(name).collect()
    }
}
