//! Graphs of any functions: values that are made when they are asked for.
//!
//! [`delayed`] wraps a function; [`Delayed::then`], [`join`] and [`gather`] make functions of what others
//! give. Nothing runs until [`Session::compute_delayed`] or [`Delayed::compute`]; then each function that
//! is needed runs once, on the session's threads, depth first, and what it gave is dropped after its last
//! reader.

mod arrays;
mod node;
mod run;

use std::marker::PhantomData;
use std::sync::Arc;

use chunkwise_core::{Error, Result};
use node::{Node, Step, Value};

/// A value of type `T` that is made when it is asked for. Cheap to clone; clones are the same task.
///
/// ```
/// use chunkwise::{Session, delayed, join};
/// let a = delayed(|| 2_u64);
/// let b = a.then(|a| a * 10);
/// let c = join(&a, &b, |a, b| a + b);
/// assert_eq!(Session::new(2, 1 << 20)?.compute_delayed(&c)?, 22);
/// # Ok::<_, chunkwise::Error>(())
/// ```
pub struct Delayed<T> {
    node: Arc<Node>,
    makes: PhantomData<fn() -> T>,
}

impl<T> Clone for Delayed<T> {
    fn clone(&self) -> Self {
        Delayed {
            node: Arc::clone(&self.node),
            makes: PhantomData,
        }
    }
}

impl<T> std::fmt::Debug for Delayed<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Delayed({})", self.name())
    }
}

/// What a user's function may fail with.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn failed(failure: Failure) -> Error {
    match failure.downcast::<Error>() {
        Ok(ours) => *ours,
        Err(failure) => Error::User(Arc::from(failure)),
    }
}

fn input<T: 'static>(value: &Value) -> Result<&T> {
    value
        .downcast_ref::<T>()
        .ok_or_else(|| Error::internal("delayed", "an input of another type"))
}

/// A task without inputs. It may run more than once: each time that it is asked for.
///
/// ```
/// let answer = chunkwise::delayed(|| 6 * 7);
/// assert_eq!(answer.compute()?, 42);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn delayed<T, F>(function: F) -> Delayed<T>
where
    T: Send + Sync + 'static,
    F: Fn() -> T + Send + Sync + 'static,
{
    Delayed::new(Vec::new(), move |_| Ok(Arc::new(function())))
}

/// A task without inputs that may fail.
///
/// ```
/// let number = chunkwise::try_delayed(|| "4x".parse::<u32>());
/// let error = number.compute().unwrap_err().to_string();
/// assert!(error.contains("invalid digit"), "{error}");
/// ```
#[track_caller]
pub fn try_delayed<T, E, F>(function: F) -> Delayed<T>
where
    T: Send + Sync + 'static,
    E: Into<Failure>,
    F: Fn() -> std::result::Result<T, E> + Send + Sync + 'static,
{
    Delayed::new(Vec::new(), move |_| {
        function()
            .map(|v| Arc::new(v) as Value)
            .map_err(|e| failed(e.into()))
    })
}

/// A task that reads two others.
///
/// ```
/// use chunkwise::{delayed, join};
/// let name = delayed(|| "x".to_owned());
/// let n = delayed(|| 3_usize);
/// assert_eq!(join(&name, &n, |name, n| name.repeat(*n)).compute()?, "xxx");
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn join<A, B, T, F>(a: &Delayed<A>, b: &Delayed<B>, function: F) -> Delayed<T>
where
    A: Send + Sync + 'static,
    B: Send + Sync + 'static,
    T: Send + Sync + 'static,
    F: Fn(&A, &B) -> T + Send + Sync + 'static,
{
    let inputs = vec![Arc::clone(&a.node), Arc::clone(&b.node)];
    Delayed::new(inputs, move |values| match values {
        [a, b] => Ok(Arc::new(function(input(a)?, input(b)?))),
        _ => Err(Error::internal("delayed", "an input is missing")),
    })
}

