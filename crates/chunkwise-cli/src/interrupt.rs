use chunkwise::CancelToken;

use crate::failure::{Failure, INTERRUPTED, Result};

/// A token that Ctrl-C, or a request to terminate, cancels: the run stops, temporary files are
/// removed. A second one ends the process at once.
pub fn token() -> Result<CancelToken> {
    let token = CancelToken::new();
    let of_handler = token.clone();
    ctrlc::set_handler(move || {
        if of_handler.is_cancelled() {
            std::process::exit(INTERRUPTED.into());
        }
        of_handler.cancel();
    })
    .map_err(Failure::Handler)?;
    Ok(token)
}
