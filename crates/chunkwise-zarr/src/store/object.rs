use std::fmt;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientConfigKey, ClientOptions, Error, GetOptions, GetRange, ObjectStore,
    ObjectStoreExt, PutPayload, RetryConfig,
};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use super::{Fetch, Part, Store, read_only};

/// Parts of an object that are asked for at once.
const PARTS: usize = 16;

/// Objects in a service: S3, Google Cloud Storage, Azure, or files behind HTTP, which are read only.
///
/// A request that fails for a passing reason (an answer of 500 and above, a lost connection, no answer
/// in time) is made again with growing pauses, for at most a minute.
pub struct RemoteStore {
    inner: Arc<dyn ObjectStore>,
    name: String,
    writable: bool,
    options: RemoteOptions,
}

/// How a service is reached.
#[derive(Clone, Debug)]
pub struct RemoteOptions {
    /// What the service takes: keys as `aws_endpoint`, `aws_access_key_id`, `aws_skip_signature`,
    /// `google_service_account`, `azure_storage_account_name`; for all: `allow_http`, `user_agent`. What
    /// is not given is taken from the environment.
    pub settings: Vec<(String, String)>,
    /// The longest that one request may take.
    pub timeout: Duration,
    /// How often a request is made again.
    pub retries: usize,
}

impl Default for RemoteOptions {
    fn default() -> RemoteOptions {
        RemoteOptions {
            settings: Vec::new(),
            timeout: Duration::from_secs(60),
            retries: 6,
        }
    }
}

impl RemoteStore {
    /// The service, bucket or server of a URL; `base` is the URL up to where keys begin.
    ///
    /// # Errors
    /// For an unknown scheme, and settings that the service does not take.
    pub fn open(base: &str, options: &RemoteOptions) -> io::Result<RemoteStore> {
        install_tls();
        let retry = RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(100),
                max_backoff: Duration::from_secs(10),
                base: 2.0,
            },
            max_retries: options.retries,
            retry_timeout: Duration::from_secs(60),
        };
        let mut client = ClientOptions::new().with_timeout(options.timeout);
        let mut own = Vec::new();
        for (key, value) in &options.settings {
            match key.to_ascii_lowercase().parse::<ClientConfigKey>() {
                Ok(key) => client = client.with_config(key, value),
                Err(_) => own.push((key.to_ascii_lowercase(), value.clone())),
            }
        }
        let scheme = base.split_once("://").map_or("", |(scheme, _)| scheme);
        let unknown = |key: &str| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{key:?} is no setting of {scheme}"),
            )
        };
        let inner: Arc<dyn ObjectStore> = match scheme {
            "s3" | "s3a" => {
                let mut builder = AmazonS3Builder::from_env().with_url(base);
                for (key, value) in &own {
                    let known = key.parse::<AmazonS3ConfigKey>().map_err(|_| unknown(key))?;
                    builder = builder.with_config(known, value);
                }
                let builder = builder.with_client_options(client).with_retry(retry);
                Arc::new(builder.build().map_err(failed)?)
            }
            "gs" => {
                let mut builder = GoogleCloudStorageBuilder::from_env().with_url(base);
                for (key, value) in &own {
                    let known = key.parse::<GoogleConfigKey>().map_err(|_| unknown(key))?;
                    builder = builder.with_config(known, value);
                }
                let builder = builder.with_client_options(client).with_retry(retry);
                Arc::new(builder.build().map_err(failed)?)
            }
            "az" | "azure" | "abfs" | "abfss" | "adl" => {
                let mut builder = MicrosoftAzureBuilder::from_env().with_url(base);
                for (key, value) in &own {
                    let known = key.parse::<AzureConfigKey>().map_err(|_| unknown(key))?;
                    builder = builder.with_config(known, value);
                }
                let builder = builder.with_client_options(client).with_retry(retry);
                Arc::new(builder.build().map_err(failed)?)
            }
            "http" | "https" => {
                if let Some((key, _)) = own.first() {
                    return Err(unknown(key));
                }
                let builder = HttpBuilder::new()
                    .with_url(base)
                    .with_client_options(client.with_allow_http(true))
                    .with_retry(retry);
                Arc::new(builder.build().map_err(failed)?)
            }
            other => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("unknown scheme {other:?}"),
                ));
            }
        };
        Ok(RemoteStore {
            inner,
            name: base.trim_end_matches('/').to_owned(),
            writable: !scheme.starts_with("http"),
            options: options.clone(),
        })
    }

    fn check_writable(&self) -> io::Result<()> {
        match self.writable {
            true => Ok(()),
            false => Err(read_only()),
        }
    }

    /// All keys below a prefix.
    fn keys(&self, prefix: &str) -> io::Result<Vec<Path>> {
        let below = Path::from(prefix);
        wait(async {
            let mut keys = Vec::new();
            let mut listed = self.inner.list(Some(&below));
            while let Some(entry) = listed.next().await {
                keys.push(entry.map_err(failed)?.location);
            }
            Ok(keys)
        })
    }
}

