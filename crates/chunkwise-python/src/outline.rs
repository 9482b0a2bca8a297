//! Expressions and plans as plain data, for pictures.

use std::collections::HashMap;

use chunkwise::{Array, Expr};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arguments::Arrays;
use crate::errors::OrRaise;
use crate::session::PySession;

pub(crate) fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(expression_outline, m)?)?;
    m.add_function(wrap_pyfunction!(plan_outline, m)?)
}

/// The nodes of some arrays, each after those that it is made of, as dictionaries, and the arrays'
/// own places among them. What is made alike is one node.
#[pyfunction]
fn expression_outline<'py>(
    py: Python<'py>,
    arrays: Arrays,
) -> PyResult<(Vec<Bound<'py, PyDict>>, Vec<usize>)> {
    let mut places = HashMap::new();
    let mut nodes = Vec::new();
    let mut roots = Vec::new();
    for array in &arrays.0 {
        let root = array.expr().or_raise()?;
        // Chains are long: no recursion. A node is met first on the way down, then on the way up.
        let mut stack: Vec<(&Expr, bool)> = vec![(root, false)];
        while let Some((expr, up)) = stack.pop() {
            if places.contains_key(&expr.id()) {
                continue;
            }
            if !up {
                stack.push((expr, true));
                stack.extend(expr.inputs().into_iter().rev().map(|i| (i, false)));
                continue;
            }
            let inputs = expr.inputs();
            let inputs = inputs.iter().filter_map(|i| places.get(&i.id()).copied());
            let node = PyDict::new(py);
            node.set_item("label", expr.label())?;
            node.set_item("kind", expr.kind_name())?;
            node.set_item("dtype", expr.dtype().name())?;
            let unknown = expr.unknown_axis();
            let shape = expr.shape().iter().enumerate();
            let shape = shape.map(|(axis, n)| (unknown != Some(axis)).then_some(*n));
            node.set_item("shape", shape.collect::<Vec<_>>())?;
            node.set_item("chunks", expr.grid().count())?;
            node.set_item("inputs", inputs.collect::<Vec<usize>>())?;
            let location = expr.location().map(|l| (l.file, l.line));
            node.set_item("location", location)?;
            places.insert(expr.id(), nodes.len());
            nodes.push(node);
        }
        roots.extend(places.get(&root.id()));
    }
    Ok((nodes, roots))
}

/// Stages, and the stage and the output of each array.
type Outline<'py> = (Vec<Bound<'py, PyDict>>, Vec<(usize, usize)>);

/// The stages of the plan for some arrays as dictionaries, and for each array the stage and the output
/// where it comes out.
#[pyfunction]
fn plan_outline<'py>(
    py: Python<'py>,
    session: &PySession,
    arrays: Arrays,
) -> PyResult<Outline<'py>> {
    let refs: Vec<&Array> = arrays.0.iter().collect();
    let plan = py.detach(|| session.session.plan(&refs)).or_raise()?;
    let mut stages = Vec::new();
    for (number, stage) in plan.stages.iter().enumerate() {
        let out = PyDict::new(py);
        out.set_item("kind", stage.kind_name())?;
        out.set_item("label", &stage.label)?;
        out.set_item("shape", stage.tasks.shape().to_vec())?;
        out.set_item("tasks", stage.task_count())?;
        out.set_item("loads", stage.loads())?;
        out.set_item("operations", stage.operations())?;
        out.set_item("memory", stage.memory.total())?;
        out.set_item("cost", stage.total_cost())?;
        let outputs = stage.outputs.iter();
        let outputs = outputs.map(|o| (o.dtype.name(), o.grid.shape().to_vec(), o.nbytes()));
        out.set_item("outputs", outputs.collect::<Vec<_>>())?;
        let mut inputs = Vec::new();
        plan.visit_inputs(number, &mut |stage, output| inputs.push((stage, output)));
        inputs.sort_unstable();
        inputs.dedup();
        out.set_item("inputs", inputs)?;
        out.set_item("location", stage.location.map(|l| (l.file, l.line)))?;
        stages.push(out);
    }
    let outputs = plan.outputs.iter().map(|o| (o.stage, o.output)).collect();
    Ok((stages, outputs))
}