/// A task that reads any number of others of one type.
///
/// ```
/// use chunkwise::{delayed, gather};
/// let squares: Vec<_> = (0..5_u32).map(|n| delayed(move || n * n)).collect();
/// let total = gather(squares, |squares| squares.iter().copied().sum::<u32>());
/// assert_eq!(total.compute()?, 30);
/// # Ok::<_, chunkwise::Error>(())
/// ```
#[track_caller]
pub fn gather<A, T, F>(inputs: Vec<Delayed<A>>, function: F) -> Delayed<T>
where
    A: Send + Sync + 'static,
    T: Send + Sync + 'static,
    F: Fn(&[&A]) -> T + Send + Sync + 'static,
{
    let inputs = inputs.into_iter().map(|d| d.node).collect();
    Delayed::new(inputs, move |values| {
        let values = values.iter().map(input).collect::<Result<Vec<&A>>>()?;
        Ok(Arc::new(function(&values)))
    })
}

impl<T: Send + Sync + 'static> Delayed<T> {
    #[track_caller]
    fn new(
        inputs: Vec<Arc<Node>>,
        function: impl Fn(&[Value]) -> Result<Value> + Send + Sync + 'static,
    ) -> Delayed<T> {
        Delayed {
            node: Arc::new(Node::new(inputs, Step::Call(Box::new(function)))),
            makes: PhantomData,
        }
    }

    /// A value that is there.
    ///
    /// ```
    /// use chunkwise::Delayed;
    /// assert_eq!(Delayed::ready(vec![1, 2]).then(Vec::len).compute()?, 2);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn ready(value: T) -> Delayed<T> {
        let value: Value = Arc::new(value);
        Delayed::new(Vec::new(), move |_| Ok(Arc::clone(&value)))
    }

    /// A task that reads this one.
    ///
    /// ```
    /// let text = chunkwise::delayed(|| 17).then(|n| format!("{n:x}"));
    /// assert_eq!(text.compute()?, "11");
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn then<U, F>(&self, function: F) -> Delayed<U>
    where
        U: Send + Sync + 'static,
        F: Fn(&T) -> U + Send + Sync + 'static,
    {
        Delayed::new(vec![Arc::clone(&self.node)], move |values| match values {
            [value] => Ok(Arc::new(function(input(value)?))),
            _ => Err(Error::internal("delayed", "an input is missing")),
        })
    }

    /// A task that reads this one and may fail.
    ///
    /// ```
    /// let n = chunkwise::delayed(|| "12").then(|t| t.len()).try_then(|n| u8::try_from(*n));
    /// assert_eq!(n.compute()?, 2);
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[track_caller]
    pub fn try_then<U, E, F>(&self, function: F) -> Delayed<U>
    where
        U: Send + Sync + 'static,
        E: Into<Failure>,
        F: Fn(&T) -> std::result::Result<U, E> + Send + Sync + 'static,
    {
        Delayed::new(vec![Arc::clone(&self.node)], move |values| match values {
            [value] => function(input(value)?)
                .map(|v| Arc::new(v) as Value)
                .map_err(|e| failed(e.into())),
            _ => Err(Error::internal("delayed", "an input is missing")),
        })
    }

    /// Gives it a name for errors, unless it has one. Else it is called after where it was made.
    ///
    /// ```
    /// let task = chunkwise::delayed(|| -> u8 { panic!("no") }).named("load");
    /// let error = task.then(|n| *n).named("use").compute().unwrap_err();
    /// assert_eq!(error.to_string(), "task load failed (needed by use): panicked: no");
    /// ```
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Delayed<T> {
        self.node.name(name.into());
        self
    }

    /// Declares the bytes of its result, and those that it needs beside while it runs, unless that was
    /// done before: it starts only when they fit the session's memory limit.
    ///
    /// ```
    /// use chunkwise::{Session, delayed, gather};
    /// let session = Session::new(2, 1000)?;
    /// let parts: Vec<_> = (0..50).map(|n| delayed(move || n).needs(300, 100)).collect();
    /// let sums: Vec<_> = parts.iter().map(|p| p.then(|n| n + 1)).collect();
    /// assert_eq!(session.compute_delayed(&gather(sums, |all| all.len()))?, 50);
    /// // What cannot fit is refused before anything runs.
    /// assert!(session.compute_delayed(&gather(parts, |all| all.len())).is_err());
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    #[must_use]
    pub fn needs(self, result: u64, scratch: u64) -> Delayed<T> {
        self.node.declare(result, scratch);
        self
    }
}

impl<T> Delayed<T> {
    /// What it is called in errors.
    pub fn name(&self) -> String {
        self.node.called()
    }
}
