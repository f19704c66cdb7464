//! The URLs of HTTP bridges, taken apart once.

use std::fmt;

use http::Uri;

/// How the bytes of a URL's requests travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Inside TLS.
    Https,
}

/// `http://HOST[:PORT]/PATH` or `https://...`, without user, query and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl {
    /// Before the colon.
    pub scheme: Scheme,
    /// Name or address; an IPv6 address without its brackets.
    pub host: String,
    /// 80, or 443 of `https`, when the URL has none.
    pub port: u16,
    /// From the first slash on; never ends with one unless it is only that.
    pub path: String,
}

impl HttpUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence for the operator.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = "write http://HOST:PORT/PATH or https://HOST:PORT/PATH";
        let uri: Uri = text.parse().map_err(|e| format!("{text:?} is not a URL ({e}); {form}"))?;
        let (scheme, port) = match uri.scheme_str() {
            Some("http") => (Scheme::Http, 80),
            Some("https") => (Scheme::Https, 443),
            Some(other) => {
                return Err(format!("scheme {other:?} is not spoken by this bridge; {form}"));
            }
            None => return Err(format!("{text:?} has no scheme; {form}")),
        };
        if uri.query().is_some() || text.contains('#') || text.contains('@') {
            return Err(format!("{text:?} has a user, query or fragment; {form}"));
        }
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(format!("{text:?} has no host; {form}"));
        }
        let path = uri.path().trim_end_matches('/');
        Ok(Self {
            scheme,
            host,
            port: uri.port_u16().unwrap_or(port),
            path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
        })
    }

    /// `HOST:PORT`, as a `Host` header and an address to resolve.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}
