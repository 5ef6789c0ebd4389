use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

/// Bytes kept of all slots before they are written.
const MEMORY: usize = 64 << 20;

/// Rows in a temporary file, those of each run and epoch together: of a log whose rows come in another order.
pub(super) struct ByEpoch {
    file: File,
    /// Where each slot begins, and how many rows it has.
    slots: Vec<(u64, u64)>,
    width: usize,
}

/// While it is written.
pub(super) struct ByEpochWriter {
    store: ByEpoch,
    /// What waits to be written of each slot, and how many rows are.
    waiting: Vec<(Vec<u8>, u64)>,
    limit: usize,
}

impl ByEpochWriter {
    /// For at most so many rows of each slot, of `width` numbers.
    pub(super) fn new(n_rows: &[u64], width: usize) -> io::Result<Self> {
        let row = 4 + 8 * width as u64;
        let mut start = 0;
        let slots = n_rows.iter().map(|&n| {
            let slot = (start, n);
            start += n * row;
            slot
        });
        let store = ByEpoch { slots: slots.collect(), file: tempfile::tempfile()?, width };
        let waiting = n_rows.iter().map(|_| (Vec::new(), 0)).collect();
        Ok(Self { store, waiting, limit: (MEMORY / n_rows.len().max(1)).clamp(row as usize, 1 << 18) })
    }

    /// Adds a row.
    pub(super) fn push(&mut self, slot: usize, example: u32, values: &[f64]) -> io::Result<()> {
        let (bytes, _) = &mut self.waiting[slot];
        bytes.extend_from_slice(&example.to_le_bytes());
        values.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
        if bytes.len() >= self.limit { self.write(slot) } else { Ok(()) }
    }

    fn write(&mut self, slot: usize) -> io::Result<()> {
        let (bytes, n_written) = &mut self.waiting[slot];
        self.store.file.seek(SeekFrom::Start(self.store.slots[slot].0 + *n_written))?;
        self.store.file.write_all(bytes)?;
        *n_written += bytes.len() as u64;
        bytes.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<ByEpoch> {
        (0..self.waiting.len()).try_for_each(|slot| self.write(slot))?;
        let row = 4 + 8 * self.store.width as u64;
        let written = self.waiting.iter().map(|(_, n_written)| n_written / row);
        self.store.slots.iter_mut().zip(written).for_each(|((_, n), written)| *n = written);
        Ok(self.store)
    }
}

impl ByEpoch {
    /// Calls `each` with the examples and outputs of a slot, so many rows at a time.
    pub(super) fn for_each<E: From<io::Error>>(
        &mut self,
        slot: usize,
        n_at_once: usize,
        mut each: impl FnMut(&[u32], &[f64]) -> Result<(), E>,
    ) -> Result<(), E> {
        let (start, mut left) = self.slots[slot];
        let row = 4 + 8 * self.width;
        self.file.seek(SeekFrom::Start(start))?;
        let mut reader = BufReader::with_capacity(1 << 18, &mut self.file);
        let (mut bytes, mut examples, mut values) = (Vec::new(), Vec::new(), Vec::new());
        while left > 0 {
            let n = (n_at_once as u64).min(left) as usize;
            left -= n as u64;
            bytes.resize(n * row, 0);
            reader.read_exact(&mut bytes)?;
            examples.clear();
            values.clear();
            for row in bytes.chunks_exact(row) {
                let (example, numbers) = row.split_at(4);
                examples.extend(example.try_into().map(u32::from_le_bytes));
                let (eights, _) = numbers.as_chunks();
                values.extend(eights.iter().map(|&eight| f64::from_le_bytes(eight)));
            }
            each(&examples, &values)?;
        }
        Ok(())
    }
}
