//! Graphs of Python functions: tasks as Python objects, made into the engine's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chunkwise::Error;
use chunkwise::graph::{Declared, Graph, GraphBuilder, Tasks, Worker};
use pyo3::exceptions::{PyKeyError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyList, PyString, PyTuple, PyType};

use crate::errors::{InternalError, raised};

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<PyGraph>()
}

/// How deep tasks within tasks are followed; those beneath are left to their own `__call__`.
const DEEPEST: usize = 100;

/// What makes a value.
enum Step {
    Value(Py<PyAny>),
    /// The result of a task.
    Input(usize),
    Call(Box<Call>),
    /// An object that is called with a dict of what it reads.
    Opaque(Box<Opaque>),
    Subgraph(Box<Subgraph>),
    /// What a subgraph is given from outside.
    Given(usize),
}

/// Tasks that are one: their inputs are numbers among themselves.
struct Subgraph {
    given: Vec<Step>,
    steps: Vec<Step>,
    /// For each task in order, whose results nobody reads after it.
    order: Vec<(usize, Vec<usize>)>,
}

/// The values within a subgraph that runs.
struct Scope<'py> {
    given: Vec<Bound<'py, PyAny>>,
    made: Vec<Option<Bound<'py, PyAny>>>,
}

struct Call {
    function: Py<PyAny>,
    args: Vec<Step>,
    kwargs: Vec<(Py<PyString>, Step)>,
}

struct Opaque {
    object: Py<PyAny>,
    inputs: Vec<(Py<PyAny>, usize)>,
}

/// A graph of Python functions.
#[pyclass(frozen, name = "Graph", module = "chunkwise._chunkwise")]
pub(crate) struct PyGraph {
    pub(crate) graph: Arc<Graph>,
    steps: Arc<Vec<Step>>,
    keys: Arc<Vec<Py<PyAny>>>,
}

