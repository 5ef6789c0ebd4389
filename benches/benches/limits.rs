//! What the processor and its memory can do: the limits that all other rows are compared with.
//!
//! Memory is read by a plain sum over 256 MB, more than caches hold; a copy within a cache goes from 8 MB to 8 MB.
//! Multiply-adds run in registers, on twelve sums that do not wait for each other and fit the sixteen vector registers
//! of AVX2; exponentials run over a block in the innermost cache by the formula that weights and softmax use. All use the
//! instructions that the kernels use.

use std::hint::black_box;

use cl_benches::{Limit, Precision, Rows, Work, all_threads, arch};
use cl_data::exponential::exp;
use criterion::{Criterion, criterion_group, criterion_main};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Sums that do not wait for each other: more than the four cycles of one times the two that begin in each.
const SUMS: usize = 12;

/// Multiply-adds of each sum per iteration.
const STEPS: usize = 10_000;

/// `STEPS` multiply-adds of `SUMS` vectors; how many numbers a vector has.
struct MultiplyAdds<T>(T);

macro_rules! multiply_adds {
    ($scalar:ident, $lanes:ident, $splat:ident, $mul_add:ident, $add:ident) => {
        impl WithSimd for MultiplyAdds<$scalar> {
            type Output = usize;

            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) -> usize {
                // x <- a x + b tends to 1, through no number that is slow.
                let (a, b) = (simd.$splat(black_box(self.0)), simd.$splat(black_box(1.0 - self.0)));
                let mut sums = [simd.$splat(0.0); SUMS];
                for _ in 0..STEPS {
                    for sum in &mut sums {
                        *sum = simd.$mul_add(*sum, a, b);
                    }
                }
                black_box(sums.into_iter().fold(simd.$splat(0.0), |total, sum| simd.$add(total, sum)));
                S::$lanes
            }
        }
    };
}

multiply_adds!(f32, F32_LANES, splat_f32s, mul_add_f32s, add_f32s);
multiply_adds!(f64, F64_LANES, splat_f64s, mul_add_f64s, add_f64s);

/// The exponential of each number.
struct Exponentials<'a>(&'a [f64], &'a mut [f64]);

impl WithSimd for Exponentials<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        self.1.iter_mut().zip(self.0).for_each(|(out, &x)| *out = exp(x));
    }
}

/// The sum of all numbers.
struct Sum<'a>(&'a [u64]);

impl WithSimd for Sum<'_> {
    type Output = u64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> u64 {
        self.0.iter().fold(0, |sum, &word| sum.wrapping_add(word))
    }
}

fn sum(words: &[u64]) -> u64 {
    arch().dispatch(Sum(words))
}

fn limits(criterion: &mut Criterion) {
    let mut rows = Rows::new(criterion, "limits").sample_size(20);
    let words: Vec<u64> = (0..32 << 20).collect();
    let work = Work::Read { bytes: 8 * words.len() as u64 };
    rows.row(Limit::ReadOne.name(), work, 1, |bench| bench.iter(|| sum(black_box(&words))));
    rows.row(Limit::ReadAll.name(), work, all_threads(), |bench| {
        bench.iter(|| black_box(&words).par_chunks(1 << 17).map(sum).reduce(|| 0, u64::wrapping_add))
    });
    let from = vec![1.0f64; 1_000_000];
    let mut to = vec![0.0; from.len()];
    let work = Work::Copy { bytes: 16 * from.len() as u64 };
    rows.row(Limit::CopyOne.name(), work, 1, |bench| {
        bench.iter(|| black_box(&mut to).copy_from_slice(black_box(&from)))
    });

    let work = |lanes: usize, of| Work::MultiplyAdds { count: (lanes * SUMS * STEPS) as u64, of };
    let lanes = arch().dispatch(MultiplyAdds(0.5f32));
    rows.row(Limit::MultiplyAddsF32.name(), work(lanes, Precision::F32), 1, |bench| {
        bench.iter(|| arch().dispatch(MultiplyAdds(0.5f32)))
    });
    let lanes = arch().dispatch(MultiplyAdds(0.5f64));
    rows.row(Limit::MultiplyAddsF64.name(), work(lanes, Precision::F64), 1, |bench| {
        bench.iter(|| arch().dispatch(MultiplyAdds(0.5f64)))
    });

    let exponents: Vec<f64> = (0..1024).map(|at| -8.0 * f64::from(at) / 1024.0).collect();
    let mut out = vec![0.0; exponents.len()];
    rows.row(Limit::Exponentials.name(), Work::Exponentials { count: 1024 }, 1, |bench| {
        bench.iter(|| arch().dispatch(Exponentials(black_box(&exponents), black_box(&mut out))))
    });
}

criterion_group!(benches, limits);
criterion_main!(benches);
