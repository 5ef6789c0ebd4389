//! `.npy`, `.npz`, IDX and CIFAR.

use cl_data::Dataset;
use cl_data::io::{
    Array, Cifar100Label, FeatureReader, FeatureRows, NpyReader, NpzReader, PixelScale, read_cifar10_batch,
    read_cifar100_batch, read_ids, read_idx, read_idx_pair, read_indices, read_npy, read_npz, read_npz_dataset,
    write_npy, write_npz, write_npz_dataset,
};

use super::scratch;

/// Bits, by which arrays are compared: NaN is NaN.
fn bytes_of(path: &std::path::Path) -> Vec<u8> {
    std::fs::read(path).expect("what was written can be read")
}

pub(crate) fn npy(data: &[u8]) {
    let path = scratch::file("a.npy", data);
    let whole = read_npy(&path);
    let pieces = NpyReader::open(&path).and_then(|mut reader| {
        let mut n = 0;
        while reader.n_remaining() > 0 {
            n += reader.read_chunk(3)?.len();
        }
        Ok(n)
    });
    // In Fortran order an array is read whole alone.
    if let (Ok(whole), Ok(n)) = (&whole, pieces) {
        assert_eq!(whole.data().len(), n);
    }
    if let Ok(mut reader) = NpyReader::open(&path) {
        let mut rows = Vec::<f32>::new();
        let _ = reader.skip(2);
        while reader.read_rows(2, &mut rows).is_ok_and(|n| n > 0) && rows.len() < 1 << 16 {}
    }
    let Ok(array) = whole else { return };
    let _ = (array.to_f64(), array.to_floats::<f32>(), array.to_indices());
    written_again(&array);
}

/// What was read and written again reads the same.
fn written_again(array: &Array) {
    let again = scratch::path("again.npy");
    write_npy(&again, array).expect("an array that was read can be written");
    let first = bytes_of(&again);
    let read = read_npy(&again).expect("an array that was written can be read");
    assert_eq!((read.shape(), read.element_type()), (array.shape(), array.element_type()));
    write_npy(&again, &read).expect("an array that was read can be written");
    assert!(bytes_of(&again) == first, "written again it is another");
}

pub(crate) fn ids_and_indices(data: &[u8]) {
    let path = scratch::file("a.npy", data);
    if let Ok(ids) = read_ids(&path) {
        assert_eq!(ids.iter().count(), ids.len());
        let _ = ids.select(&(0..ids.len().min(4)).rev().collect::<Vec<_>>());
    }
    let _ = read_indices(&path, "order");
}

pub(crate) fn npz(data: &[u8]) {
    let path = scratch::file("a.npz", data);
    let Ok(mut archive) = NpzReader::open(&path) else { return };
    for name in archive.names().to_vec() {
        if let Ok(mut reader) = archive.stream(&name) {
            while reader.n_remaining() > 0 && reader.read_chunk(5).is_ok() {}
        }
        let _ = archive.read(&name);
    }
    let Ok(arrays) = read_npz(&path) else { return };
    let again = scratch::path("again.npz");
    if write_npz(&again, &arrays).is_err() {
        return;
    }
    let read = read_npz(&again).expect("an archive that was written can be read");
    let shapes = |arrays: &std::collections::BTreeMap<String, Array>| -> Vec<_> {
        arrays.iter().map(|(name, array)| (name.clone(), array.shape().to_vec(), array.element_type())).collect()
    };
    assert_eq!(shapes(&read), shapes(&arrays));
}

pub(crate) fn npz_dataset(data: &[u8]) {
    let path = scratch::file("a.npz", data);
    let _ = read_npz_dataset::<f64>(&path);
    let Ok(data) = read_npz_dataset::<f32>(&path) else { return };
    look_at(&data);
    let again = scratch::path("again.npz");
    write_npz_dataset(&again, &data).expect("data that were read can be written");
    assert_eq!(read_npz_dataset::<f32>(&again).expect("data that were written can be read"), data);
}

fn look_at(data: &Dataset<f32>) {
    let _ = (data.class_counts(), data.fingerprint());
    if data.n_examples() > 0 {
        let _ = (data.example(0), data.subset(&[data.n_examples() - 1]));
    }
}

pub(crate) fn features(data: &[u8]) {
    let path = scratch::file("features", data);
    let Ok(reader) = FeatureReader::open(&path) else { return };
    let n = reader.shape().n_examples;
    let _ = reader.read(&FeatureRows::Range(0..n));
    if let Ok(reader) = FeatureReader::open(&path) {
        let _ = (reader.ids().map(|ids| ids.len()), reader.read(&FeatureRows::These(vec![0, n - 1])));
    }
}

pub(crate) fn idx(data: &[u8]) {
    let path = scratch::file("a-idx", data);
    let _ = read_idx_pair::<f32>(&path, &path, PixelScale::Unit);
    if let Ok(array) = read_idx(&path) {
        let _ = array.to_f64();
        written_again(&array);
    }
}

pub(crate) fn cifar(data: &[u8]) {
    let path = scratch::file("batch.bin", data);
    for data in [
        read_cifar10_batch::<f32>(&path, PixelScale::Unit),
        read_cifar100_batch(&path, Cifar100Label::Fine, PixelScale::Raw),
        read_cifar100_batch(&path, Cifar100Label::Coarse, PixelScale::Raw),
    ]
    .into_iter()
    .flatten()
    {
        look_at(&data);
    }
}