impl fmt::Debug for RemoteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteStore({})", self.name)
    }
}

impl Store for RemoteStore {
    fn plain(&self) -> Option<Value> {
        Some(json!({
            "remote": self.name,
            "settings": self.options.settings,
            "timeout": self.options.timeout.as_secs_f64(),
            "retries": self.options.retries,
        }))
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn is_read_only(&self) -> bool {
        !self.writable
    }

    fn read(&self, key: &str, into: &mut Vec<u8>) -> io::Result<bool> {
        let at = Path::from(key);
        wait(read_all(&*self.inner, &at, into))
    }

    fn fetches(&self) -> bool {
        true
    }

    fn fetch(&self, key: &str) -> Option<Fetch> {
        let (inner, at) = (Arc::clone(&self.inner), Path::from(key));
        let runtime = runtime().ok()?;
        let request = Request(runtime.spawn(async move {
            let mut bytes = Vec::new();
            let there = read_all(&*inner, &at, &mut bytes).await?;
            Ok(there.then_some(bytes))
        }));
        Some(Box::new(move || {
            let mut request = request;
            runtime.block_on(&mut request.0).map_err(io::Error::other)?
        }))
    }

    fn read_parts(&self, key: &str, parts: &[Part]) -> io::Result<Option<Vec<Vec<u8>>>> {
        let at = Path::from(key);
        let one = |part: &Part| {
            let (at, part) = (at.clone(), part.clone());
            async move {
                let range = match part {
                    Part::Range(start, Some(end)) => GetRange::Bounded(start..end),
                    Part::Range(start, None) => GetRange::Offset(start),
                    Part::Last(n) => GetRange::Suffix(n),
                };
                let options = GetOptions {
                    range: Some(range),
                    ..GetOptions::default()
                };
                let got = match self.inner.get_opts(&at, options).await {
                    Err(Error::NotFound { .. }) => return Ok(None),
                    other => other.map_err(failed)?,
                };
                let bytes = got.bytes().await.map_err(failed)?;
                let whole = match part {
                    Part::Range(start, Some(end)) => bytes.len() as u64 == end - start,
                    Part::Range(..) => true,
                    Part::Last(n) => bytes.len() as u64 == n,
                };
                if !whole {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        format!("{part:?} is outside the object"),
                    ));
                }
                Ok(Some(bytes.to_vec()))
            }
        };
        wait(async {
            let read = futures_util::stream::iter(parts.iter().map(one)).buffered(PARTS);
            let read: Vec<io::Result<Option<Vec<u8>>>> = read.collect().await;
            read.into_iter().collect()
        })
    }

    fn size(&self, key: &str) -> io::Result<Option<u64>> {
        let at = Path::from(key);
        wait(async {
            match self.inner.head(&at).await {
                Ok(meta) => Ok(Some(meta.size)),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(e) => Err(failed(e)),
            }
        })
    }

    fn write(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        self.check_writable()?;
        let (at, payload) = (Path::from(key), PutPayload::from(bytes.to_vec()));
        wait(async { self.inner.put(&at, payload).await.map(drop).map_err(failed) })
    }

    fn remove(&self, key: &str) -> io::Result<()> {
        self.check_writable()?;
        let at = Path::from(key);
        wait(async {
            match self.inner.delete(&at).await {
                Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
                Err(e) => Err(failed(e)),
            }
        })
    }

    fn list(&self, prefix: &str) -> io::Result<Vec<String>> {
        let below = Path::from(prefix);
        let listed = wait(async {
            let listed = self.inner.list_with_delimiter(Some(&below)).await;
            listed.map_err(failed)
        })?;
        let name = |path: &Path| path.filename().unwrap_or_default().to_owned();
        let prefixes = listed.common_prefixes.iter().map(|p| name(p) + "/");
        let objects = listed.objects.iter().map(|o| name(&o.location));
        let mut names: Vec<String> = prefixes.chain(objects).collect();
        names.sort();
        Ok(names)
    }

    fn remove_all(&self, prefix: &str) -> io::Result<()> {
        self.check_writable()?;
        let keys = self.keys(prefix)?;
        wait(async {
            let keys = futures_util::stream::iter(keys.into_iter().map(Ok)).boxed();
            let mut removed = self.inner.delete_stream(keys);
            while let Some(one) = removed.next().await {
                match one {
                    Ok(_) | Err(Error::NotFound { .. }) => {}
                    Err(e) => return Err(failed(e)),
                }
            }
            Ok(())
        })
    }

    fn replace(&self, from: &str, to: &str) -> io::Result<()> {
        self.check_writable()?;
        let (from, to) = (from.trim_end_matches('/'), to.trim_end_matches('/'));
        self.remove_all(to)?;
        let (old, new) = (Path::from(from), Path::from(to));
        // The services have no step that moves a folder. Metadata is copied last: until then no array
        // is there.
        let mut keys = self.keys(from)?;
        keys.sort_by_key(|key| key.filename().is_some_and(is_metadata));
        wait(async {
            for key in &keys {
                let Some(rest) = key.prefix_match(&old) else {
                    continue;
                };
                let target = rest.fold(new.clone(), |path, part| path.join(part));
                self.inner.copy(key, &target).await.map_err(failed)?;
            }
            Ok(())
        })?;
        self.remove_all(from)
    }
}

