use cl_difficulty::Float;
use datafusion::arrow::datatypes::{ArrowPrimitiveType, Float16Type, Float32Type, Float64Type};

/// A type of numbers that outputs are kept in.
pub(crate) trait Number: std::fmt::Debug + ArrowPrimitiveType<Native: Float + Default> {
    /// A number that a metric was told in `f64`, and that is exact in this type.
    fn of(value: f64) -> Self::Native;
}

impl Number for Float16Type {
    fn of(value: f64) -> Self::Native {
        Self::Native::from_f64(value)
    }
}

impl Number for Float32Type {
    fn of(value: f64) -> f32 {
        value as f32
    }
}

impl Number for Float64Type {
    fn of(value: f64) -> f64 {
        value
    }
}
