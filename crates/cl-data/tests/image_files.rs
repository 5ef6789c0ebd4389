//! IDX and CIFAR: what is read, and what is refused.

use std::path::Path;

use cl_data::io::{
    ArrayData, Cifar100Label, CifarPart, PixelScale, read_cifar10, read_cifar10_batch, read_cifar100, read_idx,
    read_idx_pair,
};
use cl_data::{DataError, Dataset};
use proptest::prelude::*;

fn idx(element: u8, sizes: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, element, sizes.len() as u8];
    sizes.iter().for_each(|size| bytes.extend(size.to_be_bytes()));
    bytes.extend(data);
    bytes
}

/// `read` on a file of these bytes; the refusal without the path.
fn on_file<T>(bytes: &[u8], read: impl FnOnce(&Path) -> Result<T, DataError>) -> Result<T, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    read(&path).map_err(|error| error.to_string().split_once("file: ").expect("the path").1.to_owned())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn every_idx_type_is_read() {
    let cases = [
        (idx(0x08, &[2, 2], &[1, 2, 3, 255]), ArrayData::U8(vec![1, 2, 3, 255])),
        (idx(0x09, &[2], &[1, 255]), ArrayData::I8(vec![1, -1])),
        (idx(0x0b, &[2], &[1, 0, 255, 255]), ArrayData::I16(vec![256, -1])),
        (idx(0x0c, &[1], &[0, 0, 1, 2]), ArrayData::I32(vec![258])),
        (idx(0x0d, &[1], &1.5f32.to_be_bytes()), ArrayData::F32(vec![1.5])),
        (idx(0x0e, &[1], &(-2.5f64).to_be_bytes()), ArrayData::F64(vec![-2.5])),
        (idx(0x08, &[0, 3], &[]), ArrayData::U8(vec![])),
    ];
    for (bytes, expected) in cases {
        assert_eq!(on_file(&bytes, |path| read_idx(path)).unwrap().data(), &expected);
        assert_eq!(on_file(&gzip(&bytes), |path| read_idx(path)).unwrap().data(), &expected);
    }
}

#[test]
fn bad_idx_files_are_refused_at_their_byte() {
    let refusal = |bytes: &[u8]| on_file(bytes, |path| read_idx(path)).unwrap_err();
    assert_eq!(refusal(b"PK\x03\x04"), "byte 0: magic [50, 4b, 03, 04], expected 00 00 TYPE RANK of an IDX file");
    assert!(refusal(&[0, 0, 8]).starts_with("byte 0: magic"));
    assert!(refusal(&[0, 0, 7, 1]).starts_with("byte 2: type 0x07, expected"));
    assert_eq!(refusal(&[0, 0, 8, 0]), "byte 3: rank 0, expected from 1 to 64");
    assert_eq!(refusal(&[0, 0, 8, 65]), "byte 3: rank 65, expected from 1 to 64");
    assert_eq!(refusal(&[0, 0, 8, 2, 0, 0, 0, 1, 0]), "byte 9: the file ends, expected 2 sizes up to byte 12");
    let short = idx(8, &[2, 3], &[0; 5]);
    let expected = "byte 17: the file ends after 5 bytes of data, expected 6 (uint8, shape [2, 3])";
    assert_eq!(refusal(&short), expected);
    assert_eq!(refusal(&gzip(&short)), expected);
    let long = idx(8, &[2, 3], &[0; 7]);
    assert_eq!(refusal(&long), "byte 18: more data, expected the 6 bytes of shape [2, 3]");
    assert_eq!(refusal(&gzip(&long)), "byte 18: more data, expected the 6 bytes of shape [2, 3]");
    assert!(refusal(&idx(8, &[u32::MAX; 3], &[0; 7])).contains("that memory can have"));
    // 16 exabytes promised in a few bytes must not be allocated, compressed or not.
    assert!(refusal(&idx(8, &[u32::MAX; 2], &[0; 7])).contains("the file ends after 7 bytes"));
    let refused = refusal(&gzip(&idx(8, &[u32::MAX; 2], &[0; 7])));
    // Where the system tells how much memory is free, nothing is read.
    assert!(
        refused.contains("expected at most the memory that is free") || refused.contains("ends after 7"),
        "{refused}"
    );
}

fn pair(images: &[u8], labels: &[u8]) -> Result<Dataset<f32>, DataError> {
    let folder = tempfile::tempdir().unwrap();
    let (x, y) = (folder.path().join("images"), folder.path().join("labels"));
    std::fs::write(&x, images).unwrap();
    std::fs::write(&y, labels).unwrap();
    read_idx_pair(x, y, PixelScale::Unit)
}