#[pymethods]
impl PyGraph {
    /// From `{key: node}` and the keys that are wanted, each once.
    ///
    /// A node is of one of `classes`: a reference (`key`), data (`value`), an alias (`target`), a task
    /// (`func`, `args`, `kwargs`), or of a base class (`dependencies`, called with a dict of them). The
    /// arguments of a task may be references, and nodes themselves. `cache` has values of keys that are
    /// not made. A node of no such class is a `TypeError`. `subgraph` is the function of tasks that
    /// are fused from several: of a dict of nodes, the wanted key, keys of inputs, and these. `declared`
    /// has, for keys of tasks, the bytes of their results and those that they need beside while they run.
    #[new]
    #[pyo3(signature = (dsk, wanted, cache, classes, subgraph=None, declared=None))]
    fn new(
        dsk: &Bound<'_, PyDict>,
        wanted: Vec<Bound<'_, PyAny>>,
        cache: Option<&Bound<'_, PyDict>>,
        classes: Vec<Bound<'_, PyType>>,
        subgraph: Option<Bound<'_, PyAny>>,
        declared: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<PyGraph> {
        let classes = <[Bound<'_, PyType>; 5]>::try_from(classes)
            .map_err(|c| PyValueError::new_err(format!("5 classes, got {}", c.len())))?;
        let mut reader = Reader::new(dsk, classes, subgraph)?;
        let mut numbers = Vec::with_capacity(wanted.len());
        for key in wanted {
            if !dsk.contains(&key)? && !cache.is_some_and(|c| c.contains(&key).unwrap_or(false)) {
                return Err(PyKeyError::new_err(key.unbind()));
            }
            numbers.push(reader.number(&key)?);
        }
        let mut builder = GraphBuilder::default();
        let mut steps = Vec::new();
        let mut inputs = Vec::new();
        while let Some(key) = reader.keys.get(steps.len()).cloned() {
            inputs.clear();
            let known = cache.map(|c| c.get_item(&key)).transpose()?.flatten();
            let step = match known {
                Some(value) => Step::Value(value.unbind()),
                None => match dsk.get_item(&key)? {
                    Some(node) => reader.step(&node, &mut inputs, 0)?,
                    None => return Err(missing(dsk, &key)),
                },
            };
            steps.push(step);
            builder.task(inputs.iter().copied());
        }
        for (key, bytes) in declared.into_iter().flatten() {
            let Some(task) = reader.numbers.get_item(&key)? else {
                continue;
            };
            let (result, scratch) = bytes.extract()?;
            builder.declare(task.extract()?, Declared { result, scratch });
        }
        let keys = &reader.keys;
        let name = |n: usize| keys.get(n).map_or_else(String::new, written);
        let graph = builder.finish(&numbers, &name).map_err(|e| match &e {
            Error::InvalidArgument { value, reason, .. } => {
                PyRuntimeError::new_err(format!("{value}: {reason}"))
            }
            _ => PyRuntimeError::new_err(e.to_string()),
        })?;
        Ok(PyGraph {
            graph,
            steps: Arc::new(steps),
            keys: Arc::new(reader.keys.into_iter().map(Bound::unbind).collect()),
        })
    }

    /// Number of tasks that are run.
    fn __len__(&self) -> usize {
        self.graph.order().len()
    }

    /// The keys of the tasks in the order in which one thread runs them.
    fn order<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let keys = self.graph.order().iter();
        PyList::new(py, keys.map(|t| self.keys[*t as usize].clone_ref(py)))
    }
}

/// As an error of a dependency that is not there.
fn missing(dsk: &Bound<'_, PyDict>, key: &Bound<'_, PyAny>) -> PyErr {
    let readers = || -> PyResult<Vec<String>> {
        let mut readers = Vec::new();
        for (reader, node) in dsk.iter() {
            if let Ok(all) = node.getattr("dependencies")
                && all.contains(key)?
            {
                readers.push(written(&reader));
            }
        }
        Ok(readers)
    };
    let readers = readers().unwrap_or_default().join(", ");
    let key = written(key);
    PyValueError::new_err(format!(
        "Missing dependency {key} for dependents {{{readers}}}"
    ))
}

fn written(key: &Bound<'_, PyAny>) -> String {
    key.repr().map_or_else(|_| String::new(), |r| r.to_string())
}

#[derive(Clone, Copy)]
enum Kind {
    Plain,
    Reference,
    Data,
    Alias,
    Task,
    Opaque,
}

/// Reads nodes.
struct Reader<'py> {
    classes: [Bound<'py, PyType>; 5],
    call: Bound<'py, PyAny>,
    subgraph: Option<Bound<'py, PyAny>>,
    /// By the address of a type, which is kept alive.
    kinds: HashMap<usize, (Kind, Bound<'py, PyType>)>,
    keys: Vec<Bound<'py, PyAny>>,
    numbers: Bound<'py, PyDict>,
}

impl<'py> Reader<'py> {
    fn new(
        dsk: &Bound<'py, PyDict>,
        classes: [Bound<'py, PyType>; 5],
        subgraph: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Reader<'py>> {
        Ok(Reader {
            subgraph,
            call: classes[3].getattr("__call__")?,
            classes,
            kinds: HashMap::new(),
            keys: Vec::new(),
            numbers: PyDict::new(dsk.py()),
        })
    }

    fn number(&mut self, key: &Bound<'py, PyAny>) -> PyResult<usize> {
        if let Some(number) = self.numbers.get_item(key)? {
            return number.extract();
        }
        let number = self.keys.len();
        self.keys.push(key.clone());
        self.numbers.set_item(key, number)?;
        Ok(number)
    }

    fn kind(&mut self, thing: &Bound<'py, PyAny>) -> PyResult<Kind> {
        let class = thing.get_type();
        let address = class.as_ptr() as usize;
        if let Some((kind, _)) = self.kinds.get(&address) {
            return Ok(*kind);
        }
        let [reference, data, alias, task, base] = &self.classes;
        let kind = if class.is_subclass(reference)? {
            Kind::Reference
        } else if class.is(data) {
            Kind::Data
        } else if class.is(alias) {
            Kind::Alias
        } else if class.is(task)
            || class.is_subclass(task)? && class.getattr("__call__")?.is(&self.call)
        {
            Kind::Task
        } else if class.is_subclass(base)? {
            Kind::Opaque
        } else {
            Kind::Plain
        };
        self.kinds.insert(address, (kind, class));
        Ok(kind)
    }

    /// A node of the graph.
    fn step(
        &mut self,
        node: &Bound<'py, PyAny>,
        inputs: &mut Vec<usize>,
        depth: usize,
    ) -> PyResult<Step> {
        let py = node.py();
        let mut kind = self.kind(node)?;
        if depth > DEEPEST && matches!(kind, Kind::Task) {
            kind = Kind::Opaque;
        }
        match kind {
            Kind::Plain if depth == 0 => {
                Err(PyTypeError::new_err(format!("no node: {}", written(node))))
            }
            Kind::Plain => Ok(Step::Value(node.clone().unbind())),
            Kind::Data => Ok(Step::Value(node.getattr(intern!(py, "value"))?.unbind())),
            Kind::Reference => self.input(&node.getattr(intern!(py, "key"))?, inputs),
            Kind::Alias => self.input(&node.getattr(intern!(py, "target"))?, inputs),
            Kind::Task => self.task(node, inputs, depth),
            Kind::Opaque => {
                let mut read = Vec::new();
                for key in node.getattr(intern!(py, "dependencies"))?.try_iter()? {
                    let key = key?;
                    let number = self.number(&key)?;
                    inputs.push(number);
                    read.push((key.unbind(), number));
                }
                Ok(Step::Opaque(Box::new(Opaque {
                    object: node.clone().unbind(),
                    inputs: read,
                })))
            }
        }
    }

    fn input(&mut self, key: &Bound<'py, PyAny>, inputs: &mut Vec<usize>) -> PyResult<Step> {
        let number = self.number(key)?;
        inputs.push(number);
        Ok(Step::Input(number))
    }

    fn task(
        &mut self,
        node: &Bound<'py, PyAny>,
        inputs: &mut Vec<usize>,
        depth: usize,
    ) -> PyResult<Step> {
        let py = node.py();
        let function = node.getattr(intern!(py, "func"))?;
        let given = node.getattr(intern!(py, "args"))?.cast_into::<PyTuple>()?;
        if self.subgraph.as_ref().is_some_and(|s| s.is(&function))
            && let Some(fused) = self.fused(&given, inputs, depth)?
        {
            return Ok(fused);
        }
        let function = function.unbind();
        let mut args = Vec::with_capacity(given.len());
        for arg in given.iter() {
            args.push(self.step(&arg, inputs, depth + 1)?);
        }
        let given = node.getattr(intern!(py, "kwargs"))?.cast_into::<PyDict>()?;
        let mut kwargs = Vec::with_capacity(given.len());
        for (name, arg) in given.iter() {
            let name = name.cast_into::<PyString>()?.unbind();
            kwargs.push((name, self.step(&arg, inputs, depth + 1)?));
        }
        Ok(Step::Call(Box::new(Call {
            function,
            args,
            kwargs,
        })))
    }
}

impl<'py> Reader<'py> {
    /// A task made of several, if its arguments are as expected.
    fn fused(
        &mut self,
        args: &Bound<'py, PyTuple>,
        inputs: &mut Vec<usize>,
        depth: usize,
    ) -> PyResult<Option<Step>> {
        if args.len() < 3 || depth > DEEPEST {
            return Ok(None);
        }
        let (Ok(nodes), Ok(keys)) = (
            args.get_item(0)?.cast_into::<PyDict>(),
            args.get_item(2)?.cast_into::<PyTuple>(),
        ) else {
            return Ok(None);
        };
        if args.len() != 3 + keys.len() {
            return Ok(None);
        }
        // Numbers within it are its own.
        let outer = (
            std::mem::take(&mut self.keys),
            std::mem::replace(&mut self.numbers, PyDict::new(args.py())),
        );
        let inner = self.inner(&nodes, &args.get_item(1)?, &keys, depth);
        (self.keys, self.numbers) = outer;
        let Some((steps, order)) = inner? else {
            return Ok(None);
        };
        let mut given = Vec::with_capacity(keys.len());
        for arg in args.iter().skip(3) {
            given.push(self.step(&arg, inputs, depth + 1)?);
        }
        Ok(Some(Step::Subgraph(Box::new(Subgraph {
            given,
            steps,
            order,
        }))))
    }

    /// The steps of a subgraph and their order; nothing where a node is missing.
    fn inner(
        &mut self,
        nodes: &Bound<'py, PyDict>,
        wanted: &Bound<'py, PyAny>,
        given: &Bound<'py, PyTuple>,
        depth: usize,
    ) -> PyResult<Option<(Vec<Step>, Dependencies)>> {
        let places = PyDict::new(nodes.py());
        for (place, key) in given.iter().enumerate() {
            places.set_item(key, place)?;
        }
        let wanted = self.number(wanted)?;
        let mut builder = GraphBuilder::default();
        let mut steps = Vec::new();
        let mut inputs = Vec::new();
        while let Some(key) = self.keys.get(steps.len()).cloned() {
            inputs.clear();
            steps.push(match (places.get_item(&key)?, nodes.get_item(&key)?) {
                (Some(place), _) => Step::Given(place.extract()?),
                (None, Some(node)) => self.step(&node, &mut inputs, depth + 1)?,
                (None, None) => return Ok(None),
            });
            builder.task(inputs.iter().copied());
        }
        let Ok(graph) = builder.finish(&[wanted], &|n| n.to_string()) else {
            return Ok(None);
        };
        let order = graph.order().iter();
        let mut order: Dependencies = order.map(|t| (*t as usize, Vec::new())).collect();
        let mut last: HashMap<usize, usize> = HashMap::new();
        for (place, (task, _)) in order.iter().enumerate() {
            last.extend(graph.inputs(*task).iter().map(|i| (*i as usize, place)));
        }
        for (task, place) in last {
            order[place].1.push(task);
        }
        Ok(Some((steps, order)))
    }
}

type Dependencies = Vec<(usize, Vec<usize>)>;
type Slot = Mutex<Option<Py<PyAny>>>;

/// Held only while nothing of Python's runs.
fn lock(slot: &Slot) -> MutexGuard<'_, Option<Py<PyAny>>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

fn absent() -> PyErr {
    InternalError::new_err("a result of a task is missing")
}

/// A run of a graph.
pub(crate) struct PyTasks {
    graph: Arc<Graph>,
    steps: Arc<Vec<Step>>,
    keys: Arc<Vec<Py<PyAny>>>,
    values: Vec<Slot>,
    /// What each thread runs in a copy of: the caller's context variables.
    context: Py<PyAny>,
    /// Called with a key before its task, and with the key and the value after.
    hooks: Option<(Py<PyAny>, Py<PyAny>)>,
}

impl PyTasks {
    pub(crate) fn new(
        py: Python<'_>,
        graph: &PyGraph,
        hooks: Option<(Py<PyAny>, Py<PyAny>)>,
    ) -> PyResult<PyTasks> {
        let context = py.import("contextvars")?.call_method0("copy_context")?;
        Ok(PyTasks {
            graph: Arc::clone(&graph.graph),
            steps: Arc::clone(&graph.steps),
            keys: Arc::clone(&graph.keys),
            values: graph.steps.iter().map(|_| Slot::default()).collect(),
            context: context.unbind(),
            hooks,
        })
    }

    /// The values of the tasks that were wanted, in their order.
    pub(crate) fn wanted<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for task in self.graph.wanted() {
            list.append(self.value(py, *task as usize)?)?;
        }
        Ok(list)
    }

    fn value<'py>(&self, py: Python<'py>, task: usize) -> PyResult<Bound<'py, PyAny>> {
        let value = lock(&self.values[task]).as_ref().map(|v| v.clone_ref(py));
        Ok(value.ok_or_else(absent)?.into_bound(py))
    }