/// A request that is given up where nobody waits for it any more.
struct Request(JoinHandle<io::Result<Option<Vec<u8>>>>);

impl Drop for Request {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn read_all(from: &dyn ObjectStore, at: &Path, into: &mut Vec<u8>) -> io::Result<bool> {
    let got = match from.get(at).await {
        Err(Error::NotFound { .. }) => return Ok(false),
        other => other.map_err(failed)?,
    };
    into.clear();
    into.reserve_exact(got.meta.size as usize);
    let mut body = got.into_stream();
    while let Some(bytes) = body.next().await {
        into.extend_from_slice(&bytes.map_err(failed)?);
    }
    Ok(true)
}

fn is_metadata(name: &str) -> bool {
    matches!(name, "zarr.json" | ".zarray" | ".zattrs")
}

fn failed(error: Error) -> io::Error {
    let kind = match &error {
        Error::NotFound { .. } => io::ErrorKind::NotFound,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            io::ErrorKind::PermissionDenied
        }
        Error::NotSupported { .. } | Error::NotImplemented { .. } => io::ErrorKind::Unsupported,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

/// The encryption that requests use, once for the process.
fn install_tls() {
    // Whoever was first decides: any provider will do.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
}

/// Runs a request to its end.
fn wait<T>(request: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    runtime()?.block_on(request)
}

/// The threads that wait for the network, two for the process. A process that was forked has none of its
/// parent's threads and gets its own.
fn runtime() -> io::Result<Arc<Runtime>> {
    static RUNTIME: Mutex<Option<(u32, Arc<Runtime>)>> = Mutex::new(None);
    {
        let mut kept = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((process, runtime)) if *process == std::process::id() => Ok(Arc::clone(runtime)),
            _ => {
                let new = Builder::new_multi_thread()
                    .worker_threads(2)
                    .thread_name("chunkwise-io")
                    .enable_all()
                    .build()?;
                let new = Arc::new(new);
                // The former, another process's, is not to be shut down from here.
                if let Some(former) = kept.replace((std::process::id(), Arc::clone(&new))) {
                    std::mem::forget(former);
                }
                Ok(new)
            }
        }
    }
}