#[test]
fn images_join_their_labels() {
    let images = idx(8, &[3, 1, 2], &[0, 51, 255, 0, 102, 1]);
    let data = pair(&gzip(&images), &idx(8, &[3], &[1, 0, 3])).unwrap();
    assert_eq!((data.n_features(), data.n_classes(), data.labels()), (2, 4, &[1, 0, 3][..]));
    assert_eq!(data.features().as_slice(), [0.0, 0.2, 1.0, 0.0, 0.4, 1.0 / 255.0]);

    let refusal = |images: &[u8], labels: &[u8]| pair(images, labels).unwrap_err().to_string();
    let message = refusal(&images, &idx(8, &[2], &[0, 0]));
    assert!(message.contains("labels: byte 4: 2 labels, expected 3, as many as images in "), "{message}");
    assert!(refusal(&idx(0x0d, &[1], &[0; 4]), &idx(8, &[1], &[0])).contains("float32 images, expected uint8"));
    assert!(refusal(&images, &idx(8, &[3, 1], &[0; 3])).contains("expected one label per image"));
    assert!(refusal(&images, &idx(9, &[3], &[0, 255, 0])).contains("labels: argument array is -1 at element 1"));
    let huge = idx(0x0c, &[3], &[0, 0, 0, 0, 0x7f, 255, 255, 255, 0, 0, 0, 0]);
    assert!(refusal(&images, &huge).contains("labels: 2147483647, expected less than 1048576"));
}

fn cifar_record(labels: &[u8], pixel: u8) -> Vec<u8> {
    let mut record = labels.to_vec();
    record.resize(labels.len() + 3072, pixel);
    record
}

#[test]
fn cifar_folders_are_read_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    for batch in 1..=5u8 {
        write(&format!("data_batch_{batch}.bin"), &cifar_record(&[batch], 10 * batch));
    }
    let read = |part| read_cifar10::<f32>(folder.path(), part, PixelScale::Raw);
    let data = read(CifarPart::Train).unwrap();
    assert_eq!((data.labels(), data.n_classes(), data.class_names()[9].as_str()), (&[1, 2, 3, 4, 5][..], 10, "9"));
    assert!((0..5).all(|i| data.example(i).iter().all(|&pixel| pixel == 10.0 * (i + 1) as f32)));
    let missing = read(CifarPart::Test).unwrap_err();
    assert!(matches!(missing, DataError::Io { path, .. } if path.ends_with("test_batch.bin")));

    write("test_batch.bin", &gzip(&cifar_record(&[7], 1)));
    write("batches.meta.txt", b"airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");
    assert_eq!(read(CifarPart::Test).unwrap().class_names()[7], "horse");
    write("batches.meta.txt", b"airplane\n");
    let wrong = read(CifarPart::Test).unwrap_err().to_string();
    assert!(wrong.ends_with("batches.meta.txt: lines: 1 class names, expected 10"), "{wrong}");

    write("train.bin", &[cifar_record(&[19, 99], 0), cifar_record(&[3, 0], 255)].concat());
    let coarse =
        read_cifar100::<f64>(folder.path(), CifarPart::Train, Cifar100Label::Coarse, PixelScale::Unit).unwrap();
    let fine =
        read_cifar100::<f64>(folder.path(), CifarPart::Train, Cifar100Label::Fine, PixelScale::Unit).unwrap();
    assert_eq!((coarse.labels(), coarse.n_classes()), (&[19, 3][..], 20));
    assert_eq!((fine.labels(), fine.n_classes(), fine.example(1)[3071]), (&[99, 0][..], 100, 1.0));
}

#[test]
fn bad_cifar_files_are_refused() {
    let refusal =
        |bytes: &[u8]| on_file(bytes, |path| read_cifar10_batch::<f32>(path, PixelScale::Raw)).unwrap_err();
    let two = [cifar_record(&[0], 0), cifar_record(&[12], 0)].concat();
    assert_eq!(refusal(&two), "record 1 (byte 3073): label 12, expected 0..10");
    let expected = "length: 6145 bytes, expected a multiple of 3073, at least one";
    assert_eq!(refusal(&two[..6145]), expected);
    let good = [cifar_record(&[0], 0), cifar_record(&[1], 0)].concat();
    assert_eq!(refusal(&gzip(&good[..6145])), expected);
    assert_eq!(refusal(&[]), "length: 0 bytes, expected a multiple of 3073, at least one");
    assert_eq!(refusal(&gzip(&[])), "length: 0 bytes, expected a multiple of 3073, at least one");
}

proptest! {
    #[test]
    fn damaged_files_never_panic(cut in 0usize..40, at in 0usize..40, byte: u8, gzipped: bool) {
        let whole = idx(8, &[2, 3, 2], &[9; 12]);
        let mut damaged = if gzipped { gzip(&whole) } else { whole };
        let at = at % damaged.len();
        damaged[at] = byte;
        damaged.truncate(damaged.len() - cut.min(damaged.len()));
        let _ = on_file(&damaged, |path| read_idx(path));
        let _ = on_file(&damaged, |path| read_cifar10_batch::<f32>(path, PixelScale::Raw));
    }
}