    fn input<'py>(
        &self,
        py: Python<'py>,
        task: usize,
        scope: Option<&Scope<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match scope {
            None => self.value(py, task),
            Some(scope) => scope.made[task].clone().ok_or_else(absent),
        }
    }

    fn subgraph<'py>(
        &self,
        py: Python<'py>,
        subgraph: &Subgraph,
        outer: Option<&Scope<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let given = subgraph.given.iter().map(|s| self.evaluate(py, s, outer));
        let mut scope = Scope {
            given: given.collect::<PyResult<_>>()?,
            made: vec![None; subgraph.steps.len()],
        };
        let mut last = None;
        for (task, unread) in &subgraph.order {
            let value = self.evaluate(py, &subgraph.steps[*task], Some(&scope))?;
            last = Some(value.clone());
            scope.made[*task] = Some(value);
            unread.iter().for_each(|t| scope.made[*t] = None);
        }
        last.ok_or_else(absent)
    }

    fn evaluate<'py>(
        &self,
        py: Python<'py>,
        step: &Step,
        scope: Option<&Scope<'py>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match step {
            Step::Value(value) => Ok(value.bind(py).clone()),
            Step::Input(task) => self.input(py, *task, scope),
            Step::Given(place) => scope
                .and_then(|s| s.given.get(*place).cloned())
                .ok_or_else(absent),
            Step::Subgraph(subgraph) => self.subgraph(py, subgraph, scope),
            Step::Call(call) => {
                let args = call.args.iter().map(|a| self.evaluate(py, a, scope));
                let args = PyTuple::new(py, args.collect::<PyResult<Vec<_>>>()?)?;
                let function = call.function.bind(py);
                if call.kwargs.is_empty() {
                    return function.call1(args);
                }
                let kwargs = PyDict::new(py);
                for (name, arg) in &call.kwargs {
                    kwargs.set_item(name, self.evaluate(py, arg, scope)?)?;
                }
                function.call(args, Some(&kwargs))
            }
            Step::Opaque(opaque) => {
                let values = PyDict::new(py);
                for (key, task) in &opaque.inputs {
                    values.set_item(key, self.input(py, *task, scope)?)?;
                }
                opaque.object.bind(py).call1((values,))
            }
        }
    }

    fn attempt(&self, py: Python<'_>, task: usize) -> PyResult<()> {
        if let Some((before, _)) = &self.hooks {
            before.bind(py).call1((&self.keys[task],))?;
        }
        let value = self.evaluate(py, &self.steps[task], None)?;
        if let Some((_, after)) = &self.hooks {
            after.bind(py).call1((&self.keys[task], &value))?;
        }
        *lock(&self.values[task]) = Some(value.unbind());
        Ok(())
    }

    fn in_context(&self, py: Python<'_>, worker: &Worker<Self>) -> PyResult<()> {
        let own = self.context.bind(py).call_method0("copy")?;
        let worker = worker.clone();
        let work = PyCFunction::new_closure(py, None, None, move |_, _| worker.work())?;
        own.call_method1("run", (work,)).map(drop)
    }
}

impl Tasks for PyTasks {
    fn run(&self, task: usize) -> chunkwise::Result<()> {
        Python::attach(|py| self.attempt(py, task).map_err(|e| raised(py, e)))
    }

    fn release(&self, task: usize) {
        // What it drops may run code of its own, which must not find the lock taken.
        let value = lock(&self.values[task]).take();
        Python::attach(|_| drop(value));
    }

    fn name(&self, task: usize) -> String {
        Python::attach(|py| written(self.keys[task].bind(py)))
    }

    /// The thread keeps the interpreter from task to task: others come to run what they can whenever a
    /// task lets go of it, and when the interpreter's own interval is over.
    fn within(&self, worker: &Worker<Self>) {
        let done = Python::attach(|py| self.in_context(py, worker));
        if done.is_err() {
            worker.work();
        }
    }

    fn idle(&self, wait: &mut (dyn FnMut() + Send)) {
        Python::attach(|py| py.detach(wait));
    }
}
