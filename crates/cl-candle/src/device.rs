use std::panic::catch_unwind;

use candle_core::Device;

use crate::error::CandleError;

/// The device `cpu`, `cuda` or `metal`, of which `cuda:1` is the second card.
///
/// ```
/// assert!(cl_candle::device("cpu")?.is_cpu());
/// let error = cl_candle::device("tpu").unwrap_err().to_string();
/// assert_eq!(error, "unknown device `tpu`, expected one of cpu, cuda, metal");
/// # Ok::<(), cl_candle::CandleError>(())
/// ```
///
/// # Errors
/// On a name that is none of these, a backend that this program was built without, and a card that is not there.
pub fn device(name: &str) -> Result<Device, CandleError> {
    let (backend, index) = match name.split_once(':') {
        Some((backend, index)) => (backend, index.parse::<usize>().ok()),
        None => (name, Some(0)),
    };
    let not_built = |feature| Err(CandleError::NotBuilt { name: name.to_owned(), feature });
    match (backend, index) {
        ("cpu", Some(0)) => Ok(Device::Cpu),
        ("cpu", Some(_)) => Err(no_card(name, "there is one")),
        ("cuda", Some(_)) if !cfg!(feature = "cuda") => not_built("cuda"),
        ("metal", Some(_)) if !cfg!(feature = "metal") => not_built("metal"),
        ("cuda", Some(index)) => card(name, move || Device::new_cuda(index)),
        ("metal", Some(index)) => card(name, move || Device::new_metal(index)),
        _ => Err(CandleError::UnknownDevice { name: name.to_owned() }),
    }
}

/// Without a driver candle's libraries stop where they look for it.
fn card(
    name: &str,
    make: impl FnOnce() -> candle_core::Result<Device> + std::panic::UnwindSafe,
) -> Result<Device, CandleError> {
    match catch_unwind(make) {
        Ok(made) => made.map_err(|error| no_card(name, &error.to_string())),
        Err(_) => Err(no_card(name, "no driver of it is found")),
    }
}

fn no_card(name: &str, problem: &str) -> CandleError {
    CandleError::NoCard { name: name.to_owned(), problem: problem.to_owned() }
}
