//! What takes the place of a part of a loader, which there is none of: burn asks for parts without an error to answer by.

use std::marker::PhantomData;
use std::sync::Arc;

use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::tensor::Device;

use crate::error::BurnError;

/// Says once that there is none, where its batches are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slice {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl<T: 'static> DataLoader<T> for Slice {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<T> + 'a> {
        Box::new(Refusal { slice: Some(*self), item: PhantomData })
    }

    fn num_items(&self) -> usize {
        0
    }

    fn to_device(&self, _: &Device) -> Arc<dyn DataLoader<T>> {
        Arc::new(*self)
    }

    fn slice(&self, start: usize, end: usize) -> Arc<dyn DataLoader<T>> {
        Arc::new(Self { start, end })
    }
}

struct Refusal<T> {
    slice: Option<Slice>,
    item: PhantomData<T>,
}

impl<T> Iterator for Refusal<T> {
    type Item = Result<T, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Slice { start, end } = self.slice.take()?;
        Some(Err(DatasetError::new(BurnError::Sliced { start, end })))
    }
}

impl<T> DataLoaderIterator<T> for Refusal<T> {
    fn progress(&self) -> Progress {
        Progress::new(0, 0, None)
    }
}
