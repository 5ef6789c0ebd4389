//! Devices by name, so that a program says what is missing rather than stop in the middle of a backend.

use burn::tensor::Device;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
use burn::tensor::DeviceType;

use crate::error::BurnError;

/// What a name may begin with, with the feature that it needs and whether this build has it.
const BACKENDS: [(&str, &str, bool); 3] = [
    ("cpu", "cpu", cfg!(feature = "cpu")),
    ("cuda", "cuda", cfg!(feature = "cuda")),
    ("wgpu", "wgpu", cfg!(feature = "wgpu")),
];

/// The names of the backends that this build has.
///
/// ```
/// assert!(cl_burn::backends().contains(&"cpu"));
/// ```
pub fn backends() -> Vec<&'static str> {
    BACKENDS.iter().filter(|(.., is_built)| *is_built).map(|(name, ..)| *name).collect()
}

/// The device `cpu`, `cuda` or `wgpu`, of which `cuda:1` is the second card; without gradients, which
/// [`Device::autodiff`] adds.
///
/// ```
/// let device = cl_burn::device("cpu")?.autodiff();
/// assert!(device.is_autodiff());
/// let error = cl_burn::device("tpu").unwrap_err().to_string();
/// assert_eq!(error, "unknown device `tpu`, expected one of cpu, cuda, wgpu");
/// # Ok::<(), cl_burn::BurnError>(())
/// ```
///
/// # Errors
/// On a name that is none of these, a backend that this program was built without, and a card that is not there.
pub fn device(name: &str) -> Result<Device, BurnError> {
    let (backend, index) = match name.split_once(':') {
        Some((backend, index)) => (backend, index.parse::<usize>().ok()),
        None => (name, Some(0)),
    };
    let known = BACKENDS.iter().find(|(known, ..)| *known == backend);
    let (Some((_, feature, is_built)), Some(index)) = (known, index) else {
        let known = BACKENDS.map(|(name, ..)| name.to_owned()).into();
        return Err(BurnError::UnknownDevice { name: name.to_owned(), known });
    };
    if !is_built {
        return Err(BurnError::NotBuilt { name: name.to_owned(), feature });
    }
    let found = found(backend);
    let n_found = found.len();
    found.into_iter().nth(index).ok_or_else(|| BurnError::NoCard { name: name.to_owned(), n_found })
}

/// The devices of a backend that this build has.
fn found(backend: &str) -> Vec<Device> {
    match backend {
        #[cfg(feature = "cpu")]
        "cpu" => vec![Device::flex()],
        #[cfg(feature = "cuda")]
        "cuda" => Device::enumerate(DeviceType::Cuda).into_vec(),
        #[cfg(feature = "wgpu")]
        "wgpu" => Device::enumerate(DeviceType::Wgpu).into_vec(),
        _ => Vec::new(),
    }
}
