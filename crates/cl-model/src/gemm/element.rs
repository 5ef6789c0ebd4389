use bytemuck::Pod;
use pulp::Simd;

/// A number that the kernel computes with: what `pulp` offers for `f32` and `f64` under one name.
pub(super) trait Element: Pod {
    type Vector<S: Simd>: Copy;
    const ZERO: Self;
    fn lanes<S: Simd>() -> usize;
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    fn add<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// a b + c, rounded once.
    fn multiply_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;
    /// Fewer numbers than a vector has, and zeros.
    fn load<S: Simd>(simd: S, numbers: &[Self]) -> Self::Vector<S>;
    /// The first of a vector.
    fn store<S: Simd>(simd: S, numbers: &mut [Self], vector: Self::Vector<S>);
    fn vectors<S: Simd>(numbers: &[Self]) -> (&[Self::Vector<S>], &[Self]);
    fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> (&mut [Self::Vector<S>], &mut [Self]);
    fn numbers_mut<S: Simd>(vectors: &mut [Self::Vector<S>]) -> &mut [Self];
}

macro_rules! element {
    ($float:ty, $vector:ident, $lanes:ident, $splat:ident, $add:ident, $multiply_add:ident, $load:ident, $store:ident,
        $vectors:ident, $vectors_mut:ident) => {
        impl Element for $float {
            type Vector<S: Simd> = S::$vector;
            const ZERO: Self = 0.0;

            #[inline(always)]
            fn lanes<S: Simd>() -> usize {
                S::$lanes
            }

            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$vector {
                simd.$splat(value)
            }

            #[inline(always)]
            fn add<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$add(a, b)
            }

            #[inline(always)]
            fn multiply_add<S: Simd>(simd: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
                simd.$multiply_add(a, b, c)
            }

            #[inline(always)]
            fn load<S: Simd>(simd: S, numbers: &[Self]) -> S::$vector {
                simd.$load(numbers)
            }

            #[inline(always)]
            fn store<S: Simd>(simd: S, numbers: &mut [Self], vector: S::$vector) {
                simd.$store(numbers, vector);
            }

            #[inline(always)]
            fn vectors<S: Simd>(numbers: &[Self]) -> (&[S::$vector], &[Self]) {
                S::$vectors(numbers)
            }

            #[inline(always)]
            fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> (&mut [S::$vector], &mut [Self]) {
                S::$vectors_mut(numbers)
            }

            #[inline(always)]
            fn numbers_mut<S: Simd>(vectors: &mut [S::$vector]) -> &mut [Self] {
                bytemuck::cast_slice_mut(vectors)
            }
        }
    };
}

element!(
    f32,
    f32s,
    F32_LANES,
    splat_f32s,
    add_f32s,
    mul_add_f32s,
    partial_load_f32s,
    partial_store_f32s,
    as_simd_f32s,
    as_mut_simd_f32s
);
element!(
    f64,
    f64s,
    F64_LANES,
    splat_f64s,
    add_f64s,
    mul_add_f64s,
    partial_load_f64s,
    partial_store_f64s,
    as_simd_f64s,
    as_mut_simd_f64s
);
